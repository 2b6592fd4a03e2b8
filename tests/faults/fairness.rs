//! One workspace does its worst, and the others get done what they always get done; it is counted, not timed. What is shared is the store's queue, the
//! thread, and the ways out.

use std::cell::Cell;
use std::time::Duration;

use actors::clock::Clock;
use actors::effort::Paid;
use actors::flow::run::{Run, RunState};
use actors::ids::Key;
use actors::limits::actor::DELIVERIES_UNDER_WAY_MAX;
use actors::limits::effort::{
    BYTES_PER_VISIT, BYTES_RECORDED_PER_VISIT, CREDIT_SECONDS, REFUSAL_HELD_MS, REFUSALS_HELD_MAX, VISITS_PER_SECOND,
};
use actors::limits::flow::VISITS_AT_A_TIME_MAX;
use actors::limits::run::CONCURRENCY_DEFAULT;
use actors::limits::store::QUEUE_ENTRIES_MAX;
use actors::port::clockify::Method;
use actors::registry::Error;
use actors::testing::Scripted;
use actors::workspace::deliver::{Accepted, Delivery};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::stage::{Stage, delivery, entry_path, play, put_flow};

const HOSTILE: u8 = 1;
const OTHERS: std::ops::RangeInclusive<u8> = 2..=21;

/// The hostile workspace and the others, all of them with the add-on.
async fn installed(stage: &Stage) -> (Key, Vec<Key>) {
    let hostile = stage.install(HOSTILE).await;
    let mut others = Vec::new();
    for number in OTHERS {
        others.push(stage.install(number).await);
    }
    (hostile, others)
}

#[test]
fn a_flood_leaves_room_in_the_stores_queue() {
    play(|stage| async move {
        let (hostile, others) = installed(&stage).await;
        stage.store.hold_journal();
        let flood: Vec<String> = (0..QUEUE_ENTRIES_MAX + 100).map(|number| format!("e{number}")).collect();
        let mut flooding = Box::pin(join_all(flood.iter().map(|entity| stage.deliver(hostile, entity, json!({})))));
        let mut usual = Box::pin(async {
            // Behind the whole flood.
            stage.clock.run_for(Duration::from_secs(1)).await;
            let usual = join_all(others.iter().map(|key| stage.deliver(*key, "e", json!({}))));
            let written = async {
                stage.clock.run_for(Duration::from_millis(100)).await;
                stage.store.resume_journal();
            };
            futures_util::future::join(usual, written).await.0
        });
        let (flooded, usual) = futures_util::future::join(&mut flooding, &mut usual).await;
        assert!(usual.iter().all(|outcome| matches!(outcome, Ok(Accepted::New(_)))), "{usual:?}");
        let accepted = flooded.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(accepted, DELIVERIES_UNDER_WAY_MAX);
        assert!(flooded.iter().all(|outcome| matches!(outcome, Ok(Accepted::New(_)) | Err(Error::Busy))), "the rest may come again");
    });
}

#[test]
fn runs_of_the_others_end_while_those_of_one_are_held() {
    play(|stage| async move {
        let (hostile, others) = installed(&stage).await;
        let of_hostile = entry_path(hostile, "");
        stage.clockify.rule(move |request| {
            let answer = Scripted::json(200, &json!({ "id": "x" }));
            Some(if request.path.starts_with(&of_hostile) { answer.held() } else { answer })
        });
        for key in others.iter().chain([&hostile]) {
            stage.flow(*key, put_flow()).await;
        }
        for number in 0..300 {
            stage.deliver(hostile, &format!("e{number}"), json!({ "n": number })).await.unwrap();
        }
        for number in 0..5 {
            for key in &others {
                stage.deliver(*key, &format!("e{number}"), json!({ "n": number })).await.unwrap();
            }
        }
        stage.live(Duration::from_secs(10)).await;
        for key in others {
            assert_eq!(stage.states(key).await, [RunState::Succeeded; 5]);
        }
        assert_eq!(stage.clockify.in_flight(), CONCURRENCY_DEFAULT, "the others found all ways out but these free");
        let held = stage.states(hostile).await;
        assert_eq!((held.len(), held.iter().filter(|state| state.finished()).count()), (300, 0));
    });
}

