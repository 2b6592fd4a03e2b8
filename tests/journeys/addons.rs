//! All three add-ons through an installation's life, beside each other in one workspace and in one process: the real program, over both databases.

use std::path::Path;

use actors::addon::Addon;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::{Install, Installed};
use clockify_addons::sandbox::platform::settings::Change;
use clockify_addons::sandbox::platform::world::Status;
use serde_json::{Value, json};

use super::app::Running;
use super::database::Database;
use super::running::api::Api;
use super::running::patience;
use super::running::process::{Process, Setting};
use super::webhook::{client_made, delivered, flow, last_run, platform, project};

/// An event that no manifest of schema 1.5 declares.
const UNDECLARED: &str = "TIME_OFF_REQUEST_STARTED";

/// How many webhooks its manifest asks for, and a setting of its own with another value than the default.
fn expected(addon: Addon) -> (usize, &'static str, Value) {
    match addon {
        Addon::ApiStudio => (12, "bootstrap_max_rps", 7.into()),
        Addon::UniversalWebhook => (50, "flow_concurrency", 3.into()),
        Addon::ClockifyAddon => (50, "logging_level", "DEBUG".into()),
    }
}

async fn events(api: &Api) -> Vec<Value> {
    api.all("/ui/webhooks", "webhooks").await
}

fn fire(platform: &Platform, event: &str, payload: Value) -> Vec<u64> {
    platform.fire_with(platform.workspace().unwrap(), event, payload).unwrap()
}

/// The real program over a database, with all three add-ons below one address.
async fn serve(platform: &Platform, folder: &Path, database: &Database) -> Process {
    let setting = Setting::of(platform, folder).with_all();
    let key = String::from_utf8(setting.run(folder, &["keygen"]).stdout).unwrap();
    let setting = setting.with("ENCRYPTION_KEY", key.trim()).with("DATABASE_URL", database.url());
    let process = setting.serve(folder);
    Api::anonymous(&process.url()).ready().await;
    process
}

/// Installs one of them where one listener serves them all, each below its slug.
async fn install(platform: &Platform, service: &Process, addon: Addon) -> (Installed, Api) {
    let below = format!("{}/{addon}", service.url());
    let installed = platform.install(Install { base_url: Some(below.clone()), ..Install::of(&below) }).await.unwrap();
    let api = Api::of(&below, platform.user_token(installed.addon_id, "OWNER").unwrap());
    (installed, api)
}

#[actix_web::test]
async fn each_add_on_is_installed_works_is_changed_and_goes_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::file(folder.path(), "service.db");
    each_add_on_is_installed_works_is_changed_and_goes(folder.path(), &database).await;
}

#[actix_web::test]
async fn each_add_on_is_installed_works_is_changed_and_goes_over_postgres() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(database) = Database::schema("each_add_on_is_installed_works_is_changed_and_goes").await {
        each_add_on_is_installed_works_is_changed_and_goes(folder.path(), &database).await;
    }
}

async fn each_add_on_is_installed_works_is_changed_and_goes(folder: &Path, database: &Database) {
    let platform = platform();
    let service = serve(&platform, folder, database).await;
    for (n, addon) in (1..).zip(Addon::ALL) {
        let (webhooks, setting, value) = expected(addon);
        let (installed, api) = install(&platform, &service, addon).await;
        assert_eq!(installed.webhooks, webhooks, "{addon}");
        api.post("/ui/flows", &flow()).await;

        let deliveries = fire(&platform, "NEW_PROJECT", project(n));
        assert_eq!(deliveries.len(), 1);
        assert!(delivered(&platform, deliveries[0]).await, "{addon}");
        assert!(client_made(&platform, n).await, "{addon}: the flow calls the API");
        last_run(&api, "SUCCEEDED").await;
        // A path that carries this event and others, where the add-on has such.
        assert!(delivered(&platform, fire(&platform, "TAG_UPDATED", json!({"id": "64b641568b07987035751999"}))[0]).await);

        let change = Change { id: setting.into(), value: value.clone() };
        platform.change_settings(installed.addon_id, vec![change]).await.unwrap();
        assert_eq!(database.settings_kept().await[setting], value, "{addon}");

        platform.set_status(installed.addon_id, Status::Inactive).await.unwrap();
        assert_eq!(api.get("/ui/dashboard").await["installation"]["status"], "INACTIVE");
        platform.set_status(installed.addon_id, Status::Active).await.unwrap();
        assert_eq!(api.get("/ui/dashboard").await["installation"]["status"], "ACTIVE");

        platform.uninstall(installed.addon_id).await.unwrap();
        assert_ne!(api.status("/ui/dashboard").await, 200, "the token of a removed installation opens nothing");
        patience::until("every row is removed", async || database.rows_of_tenants().await.is_empty().then_some(())).await;
    }
}

#[actix_web::test]
async fn add_ons_in_one_workspace_do_not_see_each_others_data_over_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::file(folder.path(), "service.db");
    add_ons_in_one_workspace_do_not_see_each_others_data(folder.path(), &database).await;
}

