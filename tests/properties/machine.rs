//! The laws of a run's life: whatever answers come, whenever the process dies or an admin ends it, the record grows in the order of the flow, every step
//! that began is in it, nothing that ended begins again, and a run that ended stays as it is.

use std::time::Duration;

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::event::EventType;
use actors::flow::compiled::Compiled;
use actors::flow::machine::{self, Heard, Next, Tried};
use actors::flow::model::Flow;
use actors::flow::read;
use actors::flow::run::{Place, Reason, Run, RunState, StepState};
use actors::ids::{Key, WorkspaceId};
use actors::operation::Catalogue;
use actors::port::clockify::{ApiResponse, CallError};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

fn workspace() -> WorkspaceId {
    WorkspaceId::parse("5b641568b07987035750505e").unwrap()
}

fn flow() -> Compiled {
    let listed = json!([
        { "id": "put", "method": "PUT", "path": "/v1/workspaces/{workspaceId}/tags", "tag": "Tag", "summary": "s", "body": {} },
        { "id": "post", "method": "POST", "path": "/v1/workspaces/{workspaceId}/tags", "tag": "Tag", "summary": "s", "body": {} },
    ]);
    let api = |operation: &str| json!({ "operation_id": operation });
    let web = json!({ "type": "GENERIC_HTTP", "method": "POST", "url": "https://example.com/", "on_uncertain": "retry" });
    let definition = json!({
        "name": "f", "trigger_event_types": ["NEW_TAG"],
        "actions": [
            api("put"),
            { "type": "FOR_EACH", "items": "$.webhook.list", "actions": [api("post"), web] },
            api("post"),
            { "type": "STOP_IF", "conditions": { "rules": [] } },
        ],
    });
    let definition = read::definition(&definition).unwrap();
    let now = Timestamp::from_seconds(0);
    let flow = Flow { id: Uuid::nil().into(), version: 1, definition, created_at: now, updated_at: now };
    Compiled::compile(&flow, workspace(), &Catalogue::read(listed.to_string().as_bytes()).unwrap()).unwrap()
}

fn run() -> Run {
    let id = Uuid::nil();
    Run {
        id: id.into(),
        key: Key { addon: Addon::UniversalWebhook, workspace: workspace() },
        flow: id.into(),
        flow_version: 1,
        event: id.into(),
        event_type: EventType::parse("NEW_TAG").unwrap(),
        entity: None,
        state: RunState::Queued,
        steps: Vec::new(),
        due_at: None,
        reason: None,
        replay_of: None,
        created_at: Timestamp::from_seconds(0),
        started_at: None,
        finished_at: None,
        dismissed_at: None,
    }
}

/// What happens at a try.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Answer(u16),
    Heard(u16, bool),
    Lost,
    NotReached,
    Unrendered,
    Panicked,
    Examined(bool),
    Found,
    /// The process dies while the try is under way, and another goes on from the record.
    Dies,
    /// The process dies between two steps.
    DiesBetween,
    /// An admin ends the run between two steps.
    Cancelled,
}

fn happens() -> impl Strategy<Value = Happens> {
    let status =
        prop_oneof![6 => Just(200_u16), 1 => Just(404), 1 => Just(429), 1 => Just(500), 1 => Just(503), 1 => Just(401), 1 => Just(302)];
    prop_oneof![
        12 => status.clone().prop_map(Happens::Answer),
        3 => (status, any::<bool>()).prop_map(|(status, expected)| Happens::Heard(status, expected)),
        1 => Just(Happens::Lost),
        1 => Just(Happens::NotReached),
        1 => Just(Happens::Unrendered),
        1 => Just(Happens::Panicked),
        3 => any::<bool>().prop_map(Happens::Examined),
        2 => Just(Happens::Found),
        2 => Just(Happens::Dies),
        2 => Just(Happens::DiesBetween),
        1 => Just(Happens::Cancelled),
    ]
}

fn tried(happens: Happens) -> Option<Tried> {
    Some(match happens {
        Happens::Answer(status) => Tried::Answered(ApiResponse {
            status,
            retry_after: None,
            last_page: None,
            headers: Vec::new(),
            content_type: None,
            body: bytes::Bytes::from_static(b"{}"),
        }),
        Happens::Heard(status, expected) => {
            Tried::Heard(Heard { status, retry_after: None, expected, data: json!({}), words: String::new() })
        }
        Happens::Lost => Tried::Unanswered(CallError::Lost("cut".into())),
        Happens::NotReached => Tried::Unheard(CallError::NotReached("refused".into())),
        Happens::Unrendered => Tried::Unrendered(Reason::new("x", "x")),
        Happens::Panicked => Tried::Panicked,
        Happens::Examined(holds) => Tried::Examined(holds),
        Happens::Found => Tried::Found(Value::Null),
        Happens::Dies | Happens::DiesBetween | Happens::Cancelled => return None,
    })
}