/// A body comes for which there is credit, and for a second's worth there is not.
async fn owe_a_second(stage: &Stage, key: Key) -> Paid {
    stage.deliver(key, "first", json!({})).await.unwrap();
    let visits = usize::try_from((CREDIT_SECONDS + 1) * u64::from(VISITS_PER_SECOND)).unwrap();
    stage.registry.admit(key, visits * BYTES_PER_VISIT).await.unwrap()
}

#[test]
fn who_comes_again_at_once_is_refused_late_but_not_so_many_at_a_time_that_they_take_the_connections() {
    play(|stage| async move {
        let hostile = stage.install(HOSTILE).await;
        owe_a_second(&stage, hostile).await;
        let told = Cell::new(0);
        let flood = join_all((0..REFUSALS_HELD_MAX + 10).map(|_| async {
            assert_eq!(stage.registry.admit(hostile, 0).await, Err(Error::Busy));
            told.set(told.get() + 1);
        }));
        let watched = async {
            stage.clock.run_for(Duration::from_millis(REFUSAL_HELD_MS - 1)).await;
            assert_eq!(told.get(), 10, "those for whom there was no place");
            stage.clock.run_for(Duration::from_millis(1)).await;
        };
        futures_util::future::join(flood, watched).await;
        assert_eq!(told.get(), REFUSALS_HELD_MAX + 10);
    });
}

#[test]
fn a_body_is_paid_for_before_it_is_received_and_not_refused_for_what_was_paid() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let paid = owe_a_second(&stage, key).await;
        assert_eq!(stage.passing(stage.registry.admit(key, 1)).await, Err(Error::Busy), "nor is a second body received");
        let later = |paid| Delivery { paid, ..delivery("later", &json!({})) };
        assert_eq!(stage.registry.deliver(key, later(Paid::default())).await, Err(Error::Busy));
        stage.registry.deliver(key, later(paid)).await.unwrap();
    });
}

/// A flow whose conditions look everywhere, without end if they may.
fn searching() -> Value {
    let rule = json!({ "field": "$..nothing", "operator": "==", "value": "nothing" });
    json!({
        "name": "searching", "trigger_event_types": ["NEW_TIME_ENTRY"], "conditions": { "type": "ANY", "rules": vec![rule; 100] },
        "actions": [{ "type": "STOP_IF", "conditions": { "rules": [] } }],
    })
}

