//! A large workspace is read from the simulated platform, which counts and refuses: complete, within the rate, once however many ask for it.

use std::collections::BTreeMap;
use std::path::Path;

use actors::limits::run::CALLS_PER_SECOND_MAX;
use awc::http::Method;
use aws_lc_rs::digest::{SHA256, digest};
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::crowd::Crowd;
use clockify_addons::sandbox::platform::journal::Seen;
use clockify_addons::sandbox::platform::lifecycle::Install;
use serde_json::{Value, json};
use sqlx::{Connection, Row};

use super::app::Running;
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;
use super::webhook::{delivered, flow, platform, project};

/// What the cache must hold of each type, by id: a hash of the whole document.
type Contents = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

const PAGE: usize = 1_000;

fn hash(document: &Value) -> Vec<u8> {
    digest(&SHA256, document.to_string().as_bytes()).as_ref().to_vec()
}

/// What the platform says when somebody else asks it.
async fn contents_there(platform: &Platform, owner: &Api) -> Contents {
    platform.with(|world| world.habits.requests_per_second = 100_000);
    let base = format!("/api/v1/workspaces/{}", platform.workspace().unwrap());
    let mut contents = Contents::new();
    let mut projects = Vec::new();
    for kind in ["projects", "users", "clients", "tags"] {
        let listed = listed(owner, &format!("{base}/{kind}")).await;
        if kind == "projects" {
            projects.extend(listed.iter().map(|project| project["id"].as_str().unwrap().to_owned()));
        }
        contents.insert(kind.to_owned(), hashed(&listed));
    }
    let mut tasks = BTreeMap::new();
    for project in projects {
        tasks.extend(hashed(&listed(owner, &format!("{base}/projects/{project}/tasks")).await));
    }
    contents.insert("tasks".to_owned(), tasks);
    contents
}

async fn listed(owner: &Api, path: &str) -> Vec<Value> {
    // Users are not listed without a word on this; the snapshot says the same.
    let roles = if path.ends_with("/users") { "&include-roles=false" } else { "" };
    let mut all = Vec::new();
    for page in 1.. {
        let Value::Array(some) = owner.get(&format!("{path}?page={page}&page-size={PAGE}{roles}")).await else {
            panic!("{path} is no list")
        };
        let last = some.len() < PAGE;
        all.extend(some);
        if last {
            break;
        }
    }
    all
}

fn hashed(documents: &[Value]) -> BTreeMap<String, Vec<u8>> {
    documents.iter().map(|document| (document["id"].as_str().unwrap().to_owned(), hash(document))).collect()
}

/// The same as it stands in the database: id and name in the columns and in the document agree.
async fn contents_here(folder: &Path, kinds: &Contents) -> Contents {
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}/service.db", folder.display())).await.unwrap();
    let rows = sqlx::query("SELECT type, id, name, data FROM entities WHERE data IS NOT NULL").fetch_all(&mut connection).await.unwrap();
    let mut contents = Contents::new();
    for row in rows {
        let (kind, id): (String, String) = (row.get("type"), row.get("id"));
        let data: Value = serde_json::from_str(row.get("data")).unwrap();
        if kinds.contains_key(&kind) {
            assert_eq!((data["id"].as_str(), data["name"].as_str()), (Some(id.as_str()), row.get::<Option<&str>, _>("name")), "{kind}");
            contents.entry(kind).or_default().insert(id, hash(&data));
        }
    }
    contents
}

/// Waits for the end of a snapshot, and for its middle before: a large one takes a while.
async fn ended(api: &Api) -> Value {
    let calls = async || api.get("/ui/bootstrap/state").await["calls"].as_u64();
    patience::until("the snapshot is half taken", async || calls().await.filter(|calls| *calls >= 500)).await;
    let ended = patience::until("the snapshot has ended", async || {
        let state = api.get("/ui/bootstrap/state").await;
        (!state["finished_at"].is_null()).then_some(state)
    })
    .await;
    let failed: Vec<&Value> = ended["operations"].as_array().unwrap().iter().filter(|operation| operation["status"] == "FAILED").collect();
    assert_eq!(failed, Vec::<&Value>::new(), "{}", ended["last_error"]);
    ended
}

/// That the platform refused nothing, and counted no more in any second than it allows.
fn assert_within_the_rate(requests: &[Seen]) {
    assert!(requests.iter().all(|request| request.status != Some(429)));
    let mut at: Vec<i64> = requests.iter().map(|request| request.at.millis()).collect();
    at.sort_unstable();
    for (index, start) in at.iter().enumerate() {
        let next = at.get(index + CALLS_PER_SECOND_MAX);
        assert!(next.is_none_or(|next| next - start >= 1_000), "more than the limit in the second from {start}");
    }
}

