//! Installations, events, flows and runs to write.

use std::sync::{Arc, LazyLock};

use actors::addon::Addon;
use actors::clock::{Clock, SystemClock, Timestamp};
use actors::event::{Event, EventType, Source};
use actors::flow::model::{Definition, Flow, TriggerSource};
use actors::flow::run::{Run, RunState};
use actors::flow::standing::Fared;
use actors::ids::{AddonId, FlowId, Key, WorkspaceId};
use actors::installation::{Health, Installation, Proof, Status, Verdict, WebhookToken};
use actors::port::clockify::ApiUrls;
use actors::port::store::Store;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::receipt::Outcome;
use actors::port::store::runs::RunSummary;
use actors::secret::Secret;
use actors::source::{CustomSource, Scheme, SourceName, SourceSecret, TypeFrom};
use serde_json::{Map, json};

use crate::backend::write;

/// The clock of all samples, so that later ones have later ids.
pub static CLOCK: LazyLock<SystemClock> = LazyLock::new(SystemClock::new);

pub fn key(number: u32) -> Key {
    Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::parse(&format!("5b64156800000000{number:08x}")).unwrap() }
}

pub fn addon_id(number: u32) -> AddonId {
    AddonId::parse(&format!("5b64156811111111{number:08x}")).unwrap()
}

/// A proof whose hash is its number, issued that many seconds after the beginning.
pub fn proof(number: u32) -> Proof {
    let mut hash = [7; 32];
    hash[..4].copy_from_slice(&number.to_be_bytes());
    Proof { hash, issued_at: Some(Timestamp::from_seconds(1_700_000_000 + i64::from(number))) }
}

/// An installation in which everything tells of its number.
pub fn installation(key: Key, number: u32) -> Installation {
    let byte = u8::try_from(number % 256).unwrap();
    let token = |path: &str, last: u8| WebhookToken { path: format!("/webhooks/clockify/{path}"), hash: [byte ^ last; 32] };
    Installation {
        key,
        addon_id: addon_id(number),
        addon_user: Some(format!("addon-user-{number}")),
        as_user: Some(format!("as-user-{number}")),
        urls: ApiUrls {
            backend: format!("https://{number}.api.clockify.me/api"),
            reports: Some("https://reports.api.clockify.me".into()),
            pto: None,
        },
        token: Secret::new(format!("installation-token-{number}")),
        webhooks: vec![token("new-time-entry", 1), token("project-updated", 2)].into(),
        status: Status::Active,
        health: Health::Sound,
        settings: json!({ "number": number, "nested": { "list": [1, null, "ü"] } }).as_object().unwrap().clone(),
        installed_at: Timestamp::from_millis(1_700_000_000_123),
        updated_at: Timestamp::from_millis(1_700_000_000_456),
    }
}

/// An installation that is as bare as one can be.
pub fn bare_installation(key: Key, number: u32) -> Installation {
    let urls = ApiUrls { backend: "https://api.clockify.me/api".into(), reports: None, pto: None };
    Installation {
        addon_user: None,
        as_user: None,
        webhooks: Vec::new().into(),
        settings: Map::new(),
        status: Status::Inactive,
        health: Health::Broken { since: Timestamp::from_millis(5), reason: "the platform says no".into() },
        urls,
        ..installation(key, number)
    }
}

/// Installs a workspace.
pub async fn install(store: &dyn Store, key: Key) {
    assert_eq!(store.install(&installation(key, 1), proof(1)).await, Ok(Verdict::Apply));
}

/// Uninstalls it again.
pub async fn uninstall(store: &dyn Store, key: Key) {
    assert_eq!(store.uninstall(key, addon_id(1), proof(2)).await, Ok(Verdict::Apply));
}

/// Installs it once more.
pub async fn reinstall(store: &dyn Store, key: Key) {
    assert_eq!(store.install(&installation(key, 3), proof(3)).await, Ok(Verdict::Apply));
}

pub fn event_type(name: &str) -> EventType {
    EventType::parse(name).unwrap()
}

/// An event of now.
pub fn event() -> Event {
    Event {
        id: CLOCK.fresh_id().into(),
        source: Source::Clockify,
        event_type: event_type("PROJECT_UPDATED"),
        entity: Some("project:5b641568b07987035750505e".into()),
        received_at: CLOCK.now(),
        payload: br#"{"id":"5b641568b07987035750505e"}"#.as_slice().into(),
        payload_hash: [9; 32],
        headers: Some(r#"{"content-type":"application/json"}"#.into()),
        deliveries: 1,
        message: None,
    }
}

/// An id of an earlier moment.
pub fn id_at(moment: Timestamp) -> uuid::Uuid {
    let seconds = u64::try_from(moment.seconds()).unwrap();
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, u32::try_from(moment.millis() % 1_000).unwrap() * 1_000_000))
}