#[actix_web::test]
async fn add_ons_in_one_workspace_do_not_see_each_others_data_over_postgres() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(database) = Database::schema("add_ons_in_one_workspace_do_not_see_each_others_data").await {
        add_ons_in_one_workspace_do_not_see_each_others_data(folder.path(), &database).await;
    }
}

async fn add_ons_in_one_workspace_do_not_see_each_others_data(folder: &Path, database: &Database) {
    let platform = platform();
    let service = serve(&platform, folder, database).await;
    let mut apis = Vec::new();
    for addon in Addon::ALL {
        let (installed, api) = install(&platform, &service, addon).await;
        apis.push((installed.addon_id, api));
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
    let foreign = Api::of(&format!("{}/{}", service.url(), Addon::UniversalWebhook), of_studio);
    assert_eq!(foreign.status("/ui/webhooks").await, 403, "a token of one add-on opens no other");

    platform.uninstall(apis[0].0).await.unwrap();
    assert_ne!(apis[0].1.status("/ui/webhooks").await, 200);
    for (_, api) in &apis[1..] {
        assert!(!events(api).await.is_empty(), "the others keep what is theirs");
    }
}

#[actix_web::test]
async fn an_event_that_no_manifest_declares_reaches_each_add_on_all_the_same() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let database = Database::file(folder.path(), "service.db");
    let service = serve(&platform, folder.path(), &database).await;
    let workspace = platform.workspace().unwrap();
    for addon in Addon::ALL {
        let (installed, api) = install(&platform, &service, addon).await;
        let wanted = json!({"event": UNDECLARED});
        let target = format!("/ui/subscriptions/{UNDECLARED}");
        let received = async || events(&api).await.iter().filter(|event| event["event_type"] == UNDECLARED).count();

        // As in practice: add-ons may not call webhooks, so an admin makes one and tells its token.
        let (status, refusal) = api.call(awc::http::Method::POST, "/ui/subscriptions", Some(&wanted)).await.unwrap();
        assert_eq!((status, &refusal["error"]["code"]), (424, &json!("addon_tokens_refused")), "{addon}: {refusal}");
        let manual = &refusal["error"]["details"]["way_out"]["manual"];
        let made = platform.make_webhook(workspace, UNDECLARED, manual["url"].as_str().unwrap()).unwrap();
        let token = json!({"token": made.token.expose()});
        let (status, told) = api.call(awc::http::Method::PUT, &format!("{target}/token"), Some(&token)).await.unwrap();
        assert_eq!((status, &told["by"]), (201, &json!("manual")), "{addon}: {told}");
        let [number] = fire(&platform, UNDECLARED, json!({"id": "64b641568b07987035751001"}))[..] else { panic!("one webhook") };
        assert!(delivered(&platform, number).await, "{addon}");
        assert_eq!(received().await, 1);
        assert_eq!(api.call(awc::http::Method::DELETE, &target, None).await.unwrap().0, 200);
        platform.with(|world| world.subscriptions.clear());

        // As the description of the API has it.
        platform.with(|world| world.habits.webhooks_open = true);
        assert_eq!(api.post("/ui/subscriptions", &wanted).await["by"], "api");
        let [number] = fire(&platform, UNDECLARED, json!({"id": "64b641568b07987035751002"}))[..] else { panic!("one webhook") };
        assert!(delivered(&platform, number).await, "{addon}");
        assert_eq!(received().await, 2);
        assert_eq!(api.call(awc::http::Method::DELETE, &target, None).await.unwrap().0, 200);
        assert!(platform.with(|world| world.subscriptions.is_empty()), "{addon}: deleted at the platform as well");
        platform.with(|world| world.habits.webhooks_of_plan = 0);
        let (status, refusal) = api.call(awc::http::Method::POST, "/ui/subscriptions", Some(&wanted)).await.unwrap();
        assert_eq!((status, &refusal["error"]["code"]), (409, &json!("plan_limit")), "{addon}: {refusal}");
        platform.with(|world| world.habits = Default::default());
        platform.uninstall(installed.addon_id).await.unwrap();
    }
}

#[actix_web::test]
async fn an_add_on_with_a_database_of_its_own_keeps_everything_there() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let (shared, own) = (Database::file(folder.path(), "service.db"), Database::file(folder.path(), "own.db"));
    let setting = Setting::of(&platform, folder.path()).with_all().with("API_STUDIO_DB_URL", own.url());
    let service = Running::start(&setting).await;
    let installed = platform.install(Install::of(&service.url_of(Addon::ApiStudio))).await.unwrap();
    let api = Api::of(&service.url_of(Addon::ApiStudio), platform.user_token(installed.addon_id, "OWNER").unwrap());
    api.post("/ui/flows", &flow()).await;
    assert!(delivered(&platform, fire(&platform, "NEW_PROJECT", project(1))[0]).await);
    last_run(&api, "SUCCEEDED").await;
    assert!(shared.rows_of_tenants().await.is_empty(), "nothing of it is in the others' database");
    own.settings_kept().await;
    // From the other side, through another listener.
    let elsewhere = format!("{}/api-studio", service.url_of(Addon::ClockifyAddon));
    let token = platform.user_token(installed.addon_id, "OWNER").unwrap();
    assert_eq!(Api::of(&elsewhere, token).get("/ui/flows").await["total"], 1);
    service.stop().await;
}
