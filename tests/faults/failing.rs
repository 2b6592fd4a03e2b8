//! What follows from runs that fail: one alarm for each, whatever happens in between, none for an alarm that fails, and a pause for a flow that goes on
//! failing.

use std::time::Duration;

use actors::event::Source;
use actors::flow::run::RunState;
use actors::ids::{FlowId, Key};
use actors::port::clockify::Method;
use actors::port::store::events::EventFilter;
use actors::port::store::{Events, Slice, Standings};
use actors::testing::Scripted;
use actors::workspace::flows::{FlowChange, FlowChanged};
use serde_json::{Value, json};

use crate::stage::{Stage, entry_path, play, post_flow, put_flow, tags_path};

const ALARM: &str = "https://alarm.example.com/";

fn alarm_flow(types: &[&str]) -> Value {
    let told = json!({ "run": "$.webhook.run_id", "flow": "$.webhook.flow_name", "why": "$.webhook.reason.code", "event": "$.webhook.event_type" });
    json!({
        "name": "alarm", "trigger_source": "FLOW", "trigger_event_types": types,
        "actions": [{ "type": "GENERIC_HTTP", "method": "PUT", "url": ALARM, "body": { "kind": "json", "value": told } }],
    })
}

fn alarms(stage: &Stage) -> Vec<Value> {
    stage.web.requests().iter().map(|(_, request)| serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()).collect()
}

/// The runs of one flow by state, oldest first.
async fn states(stage: &Stage, key: Key, flow: FlowId) -> Vec<RunState> {
    stage.runs(key).await.iter().filter(|run| run.flow == flow).map(|run| run.state).collect()
}

#[test]
fn a_failed_and_an_uncertain_run_each_start_the_flow_that_is_there_for_it() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.web.script.always(Method::Put, ALARM, Scripted::status(200));
        stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(404));
        stage.clockify.always(Method::Post, &tags_path(key), Scripted::lost());
        let (put, _post) = (stage.flow(key, put_flow()).await, stage.flow(key, post_flow()).await);
        let alarm = stage.flow(key, alarm_flow(&[])).await;
        let only_uncertain = stage.flow(key, alarm_flow(&["FLOW_UNCERTAIN"])).await;
        stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        let failed = stage.runs(key).await.into_iter().find(|run| run.flow == put).unwrap();
        let told = alarms(&stage);
        assert!(told.contains(&json!({ "run": failed.id, "flow": "put", "why": "status_404", "event": "NEW_TIME_ENTRY" })), "{told:?}");
        assert_eq!(told.len(), 3, "{told:?}");
        assert_eq!(states(&stage, key, alarm).await, [RunState::Succeeded; 2]);
        assert_eq!(states(&stage, key, only_uncertain).await, [RunState::Succeeded]);
        let filter = EventFilter { source: Some(Source::Flow), ..EventFilter::default() };
        let events = stage.store.events(key, &filter, Slice { limit: 10, offset: 0 }).await.unwrap();
        assert_eq!(events.total, 2);
    });
}

#[test]
fn an_alarm_that_fails_starts_no_further_one() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.web.script.always(Method::Put, ALARM, Scripted::status(400));
        stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(404));
        stage.flow(key, put_flow()).await;
        let (one, other) = (stage.flow(key, alarm_flow(&[])).await, stage.flow(key, alarm_flow(&[])).await);
        stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
        stage.live(Duration::from_secs(60)).await;
        assert_eq!(states(&stage, key, one).await, [RunState::Failed]);
        assert_eq!(states(&stage, key, other).await, [RunState::Failed]);
        assert_eq!(stage.runs(key).await.len(), 3);
    });
}

#[test]
fn nobody_is_told_where_nobody_listens() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(404));
        stage.flow(key, put_flow()).await;
        stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        let events = stage.store.events(key, &EventFilter::default(), Slice { limit: 10, offset: 0 }).await.unwrap();
        assert_eq!((events.total, stage.states(key).await), (1, vec![RunState::Failed]));
    });
}

