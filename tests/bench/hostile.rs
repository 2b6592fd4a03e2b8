//! What one workspace that does its worst costs five hundred others: the same events of theirs, without it and beside it, in turn, and the medians.
//!
//! The others' throughput is the whole road: from the first webhook to the last call of a flow. The hostile one plays a trick from some seconds before
//! until they are done, on a thread of its own. Service, stand-in and both generators share the machine, so that what it costs to send the flood counts as well.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clockify_addons::sandbox::authority::Grant;
use serde_json::{Value, json};

use super::api::Api;
use super::load::{Outcome, Until, paced, run};
use super::measure::{folder, words};
use super::plan::Plan;
use super::process::{Process, until};
use super::report::{Report, median};
use super::workspaces::{BLANK_ID, Deliveries, Platform, note_what_is_billable};

/// The hostile workspace's number and id; the others' follow.
const HOSTILE: usize = 0;
const HOSTILE_ID: &str = "0000000000005b6400000000";
/// Connections of the others, and of the flood.
const CONNECTIONS: usize = 64;
const FLOODING: usize = 8;
/// How long the trick has been played when the others begin.
const AHEAD: Duration = Duration::from_secs(4);
/// The share of the others' throughput that is to be left.
const TO_REACH: &str = "0.95";

/// Something that a workspace does to the others.
struct Trick {
    name: &'static str,
    /// Its flows.
    flows: fn() -> Vec<Value>,
    payload: fn(&Grant) -> String,
    /// Time from an answer to the next event on each connection of the flood.
    pause: Duration,
}

const TRICKS: [Trick; 7] = [
    Trick { name: "flood", flows: Vec::new, payload: small, pause: Duration::ZERO },
    Trick { name: "slow", flows: || (0..5).map(|_| call("PUT", "slow")).collect(), payload: small, pause: MILLISECONDS_20 },
    Trick { name: "failing", flows: || (0..5).map(|_| call("GET", "failing")).collect(), payload: small, pause: MILLISECONDS_20 },
    Trick { name: "bodies", flows: || vec![call("PUT", "quick")], payload: large, pause: MILLISECONDS_20 },
    Trick { name: "paths", flows: || (0..20).map(|_| paths()).collect(), payload: large, pause: MILLISECONDS_20 },
    Trick { name: "answers", flows: || vec![answers()], payload: small, pause: MILLISECONDS_20 },
    Trick { name: "loops", flows: || (0..5).map(|_| loops()).collect(), payload: small, pause: MILLISECONDS_20 },
];
const MILLISECONDS_20: Duration = Duration::from_millis(20);

/// The names of the tricks.
pub fn names() -> String {
    TRICKS.map(|trick| trick.name).join(" ")
}

/// One call that the stand-in answers in its own way, tried again for as long as may be.
fn call(method: &str, end: &str) -> Value {
    json!({
        "name": end, "trigger_event_types": ["NEW_TIME_ENTRY"], "allow_self_trigger": true, "pause_after_failures": 0, "actions": [action(method, end)],
    })
}

fn action(method: &str, end: &str) -> Value {
    let (operation, body) = match method {
        "PUT" => ("updateTimeEntry", json!({"start": "2026-07-17T11:35:01Z"})),
        _ => ("getTimeEntry", Value::Null),
    };
    let mut params = json!({"path": {"id": end}});
    if !body.is_null() {
        params["body"] = body;
    }
    json!({"type": "CLOCKIFY_API", "operation_id": operation, "params": params, "retry": {"max_attempts": 200, "initial_ms": 1_000, "max_ms": 4_000}})
}

/// Conditions that search the whole payload again and again.
fn paths() -> Value {
    let rule = json!({"field": "$..nothing", "operator": "==", "value": "nothing"});
    json!({
        "name": "paths", "trigger_event_types": ["NEW_TIME_ENTRY"], "conditions": {"type": "ANY", "rules": vec![rule; 100]},
        "actions": [{"type": "STOP_IF", "conditions": {"rules": []}}],
    })
}

