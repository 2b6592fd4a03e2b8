//! The stage of the stories about the inside: real actors and the real registry over a store in memory, a scripted platform and a clock that stands
//! still. Everything lives on the test's own thread, so that time passes only when nobody has anything left to do.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::addon::Addon;
use actors::clock::{Clock, Timestamp};
use actors::effort::Paid;
use actors::event::EventType;
use actors::flow::read;
use actors::flow::run::{Run, RunState};
use actors::ids::{AddonId, FlowId, Key, WorkspaceId};
use actors::installation::{Health, Installation, Proof, Status, Verdict, WebhookToken};
use actors::operation::Catalogue;
use actors::port::clockify::{ApiUrls, Method};
use actors::port::observer::{Happening, Observer};
use actors::port::store::runs::RunFilter;
use actors::port::store::{Installations, Runs, Slice};
use actors::port::web::OtherServers;
use actors::registry::{Environment, Error, Registry};
use actors::secret::Secret;
use actors::settings::Settings;
use actors::testing::{ManualClock, MemoryStore, NamedAnywhere, ScriptedClockify, ScriptedWeb};
use actors::workspace::deliver::{Accepted, Delivery, Sender};
use actors::workspace::flows::{FlowChange, FlowChanged};
use actors::workspace::lifecycle::Change;
use futures_util::future::{Either, select};
use serde_json::{Value, json};

pub const START: i64 = 1_800_000_000_000;
const TOKEN: [u8; 32] = [7; 32];

/// Counts, and panics on demand: the observer is called inside the actor's own handlers.
#[derive(Default)]
pub struct Witness {
    pub seen: Mutex<Vec<Happening>>,
    panics: AtomicU32,
}

impl Witness {
    /// The next accepted events kill their actors.
    pub fn panic_on_accept(&self, times: u32) {
        self.panics.store(times, Ordering::SeqCst);
    }

    pub fn count(&self, wanted: impl Fn(&Happening) -> bool) -> usize {
        self.seen.lock().unwrap().iter().filter(|happening| wanted(happening)).count()
    }
}

impl Observer for Witness {
    fn observe(&self, _: Addon, happening: Happening) {
        self.seen.lock().unwrap().push(happening);
        let left = || self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if happening == Happening::EventAccepted && left() {
            // Without the hook's report: it is meant.
            std::panic::resume_unwind(Box::new("killed by the story"));
        }
    }
}

pub struct Stage {
    pub clock: ManualClock,
    pub store: MemoryStore,
    pub clockify: ScriptedClockify,
    pub web: ScriptedWeb,
    pub witness: Arc<Witness>,
    pub registry: Arc<Registry>,
}

/// Runs a story inside an actix system.
pub fn play<F: Future<Output = ()>>(story: impl FnOnce(Stage) -> F) {
    actix_rt::System::new().block_on(async { story(Stage::new()).await });
}

