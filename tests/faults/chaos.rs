//! Everything at once, by the dice: random answers of the platform, crashes, a store that comes and goes, actors that die. Whatever the order, what was
//! acknowledged ends well or is shown, once. Each seed is a story of its own that can be told again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::flow::run::{RunState, StepState};
use actors::ids::{FlowId, Key};
use actors::port::clockify::{ApiRequest, CallError, Method};
use actors::testing::Scripted;
use actors::workspace::deliver::Accepted;
use serde_json::{Value, json};

use crate::stage::{Stage, play, post_flow, put_flow};

const WORKSPACES: u64 = 3;
const ENTITIES: u64 = 4;
const MOMENTS: u64 = 150;

/// SplitMix64, so that a seed is the whole story.
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// What the platform did with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    Done,
    Nothing,
    Unknown,
    Refused,
}

/// What was asked, by what the request says, and what became of it. A call that the story cut off counts as it was meant to end.
#[derive(Default)]
struct Journal(Mutex<Vec<(Method, String, i64, Effect)>>);

fn answer(dice: &mut Dice, request: &ApiRequest) -> (Scripted, Effect) {
    let id = request.path.rsplit('/').next().unwrap_or_default();
    let well = Scripted::json(200, &json!({ "id": id }));
    let (answer, effect) = match dice.below(20) {
        0 => (Scripted::too_many(Some(Duration::from_secs(dice.below(4)))), Effect::Nothing),
        1 => (Scripted::status(503), Effect::Nothing),
        2 => (Scripted::refused(), Effect::Nothing),
        3 => (Scripted::lost(), Effect::Unknown),
        4 => (Scripted::status(500), Effect::Unknown),
        5 if dice.one_in(2) => (Scripted::status(404), Effect::Refused),
        5 => (Scripted::Fail(CallError::TooLarge { status: 502, bytes_max: 1 }), Effect::Unknown),
        _ => (well, Effect::Done),
    };
    (answer.after(Duration::from_millis(dice.below(1_500))), effect)
}

fn flows() -> Vec<Value> {
    let quick = json!({ "max_attempts": 100, "initial_ms": 500, "max_ms": 8_000 });
    let chain = json!({
        "name": "chain", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "actions": [
            { "type": "CLOCKIFY_API", "operation_id": "getTimeEntry", "params": { "path": { "id": "$.webhook.id" } } },
            { "type": "CLOCKIFY_API", "operation_id": "createTag", "params": { "body": { "name": "chained", "n": "$.webhook.n" } } },
            { "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry",
              "params": { "path": { "id": "$.action_0.id" }, "body": { "n": "$.webhook.n", "chained": true } } },
        ],
    });
    let mut post = post_flow();
    post["actions"][0]["params"]["body"] = json!({ "name": "posted", "n": "$.webhook.n" });
    let web = |method: &str, name: &str| {
        let body = json!({ "kind": "json", "value": { "name": name, "n": "$.webhook.n" } });
        let url = "https://hooks.example.com/{{ $.workspace.id }}/{{ $.webhook.id }}";
        json!({ "type": "GENERIC_HTTP", "method": method, "url": url, "body": body, "retry": quick })
    };
    let posted =
        json!({ "operation_id": "createTag", "params": { "body": { "name": "each {{ $.item }}", "n": "$.webhook.n" } }, "retry": quick });
    let each = json!({
        "name": "each", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "actions": [
            { "type": "FOR_EACH", "items": "$.webhook.list", "actions": [web("PUT", "each web {{ $.item }}"), posted] },
            web("POST", "elsewhere"),
        ],
    });
    [put_flow(), post, chain, each]
        .into_iter()
        .map(|mut flow| {
            flow["runs_per_entity_per_minute"] = json!(600);
            flow["allow_self_trigger"] = json!(true);
            flow["actions"].as_array_mut().unwrap().iter_mut().for_each(|action| action["retry"] = quick.clone());
            flow
        })
        .collect()
}

