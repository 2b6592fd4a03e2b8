//! Flows that start by themselves: once at each moment, whatever happens to the process in between.

use std::time::Duration;

use actors::clock::Clock;
use actors::flow::read;
use actors::flow::run::RunState;
use actors::ids::{FlowId, Key};
use actors::installation::{Status, Verdict};
use actors::port::store::schedules::Due;
use actors::port::store::{Events, Schedules};
use actors::workspace::flows::{FlowChange, FlowChanged};
use actors::workspace::lifecycle::Change;
use serde_json::{Value, json};

use crate::stage::{Stage, addon_id, play};

const MINUTE: Duration = Duration::from_secs(60);

/// The story begins at eight in the morning, UTC.
fn every_ten_minutes() -> Value {
    json!({
        "name": "tick", "trigger_source": "SCHEDULE", "schedule": {"cron": "*/10 * * * *"},
        "actions": [{"type": "STOP_IF", "conditions": {"rules": [{"field": "$.webhook.flow_id", "operator": "exists"}]}}],
    })
}

/// The moments that the runs of a workspace were scheduled for, oldest first.
async fn moments(stage: &Stage, key: Key) -> Vec<String> {
    let mut moments = Vec::new();
    for run in stage.runs(key).await {
        assert_eq!(run.state, RunState::Stopped);
        let event = stage.store.event(key, run.event).await.unwrap().unwrap();
        let payload: Value = serde_json::from_slice(&event.payload).unwrap();
        assert_eq!(payload["flow_id"], json!(run.flow));
        moments.push(payload["scheduled_at"].as_str().unwrap()[11..16].to_owned());
    }
    moments
}

async fn due(stage: &Stage, key: Key, flow: FlowId) -> Option<Due> {
    let later = stage.clock.now() + Duration::from_secs(86_400 * 366);
    stage.store.due_flows(later, 100).await.unwrap().into_iter().find(|due| due.key == key && due.flow == flow)
}

#[test]
fn a_schedule_starts_its_flow_once_at_each_moment_also_when_nobody_has_loaded_it() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, every_ten_minutes()).await;
        stage.live(9 * MINUTE).await;
        assert!(stage.registry.is_empty(), "it has nothing to do and is unloaded");
        assert_eq!(moments(&stage, key).await, [""; 0]);
        stage.live(26 * MINUTE).await;
        assert_eq!(moments(&stage, key).await, ["08:10", "08:20", "08:30"]);
        assert!(stage.clockify.calls().is_empty());
    });
}

#[test]
fn what_was_missed_while_nothing_ran_is_made_up_for_once() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, every_ten_minutes()).await;
        stage.live(15 * MINUTE).await;
        stage.clock.advance(Duration::from_secs(3 * 3_600));
        stage.restart().await;
        stage.live(10 * MINUTE).await;
        assert_eq!(moments(&stage, key).await, ["08:10", "08:20", "11:20"], "from 08:15 to 11:15 nothing ran");
    });
}

#[test]
fn a_tick_that_is_asked_for_again_runs_once() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let flow = stage.flow(key, every_ten_minutes()).await;
        let first = due(&stage, key, flow).await.unwrap();
        stage.clock.advance(11 * MINUTE);
        for _ in 0..3 {
            stage.passing(stage.registry.tick(first)).await.unwrap();
        }
        stage.live(MINUTE).await;
        assert_eq!(moments(&stage, key).await, ["08:10"]);
        assert_eq!(due(&stage, key, flow).await.unwrap().at, first.at + 10 * MINUTE);
    });
}

#[test]
fn a_store_that_fails_costs_no_tick() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, every_ten_minutes()).await;
        stage.live(9 * MINUTE).await;
        stage.store.set_unavailable(true);
        for _ in 0..20 {
            let _ = stage.passing(stage.registry.sweep()).await;
            stage.clock.run_for(Duration::from_secs(10)).await;
        }
        stage.store.set_unavailable(false);
        stage.live(2 * MINUTE).await;
        assert_eq!(moments(&stage, key).await, ["08:10"]);
    });
}

#[test]
fn what_is_switched_off_is_not_due_and_what_was_inactive_makes_up_for_one() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let flow = stage.flow(key, every_ten_minutes()).await;
        let inactive = Change::Status(addon_id(1), Status::Inactive);
        stage.clock.advance(Duration::from_secs(1));
        assert_eq!(stage.registry.lifecycle(key, inactive, stage.proof(2)).await, Ok(Verdict::Apply));
        stage.live(25 * MINUTE).await;
        assert_eq!(moments(&stage, key).await, [""; 0]);
        let active = Change::Status(addon_id(1), Status::Active);
        assert_eq!(stage.registry.lifecycle(key, active, stage.proof(3)).await, Ok(Verdict::Apply));
        stage.live(2 * MINUTE).await;
        assert_eq!(moments(&stage, key).await, ["08:10"]);

        let change = async |enabled: bool| {
            let mut definition = every_ten_minutes();
            definition["enabled"] = json!(enabled);
            let definition = Box::new(read::definition(&definition).unwrap());
            let changed = stage.registry.change_flow(key, FlowChange::Update { id: flow, definition, after: None });
            assert!(matches!(stage.passing(changed).await, Ok(FlowChanged::Saved(_))));
        };
        change(false).await;
        assert_eq!(due(&stage, key, flow).await, None);
        stage.live(30 * MINUTE).await;
        assert_eq!(moments(&stage, key).await, ["08:10"]);
        change(true).await;
        let next = due(&stage, key, flow).await.unwrap().at;
        assert!(next > stage.clock.now(), "what was switched off has missed nothing");
        assert_eq!(stage.registry.change_flow(key, FlowChange::Delete(flow)).await, Ok(FlowChanged::Deleted));
        assert_eq!(due(&stage, key, flow).await, None);
    });
}
