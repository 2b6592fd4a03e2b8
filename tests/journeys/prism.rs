//! The official description, played by somebody else: Prism makes a mock of it, which knows nothing of this project, checks what it is sent against
//! the description and answers with the description's own examples. It serves below no path, and a page is the same whichever is asked for.

mod mock;

use std::collections::BTreeMap;
use std::path::PathBuf;

use actors::addon::Addon;
use actors::explorer::sample::sample;
use actors::limits::bootstrap::TRIES_MAX;
use actors::operation::Operation;
use awc::http::Method;
use clockify_addons::sandbox::authority::Urls;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::Install;
use serde_json::{Value, json};

use super::app::Running;
use super::reference;
use super::running::api::Api;
use super::running::patience;
use super::running::process::Setting;
use super::webhook::platform;
use mock::{Answers, Mock};

/// Pages of one list that the snapshots here may read.
const PAGES_MAX: usize = 3;

/// Requests that the mock calls invalid (422) although they are as the platform wants them.
const DOUBTED: [&str; 4] = [
    // Prism reads every part of a form as one text, so that no list in a form is ever valid.
    "updateExpense",
    // The description demands `page-size` in the body beside `pageSize`, and describes only the latter.
    "getInvoicesInfo",
    // Its type says that the value is an object, its example is a text.
    "editProjectCustomFieldDefaultValue",
    "upsertUserCustomFieldValue",
];

/// The official description, its mock, and a platform whose installations are told that the mock is the API.
struct Stage {
    mock: Mock,
    platform: Platform,
    description: Value,
    folder: tempfile::TempDir,
}

impl Stage {
    /// `None`: what it takes is not on this machine, and `claim` has been named as not checked.
    fn set(claim: &str, answers: Answers) -> Option<Self> {
        let text = reference::read(claim, "clockify/openapi.json")?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("official.json");
        std::fs::write(&file, &text).unwrap();
        let mock = Mock::start(claim, &file, answers)?;
        let platform = platform();
        let [backend, reports, pto, locations, screenshots] = std::array::from_fn(|_| mock.url.clone());
        platform.with(|world| world.urls = Urls { backend, reports, pto, locations, screenshots });
        Some(Self { mock, platform, description: serde_json::from_slice(&text).unwrap(), folder })
    }

    fn setting(&self) -> Setting {
        Setting::of(&self.platform, self.folder.path()).with_all()
    }

    async fn install(&self, service: &Running, addon: Addon) -> Api {
        let url = service.url_of(addon);
        let installed = self.platform.install(Install::of(&url)).await.unwrap();
        Api::of(&url, self.platform.user_token(installed.addon_id, "OWNER").unwrap())
    }

    /// The operations of the description, by id.
    fn operations(&self) -> BTreeMap<&str, &Value> {
        let paths = self.description["paths"].as_object().unwrap().values();
        let operations = paths.flat_map(|path| path.as_object().unwrap().values());
        operations.filter_map(|operation| Some((operation.get("operationId")?.as_str()?, operation))).collect()
    }

    /// A description with the page of every list as small as one entity, so that each answer of the mock is a full page: there is always more.
    fn with_pages_of_one(&self) -> PathBuf {
        let mut description = self.description.clone();
        let paths = description["paths"].as_object_mut().unwrap().values_mut();
        let operations = paths.flat_map(|path| path.as_object_mut().unwrap().values_mut());
        let parameters = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut()).flatten();
        for parameter in parameters.filter(|parameter| ["page-size", "pageSize"].iter().any(|name| parameter["name"] == *name)) {
            parameter["schema"]["maximum"] = json!(1);
        }
        let file = self.folder.path().join("pages-of-one.json");
        std::fs::write(&file, description.to_string()).unwrap();
        file
    }

    /// Takes a snapshot of pages of one entity, with or without reports and time entries. Gives its state at the end, and how often the mock was
    /// asked for each path.
    async fn snapshot(&mut self, of_all: bool) -> (Value, BTreeMap<String, usize>) {
        let description = self.with_pages_of_one();
        let setting = self
            .setting()
            .with("CLOCKIFY_OPENAPI_PATH", description.to_str().unwrap())
            .with("UW_BOOTSTRAP_MAX_PAGES", &PAGES_MAX.to_string())
            .with("UW_BOOTSTRAP_INCLUDE_HEAVY", &of_all.to_string())
            .with("UW_BOOTSTRAP_INCLUDE_TIME_ENTRIES", &of_all.to_string());
        let service = Running::start(&setting).await;
        let api = self.install(&service, Addon::UniversalWebhook).await;
        api.post("/ui/bootstrap/trigger", &json!({})).await;
        let ended = patience::until("the snapshot has ended", async || {
            let state = api.get("/ui/bootstrap/state").await;
            (!state["finished_at"].is_null()).then_some(state)
        })
        .await;
        let calls = usize::try_from(ended["calls"].as_u64().unwrap()).unwrap();
        patience::until("the mock has told of every call", async || (self.mock.seen().len() >= calls).then_some(())).await;
        service.stop().await;
        let mut asked = BTreeMap::new();
        for (method, path) in self.mock.seen() {
            assert_eq!(method, "GET", "{path}");
            *asked.entry(path.clone()).or_default() += 1;
        }
        assert_eq!(asked.values().sum::<usize>(), calls, "each call is counted once: {asked:#?}");
        (ended, asked)
    }
}