/// An event of an earlier moment.
pub fn event_at(moment: Timestamp) -> Event {
    Event { id: id_at(moment).into(), received_at: moment, ..event() }
}

pub fn custom(name: &str) -> Event {
    Event { source: Source::Custom(name.into()), event_type: event_type("order.paid"), ..event() }
}

pub fn flow_id() -> FlowId {
    CLOCK.fresh_id().into()
}

/// A queued run of a flow for an event.
pub fn run(key: Key, event: &Event, flow: FlowId) -> Run {
    Run {
        id: CLOCK.fresh_id().into(),
        key,
        flow,
        flow_version: 1,
        event: event.id,
        event_type: event.event_type.clone(),
        entity: event.entity.clone(),
        state: RunState::Queued,
        steps: Vec::new(),
        due_at: None,
        reason: None,
        replay_of: None,
        created_at: event.received_at,
        started_at: None,
        finished_at: None,
        dismissed_at: None,
    }
}

/// Runs as a list shows them.
pub fn summaries<'r>(runs: impl IntoIterator<Item = &'r Run>) -> Vec<RunSummary> {
    runs.into_iter().map(RunSummary::from).collect()
}

/// The same run in another state, with what belongs to it.
pub fn standing(run: &Run, state: RunState) -> Run {
    let now = CLOCK.now();
    Run {
        state,
        due_at: (state == RunState::Waiting).then_some(now),
        started_at: (state != RunState::Queued).then_some(now),
        finished_at: state.finished().then_some(now),
        ..run.clone()
    }
}

pub fn accept(key: Key, event: &Event, runs: &[Run]) -> Entry {
    Entry::Accept { key, event: Box::new(event.clone()), runs: runs.to_vec() }
}

pub fn progress(run: &Run) -> Entry {
    Entry::Progress(Box::new(run.clone()))
}

/// A run of a flow, accepted, ends, and what that says about the flow.
pub async fn ends(store: &dyn Store, key: Key, flow: FlowId, fared: Fared) -> Outcome {
    let event = event();
    let run = run(key, &event, flow);
    if write(store, accept(key, &event, std::slice::from_ref(&run))).await? != Written::Done {
        return Ok(Written::Absent);
    }
    write(store, conclude(&run, fared)).await
}

/// The end of a run that nobody is told of.
pub fn conclude(run: &Run, fared: Fared) -> Entry {
    let state = if fared == Fared::Well { RunState::Succeeded } else { RunState::Failed };
    Entry::Conclude { run: Box::new(standing(run, state)), fared: Some(fared), event: None, runs: Vec::new() }
}

/// A run of a flow ends badly.
pub async fn fails(store: &dyn Store, key: Key, flow: FlowId, pause_after: u32, reason: &str) -> Outcome {
    ends(store, key, flow, Fared::Failed { pause_after, reason: reason.to_owned() }).await
}

/// Accepts an event that starts one run.
pub async fn accepted(store: &dyn Store, key: Key) -> (Event, Run) {
    let event = event();
    let run = run(key, &event, flow_id());
    assert_eq!(write(store, accept(key, &event, std::slice::from_ref(&run))).await, Ok(Written::Done));
    (event, run)
}

pub fn flow(name: &str) -> Flow {
    let now = CLOCK.now();
    let definition = Definition {
        name: name.to_owned(),
        description: String::new(),
        enabled: true,
        trigger_source: TriggerSource::Clockify,
        trigger_event_types: Vec::new(),
        custom_source: None,
        schedule: None,
        conditions: None,
        actions: Vec::new(),
        allow_self_trigger: false,
        runs_per_entity_per_minute: None,
        pause_after_failures: None,
        managed_by: None,
    };
    Flow { id: flow_id(), version: 1, definition, created_at: now, updated_at: now }
}

pub fn source_name(name: &str) -> SourceName {
    SourceName::parse(name).unwrap()
}

/// A source with one secret, which names it.
pub fn source(name: &str) -> CustomSource {
    let now = CLOCK.now();
    CustomSource {
        name: source_name(name),
        scheme: Scheme::Standard,
        signature_header: None,
        type_from: TypeFrom::Body,
        entity_path: None,
        secrets: vec![SourceSecret { secret: Secret::new(format!("whsec_{name}")), created_at: now, expires_at: None }],
        created_at: now,
        updated_at: now,
    }
}

/// A custom source's event whose sender gave it an id.
pub fn message(name: &str, id: &str) -> Event {
    Event { message: Some(id.into()), ..custom(name) }
}

pub fn text(text: &str) -> Arc<str> {
    text.into()
}