#[test]
fn a_failure_is_told_once_whenever_the_process_dies() {
    for lost in [false, true] {
        play(|mut stage| async move {
            let key = stage.install(1).await;
            stage.web.script.always(Method::Put, ALARM, Scripted::status(200));
            stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(404).held());
            stage.flow(key, put_flow()).await;
            stage.flow(key, alarm_flow(&[])).await;
            stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
            stage.clock.settle().await;
            stage.store.hold_journal();
            stage.clockify.release();
            stage.clock.settle().await;
            assert_eq!(stage.store.held_entries(), 1, "the end and the alarm are one entry");
            if lost {
                stage.store.lose_held_entries();
            }
            stage.store.resume_journal();
            stage.restart().await;
            stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(404));
            stage.live(Duration::from_secs(30)).await;
            assert_eq!(alarms(&stage).len(), 1, "lost: {lost}");
            assert_eq!(stage.runs(key).await.len(), 2);
        });
    }
}

#[test]
fn a_run_that_a_crash_made_uncertain_is_told_too() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        stage.web.script.always(Method::Put, ALARM, Scripted::status(200));
        stage.clockify.always(Method::Post, &tags_path(key), Scripted::status(201).held());
        stage.flow(key, post_flow()).await;
        stage.flow(key, alarm_flow(&["FLOW_UNCERTAIN"])).await;
        stage.deliver(key, "e", json!({})).await.unwrap();
        stage.clock.settle().await;
        stage.restart().await;
        stage.live(Duration::from_secs(30)).await;
        assert_eq!(alarms(&stage).len(), 1);
        assert_eq!(alarms(&stage)[0]["why"], "interrupted");
    });
}

#[test]
fn a_flow_that_fails_again_and_again_is_paused_and_events_are_kept() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        let mut definition = put_flow();
        definition["pause_after_failures"] = json!(3);
        let flow = stage.flow(key, definition.clone()).await;
        stage.clockify.rule(|request| Some(if request.path.ends_with("good") { Scripted::status(200) } else { Scripted::status(404) }));
        let one = async |stage: &Stage, entity: &str| {
            stage.deliver(key, entity, json!({ "n": 1 })).await.unwrap();
            stage.live(Duration::from_secs(1)).await;
        };
        for entity in ["a", "b", "good", "c", "d"] {
            one(&stage, entity).await;
        }
        assert!(stage.store.standings(key).await.unwrap()[0].paused.is_none(), "a success begins the count again");
        one(&stage, "e").await;
        let standing = stage.store.standings(key).await.unwrap().remove(0);
        assert_eq!((standing.flow, standing.failures), (flow, 3));
        assert!(standing.paused.unwrap().reason.contains("404"));
        for entity in ["x-good", "y-good"] {
            one(&stage, entity).await;
            assert_eq!(stage.runs(key).await.len(), 6, "a paused flow starts no runs");
            stage.restart().await;
        }
        let events = stage.store.events(key, &EventFilter::default(), Slice { limit: 50, offset: 0 }).await.unwrap();
        assert_eq!(events.total, 8);

        let saved = actors::flow::read::definition(&definition).unwrap();
        let saved = stage.registry.change_flow(key, FlowChange::Update { id: flow, definition: Box::new(saved), after: None }).await;
        assert!(matches!(saved, Ok(FlowChanged::Saved(_))));
        assert_eq!(stage.store.standings(key).await, Ok(vec![]));
        one(&stage, "z-good").await;
        assert_eq!(stage.runs(key).await.len(), 7, "saving it lifts the pause");
    });
}

#[test]
fn uncertain_runs_do_not_count_and_a_flow_may_go_on_for_ever() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let mut uncertain = post_flow();
        uncertain["pause_after_failures"] = json!(1);
        let mut never = put_flow();
        never["pause_after_failures"] = json!(0);
        stage.flow(key, uncertain).await;
        stage.flow(key, never).await;
        stage.clockify.always(Method::Post, &tags_path(key), Scripted::lost());
        stage.clockify.rule(|request| (request.method == Method::Put).then(|| Scripted::status(404)));
        for n in 0..25 {
            stage.deliver(key, &format!("e{n}"), json!({ "n": n })).await.unwrap();
        }
        stage.live(Duration::from_secs(20)).await;
        assert_eq!(stage.runs(key).await.len(), 50);
        assert_eq!(stage.store.standings(key).await, Ok(vec![]));
    });
}
