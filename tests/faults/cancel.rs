//! A run that an admin ends: between two steps, wherever it is, and for good.

use std::time::Duration;

use actors::flow::run::{RunState, StepState};
use actors::ids::{Key, RunId};
use actors::port::clockify::Method;
use actors::testing::Scripted;
use actors::workspace::cancel::Cancelled;
use serde_json::json;

use crate::stage::{Stage, entry_path, play, put_flow, tags_path};

async fn cancel(stage: &Stage, key: Key, run: RunId) -> Cancelled {
    stage.passing(stage.registry.cancel(key, run)).await.unwrap()
}

#[test]
fn a_run_that_waits_is_cancelled_and_does_not_come_back() {
    play(|mut stage: Stage| async move {
        let key = stage.install(1).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(500));
        stage.flow(key, put_flow()).await;
        stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
        stage.live(Duration::from_secs(20)).await;
        let run = stage.runs(key).await[0].clone();
        assert_eq!(run.state, RunState::Waiting);
        assert_eq!(cancel(&stage, key, run.id).await, Cancelled::Done);
        let calls = stage.clockify.calls().len();
        stage.live(Duration::from_secs(120)).await;
        stage.restart().await;
        stage.live(Duration::from_secs(120)).await;
        let run = stage.runs(key).await[0].clone();
        assert_eq!((run.state, run.reason.unwrap().code.as_str(), stage.clockify.calls().len()), (RunState::Cancelled, "cancelled", calls));
        assert_eq!(cancel(&stage, key, run.id).await, Cancelled::Finished);
        // Who waited behind it goes on.
        stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(200));
        stage.deliver(key, "e", json!({ "n": 2 })).await.unwrap();
        stage.live(Duration::from_secs(5)).await;
        assert_eq!(stage.states(key).await, [RunState::Cancelled, RunState::Succeeded]);
    });
}

#[test]
fn a_call_under_way_ends_and_is_recorded_and_nothing_follows_it() {
    play(|stage: Stage| async move {
        let key = stage.install(1).await;
        let call = |name: &str| json!({ "type": "CLOCKIFY_API", "operation_id": "createTag", "params": { "body": { "name": name } } });
        stage.flow(key, json!({ "name": "two", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": [call("a"), call("b")] })).await;
        stage.clockify.always(Method::Post, &tags_path(key), Scripted::json(201, &json!({"id": "t"})).held());
        stage.deliver(key, "e", json!({})).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(stage.clockify.in_flight(), 1);
        let run = stage.runs(key).await[0].id;
        assert_eq!(cancel(&stage, key, run).await, Cancelled::UnderWay);
        stage.clockify.release();
        stage.live(Duration::from_secs(10)).await;
        let run = stage.runs(key).await[0].clone();
        assert_eq!((run.state, run.steps.len(), run.steps[0].state), (RunState::Cancelled, 1, StepState::Succeeded));
        assert_eq!(stage.clockify.count(Method::Post, &tags_path(key)), 1);
    });
}

#[test]
fn a_run_that_nobody_knows_is_absent() {
    play(|stage: Stage| async move {
        let key = stage.install(1).await;
        let nobody = RunId::parse("01900000-0000-7000-8000-000000000000").unwrap();
        assert_eq!(cancel(&stage, key, nobody).await, Cancelled::Absent);
    });
}
