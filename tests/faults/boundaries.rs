//! The process dies at every boundary of every kind of step, one after the other: in the middle of each call, and between each answer and its record.
//! Each time the run ends as promised: what may be repeated is, what may not is done once or shown as uncertain, and what was done before stays done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actors::flow::run::{RunState, StepState};
use actors::port::clockify::{ApiRequest, Method};
use actors::testing::{MemoryStore, Scripted};
use serde_json::{Value, json};

use crate::stage::{Stage, play};

/// Every kind of action, repeatable ones and others, alone and within a `FOR_EACH`.
fn flow() -> Value {
    let api = |operation: &str, id: Value, body: &str| json!({ "type": "CLOCKIFY_API", "operation_id": operation, "params": { "path": id, "body": { "name": body } } });
    let get = json!({ "type": "CLOCKIFY_API", "operation_id": "getTimeEntry", "params": { "path": { "id": "get" } } });
    let web = |method: &str, name: &str| {
        let body = json!({ "kind": "json", "value": { "name": name } });
        json!({ "type": "GENERIC_HTTP", "method": method, "url": "https://hooks.example.com/x", "body": body })
    };
    let never = json!({ "type": "STOP_IF", "conditions": { "rules": [{ "field": "$.event.id", "operator": "not_exists" }] } });
    json!({
        "name": "all", "trigger_event_types": ["NEW_TIME_ENTRY"], "allow_self_trigger": true,
        "actions": [
            get, never,
            { "type": "CACHE_LOOKUP", "entity_type": "projects", "id": "none", "on_missing": "null" },
            api("createTag", json!({}), "post"),
            api("updateTimeEntry", json!({ "id": "put" }), "put"),
            { "type": "FOR_EACH", "items": "$.webhook.list", "actions": [
                api("updateTimeEntry", json!({ "id": "{{ $.item }}-put" }), "put {{ $.item }}"),
                api("createTag", json!({}), "post {{ $.item }}"),
                web("PUT", "web put {{ $.item }}"),
                never,
                web("POST", "web post {{ $.item }}"),
            ] },
            web("POST", "web post"),
            web("PUT", "web put"),
        ],
    })
}