/// An operation as the explorer describes it, as far as a call needs it.
fn described(shown: &Value) -> Operation {
    let mut operation = shown.clone();
    operation["id"] = shown["operation_id"].clone();
    serde_json::from_value(operation).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

/// The statuses that the mock may answer a valid call of an operation with, by what the official description says of it.
fn expected(id: &str, official: &Value) -> Vec<u64> {
    let schemes = official["security"].as_array().unwrap().iter().flat_map(|scheme| scheme.as_object().unwrap().keys());
    if !schemes.into_iter().any(|scheme| scheme.ends_with("AddonKeyAuth")) {
        return vec![401];
    }
    if DOUBTED.contains(&id) {
        return vec![422];
    }
    let answers = official["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
    let written = answers.filter_map(|(status, answer)| {
        let media = &answer["content"]["*/*"];
        // Prism writes an answer of any media type as text, and fails at what is none.
        if media.is_object() && media["schema"]["type"] != "string" { Some(500) } else { status.parse().ok() }
    });
    written.collect()
}

/// The operations of a snapshot that stand like this.
fn standing(state: &Value, fits: impl Fn(&Value) -> bool) -> Vec<&str> {
    let operations = state["operations"].as_array().unwrap().iter().filter(|operation| fits(operation));
    operations.filter_map(|operation| operation["operation_id"].as_str()).collect()
}

#[actix_web::test]
async fn every_operation_of_the_official_description_is_described_and_called_as_it_says() {
    let claim = "every operation of the official description is described and called as it says";
    let Some(mut stage) = Stage::set(claim, Answers::Examples) else { return };
    let service = Running::start(&stage.setting()).await;
    let mut called = Vec::new();
    for (addon, bearer) in [(Addon::UniversalWebhook, "addon"), (Addon::ClockifyAddon, "viewer"), (Addon::ApiStudio, "viewer")] {
        let api = stage.install(&service, addon).await;
        let official = stage.operations();
        let listed = api.get("/ui/operations").await;
        let ids: Vec<&str> = listed["operations"].as_array().unwrap().iter().filter_map(|line| line["operation_id"].as_str()).collect();
        assert_eq!((ids.len(), official.len()), (170, 170));
        let scopes = api.get("/manifest").await["scopes"].as_array().cloned().unwrap();
        let mut refused = 0;
        for id in ids {
            let shown = api.get(&format!("/ui/operations/{id}")).await;
            let params = sample(&described(&shown));
            let params = json!({"path": params.path, "query": params.query, "body": params.body});
            let call = json!({"params": params, "as": bearer, "confirm": true});
            let answer = api.call(Method::POST, &format!("/ui/operations/{id}/execute"), Some(&call)).await;
            let (status, answer) = answer.unwrap_or_else(|| panic!("{id}: no answer"));
            let granted = shown["scope"].is_null() || scopes.contains(&shown["scope"]);
            if !granted || (addon == Addon::ApiStudio && shown["method"] != "GET") {
                assert_eq!((status, &answer["error"]["code"]), (403, &json!("operation_not_allowed")), "{id}: {answer}");
                refused += 1;
                continue;
            }
            assert_eq!((status, &shown["allowed"]), (200, &json!(true)), "{id}: {answer}");
            let said = answer["status_code"].as_u64().unwrap_or_else(|| panic!("{id}: the mock did not answer: {answer}"));
            assert!(expected(id, official[id]).contains(&said), "{id}: {answer}");
            called.push((answer["method"].as_str().unwrap().to_owned(), answer["path"].as_str().unwrap().to_owned()));
        }
        assert_eq!(refused > 0, addon == Addon::ApiStudio, "API Studio reads some things; the others may call everything");
    }
    service.stop().await;
    patience::until("the mock has told of every call", async || (stage.mock.seen().len() >= called.len()).then_some(())).await;
    assert_eq!(stage.mock.seen(), called, "each call is made once, as it is shown");
}

#[actix_web::test]
async fn a_snapshot_of_pages_that_are_the_same_for_ever_ends_at_the_second() {
    let Some(mut stage) = Stage::set("a snapshot of pages that are the same for ever ends at the second", Answers::Examples) else {
        return;
    };
    let (ended, asked) = stage.snapshot(true).await;

    assert_eq!(ended["status"], "COMPLETE_WITH_WARNINGS", "{ended:#}");
    let failed = standing(&ended, |operation| operation["status"] == "FAILED");
    let official = stage.operations();
    assert!(failed.iter().all(|id| expected(id, official[id]) == [500]), "what failed is what the mock cannot answer: {ended:#}");
    assert_eq!(standing(&ended, |operation| operation["truncated"] == true), Vec::<&str>::new());
    let twice = standing(&ended, |operation| operation["pages"] == 2 && operation["entities"] == 1);
    for list in ["getClients", "getProjects", "getTags", "getTasks", "getUsersOfWorkspace"] {
        assert!(twice.contains(&list), "{list}: {ended:#}");
    }
    let tried = asked.values().filter(|times| **times == TRIES_MAX as usize).count();
    assert_eq!(tried, failed.len(), "{asked:#?}");
    assert!(asked.values().all(|times| *times <= 2 || *times == TRIES_MAX as usize), "{asked:#?}");
}

#[actix_web::test]
async fn a_snapshot_of_pages_without_an_end_ends_at_the_cap() {
    let Some(mut stage) = Stage::set("a snapshot of pages without an end ends at the cap", Answers::Invented) else { return };
    let (ended, asked) = stage.snapshot(false).await;

    assert_eq!(ended["status"], "COMPLETE_WITH_WARNINGS", "{ended:#}");
    let cut = standing(&ended, |operation| operation["truncated"] == true);
    assert!(!cut.is_empty(), "{ended:#}");
    assert!(ended["last_error"].as_str().unwrap().contains(&format!("page cap ({PAGES_MAX})")), "{ended:#}");
    assert_eq!(asked.values().max(), Some(&PAGES_MAX), "{asked:#?}");
}
