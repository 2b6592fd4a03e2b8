//! From the platform's event to the platform's API and back, and through an installation's life.

use clockify_addons::sandbox::authority::Authority;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::Install;
use clockify_addons::sandbox::platform::settings::Change;
use clockify_addons::sandbox::platform::world::Status;
use serde_json::{Value, json};

use super::app::Running;
use super::database::Database;
use super::running::api::Api;
use super::running::patience::{self, LONG};
use super::running::process::Setting;

/// A text that stands in payloads alone, so that it can be looked for afterwards.
const MARK: &str = "m4rk-of-a-payload";

pub fn platform() -> Platform {
    let platform = Platform::start(Authority::generate().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
    platform.with(|world| world.habits.redelivery_ms = 50);
    platform
}

pub fn flow() -> Value {
    json!({
        "name": "a client for each project",
        "trigger_event_types": ["NEW_PROJECT"],
        "conditions": {"type": "ALL", "rules": [{"field": "$.billable", "operator": "==", "value": true}]},
        "actions": [{
            "type": "CLOCKIFY_API",
            "operation_id": "createClient",
            "params": {"body": {"name": "client of {{ $.webhook.name }}"}},
        }],
    })
}

pub fn project(number: u32) -> Value {
    json!({"id": format!("64b641568b07987035751{number:03}"), "name": format!("{MARK} {number}"), "billable": true})
}

async fn runs(api: &Api) -> Vec<Value> {
    api.all("/ui/runs", "runs").await
}

/// Waits until the newest run stands like this.
pub async fn last_run(api: &Api, status: &str) -> Value {
    patience::until(&format!("a run that is {status}"), async || runs(api).await.into_iter().next().filter(|run| run["status"] == status))
        .await
}

pub async fn client_made(platform: &Platform, number: u32) -> bool {
    let name = format!("client of {MARK} {number}");
    platform
        .until(LONG, |world| {
            world.journal.all().iter().any(|seen| seen.fits("POST", "/api/v1/workspaces/*/clients") && seen.body.contains(&name))
        })
        .await
}

pub async fn delivered(platform: &Platform, number: u64) -> bool {
    platform
        .until(LONG, |world| {
            world.deliveries.get(number).is_some_and(|delivery| delivery.attempts.iter().any(|attempt| attempt.status == Some(200)))
        })
        .await
}

#[actix_web::test]
async fn an_event_becomes_an_api_call_for_as_long_as_the_installation_lives() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let database = Database::file(folder.path(), "service.db");
    let service = Running::start(&Setting::of(&platform, folder.path())).await;
    let workspace = platform.workspace().unwrap();
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    assert_eq!(installed.webhooks, 50);
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());
    let fire = |number| platform.fire_with(workspace, "NEW_PROJECT", project(number)).unwrap()[0];

    api.post("/ui/flows", &flow()).await;
    assert!(delivered(&platform, fire(1)).await);
    assert!(client_made(&platform, 1).await, "the flow calls the API");
    last_run(&api, "SUCCEEDED").await;

    let off = vec![Change { id: "enable_flows".into(), value: false.into() }];
    platform.change_settings(installed.addon_id, off).await.unwrap();
    assert!(delivered(&platform, fire(2)).await);
    assert_eq!(api.all("/ui/webhooks?event_type=NEW_PROJECT", "webhooks").await.len(), 2, "events are kept while flows are off");
    assert_eq!(runs(&api).await.len(), 1, "and start nothing");

    let on = vec![Change { id: "enable_flows".into(), value: true.into() }];
    platform.change_settings(installed.addon_id, on).await.unwrap();
    platform.set_status(installed.addon_id, Status::Inactive).await.unwrap();
    assert_eq!(api.get("/ui/dashboard").await["installation"]["status"], "INACTIVE");
    assert!(platform.fire_with(workspace, "NEW_PROJECT", project(3)).unwrap().is_empty(), "the platform sends nothing to it");

    platform.set_status(installed.addon_id, Status::Active).await.unwrap();
    assert!(delivered(&platform, fire(4)).await);
    assert!(client_made(&platform, 4).await, "it works again");
    last_run(&api, "SUCCEEDED").await;

    platform.uninstall(installed.addon_id).await.unwrap();
    assert_ne!(api.status("/ui/dashboard").await, 200, "the token of a removed installation opens nothing");
    patience::until("every row is removed", async || database.rows_of_tenants().await.is_empty().then_some(())).await;
    service.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(MARK.len()).any(|window| window == MARK.as_bytes()), "{} still holds a payload", path.display());
    }
}

#[actix_web::test]
async fn what_was_accepted_before_a_restart_runs_after_it() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    let service = Running::start(&setting).await;
    let workspace = platform.workspace().unwrap();
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let token = platform.user_token(installed.addon_id, "OWNER").unwrap();
    let api = Api::of(&service.url, token.clone());
    api.post("/ui/flows", &flow()).await;
    platform.refuse().await.unwrap();
    let number = platform.fire_with(workspace, "NEW_PROJECT", project(7)).unwrap()[0];
    assert!(delivered(&platform, number).await, "an event is accepted while the API is down");
    service.stop().await;

    platform.accept().await.unwrap();
    let service = Running::start(&setting).await;
    assert!(client_made(&platform, 7).await);
    last_run(&Api::of(&service.url, token), "SUCCEEDED").await;
    service.stop().await;
}

#[actix_web::test]
async fn keys_are_fetched_where_the_operator_names_a_key_set() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let set = platform.authority().jwks().unwrap();
    let route = move || {
        let set = set.clone();
        let answer = move || std::future::ready(actix_web::HttpResponse::Ok().json(&set));
        actix_web::App::new().route("/jwks", actix_web::web::get().to(answer))
    };
    let keys = actix_web::HttpServer::new(route).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let jwks = format!("http://{}/jwks", keys.addrs()[0]);
    let keys = keys.run();
    let key_server = keys.handle();
    actix_rt::spawn(keys);
    let setting =
        Setting::quiet(folder.path()).with("CLOCKIFY_JWKS_URL", &jwks).with("CLOCKIFY_API_BASES", &platform.api_bases().join(","));
    let service = Running::start(&setting).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());
    assert_eq!(api.get("/ui/flows").await["total"], 0);
    service.stop().await;
    key_server.stop(false).await;
}

#[actix_web::test]
async fn without_signatures_a_service_on_loopback_takes_any_key() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let believing = Setting::quiet(folder.path())
        .with("CLOCKIFY_API_BASES", &platform.api_bases().join(","))
        .with("UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION", "false");
    let service = Running::start(&believing).await;
    platform.install(Install::of(&service.url)).await.unwrap();
    service.stop().await;
    let folder = tempfile::tempdir().unwrap();
    let doubting = Setting::quiet(folder.path()).with("CLOCKIFY_API_BASES", &platform.api_bases().join(","));
    let service = Running::start(&doubting).await;
    let other = Platform::start(Authority::generate().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
    assert!(other.install(Install::of(&service.url)).await.is_err(), "the platform's own key did not sign this");
    service.stop().await;
}