impl Stage {
    fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_millis(START));
        let clockify = ScriptedClockify::new(Arc::new(clock.clone()));
        let (store, witness) = (MemoryStore::new(), Arc::new(Witness::default()));
        let web = ScriptedWeb::new(Arc::new(clock.clone()));
        let registry = registry(&clock, &store, &clockify, &web, &witness);
        Self { clock, store, clockify, web, witness, registry }
    }

    /// The process dies and another one starts over the same store.
    pub async fn restart(&mut self) {
        self.registry = registry(&self.clock, &self.store, &self.clockify, &self.web, &self.witness);
        self.clock.settle().await;
    }

    pub async fn install(&self, number: u8) -> Key {
        let key = key(number);
        let verdict =
            self.registry.lifecycle(key, Change::Install(Box::new(installation(key, 1, self.clock.now()))), self.proof(number)).await;
        assert_eq!(verdict, Ok(Verdict::Apply));
        key
    }

    pub fn proof(&self, number: u8) -> Proof {
        Proof { hash: [number; 32], issued_at: Some(self.clock.now()) }
    }

    pub async fn flow(&self, key: Key, definition: Value) -> FlowId {
        let definition = read::definition(&definition).unwrap();
        match self.registry.change_flow(key, FlowChange::Create(Box::new(definition))).await {
            Ok(FlowChanged::Saved(flow)) => flow.id,
            other => panic!("not saved: {other:?}"),
        }
    }

    pub async fn deliver(&self, key: Key, entity: &str, extra: Value) -> Result<Accepted, Error> {
        let mut payload = json!({ "id": entity, "workspaceId": key.workspace });
        payload.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.registry.deliver(key, delivery(entity, &payload)).await
    }

    /// Lets time pass until some work is done.
    pub async fn passing<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        for _ in 0..1_000 {
            let moment = std::pin::pin!(self.clock.run_for(Duration::from_millis(50)));
            if let Either::Left((done, _)) = select(work.as_mut(), moment).await {
                return done;
            }
        }
        panic!("not done within fifty seconds of the story's time");
    }

    /// Lives through `duration`, with a round of the sweeper every five seconds.
    pub async fn live(&self, duration: Duration) {
        let end = self.clock.now() + duration;
        while self.clock.now() < end {
            self.passing(self.registry.sweep()).await.unwrap();
            self.clock.run_for(Duration::from_secs(5).min(end.since(self.clock.now()))).await;
            self.clock.settle().await;
        }
    }

    pub async fn runs(&self, key: Key) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        loop {
            let slice = Slice { limit: 1_000, offset: u32::try_from(runs.len()).unwrap() };
            let page = self.store.runs(key, &RunFilter::default(), slice).await.unwrap();
            for listed in page.items {
                runs.push(self.store.run(key, listed.id).await.unwrap().unwrap());
            }
            if runs.len() as u64 >= page.total {
                runs.reverse();
                return runs;
            }
        }
    }

    pub async fn states(&self, key: Key) -> Vec<RunState> {
        self.runs(key).await.iter().map(|run| run.state).collect()
    }

    pub async fn health(&self, key: Key) -> Health {
        self.store.installation(key).await.unwrap().unwrap().health
    }
}

fn registry(
    clock: &ManualClock,
    store: &MemoryStore,
    clockify: &ScriptedClockify,
    web: &ScriptedWeb,
    witness: &Arc<Witness>,
) -> Arc<Registry> {
    let (clockify, web) = (clockify.clone(), web.clone());
    let env = Environment {
        store: Arc::new(store.clone()),
        clock: Arc::new(clock.clone()),
        catalogue: Arc::new(catalogue()),
        defaults: Addon::ALL
            .map(|addon| (addon, Settings { bootstrap_on_install: false, max_rps: 50, ..Settings::built_in(addon) }))
            .into(),
        scopes: Addon::ALL.map(|addon| (addon, ["PROJECT_READ", "TAG_READ", "TASK_READ"].map(str::to_owned).into())).into(),
        observer: Arc::clone(witness) as Arc<dyn Observer>,
        clockify: Arc::new(move || std::rc::Rc::new(clockify.clone())),
        other_servers: OtherServers {
            addons: [Addon::UniversalWebhook].into(),
            destinations: Arc::new(NamedAnywhere),
            client: Arc::new(move || std::rc::Rc::new(web.clone())),
        },
    };
    Arc::new(Registry::new(Arc::new(env), 0))
}

fn catalogue() -> Catalogue {
    let id = json!([{ "name": "id", "in": "path", "required": true }]);
    let paged = |size: u32| json!({ "list": "", "paging": { "page": "page", "size": "page-size", "sizeMax": size } });
    let project = json!([{ "name": "projectId", "in": "path", "required": true }]);
    let listed = json!([
        { "id": "getProjects", "method": "GET", "path": "/v1/workspaces/{workspaceId}/projects", "tag": "Project", "summary": "s", "scope": "PROJECT_READ", "answer": paged(50) },
        { "id": "getTags", "method": "GET", "path": "/v1/workspaces/{workspaceId}/tags", "tag": "Tag", "summary": "s", "scope": "TAG_READ", "answer": { "list": "" } },
        { "id": "getTasks", "method": "GET", "path": "/v1/workspaces/{workspaceId}/projects/{projectId}/tasks", "tag": "Task", "summary": "s", "scope": "TASK_READ", "answer": paged(50), "parameters": project },
        { "id": "getTimeEntry", "method": "GET", "path": "/v1/workspaces/{workspaceId}/time-entries/{id}", "tag": "Time entry", "summary": "s", "parameters": id },
        { "id": "updateTimeEntry", "method": "PUT", "path": "/v1/workspaces/{workspaceId}/time-entries/{id}", "tag": "Time entry", "summary": "s", "parameters": id, "body": {} },
        { "id": "deleteTimeEntry", "method": "DELETE", "path": "/v1/workspaces/{workspaceId}/time-entries/{id}", "tag": "Time entry", "summary": "s", "parameters": id },
        { "id": "patchTimeEntry", "method": "PATCH", "path": "/v1/workspaces/{workspaceId}/time-entries/{id}", "tag": "Time entry", "summary": "s", "parameters": id, "body": {} },
        { "id": "createTag", "method": "POST", "path": "/v1/workspaces/{workspaceId}/tags", "tag": "Tag", "summary": "s", "body": {} },
    ]);
    Catalogue::read(listed.to_string().as_bytes()).unwrap()
}