/// Steps that each keep as large an answer as a step may, written again and again with the run.
fn answers() -> Value {
    let get = action("GET", "huge");
    let post = json!({"type": "CLOCKIFY_API", "operation_id": "createNewTag", "params": {"body": {"name": "x"}}});
    let actions: Vec<Value> = (0..20).map(|n| if n < 12 { get.clone() } else { post.clone() }).collect();
    json!({"name": "answers", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": actions})
}

/// A hundred items with a call each that is answered at once, and every one of them is written with the run.
fn loops() -> Value {
    json!({
        "name": "loops", "trigger_event_types": ["NEW_TIME_ENTRY"], "allow_self_trigger": true, "runs_per_entity_per_minute": 600,
        "actions": [{"type": "FOR_EACH", "items": "$.webhook.items", "max": 100, "actions": [action("PUT", "quick")]}],
    })
}

/// Some kilobytes, with a hundred items.
fn small(grant: &Grant) -> String {
    json!({"id": BLANK_ID, "workspaceId": grant.workspace, "billable": true, "items": (0..100).collect::<Vec<_>>()}).to_string()
}

/// Nearly the largest body that is taken, of very many values.
fn large(grant: &Grant) -> String {
    let list = vec![json!({"a": 1, "b": [2, 3]}); 45_000];
    json!({"id": BLANK_ID, "workspaceId": grant.workspace, "items": list}).to_string()
}

/// What another workspace's flow is: one of four, each of which ends in one call that writes.
fn usual(number: usize) -> Value {
    let action = |operation: &str, params: Value| json!({"type": "CLOCKIFY_API", "operation_id": operation, "params": params});
    let put = |id: &str, text: &str| {
        action("updateTimeEntry", json!({"path": {"id": id}, "body": {"start": "$.webhook.timeInterval.start", "description": text}}))
    };
    let actions = match number % 4 {
        0 => return note_what_is_billable(),
        1 => vec![action("getTimeEntry", json!({"path": {"id": "$.webhook.id"}})), put("$.action_0.id", "read before")],
        2 => vec![
            json!({"type": "STOP_IF", "conditions": {"rules": [{"field": "$.webhook.isLocked", "operator": "==", "value": true}]}}),
            action("createNewTag", json!({"body": {"name": "{{ $.webhook.project.name }}"}})),
        ],
        _ => vec![json!({"type": "FOR_EACH", "items": "$.webhook.tagIds", "actions": [put("$.webhook.id", "tagged {{ $.item }}")]})],
    };
    json!({"name": "usual", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": actions})
}

/// What the others got done.
struct Done {
    rate: f64,
    accepted: Outcome,
}

/// Measures one trick, or each of them and then all at once.
pub async fn measure(trick: &str, plan: &Plan, report: &mut Report) {
    let chosen: Vec<&Trick> = TRICKS.iter().filter(|one| trick == "all" || trick == "each" || one.name == trick).collect();
    assert!(!chosen.is_empty(), "tricks are: {}", names());
    if trick == "each" {
        for one in chosen {
            compare(one.name, &[one], plan, report).await;
        }
    } else {
        compare(trick, &chosen, plan, report).await;
    }
}

async fn compare(name: &str, tricks: &[&Trick], plan: &Plan, report: &mut Report) {
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        for (tricks, done) in [(&[][..], &mut alone), (tricks, &mut beside)] {
            let one = round(tricks, plan).await;
            println!("  {name}, {}: {:.0}/s; {}", if tricks.is_empty() { "alone" } else { "beside" }, one.rate, words(&one.accepted));
            done.push(one);
        }
    }
    let rate = |rounds: &[Done]| median(rounds.iter().map(|done| done.rate).collect());
    let p99 = |rounds: &[Done]| median(rounds.iter().map(|done| done.accepted.percentile(0.99)).collect());
    report.add(format!("{name}: others alone"), format!("{:.0}/s, p99 {:.1} ms", rate(&alone), p99(&alone)), "");
    report.add(format!("{name}: others beside it"), format!("{:.0}/s, p99 {:.1} ms", rate(&beside), p99(&beside)), "");
    report.add(format!("{name}: what is left"), format!("{:.3}", rate(&beside) / rate(&alone)), TO_REACH);
}

async fn round(tricks: &[&Trick], plan: &Plan) -> Done {
    let (folder, api) = (folder(), Api::ignoring(HOSTILE_ID));
    let platform = Platform::new(api.address);
    let service = Process::start(folder.path(), &platform.public_key(), api.address).await;
    let others: Vec<usize> = (HOSTILE + 1..=plan.flow_workspaces).collect();
    let deliveries = platform.deliveries(HOSTILE + 1, others.len());
    platform.install(service.address, HOSTILE, others.len() + 1).await;
    platform.add_flows(service.address, &others, usual).await;
    for flow in tricks.iter().flat_map(|trick| (trick.flows)()) {
        platform.add_flows(service.address, &[HOSTILE], |_| flow.clone()).await;
    }
    let over = Arc::new(AtomicBool::new(false));
    let floods: Vec<_> =
        tricks.iter().map(|trick| flood(service.address, platform.deliveries_of(HOSTILE, 1, trick.payload), trick.pause, &over)).collect();
    if !floods.is_empty() {
        tokio::time::sleep(AHEAD).await;
    }
    let (begun, before) = (Instant::now(), api.written());
    let accepted = run(service.address, CONNECTIONS, Until::Sent(plan.events), move |n, into| deliveries.write(n, into)).await;
    let refused = accepted.answers.iter().filter(|(status, _)| !(200..300).contains(*status)).map(|(_, count)| count).sum::<usize>();
    until("every flow of the others has made its call", || api.written() - before >= plan.events - refused).await;
    let seconds = begun.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    for flood in floods {
        println!("    the hostile one: {}", flood.join().unwrap());
    }
    drop(service);
    Done { rate: plan.events as f64 / seconds, accepted }
}

/// Sends one workspace's events on a thread of its own, until it is over.
fn flood(service: SocketAddr, deliveries: Deliveries, pause: Duration, over: &Arc<AtomicBool>) -> std::thread::JoinHandle<String> {
    let over = Arc::clone(over);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let flooding = paced(service, FLOODING, Until::Told(over), pause, move |n, into| deliveries.write(n, into));
        words(&tokio::task::LocalSet::new().block_on(&runtime, flooding))
    })
}
