//! A large workspace is read from the simulated platform, which counts and refuses: complete, within the rate, once however many ask for it.

use std::collections::BTreeMap;
use std::path::Path;

use awc::http::Method;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::crowd::Crowd;
use clockify_addons::sandbox::platform::lifecycle::Install;
use clockify_addons::sandbox::platform::workspace::{Shelf, text};
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use super::app::Running;
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;
use super::webhook::platform;

/// What the cache must hold of each type, by id: the name.
type Names = BTreeMap<String, BTreeMap<String, String>>;

fn names_there(platform: &Platform) -> Names {
    let kinds = [
        ("projects", Shelf::Projects),
        ("tasks", Shelf::Tasks),
        ("users", Shelf::Users),
        ("clients", Shelf::Clients),
        ("tags", Shelf::Tags),
    ];
    platform.with(|world| {
        let workspace = world.workspaces.values().next().unwrap();
        let names = |shelf| workspace.all(shelf).map(|entity| (text(entity, "id").to_owned(), text(entity, "name").to_owned())).collect();
        kinds.into_iter().map(|(kind, shelf)| (kind.to_owned(), names(shelf))).collect()
    })
}

/// The same as it stands in the database: the name in the column and in the document agree.
async fn names_here(folder: &Path, kinds: &Names) -> Names {
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}/service.db", folder.display())).await.unwrap();
    let rows = sqlx::query("SELECT type, id, name, data FROM entities WHERE data IS NOT NULL").fetch_all(&mut connection).await.unwrap();
    let mut names = Names::new();
    for row in rows {
        let (kind, id): (String, String) = (row.get("type"), row.get("id"));
        let data: Value = serde_json::from_str(row.get("data")).unwrap();
        if kinds.contains_key(&kind) {
            assert_eq!((data["id"].as_str(), data["name"].as_str()), (Some(id.as_str()), row.get::<Option<&str>, _>("name")), "{kind}");
            names.entry(kind).or_default().insert(id, row.get("name"));
        }
    }
    names
}

#[actix_web::test]
async fn a_large_workspace_is_read_whole_within_the_rate_and_once() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    platform.populate(platform.workspace().unwrap(), Crowd::LARGE).unwrap();
    let setting = Setting::of(&platform, folder.path()).with("UW_BOOTSTRAP_ON_INSTALL", "true").with("UW_BOOTSTRAP_MAX_RPS", "40");
    let service = Running::start(&setting).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());

    // It has begun with the installation; who asks for it now is told so.
    let again = || api.call(Method::POST, "/ui/bootstrap/trigger", None);
    let (one, other) = tokio::join!(again(), again());
    for answer in [one, other] {
        assert_eq!(answer.map(|(status, answer)| (status, answer["status"].clone())), Some((200, json!("running"))));
    }
    let ended = patience::until("the snapshot has ended", async || {
        let state = api.get("/ui/bootstrap/state").await;
        (!state["finished_at"].is_null()).then_some(state)
    })
    .await;

    let failed: Vec<&Value> = ended["operations"].as_array().unwrap().iter().filter(|operation| operation["status"] == "FAILED").collect();
    assert_eq!((&ended["status"], failed), (&json!("COMPLETE"), vec![]), "{}", ended["last_error"]);
    let there = names_there(&platform);
    let here = names_here(folder.path(), &there).await;
    for (kind, names) in &there {
        assert_eq!(here[kind].len(), names.len(), "{kind}");
    }
    assert!(here == there);

    let requests = platform.requests();
    assert!(requests.iter().all(|request| request.status != Some(429)));
    let first_pages = |path: &str| requests.iter().filter(|request| request.fits("GET", path) && request.query.contains("page=1&")).count();
    assert_eq!(first_pages("/api/v1/workspaces/*/tags"), 1);
    assert_eq!(first_pages("/api/v1/workspaces/*/projects/*/tasks"), there["projects"].len());

    let dashboard = api.get("/ui/dashboard").await;
    assert_eq!(dashboard["entity_counts"]["by_type"]["tasks"], json!(there["tasks"].len()));
    let found = api.get("/ui/entities?type=clients&q=client%2001999").await;
    assert_eq!((&found["pagination"]["total"], &found["entities"][0]["name"]), (&json!(1), &json!("Client 01999")));
    service.stop().await;
}
