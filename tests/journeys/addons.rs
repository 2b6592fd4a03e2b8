//! All three add-ons through an installation's life, beside each other in one workspace and in one process.

use std::path::Path;

use actors::addon::Addon;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::Install;
use clockify_addons::sandbox::platform::settings::Change;
use clockify_addons::sandbox::platform::world::Status;
use serde_json::Value;
use sqlx::{Connection, Row};

use super::app::{self, Running};
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;
use super::webhook::{client_made, delivered, flow, last_run, platform, project};

/// How many webhooks its manifest asks for, and a setting of its own with another value than the default.
fn expected(addon: Addon) -> (usize, &'static str, Value) {
    match addon {
        Addon::ApiStudio => (12, "bootstrap_max_rps", 7.into()),
        Addon::UniversalWebhook => (50, "flow_concurrency", 3.into()),
        Addon::ClockifyAddon => (50, "forwarding_url", "https://events.example.com".into()),
    }
}

/// What an installation's settings are in the database.
async fn settings_kept(folder: &Path, file: &str) -> Value {
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}/{file}", folder.display())).await.unwrap();
    let row = sqlx::query("SELECT settings FROM installations").fetch_one(&mut connection).await.unwrap();
    serde_json::from_str(row.get(0)).unwrap()
}

async fn events(api: &Api) -> Vec<Value> {
    api.all("/ui/webhooks", "webhooks").await
}

fn fire(platform: &Platform, event: &str, payload: Value) -> Vec<u64> {
    platform.fire_with(platform.workspace().unwrap(), event, payload).unwrap()
}

#[actix_web::test]
async fn each_add_on_is_installed_works_is_changed_and_goes() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let service = Running::start(&Setting::of(&platform, folder.path()).with_all()).await;
    for (n, addon) in (1..).zip(Addon::ALL) {
        let (webhooks, setting, value) = expected(addon);
        let installed = platform.install(Install::of(&service.url_of(addon))).await.unwrap();
        assert_eq!(installed.webhooks, webhooks, "{addon}");
        let api = Api::of(&service.url_of(addon), platform.user_token(installed.addon_id, "OWNER").unwrap());
        api.post("/ui/flows", &flow()).await;

        let deliveries = fire(&platform, "NEW_PROJECT", project(n));
        assert_eq!(deliveries.len(), 1);
        assert!(delivered(&platform, deliveries[0]).await, "{addon}");
        assert!(client_made(&platform, n).await, "{addon}: the flow calls the API");
        last_run(&api, "SUCCEEDED").await;
        // A path that carries this event and others, where the add-on has such.
        assert!(delivered(&platform, fire(&platform, "TAG_UPDATED", serde_json::json!({"id": "64b641568b07987035751999"}))[0]).await);

        let change = Change { id: setting.into(), value: value.clone() };
        platform.change_settings(installed.addon_id, vec![change]).await.unwrap();
        assert_eq!(settings_kept(folder.path(), "service.db").await[setting], value, "{addon}");

        platform.set_status(installed.addon_id, Status::Inactive).await.unwrap();
        assert_eq!(api.get("/ui/dashboard").await["installation"]["status"], "INACTIVE");
        platform.set_status(installed.addon_id, Status::Active).await.unwrap();
        assert_eq!(api.get("/ui/dashboard").await["installation"]["status"], "ACTIVE");

        platform.uninstall(installed.addon_id).await.unwrap();
        assert_ne!(api.status("/ui/dashboard").await, 200, "the token of a removed installation opens nothing");
        patience::until("every row is removed", async || app::rows_of_tenants(folder.path()).await.is_empty().then_some(())).await;
    }
    service.stop().await;
}

#[actix_web::test]
async fn add_ons_in_one_workspace_do_not_see_each_others_data() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let service = Running::start(&Setting::of(&platform, folder.path()).with_all()).await;
    let mut apis = Vec::new();
    for addon in Addon::ALL {
        // One listener is enough: each add-on is below its slug too.
        let below = format!("{}/{addon}", service.url);
        let install = Install { base_url: Some(below.clone()), ..Install::of(&below) };
        let installed = platform.install(install).await.unwrap();
        apis.push((installed.addon_id, Api::of(&below, platform.user_token(installed.addon_id, "OWNER").unwrap())));
    }
    apis[0].1.post("/ui/flows", &flow()).await;
    let deliveries = fire(&platform, "NEW_PROJECT", project(1));
    assert_eq!(deliveries.len(), 3, "each has subscribed to it");
    for number in deliveries {
        assert!(delivered(&platform, number).await);
    }
    last_run(&apis[0].1, "SUCCEEDED").await;
    for (n, (_, api)) in apis.iter().enumerate() {
        let projects = events(api).await.into_iter().filter(|event| event["event_type"] == "NEW_PROJECT").count();
        let mine = if n == 0 { 1 } else { 0 };
        let (flows, runs) = (api.get("/ui/flows").await["total"].clone(), api.all("/ui/runs", "runs").await.len());
        assert_eq!((projects, flows, runs), (1, mine.into(), mine));
    }
    let of_studio = platform.user_token(apis[0].0, "OWNER").unwrap();
    let foreign = Api::of(&service.url_of(Addon::UniversalWebhook), of_studio);
    assert_eq!(foreign.status("/ui/webhooks").await, 403, "a token of one add-on opens no other");

    platform.uninstall(apis[0].0).await.unwrap();
    assert_ne!(apis[0].1.status("/ui/webhooks").await, 200);
    for (_, api) in &apis[1..] {
        assert!(!events(api).await.is_empty(), "the others keep what is theirs");
    }
    service.stop().await;
}

#[actix_web::test]
async fn an_add_on_with_a_database_of_its_own_keeps_everything_there() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let own = format!("sqlite://{}/own.db", folder.path().display());
    let setting = Setting::of(&platform, folder.path()).with_all().with("API_STUDIO_DB_URL", &own);
    let service = Running::start(&setting).await;
    let installed = platform.install(Install::of(&service.url_of(Addon::ApiStudio))).await.unwrap();
    let api = Api::of(&service.url_of(Addon::ApiStudio), platform.user_token(installed.addon_id, "OWNER").unwrap());
    api.post("/ui/flows", &flow()).await;
    assert!(delivered(&platform, fire(&platform, "NEW_PROJECT", project(1))[0]).await);
    last_run(&api, "SUCCEEDED").await;
    assert!(app::rows_of_tenants(folder.path()).await.is_empty(), "nothing of it is in the others' database");
    settings_kept(folder.path(), "own.db").await;
    // From the other side, through another listener.
    let elsewhere = format!("{}/api-studio", service.url_of(Addon::ClockifyAddon));
    let token = platform.user_token(installed.addon_id, "OWNER").unwrap();
    assert_eq!(Api::of(&elsewhere, token).get("/ui/flows").await["total"], 1);
    service.stop().await;
}