#[test]
fn who_searches_much_is_told_to_rest_and_the_others_are_not() {
    play(|stage| async move {
        let (hostile, others) = installed(&stage).await;
        for _ in 0..10 {
            stage.flow(hostile, searching()).await;
        }
        let payload = json!({ "list": vec![0; 20_000] });
        let mut accepted = 0;
        let refused = loop {
            match stage.deliver(hostile, &format!("e{accepted}"), payload.clone()).await {
                Ok(_) => accepted += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(refused, Error::Busy);
        assert_eq!(stage.passing(stage.registry.admit(hostile, 0)).await, Err(Error::Busy), "no further body is read before it has rested");
        for key in &others {
            assert_eq!(stage.registry.admit(*key, 0).await, Ok(Paid::default()));
        }
        // Each costs as much as one event may, and some more for its size and its runs.
        let credit = usize::try_from(CREDIT_SECONDS).unwrap() * usize::try_from(VISITS_PER_SECOND).unwrap();
        assert_eq!(accepted, credit / VISITS_AT_A_TIME_MAX);
        for key in others {
            stage.deliver(key, "e", json!({})).await.unwrap();
        }
        stage.clock.run_for(Duration::from_secs(CREDIT_SECONDS)).await;
        assert_eq!(stage.registry.admit(hostile, 0).await, Ok(Paid::default()));
        stage.deliver(hostile, "rested", payload).await.unwrap();
        // What could not be looked at within an event's visits is shown.
        stage.live(Duration::from_secs(30)).await;
        let runs = stage.runs(hostile).await;
        assert!(runs.iter().all(|run| run.state == RunState::Failed), "{runs:?}");
        assert!(runs.iter().all(|run| run.reason.as_ref().unwrap().code == "condition_not_evaluated"));
        assert_eq!(runs.len() % (accepted + 1), 0);
    });
}

#[test]
fn runs_that_search_much_rest_between_their_steps_and_the_others_do_not() {
    play(|stage| async move {
        let (hostile, others) = installed(&stage).await;
        // Twenty steps of 0.8 million visits each.
        let rule = json!({ "field": "$.webhook..nothing", "operator": "==", "value": "nothing" });
        let step = json!({ "type": "STOP_IF", "conditions": { "type": "ANY", "rules": vec![rule; 40] } });
        let flow = json!({ "name": "steps", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": vec![step; 20] });
        for key in others.iter().chain([&hostile]) {
            stage.flow(*key, flow.clone()).await;
        }
        let begun = stage.clock.now();
        stage.deliver(hostile, "e", json!({ "list": vec![0; 20_000] })).await.unwrap();
        for key in &others {
            stage.deliver(*key, "e", json!({ "list": [0] })).await.unwrap();
        }
        stage.live(Duration::from_secs(30)).await;
        let took = |run: &Run| run.finished_at.unwrap().since(begun);
        for key in &others {
            assert!(took(&stage.runs(*key).await[0]) < Duration::from_secs(1));
        }
        let run = stage.runs(hostile).await.remove(0);
        assert_eq!(run.state, RunState::Succeeded);
        // What it takes beyond the credit; the last step is not waited for.
        let seconds = 20 * 800_000 / u64::from(VISITS_PER_SECOND) - CREDIT_SECONDS;
        assert!(seconds >= 4 && (seconds - 1..=seconds).contains(&took(&run).as_secs()), "{:?} of {seconds} s", took(&run));
    });
}

#[test]
fn runs_whose_records_are_large_rest_between_their_steps_and_the_others_do_not() {
    play(|stage| async move {
        let (hostile, others) = installed(&stage).await;
        let call = |operation: &str, params: Value| json!({ "type": "CLOCKIFY_API", "operation_id": operation, "params": params });
        // Each write is on record before and after it is made, with all that was read before.
        let read = vec![call("getTimeEntry", json!({ "path": { "id": "$.webhook.id" } })); 12];
        let written = vec![call("createTag", json!({ "body": { "name": "$.webhook.id" } })); 8];
        let actions: Vec<Value> = read.into_iter().chain(written).collect();
        let flow = json!({ "name": "large", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": actions });
        for key in others.iter().chain([&hostile]) {
            stage.flow(*key, flow.clone()).await;
        }
        let large = format!("/workspaces/{}/", hostile.workspace);
        stage.clockify.rule(move |request| {
            let text = if request.path.contains(&large) { "x".repeat(200 << 10) } else { "x".to_owned() };
            (request.method == Method::Get).then(|| Scripted::json(200, &json!({ "description": text })))
        });
        stage.clockify.rule(|request| (request.method == Method::Post).then(|| Scripted::json(201, &json!({ "id": "t" }))));
        let begun = stage.clock.now();
        for number in 0..2 {
            stage.deliver(hostile, &format!("e{number}"), json!({})).await.unwrap();
        }
        for key in &others {
            stage.deliver(*key, "e", json!({})).await.unwrap();
        }
        stage.live(Duration::from_secs(120)).await;
        let took = |run: &Run| run.finished_at.unwrap().since(begun);
        let slowest = stage.runs(hostile).await.iter().map(took).max().unwrap();
        let slowest_of_others = {
            let mut all = Vec::new();
            for key in &others {
                all.push(took(&stage.runs(*key).await[0]));
            }
            all.into_iter().max().unwrap()
        };
        let run = stage.runs(hostile).await.remove(0);
        assert_eq!(run.state, RunState::Succeeded);
        // Two records for each write of each run; beyond the credit they take the time that they cost, but for the last.
        let records = 2 * (2 * 8 - 2) * run.kept_bytes() / BYTES_RECORDED_PER_VISIT;
        let seconds = records as u64 / u64::from(VISITS_PER_SECOND) - CREDIT_SECONDS;
        assert!(seconds >= 3 && slowest.as_secs() >= seconds, "{slowest:?} of {seconds} s");
        assert!(slowest_of_others.as_secs() < slowest.as_secs() / 2, "{slowest_of_others:?}, {slowest:?}");
    });
}

#[test]
fn a_thousand_usual_events_at_once_are_not_too_many() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.rule(|request| (request.method == Method::Put).then(|| Scripted::status(200)));
        for number in 0..1_000 {
            let note = "n".repeat(1_600);
            stage.deliver(key, &format!("e{number}"), json!({ "n": number, "note": note })).await.unwrap();
        }
    });
}
