//! Actions for each item of a list: in order, each item once, whatever stops in the middle.

use std::time::Duration;

use actors::flow::run::{RunState, StepState};
use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use crate::stage::{Stage, entry_path, play, tags_path};

fn flow(each: Value, then: &[Value]) -> Value {
    let mut whole = json!({ "type": "FOR_EACH", "items": "$.webhook.list" });
    whole.as_object_mut().unwrap().extend(each.as_object().unwrap().clone());
    let actions = [&[whole], then].concat();
    json!({ "name": "each", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": actions })
}

fn post(name: &str) -> Value {
    json!({ "type": "CLOCKIFY_API", "operation_id": "createTag", "params": { "body": { "name": name, "i": "$.index" } } })
}

/// What was posted, in order.
fn posted(stage: &Stage, key: actors::ids::Key) -> Vec<Value> {
    let calls = stage.clockify.calls();
    let posts = calls.iter().filter(|call| call.request.path == tags_path(key));
    posts.map(|call| serde_json::from_slice(call.request.body.as_ref().unwrap()).unwrap()).collect()
}

#[test]
fn each_item_is_done_in_order_and_later_actions_see_the_answers() {
    play(|stage| async move {
        let key = stage.install(1).await;
        for id in ["t0", "t1", "t2"] {
            stage.clockify.once(Method::Post, &tags_path(key), Scripted::json(201, &json!({ "id": id })));
        }
        stage.clockify.rule(|request| (request.method == Method::Put).then(|| Scripted::json(200, &json!({ "big": "x".repeat(9_000) }))));
        let put = |id: &str, body: Value| json!({ "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": { "path": { "id": id }, "body": body } });
        let actions = [post("{{ $.item.name }}"), put("$.each_0.id", json!({ "of": "$.item.name" }))];
        let last = put("last", json!({ "all": "$.action_0" }));
        stage.flow(key, flow(json!({ "actions": actions }), &[last])).await;
        stage.deliver(key, "e", json!({ "list": [{ "name": "a" }, { "name": "b" }, { "name": "c" }] })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        let run = stage.runs(key).await.remove(0);
        assert_eq!((run.state, run.steps.len()), (RunState::Succeeded, 8), "{run:?}");
        assert_eq!(posted(&stage, key), [json!({"name": "a", "i": 0}), json!({"name": "b", "i": 1}), json!({"name": "c", "i": 2})]);
        for (id, name) in [("t0", "a"), ("t1", "b"), ("t2", "c")] {
            let path = entry_path(key, id);
            let call = stage.clockify.calls().into_iter().find(|call| call.request.path == path).unwrap();
            assert_eq!(call.request.body.unwrap(), json!({ "of": name }).to_string());
        }
        let path = entry_path(key, "last");
        let call = stage.clockify.calls().into_iter().find(|call| call.request.path == path).unwrap();
        let all = json!({ "all": { "count": 3, "items": [null, null, null] } });
        assert_eq!(call.request.body.unwrap(), all.to_string(), "answers of items that are too large are not kept");
        assert!(run.steps.iter().filter(|step| step.each.is_some()).all(|step| step.data.is_none()), "{run:?}");
    });
}

#[test]
fn a_stop_if_ends_its_item_and_a_failure_ends_the_run() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.clockify.always(Method::Post, &tags_path(key), Scripted::status(201));
        stage.clockify.always(Method::Put, &entry_path(key, "x"), Scripted::status(404));
        let stop = json!({ "type": "STOP_IF", "conditions": { "rules": [{ "field": "$.item", "operator": "==", "value": 2 }] } });
        stage.flow(key, flow(json!({ "actions": [stop, post("n")] }), &[])).await;
        stage.deliver(key, "e", json!({ "list": [1, 2, 3] })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        let run = stage.runs(key).await.remove(0);
        assert_eq!(run.state, RunState::Succeeded, "{run:?}");
        let stopped: Vec<_> =
            run.steps.iter().filter(|step| step.state == StepState::Stopped).map(|step| step.each.unwrap().item).collect();
        assert_eq!((stopped, posted(&stage, key).len()), (vec![1], 2));

        let put = json!({ "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": { "path": { "id": "x" } } });
        stage.flow(key, flow(json!({ "items": "$.webhook.other[*].id", "actions": [put, post("never")] }), &[])).await;
        stage.deliver(key, "f", json!({ "list": [], "other": [{ "id": 1 }, { "id": 2 }] })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        let runs = stage.runs(key).await;
        let states: Vec<_> = runs[1..].iter().map(|run| run.state).collect();
        assert!(states.contains(&RunState::Failed) && states.contains(&RunState::Succeeded), "an empty list is done at once: {states:?}");
        assert_eq!(posted(&stage, key).len(), 2);
    });
}

#[test]
fn lists_that_are_none_or_too_long_fail_the_step() {
    for (list, code) in [
        (json!("text"), "not_a_list"),
        (json!(null), "not_a_list"),
        (json!(vec![0; 4]), "too_many_items"),
        (json!(vec![0; 3]), ""),
        (Value::Null, "not_a_list"),
    ] {
        play(|stage| async move {
            let key = stage.install(1).await;
            stage.clockify.always(Method::Post, &tags_path(key), Scripted::status(201));
            stage.flow(key, flow(json!({ "max": 3, "actions": [post("n")] }), &[])).await;
            stage.deliver(key, "e", json!({ "list": list })).await.unwrap();
            stage.live(Duration::from_secs(10)).await;
            let run = stage.runs(key).await.remove(0);
            assert_eq!(run.reason.map(|reason| reason.code).unwrap_or_default(), code, "{list}");
        });
    }
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, flow(json!({ "max": 100, "actions": vec![post("n"); 4] }), &[])).await;
        stage.deliver(key, "e", json!({ "list": vec![0; 100] })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        assert_eq!(stage.runs(key).await.remove(0).reason.unwrap().code, "too_many_steps");
    });
}

#[test]
fn an_item_waits_like_any_step_and_its_run_goes_on_there() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        stage.clockify.once(Method::Post, &tags_path(key), Scripted::status(201));
        stage.clockify.once(Method::Post, &tags_path(key), Scripted::too_many(Some(Duration::from_secs(60))));
        stage.clockify.always(Method::Post, &tags_path(key), Scripted::status(201));
        stage.flow(key, flow(json!({ "actions": [post("{{ $.item }}")] }), &[])).await;
        stage.deliver(key, "e", json!({ "list": ["a", "b", "c"] })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        assert_eq!(stage.states(key).await, [RunState::Waiting]);
        stage.restart().await;
        stage.live(Duration::from_secs(120)).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
        let names: Vec<_> = posted(&stage, key).iter().map(|body| body["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["a", "b", "b", "c"]);
    });
}
