//! The real program calls another server over a real socket: with a secret that is seen by that server alone, and killed in the middle of a call.

use actors::secret::Secret;
use awc::http::Method;
use clockify_addons::sandbox::authority::Authority;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::Install;
use serde_json::{Value, json};

use super::outbound::server::{Server, listener, ok};
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;

const SECRET: &str = "sk_live_5up3r-s3cret-value";

async fn run(api: &Api, status: &str) -> Value {
    patience::until(&format!("a run is {status}"), async || {
        let runs = api.get("/ui/runs?limit=1").await;
        let id = runs["runs"][0]["id"].as_str().map(str::to_owned)?;
        (runs["runs"][0]["status"] == status).then_some(())?;
        Some(api.get(&format!("/ui/runs/{id}")).await)
    })
    .await
}

#[actix_web::test]
async fn a_secret_is_seen_by_the_server_alone_and_a_call_that_a_kill_cuts_off_is_not_made_again() {
    // The first call is answered with an echo of the secret, every further one hangs.
    let server = Server::on(listener().await, |mut peer| async move {
        peer.request().await?;
        if peer.number > 1 {
            return peer.hold().await;
        }
        peer.write(ok(&json!({ "you_sent": SECRET }).to_string())).await
    });
    let platform = Platform::start(Authority::generate().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let setting =
        Setting::of(&platform, folder.path()).with("OUTBOUND_ALLOW_CIDRS", "127.0.0.0/8").with("UW_ENABLE_GENERIC_HTTP_ACTIONS", "true");
    let mut process = setting.serve(folder.path());
    process.line("ready");
    let workspace = platform.workspace().unwrap();
    let installed = platform.install(Install { workspace: Some(workspace), ..Install::of(&process.url()) }).await.unwrap();
    let token = || -> Secret { platform.user_token(installed.addon_id, "OWNER").unwrap() };
    let api = Api::of(&process.url(), token());
    let (status, _) = api.call(Method::PUT, "/ui/secrets/API_KEY", Some(&json!({ "value": SECRET }))).await.unwrap();
    assert_eq!(status, 201);
    let flow = json!({
        "name": "elsewhere", "trigger_event_types": ["NEW_TAG"],
        "actions": [{
            "type": "GENERIC_HTTP", "method": "POST", "url": server.url("/hook/{{ $.webhook.id }}"),
            "headers": {"Authorization": "Bearer {{ secret.API_KEY }}"},
            "body": {"kind": "json", "value": {"name": "$.webhook.name", "key": "{{ secret.API_KEY }}"}},
            "response": {"echo": "$.you_sent"},
        }],
    });
    api.post("/ui/flows", &flow).await;
    let fire = |name: &str| platform.fire_with(workspace, "NEW_TAG", json!({ "id": "64b641568b07987035000001", "name": name })).unwrap();
    fire("first");
    let first = run(&api, "SUCCEEDED").await;
    assert_eq!(first["steps"][0]["data"]["echo"], "{{ secret.API_KEY }}");
    assert_eq!(first["steps"][0]["request"]["path"], server.url("/hook/64b641568b07987035000001"));
    let sent = server.requests()[0].clone();
    assert!(sent.contains(&format!("authorization: Bearer {SECRET}\r\n")), "{sent}");
    assert!(sent.ends_with(&json!({ "name": "first", "key": SECRET }).to_string()), "{sent}");

    fire("second");
    patience::until("the second call is under way", async || (server.requests().len() == 2).then_some(())).await;
    let told = process.said().join("\n");
    let port = process.port().to_string();
    process.kill();
    let mut process = setting.with("UNIVERSAL_WEBHOOK_PORT", &port).serve(folder.path());
    process.line("ready");
    let api = Api::of(&process.url(), token());
    let second = run(&api, "UNCERTAIN").await;
    assert_eq!(second["reason"]["code"], "interrupted");
    assert_eq!(server.requests().len(), 2, "it is not made again");

    let shown = format!("{first}{second}{}{}", api.get("/ui/secrets").await, api.get("/ui/activity").await);
    let told = told + &process.said().join("\n");
    process.signal("TERM");
    assert!(process.ended().await.success());
    for (what, text) in [("shown", &shown), ("logged", &told)] {
        assert!(!text.contains(SECRET), "the secret is {what}");
    }
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()), "the secret is on the disk");
    }
}
