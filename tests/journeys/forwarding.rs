//! What an admin of the Clockify Add-on chooses for developers: every event sent on to an address, and how much is logged.

use std::path::Path;

use actors::addon::Addon;
use awc::http::Method;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::{Install, Installed};
use clockify_addons::sandbox::platform::settings::Change;
use serde_json::{Value, json};

use super::running::api::Api;
use super::running::patience;
use super::running::process::{Process, Setting};
use super::server::{Server, listener, ok};
use super::webhook::{flow, last_run, platform, project};

async fn serve(platform: &Platform, folder: &Path) -> (Process, Installed, Api) {
    let setting = Setting::of(platform, folder).with_all().with("OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8").with("LOG_LEVEL", "DEBUG");
    let process = setting.serve(folder);
    Api::anonymous(&process.url()).ready().await;
    let below = format!("{}/{}", process.url(), Addon::ClockifyAddon);
    let installed = platform.install(Install { base_url: Some(below.clone()), ..Install::of(&below) }).await.unwrap();
    let api = Api::of(&below, platform.user_token(installed.addon_id, "OWNER").unwrap());
    (process, installed, api)
}

async fn choose(platform: &Platform, installed: &Installed, id: &str, value: &str) {
    let change = Change { id: id.into(), value: value.into() };
    platform.change_settings(installed.addon_id, vec![change]).await.unwrap();
}

async fn fire(platform: &Platform, api: &Api, number: u32) -> Value {
    let before = api.all("/ui/webhooks", "webhooks").await.len();
    platform.fire_with(platform.workspace().unwrap(), "NEW_PROJECT", project(number)).unwrap();
    patience::until("the event is there", async || {
        let events = api.all("/ui/webhooks", "webhooks").await;
        (events.len() > before).then(|| events[0].clone())
    })
    .await
}

async fn forwarding(api: &Api) -> Value {
    api.get("/ui/dashboard").await["workspace"]["forwarding"].clone()
}

#[actix_web::test]
async fn the_forwarding_url_keeps_a_flow_that_sends_every_event_on_and_no_other_flow_may() {
    let server = Server::on(listener().await, |mut peer| async move {
        peer.request().await?;
        peer.write(ok("{}")).await
    });
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let (process, installed, api) = serve(&platform, folder.path()).await;
    assert_eq!(forwarding(&api).await, json!({"state": "off"}));
    let other =
        json!({"name": "x", "trigger_event_types": [], "actions": [{"type": "GENERIC_HTTP", "method": "GET", "url": server.url("/")}]});
    let (status, refused) = api.call(Method::POST, "/ui/flows", Some(&other)).await.unwrap();
    assert_eq!((status, refused.to_string().contains("generic_http_off")), (422, true), "{refused}");

    choose(&platform, &installed, "forwarding_url", &format!(" {} ", server.url("/first?key=k"))).await;
    let on = forwarding(&api).await;
    assert_eq!(on["state"], "on");
    let event = fire(&platform, &api, 1).await;
    let run = last_run(&api, "SUCCEEDED").await;
    assert_eq!(run["flow_id"], on["flow"]);
    assert_eq!(api.get("/ui/flows").await["flows"][0]["managed_by"], "forwarding_url");
    let sent = server.requests()[0].clone();
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /first?key=k HTTP/1.1\r\n"), "{head}");
    for (name, value) in [("event-type", &json!("NEW_PROJECT")), ("workspace-id", &json!(platform.workspace())), ("event-id", &event["id"])]
    {
        let line = format!("x-clockify-{name}: {}\r\n", value.as_str().unwrap());
        assert!(format!("{head}\r\n").contains(&line), "{head} has no {line}");
    }
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), project(1));

    let path = format!("/ui/flows/{}", on["flow"].as_str().unwrap());
    for (method, path, body) in
        [(Method::DELETE, path.clone(), None), (Method::PUT, path.clone(), Some(flow())), (Method::POST, format!("{path}/disable"), None)]
    {
        let (status, refused) = api.call(method.clone(), &path, body.as_ref()).await.unwrap();
        assert_eq!((status, &refused["error"]["code"]), (409, &json!("flow_kept")), "{method} {path}: {refused}");
    }
    let (status, _) = api.call(Method::POST, &format!("{path}/duplicate"), None).await.unwrap();
    assert_eq!(status, 422, "a copy is a flow like any other");
    assert_eq!(api.get("/ui/flow-export").await["flows"], json!([]));

    choose(&platform, &installed, "forwarding_url", &server.url("/second")).await;
    assert_eq!(forwarding(&api).await, on, "the flow stays the same");
    fire(&platform, &api, 2).await;
    patience::until("it is sent to the new address", async || server.requests().get(1).cloned()).await;
    assert!(server.requests()[1].starts_with("POST /second "));
    last_run(&api, "SUCCEEDED").await;

    for odd in ["not an address", "ftp://example.com/", "http://127.0.0.1:22/", "https://{{ $.webhook.id }}.example.com/"] {
        choose(&platform, &installed, "forwarding_url", odd).await;
        let refused = forwarding(&api).await;
        assert!(refused["state"] == "refused" && refused["reason"].is_string(), "{odd}: {refused}");
        assert_eq!(api.get("/ui/flows").await["total"], 0);
    }
    choose(&platform, &installed, "forwarding_url", &server.url("/third")).await;
    choose(&platform, &installed, "forwarding_url", " ").await;
    assert_eq!(forwarding(&api).await, json!({"state": "off"}));
    fire(&platform, &api, 3).await;
    assert_eq!(api.all("/ui/runs", "runs").await.len(), 2);
    assert_eq!(server.requests().len(), 2);
    drop(process);
}

#[actix_web::test]
async fn a_workspaces_runs_are_logged_from_the_level_on_that_it_has_chosen() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let (mut process, installed, api) = serve(&platform, folder.path()).await;
    api.post("/ui/flows", &flow()).await;
    let said = |process: &mut Process, words: &str| process.said().iter().filter(|line| line.contains(words)).count();

    fire(&platform, &api, 1).await;
    let line = process.line("a run is left");
    assert_eq!((&line["state"], &line["event_type"]), (&json!("Succeeded"), &json!("NEW_PROJECT")), "{line}");
    assert_eq!(said(&mut process, "a step was tried"), 0, "as the manifest has it: each run that ended, and no more");

    choose(&platform, &installed, "logging_level", "DEBUG").await;
    fire(&platform, &api, 2).await;
    let line = process.line("a step was tried");
    assert_eq!((&line["step"], &line["action"]), (&json!(0), &json!("CLOCKIFY_API")), "{line}");
    process.line("a run is left");

    choose(&platform, &installed, "logging_level", "WARNING").await;
    fire(&platform, &api, 3).await;
    patience::until("the third run has ended", async || {
        let runs = api.all("/ui/runs", "runs").await;
        (runs.len() == 3 && runs.iter().all(|run| run["status"] == "SUCCEEDED")).then_some(())
    })
    .await;
    let told = (said(&mut process, "a run is left"), said(&mut process, "a step was tried"), said(&mut process, "m4rk-of-a-payload"));
    assert_eq!(told, (2, 1, 0));
}