/// What a call says about itself, as `POST post a`.
fn name(request: &ApiRequest) -> String {
    let body: Value = request.body.as_ref().map(|body| serde_json::from_slice(body).unwrap()).unwrap_or_default();
    format!("{} {}", request.method.as_str(), body["name"].as_str().unwrap_or("get"))
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Death {
    /// While the call is under way.
    InTheCall,
    /// When it has been answered, and nothing after it was recorded.
    BeforeTheRecord,
}

/// Runs the flow and lets the process die at the `fatal`-th call. `false`: there is no such call.
async fn dies_at(mut stage: Stage, fatal: usize, death: Death) -> bool {
    let key = stage.install(1).await;
    stage.flow(key, flow()).await;
    let (count, died) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let rule = |store: MemoryStore| {
        let (count, died) = (Arc::clone(&count), Arc::clone(&died));
        move |_: &ApiRequest| {
            let answer = Scripted::json(200, &json!({ "id": "x" }));
            if count.fetch_add(1, Ordering::SeqCst) != fatal {
                return Some(answer);
            }
            died.store(true, Ordering::SeqCst);
            Some(match death {
                Death::InTheCall => answer.held(),
                Death::BeforeTheRecord => {
                    store.hold_journal();
                    answer
                }
            })
        }
    };
    stage.clockify.rule(rule(stage.store.clone()));
    stage.web.script.rule(rule(stage.store.clone()));
    stage.deliver(key, "e", json!({ "list": ["a", "b"] })).await.unwrap();
    stage.clock.run_for(Duration::from_secs(5)).await;
    if !died.load(Ordering::SeqCst) {
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
        return false;
    }
    stage.restart().await;
    stage.store.lose_held_entries();
    stage.store.resume_journal();
    stage.live(Duration::from_secs(60)).await;

    let calls: Vec<String> = {
        let mut calls: Vec<_> = stage.clockify.calls();
        calls.extend(stage.web.script.calls());
        calls.sort_by_key(|call| call.at);
        calls.iter().map(|call| name(&call.request)).collect()
    };
    let fatal_call = order().into_iter().nth(fatal).unwrap();
    let run = stage.runs(key).await.remove(0);
    let told = format!("at {fatal} ({fatal_call}) {death:?}: {run:?}");
    let times = |wanted: &str| calls.iter().filter(|call| *call == wanted).count();
    let repeatable = !fatal_call.starts_with("POST");
    match run.state {
        RunState::Succeeded => {
            assert!(repeatable, "{told}");
            for call in order() {
                assert!(times(&call) >= 1, "{call} was not made: {told}");
                assert!(!call.starts_with("POST") || times(&call) == 1, "{call} was made again: {told}");
            }
            assert!(run.steps.iter().all(|step| step.state == StepState::Succeeded), "{told}");
        }
        RunState::Uncertain => {
            assert!(!repeatable, "{told}");
            assert_eq!(times(&fatal_call), 1, "{told}");
            let last = run.steps.last().unwrap();
            assert!(last.state == StepState::Uncertain && !last.repeatable, "{told}");
            for call in order().into_iter().skip(fatal + 1) {
                assert_eq!(times(&call), 0, "{call} was made behind an unknown outcome: {told}");
            }
        }
        other => panic!("{other:?}, {told}"),
    }
    // An item that was done is not done again, whatever it consisted of.
    if fatal >= order().iter().position(|call| call.ends_with("put b")).unwrap() {
        assert_eq!((times("PUT put a"), times("PUT web put a")), (1, 1), "{told}");
    }
    true
}

/// The calls of the flow when nothing happens.
fn order() -> Vec<String> {
    let item = |item: &str| ["PUT put", "POST post", "PUT web put", "POST web post"].map(|call| format!("{call} {item}"));
    let before = ["GET get", "POST post", "PUT put"].map(str::to_owned);
    let after = ["POST web post", "PUT web put"].map(str::to_owned);
    [before.to_vec(), item("a").to_vec(), item("b").to_vec(), after.to_vec()].concat()
}

#[test]
fn the_run_ends_as_promised_wherever_the_process_dies() {
    for death in [Death::InTheCall, Death::BeforeTheRecord] {
        let mut points = 0;
        let more = Arc::new(AtomicBool::new(true));
        while more.load(Ordering::SeqCst) {
            let (point, more) = (points, Arc::clone(&more));
            play(|stage| async move { more.store(dies_at(stage, point, death).await, Ordering::SeqCst) });
            points += 1;
        }
        assert_eq!(points - 1, order().len(), "every call was a boundary");
    }
}

/// What the scripted platform was asked is what the order of the story says; else the story shows less than it seems to.
#[test]
fn the_order_is_the_flows() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, flow()).await;
        stage.clockify.rule(|_| Some(Scripted::json(200, &json!({ "id": "x" }))));
        stage.web.script.rule(|_| Some(Scripted::status(200)));
        stage.deliver(key, "e", json!({ "list": ["a", "b"] })).await.unwrap();
        stage.live(Duration::from_secs(10)).await;
        let posts: Vec<_> = order().into_iter().filter(|call| call.starts_with("POST post")).collect();
        let made: Vec<_> =
            stage.clockify.calls().iter().filter(|call| call.request.method == Method::Post).map(|call| name(&call.request)).collect();
        assert_eq!(made, posts);
        assert_eq!(stage.clockify.calls().len() + stage.web.requests().len(), order().len());
    });
}

/// Items that consist of nothing but what may be repeated: it is the record between two items that keeps a finished one from being done again.
#[test]
fn a_finished_item_is_not_done_again_though_it_could_be() {
    for death in [Death::InTheCall, Death::BeforeTheRecord] {
        for fatal in 0..4 {
            play(|mut stage| async move {
                let key = stage.install(1).await;
                let put =
                    json!({ "operation_id": "updateTimeEntry", "params": { "path": { "id": "$.item" }, "body": { "name": "$.item" } } });
                let definition = json!({
                    "name": "puts", "trigger_event_types": ["NEW_TIME_ENTRY"],
                    "actions": [{ "type": "FOR_EACH", "items": "$.webhook.list", "actions": [put] }],
                });
                stage.flow(key, definition).await;
                let (count, store) = (AtomicUsize::new(0), stage.store.clone());
                stage.clockify.rule(move |_| {
                    let answer = Scripted::json(200, &json!({}));
                    Some(match (count.fetch_add(1, Ordering::SeqCst) == fatal, death) {
                        (false, _) => answer,
                        (true, Death::InTheCall) => answer.held(),
                        (true, Death::BeforeTheRecord) => {
                            store.hold_journal();
                            answer
                        }
                    })
                });
                stage.deliver(key, "e", json!({ "list": ["a", "b", "c", "d"] })).await.unwrap();
                stage.clock.run_for(Duration::from_secs(2)).await;
                stage.restart().await;
                stage.store.lose_held_entries();
                stage.store.resume_journal();
                stage.live(Duration::from_secs(30)).await;
                assert_eq!(stage.states(key).await, [RunState::Succeeded]);
                let made: Vec<_> = stage.clockify.calls().iter().map(|call| name(&call.request)).collect();
                let mut expected = ["PUT a", "PUT b", "PUT c", "PUT d"].map(str::to_owned).to_vec();
                expected.insert(fatal, expected[fatal].clone());
                assert_eq!(made, expected, "{death:?} at {fatal}: only the item that it died in is done again");
            });
        }
    }
}