#[test]
fn whatever_happens_what_was_acknowledged_ends_well_or_is_shown_once() {
    let seeds = std::env::var("CHAOS_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(40);
    for seed in 0..seeds {
        println!("seed {seed}");
        play(|stage| story(stage, seed));
    }
}

async fn story(mut stage: Stage, seed: u64) {
    let mut dice = Dice(seed);
    let journal = Arc::new(Journal::default());
    let (log, faults) = (Arc::clone(&journal), Arc::new(Mutex::new(Some(Dice(seed ^ 0xdead)))));
    let switch = Arc::clone(&faults);
    let rule = Arc::new(move |request: &ApiRequest| {
        let (answer, effect) = match &mut *switch.lock().unwrap() {
            Some(dice) => answer(dice, request),
            None => (Scripted::json(200, &json!({ "id": request.path.rsplit('/').next() })), Effect::Done),
        };
        let body: Value = request.body.as_ref().map_or(Value::Null, |body| serde_json::from_slice(body).unwrap());
        let kind = body.get("name").or(body.get("chained")).map_or_else(String::new, Value::to_string);
        let place = format!("{} {kind}", request.path);
        log.0.lock().unwrap().push((request.method, place, body["n"].as_i64().unwrap_or(-1), effect));
        Some(answer)
    });
    let elsewhere = Arc::clone(&rule);
    stage.clockify.rule(move |request| rule(request));
    stage.web.script.rule(move |request| elsewhere(request));
    let mut keys = Vec::new();
    let mut flow_ids: BTreeMap<Key, Vec<FlowId>> = BTreeMap::new();
    for number in 1..=WORKSPACES {
        let key = stage.install(u8::try_from(number).unwrap()).await;
        for definition in flows() {
            let flow = stage.flow(key, definition).await;
            flow_ids.entry(key).or_default().push(flow);
        }
        keys.push(key);
    }
    let mut accepted = Vec::new();
    for moment in 0..MOMENTS {
        let key = keys[usize::try_from(dice.below(WORKSPACES)).unwrap()];
        let entity = format!("64c777ddd3fcab07cfbb21{:02}", dice.below(ENTITIES));
        if dice.one_in(25) {
            stage.witness.panic_on_accept(1);
        }
        if dice.one_in(20) {
            stage.store.set_unavailable(true);
        } else if dice.one_in(4) {
            stage.store.set_unavailable(false);
        }
        let delivering = stage.deliver(key, &entity, json!({ "n": moment, "list": ["a", "b"] }));
        let outcome = stage.passing(delivering).await;
        stage.clock.run_for(Duration::from_millis(dice.below(1_200))).await;
        match outcome {
            Ok(Accepted::New(event)) => accepted.push((key, event)),
            Ok(Accepted::Duplicate(_) | Accepted::Repeated) => panic!("every delivery of the story is different"),
            Err(_) => {}
        }
        let _ = stage.passing(stage.registry.sweep()).await;
        if dice.one_in(30) {
            stage.restart().await;
        }
    }
    stage.store.set_unavailable(false);
    stage.witness.panic_on_accept(0);
    *faults.lock().unwrap() = None;
    for _ in 0..60 {
        stage.live(Duration::from_secs(60)).await;
        let mut unfinished = 0;
        for key in &keys {
            unfinished += stage.states(*key).await.iter().filter(|state| !state.finished()).count();
        }
        if unfinished == 0 {
            break;
        }
    }
    for key in keys {
        judge(&stage, key, &flow_ids[&key], &accepted).await;
    }
    judge_calls(&journal.0.lock().unwrap());
}

/// Every acknowledged event started every flow once, and every run has ended as its steps say.
async fn judge(stage: &Stage, key: Key, flows: &[FlowId], accepted: &[(Key, actors::ids::EventId)]) {
    let runs = stage.runs(key).await;
    let pairs: Vec<_> = runs.iter().map(|run| (run.event, run.flow)).collect();
    assert_eq!(pairs.len(), pairs.iter().collect::<BTreeSet<_>>().len(), "two runs for an event and a flow");
    for (_, event) in accepted.iter().filter(|(owner, _)| *owner == key) {
        assert!(flows.iter().all(|flow| pairs.contains(&(*event, *flow))), "a run of {event} was lost");
    }
    for run in &runs {
        let last = run.steps.last().map(|step| step.state);
        let legal = match run.state {
            RunState::Succeeded => run.steps.iter().all(|step| step.state == StepState::Succeeded),
            RunState::Failed => last == Some(StepState::Failed),
            RunState::Uncertain => last == Some(StepState::Uncertain) && run.steps.last().is_some_and(|step| !step.repeatable),
            _ => false,
        };
        assert!(legal, "not a legal end: {run:?} in {:?}", stage.registry.status(key).await);
    }
}

/// No POST is made again once it may have been done, and each flow told each entity's changes in their order.
fn judge_calls(calls: &[(Method, String, i64, Effect)]) {
    let mut done: BTreeSet<(&str, i64)> = BTreeSet::new();
    let mut latest: BTreeMap<&str, i64> = BTreeMap::new();
    for (method, place, n, effect) in calls {
        match method {
            Method::Post => {
                assert!(!done.contains(&(place.as_str(), *n)), "POST {place} for {n} again after it may have been done");
                if *effect != Effect::Nothing {
                    done.insert((place, *n));
                }
            }
            Method::Put => {
                let before = latest.insert(place, *n).unwrap_or(-1);
                assert!(before <= *n, "PUT {place}: {n} after {before}");
            }
            _ => {}
        }
    }
}
