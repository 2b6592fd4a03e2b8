//! A store filled with a past: one workspace that has seen much, and others beside it whose rows lie between its own.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use actors::activity::Activity;
use actors::addon::Addon;
use actors::call::{Bearer, Call};
use actors::clock::{Clock, SystemClock, Timestamp};
use actors::entity::{Entity, EntityChange, EntityId, EntityType};
use actors::event::{Event, EventType, Source};
use actors::flow::run::{Reason, RequestSummary, Run, RunState, Step, StepState};
use actors::ids::{EventId, FlowId, Key};
use actors::limits::store::{BATCH_ENTRIES_MAX, ENTITY_CHANGES_MAX};
use actors::limits::{activity as changes, explorer};
use actors::port::clockify::Method;
use actors::port::store::Store;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::receipt::Receipt;
use clockify_addons::store::sealing::Keyring;
use clockify_addons::store::{Location, Settings, open};
use serde_json::json;
use uuid::{NoContext, Uuid};

use super::workspaces::workspace;

const DAYS: i64 = 20;
/// The custom source that some events come from.
pub const SOURCE: &str = "shop";
/// A type of every other event, of one in a hundred, and of the oldest alone.
pub const TYPES: [&str; 3] = ["NEW_TIME_ENTRY", "PROJECT_UPDATED", "INVOICE_UPDATED"];

/// What payloads are filled up with: letters as they occur, so that a search does not stumble over each.
const WORDS: &str = "Weekly planning with the team. ";

/// How much there is.
pub struct Sizes {
    /// Events and runs of the workspace that is looked at; the others have as many together.
    pub events: usize,
    /// Its entities.
    pub entities: usize,
    /// Workspaces in all.
    pub workspaces: usize,
}

impl Sizes {
    /// So many events, and what goes with them.
    pub const fn of_events(events: usize) -> Self {
        Self { events, entities: events, workspaces: 51 }
    }
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, entities, workspaces } = self;
        write!(f, "filled    {events} events and runs, {entities} entities, beside {events} of {} other workspaces", workspaces - 1)
    }
}

/// What can be asked for.
pub struct Filled {
    /// Flows that have run.
    pub flows: [FlowId; 3],
    /// An event in the middle.
    pub event: EventId,
    /// When that was.
    pub middle: Timestamp,
}

/// Fills the store.
pub async fn fill(url: &str, folder: &Path, sizes: &Sizes) -> Filled {
    let clock = SystemClock::new();
    let keyring = Keyring::load(None, None, &folder.join(Location::parse(url).unwrap().key_file())).unwrap();
    let database = open(Settings { url: url.to_owned(), keyring, clock: Arc::new(SystemClock::new()) }).await.unwrap();
    let (store, flows) = (database.store(), [(); 3].map(|()| clock.fresh_id().into()));
    let (now, span) = (clock.now().millis(), DAYS * 86_400_000);
    let moment = |number: usize| Timestamp::from_millis(now - span + span * number as i64 / sizes.events as i64);
    let (mut entries, mut event) = (Vec::new(), None);
    for number in 0..sizes.events {
        let others = 1 + number % (sizes.workspaces - 1);
        for place in [0, others] {
            let entry = accepted(key(place), moment(number), number, sizes.events, &flows);
            if place == 0 && number == sizes.events / 2 {
                event = Some(entry.0.id);
            }
            entries.push(entry);
        }
        if entries.len() >= BATCH_ENTRIES_MAX || number + 1 == sizes.events {
            write(&*store, std::mem::take(&mut entries)).await;
        }
    }
    for place in [0, 1] {
        entities(&*store, key(place), sizes.entities, clock.now()).await;
    }
    beside(&*store, &clock).await;
    drop(store);
    database.close().await;
    Filled { flows, event: event.unwrap(), middle: moment(sizes.events / 2) }
}

fn key(number: usize) -> Key {
    Key { addon: Addon::UniversalWebhook, workspace: workspace(number) }
}

fn id_at(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.millis()).unwrap();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1_000, u32::try_from(millis % 1_000).unwrap() * 1_000_000))
}