pub fn key(number: u8) -> Key {
    Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::parse(&format!("5b641568b079870357505{number:03}")).unwrap() }
}

pub fn addon_id(number: u8) -> AddonId {
    AddonId::parse(&format!("6c641568b079870357505{number:03}")).unwrap()
}

pub fn installation(key: Key, number: u8, now: Timestamp) -> Installation {
    Installation {
        key,
        addon_id: addon_id(number),
        addon_user: None,
        as_user: None,
        urls: ApiUrls { backend: "https://api.clockify.me/api".into(), reports: None, pto: None },
        token: Secret::new("token"),
        webhooks: Arc::new([WebhookToken { path: "/webhooks/clockify/new-time-entry".into(), hash: TOKEN }]),
        status: Status::Active,
        health: Health::Sound,
        settings: serde_json::Map::from_iter([("enable_generic_http_actions".to_owned(), true.into())]),
        installed_at: now,
        updated_at: now,
    }
}

pub fn delivery(entity: &str, payload: &Value) -> Delivery {
    let payload = payload.to_string();
    // Any hash does that differs where the payload does.
    let mut payload_hash = [0_u8; 32];
    payload.bytes().enumerate().for_each(|(index, byte)| payload_hash[index % 32] = payload_hash[index % 32].wrapping_mul(31) ^ byte);
    Delivery {
        sender: Sender::Clockify { token: TOKEN, addon_id: addon_id(1), path: "/webhooks/clockify/new-time-entry".into() },
        event_type: EventType::parse("NEW_TIME_ENTRY").unwrap(),
        entity: Some(format!("time_entry:{entity}").into()),
        payload: payload.into_bytes().into(),
        payload_hash,
        headers: None,
        paid: Paid::default(),
    }
}

/// A flow of one PUT that names the entity and the payload's `n`.
pub fn put_flow() -> Value {
    json!({
        "name": "put", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "actions": [{ "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": { "path": { "id": "$.webhook.id" }, "body": { "n": "$.webhook.n" } } }],
    })
}

/// A flow of one POST.
pub fn post_flow() -> Value {
    json!({
        "name": "post", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "actions": [{ "type": "CLOCKIFY_API", "operation_id": "createTag", "params": { "body": { "name": "$.webhook.id" } } }],
    })
}

/// A flow of one call of another server.
pub fn web_flow(method: &str, url: &str) -> Value {
    let body = if method == "GET" { Value::Null } else { json!({ "kind": "json", "value": { "n": "$.webhook.n" } }) };
    json!({
        "name": "elsewhere", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "actions": [{ "type": "GENERIC_HTTP", "method": method, "url": url, "body": body }],
    })
}

pub fn entry_path(key: Key, entity: &str) -> String {
    format!("/v1/workspaces/{}/time-entries/{entity}", key.workspace)
}

pub fn tags_path(key: Key) -> String {
    format!("/v1/workspaces/{}/tags", key.workspace)
}

/// What the platform was told about each entity, in order: the `n` of every PUT that it answered well.
pub fn puts(clockify: &ScriptedClockify, key: Key, entity: &str) -> Vec<i64> {
    let path = entry_path(key, entity);
    let of = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["n"].as_i64().unwrap();
    let calls = clockify.calls();
    let puts = calls.iter().filter(|call| call.request.method == Method::Put && call.request.path == path);
    puts.map(|call| of(call.request.body.as_ref().unwrap())).collect()
}
