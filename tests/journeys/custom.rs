//! A sender of the workspace's own: from a secret that is shown once to a call of the API, over restarts; and settings that both sides agree on.

use actors::secret::Secret;
use awc::http::Method;
use clockify_addons::sandbox::platform::lifecycle::Install;
use serde_json::{Value, json};

use super::app::Running;
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;
use super::webhook::{client_made, flow, last_run, platform, project};

/// Sends a message as its source's secret proves it.
async fn send(service: &Running, workspace: &str, secret: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/webhooks/custom/billing", service.url);
    let request = awc::Client::default().post(url).force_close().insert_header(("X-Workspace-Id", workspace));
    let mut answer = request.insert_header(("Authorization", format!("Bearer {secret}"))).send_json(body).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[actix_web::test]
async fn a_custom_senders_message_becomes_an_api_call_and_its_secret_survives_a_restart_sealed() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    let service = Running::start(&setting).await;
    let workspace = platform.workspace().unwrap().to_string();
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let token: Secret = platform.user_token(installed.addon_id, "OWNER").unwrap();
    let api = Api::of(&service.url, token.clone());
    let source =
        json!({"name": "billing", "scheme": "bearer", "entity_path": "$.id", "type_from": {"from": "fixed", "event_type": "BILLED"}});
    let made = api.post("/ui/custom-sources", &source).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    let mut definition = flow();
    definition["trigger_source"] = json!("CUSTOM");
    definition["custom_source"] = json!("billing");
    definition["trigger_event_types"] = json!(["BILLED"]);
    api.post("/ui/flows", &definition).await;

    let (status, answer) = send(&service, &workspace, &secret, &project(31)).await;
    assert_eq!((status, &answer["eventType"]), (200, &json!("BILLED")), "{answer}");
    assert!(client_made(&platform, 31).await, "the flow calls the API");
    last_run(&api, "SUCCEEDED").await;
    assert_eq!(send(&service, &workspace, "not the secret of anybody", &project(32)).await.0, 401);
    service.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "the secret lies in the clear");
    }

    let service = Running::start(&setting).await;
    let api = Api::of(&service.url, token);
    assert_eq!(send(&service, &workspace, &secret, &project(33)).await.0, 200, "the source is there after a restart");
    assert!(client_made(&platform, 33).await);
    let fresh = api.post("/ui/custom-sources/billing/rotate", &json!({"keep_old_seconds": 0})).await["secret"].clone();
    assert_eq!(send(&service, &workspace, &secret, &project(34)).await.0, 401);
    assert_eq!(send(&service, &workspace, fresh.as_str().unwrap(), &project(34)).await.0, 200);
    service.stop().await;
}

#[actix_web::test]
async fn a_setting_that_is_changed_here_is_the_platforms_too_and_the_other_way_round() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let service = Running::start(&Setting::of(&platform, folder.path())).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());
    let here = async || {
        let list = api.get("/ui/settings").await;
        list["settings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|setting| setting["id"] == "max_rps")
            .map(|setting| setting["value"].clone())
            .unwrap()
    };
    let there = || platform.with(|world| world.installations[&installed.addon_id].settings.to_string());
    let changed = api.call(Method::PATCH, "/ui/settings", Some(&json!({"max_rps": 13}))).await.unwrap();
    assert_eq!(changed.0, 200, "{changed:?}");
    assert_eq!(here().await, 13);
    assert!(there().contains(r#""value":13"#), "{}", there());
    let change = clockify_addons::sandbox::platform::settings::Change { id: "max_rps".into(), value: 14.into() };
    platform.change_settings(installed.addon_id, vec![change]).await.unwrap();
    patience::until("the platform's word", async || (here().await == 14).then_some(())).await;
    service.stop().await;
}