/// An event of 1.6 KB and its run, most of them well.
fn accepted(key: Key, at: Timestamp, number: usize, of: usize, flows: &[FlowId; 3]) -> (Event, Run) {
    let (source, event_type) = match number {
        number if number < of / 1_000 => (Source::Clockify, TYPES[2]),
        number if number % 100 == 7 => (Source::Custom(SOURCE.into()), "order.paid"),
        number if number % 100 == 8 => (Source::Clockify, TYPES[1]),
        number if number % 2 == 0 => (Source::Clockify, TYPES[0]),
        _ => (Source::Clockify, "TIME_ENTRY_UPDATED"),
    };
    let entity = format!("time_entry:{:024x}", number / 4);
    let payload =
        json!({"id": &entity[11..], "description": format!("Planning number {number}"), "billable": true, "note": WORDS.repeat(50)});
    let event = Event {
        id: id_at(at).into(),
        source,
        event_type: EventType::parse(event_type).unwrap(),
        entity: Some(entity.as_str().into()),
        received_at: at,
        payload: payload.to_string().into_bytes().into(),
        payload_hash: [0; 32],
        headers: Some(r#"{"content-type":"application/json"}"#.into()),
        deliveries: 1,
        message: None,
    };
    let state = match number % 1_000 {
        0..=9 => RunState::Failed,
        10..=12 => RunState::Uncertain,
        13..=15 => RunState::Cancelled,
        16..=65 => RunState::Stopped,
        _ => RunState::Succeeded,
    };
    let step = Step {
        index: 0,
        each: None,
        action: "CLOCKIFY_API".into(),
        state: if state == RunState::Failed { StepState::Failed } else { StepState::Succeeded },
        attempts: 1,
        first_try_at: at,
        duration_ms: 40,
        repeatable: true,
        request: Some(RequestSummary { method: "PUT".into(), path: format!("/v1/time-entries/{entity}"), body: Some("{}".into()) }),
        status: Some(200),
        data: Some(json!({"id": &entity[11..], "note": "n".repeat(400)})),
        error: None,
    };
    let run = Run {
        id: id_at(at).into(),
        key,
        flow: flows[number % 3],
        flow_version: 1,
        event: event.id,
        event_type: event.event_type.clone(),
        entity: event.entity.clone(),
        state,
        steps: vec![step],
        due_at: None,
        reason: (state == RunState::Failed).then(|| Reason::new("refused", "the platform said no")),
        replay_of: None,
        created_at: at,
        started_at: Some(at),
        finished_at: Some(at),
        dismissed_at: None,
    };
    (event, run)
}

async fn write(store: &dyn Store, entries: Vec<(Event, Run)>) {
    let submit = |(event, run): (Event, Run)| {
        let (receipt, pending) = Receipt::pair();
        store.submit(Entry::Accept { key: run.key, event: Box::new(event), runs: vec![run] }, receipt);
        pending
    };
    let pending: Vec<_> = entries.into_iter().map(submit).collect();
    for pending in pending {
        assert_eq!(pending.outcome().await, Ok(Written::Done));
    }
}

async fn entities(store: &dyn Store, key: Key, count: usize, now: Timestamp) {
    let entity = |number: usize| {
        let kind = ["tags", "tags", "tags", "clients", "projects"][number % 5];
        let (id, name) = (format!("{number:024x}"), format!("Name number {number}"));
        EntityChange::Seen(Entity {
            kind: EntityType::parse(kind).unwrap(),
            id: EntityId::parse(&id).unwrap(),
            name: Some(name.as_str().into()),
            parent: None,
            data: json!({"id": id, "name": name, "note": "n".repeat(420)}),
            fetched_at: now,
        })
    };
    for first in (0..count).step_by(ENTITY_CHANGES_MAX) {
        let changes: Vec<_> = (first..(first + ENTITY_CHANGES_MAX).min(count)).map(entity).collect();
        assert!(store.change_entities(key, &changes).await.unwrap());
    }
}

/// Calls and changes, as many as are kept.
async fn beside(store: &dyn Store, clock: &SystemClock) {
    for number in 0..explorer::CALLS_KEPT_MAX {
        let call = Call {
            id: clock.fresh_id().into(),
            operation: ["getTags", "getProjects", "createTag"][number as usize % 3].into(),
            method: if number % 3 == 2 { Method::Post } else { Method::Get },
            path: "/v1/workspaces/5b64156800000000/tags?page=1".into(),
            bearer: if number % 2 == 0 { Bearer::Viewer } else { Bearer::Addon },
            user: Some("5ef1cf219f130f232cc34ddc".into()),
            status: Some(if number % 50 == 0 { 404 } else { 200 }),
            latency_ms: 30,
            error: None,
            created_at: clock.now(),
            content: None,
        };
        assert!(store.keep_call(key(0), &call, explorer::CALLS_KEPT_MAX).await.unwrap());
    }
    for _ in 0..changes::KEPT_MAX {
        let activity = Activity {
            id: clock.fresh_id().into(),
            at: clock.now(),
            user: Some("5ef1cf219f130f232cc34ddc".into()),
            what: "PUT /ui/flows/{id}".into(),
            subject: Some("5b641568b07987035750505e".into()),
            detail: Some("Tag what is done".into()),
        };
        assert!(store.record_activity(key(0), &activity, changes::KEPT_MAX).await.unwrap());
    }
}