#[actix_web::test]
async fn a_large_workspace_is_read_whole_within_the_rate_and_once() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    platform.populate(platform.workspace().unwrap(), Crowd::LARGE).unwrap();
    let setting = Setting::of(&platform, folder.path()).with("UW_BOOTSTRAP_ON_INSTALL", "true");
    let service = Running::start(&setting).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());

    // It has begun with the installation; who asks for it now is told so.
    let again = || api.call(Method::POST, "/ui/bootstrap/trigger", None);
    let (one, other) = tokio::join!(again(), again());
    for answer in [one, other] {
        assert_eq!(answer.map(|(status, answer)| (status, answer["status"].clone())), Some((200, json!("running"))));
    }
    let state = ended(&api).await;
    assert_eq!((&state["status"], &state["last_error"]), (&json!("COMPLETE"), &Value::Null));
    let requests = platform.requests();
    let owner = Api::of(&platform.base_url(), platform.user_token(installed.addon_id, "OWNER").unwrap());
    let there = contents_there(&platform, &owner).await;
    let here = contents_here(folder.path(), &there).await;
    // The workspace has some entities beside those.
    for (kind, least) in [("projects", 200), ("tasks", 200 * 20), ("users", 500), ("clients", 2_000), ("tags", 2_000)] {
        assert!(there[kind].len() >= least, "{kind}");
        assert_eq!(here[kind].len(), there[kind].len(), "{kind}");
    }
    assert!(here == there);

    assert_within_the_rate(&requests);
    let first_pages = |path: &str| requests.iter().filter(|request| request.fits("GET", path) && request.query.contains("page=1&")).count();
    assert_eq!(first_pages("/api/v1/workspaces/*/tags"), 1);
    assert_eq!(first_pages("/api/v1/workspaces/*/projects/*/tasks"), there["projects"].len());

    let dashboard = api.get("/ui/dashboard").await;
    assert_eq!(dashboard["entity_counts"]["by_type"]["tasks"], json!(there["tasks"].len()));
    let found = api.get("/ui/entities?type=clients&q=client%2001999").await;
    assert_eq!((&found["pagination"]["total"], &found["entities"][0]["name"]), (&json!(1), &json!("Client 01999")));
    service.stop().await;
}

#[actix_web::test]
async fn at_the_full_rate_with_flows_beside_it_the_platform_refuses_nothing() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let workspace = platform.workspace().unwrap();
    platform.populate(workspace, Crowd { projects: 600, tasks_per_project: 2, tags: 400, ..Crowd::default() }).unwrap();
    let service = Running::start(&Setting::of(&platform, folder.path()).with("UW_BOOTSTRAP_MAX_RPS", "50")).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let api = Api::of(&service.url, platform.user_token(installed.addon_id, "OWNER").unwrap());
    api.post("/ui/flows", &flow()).await;
    api.post("/ui/bootstrap/trigger", &json!({})).await;

    // Bursts of events, each of which starts a run that makes a call, at every tenth of the way. The platform does not know their projects: what
    // the snapshot asks for below those is refused, and it goes on with the others.
    let mut fired = 0;
    for tenth in 0..10_u64 {
        patience::until("the snapshot goes on", async || {
            (api.get("/ui/bootstrap/state").await["calls"].as_u64() >= Some(tenth * 50)).then_some(())
        })
        .await;
        for _ in 0..12 {
            fired += 1;
            assert!(delivered(&platform, platform.fire_with(workspace, "NEW_PROJECT", project(fired)).unwrap()[0]).await);
        }
    }
    let state = ended(&api).await;
    assert_eq!(state["status"], "COMPLETE_WITH_WARNINGS");
    assert!(state["last_error"].as_str().unwrap().contains("(below 64b641568b07987035751"), "{state}");
    patience::until("all runs have ended", async || {
        let runs = api.all("/ui/runs?status=SUCCEEDED", "runs").await;
        (runs.len() == fired as usize).then_some(())
    })
    .await;

    let requests = platform.requests();
    assert_within_the_rate(&requests);
    assert_eq!(requests.iter().filter(|request| request.fits("POST", "/api/v1/workspaces/*/clients")).count(), fired as usize);
    let owner = Api::of(&platform.base_url(), platform.user_token(installed.addon_id, "OWNER").unwrap());
    let there = contents_there(&platform, &owner).await;
    let mut here = contents_here(folder.path(), &there).await;
    for number in 1..=fired {
        assert!(here.get_mut("projects").unwrap().remove(project(number)["id"].as_str().unwrap()).is_some(), "{number}");
    }
    for kind in ["projects", "tasks", "users", "tags"] {
        assert!(here[kind] == there[kind], "{kind}");
    }
    assert!(there["tasks"].len() >= 1_200);
    service.stop().await;
}