/// The places of a flow in the order in which they are done.
fn rank(place: Place) -> (u16, u16, u16) {
    place.each.map_or((place.index, 0, 0), |each| (place.index, each.item + 1, each.action))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_is_a_legal_one(story in prop::collection::vec((happens(), 0_u64..100), 0..60), items in 0_usize..4) {
        let flow = flow();
        let mut run = run();
        let mut now = Timestamp::from_seconds(1);
        // What the store has: a crash goes back to it.
        let mut kept = run.clone();
        let mut begun: Vec<Place> = Vec::new();
        let mut done: Vec<Place> = Vec::new();
        for (happens, seconds) in story {
            now = now + Duration::from_secs(seconds);
            let Next::Try(place) = machine::next(&run, flow.outline()) else { break };
            let action = flow.action(place).unwrap();
            if machine::leaves_item(&run, place) {
                machine::fold_item(&mut run);
                kept = run.clone();
            }
            match happens {
                Happens::DiesBetween => {
                    run = kept.clone();
                    machine::recover(&mut run, now);
                    continue;
                }
                Happens::Cancelled => {
                    machine::finish(&mut run, RunState::Cancelled, Some(Reason::new("cancelled", "x")), now);
                    break;
                }
                _ => {}
            }
            prop_assert!(!done.contains(&place) || !kept.steps.iter().any(|step| step.place() == place && step.state == StepState::Succeeded),
                "{:?} was done and is on record", place);
            machine::begin(&mut run, place, action, None, now);
            begun.push(place);
            let step = run.steps.last().unwrap();
            prop_assert_eq!((step.place(), step.state), (place, StepState::Begun), "what began is in the record");
            let unrepeatable = !step.repeatable;
            if unrepeatable {
                kept = run.clone();
            }
            if matches!(happens, Happens::Dies) {
                run = kept.clone();
                let ended = machine::recover(&mut run, now);
                prop_assert_eq!(ended, unrepeatable, "only what must not be repeated ends a run");
                kept = run.clone();
            } else {
                let what = match &flow.list_of(place) {
                    Some(_) => Tried::Listed(items),
                    None => tried(happens).unwrap(),
                };
                let (next, _) = machine::settle(&mut run, what, &action.retry, now, Duration::from_millis(1), 0.5);
                prop_assert_eq!(next == Next::End, run.state.finished());
                prop_assert_eq!(next == Next::Park, run.state == RunState::Waiting && run.due_at.is_none());
                prop_assert_eq!(run.finished_at.is_some(), run.state.finished());
                if next == Next::On {
                    done.push(place);
                    if unrepeatable {
                        kept = run.clone();
                    }
                }
            }
            let ranks: Vec<_> = run.steps.iter().map(|step| rank(step.place())).collect();
            prop_assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "in the order of the flow, each once: {:?}", ranks);
            let open = run.steps.iter().rev().skip(1).find(|step| !matches!(step.state, StepState::Succeeded | StepState::Stopped));
            prop_assert_eq!(open, None, "nothing begins behind a step that has not ended well");
        }
        if run.state.finished() {
            let ended = run.clone();
            prop_assert_eq!(machine::next(&run, flow.outline()), Next::End);
            machine::recover(&mut run, now);
            prop_assert_eq!(&run, &ended, "a run that ended stays as it is");
            if run.state == RunState::Uncertain {
                let last = run.steps.last().unwrap();
                prop_assert!(last.state == StepState::Uncertain && !last.repeatable);
            }
        }
        // Every try of something that must not be repeated has been on record when it was made, and was made once.
        for place in begun.iter().filter(|place| run.steps.iter().any(|step| step.place() == **place && !step.repeatable)) {
            let step = run.steps.iter().find(|step| step.place() == *place).unwrap();
            let tries = begun.iter().filter(|other| *other == place).count();
            prop_assert!(u64::from(step.attempts) == tries as u64, "{:?}: {} tries, {} on record", place, tries, step.attempts);
        }
    }
}
