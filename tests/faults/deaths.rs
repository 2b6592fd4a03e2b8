//! The process dies, and another one starts over the same store: once for every kind of step at every boundary of its life, alone and within a
//! `FOR_EACH`. What is promised stands in [`Row::promise`], and nothing else is a legal end.
//!
//! A death is exact: what the journal had written by then is all that the next process finds, and no request gets out afterwards. A boundary that a kind
//! of step does not have is named in [`Row::has`]; it is wrong to miss one, and wrong to find one more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actors::flow::model::ActionKind;
use actors::flow::read;
use actors::flow::run::{Each, Place, Run, RunState, StepState};
use actors::port::clockify::{ApiRequest, Method};
use actors::port::store::Standings;
use actors::port::store::journal::Entry;
use actors::testing::{Fate, MemoryStore, Scripted, ScriptedClockify};
use futures_util::future::select;
use serde_json::{Value, json};

use crate::stage::{Stage, play};

/// Where the process dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Boundary {
    /// Event and run are durable; nobody has taken the run, and the sender was not answered.
    BeforeTheRun,
    /// That the step begins is lost on its way into the store.
    BeforeTheBeginning,
    /// That it begins is durable, and nothing was sent.
    BehindTheBeginning,
    /// As the request is about to be sent.
    BeforeTheCall,
    /// The request was sent, and the answer is not there.
    InTheCall,
    /// The first record in which the step is done is lost on its way into the store.
    BeforeTheRecord,
    /// That record is durable, and the next step has not begun.
    BehindTheRecord,
    /// The record of the run's end is lost on its way into the store.
    BeforeTheEnd,
    /// It is durable, and nobody has heard of it.
    BehindTheEnd,
}

use Boundary::{
    BeforeTheBeginning, BeforeTheCall, BeforeTheEnd, BeforeTheRecord, BeforeTheRun, BehindTheBeginning, BehindTheEnd, BehindTheRecord,
    InTheCall,
};

const BOUNDARIES: [Boundary; 9] = [
    BeforeTheRun,
    BeforeTheBeginning,
    BehindTheBeginning,
    BeforeTheCall,
    InTheCall,
    BeforeTheRecord,
    BehindTheRecord,
    BeforeTheEnd,
    BehindTheEnd,
];

/// What a step does to its run when nobody dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    GoesOn,
    Stops,
    Fails,
}

/// A kind of step.
struct Row {
    name: String,
    action: Value,
    /// Whether it sends a request.
    calls: bool,
    /// Whether it may be repeated when its outcome is not known.
    repeatable: bool,
    outcome: Outcome,
}

/// Where the step stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stands {
    Alone,
    /// As the one action for each of two items; the process dies in the first.
    InAnItem,
}

/// How a run has to end.
#[derive(PartialEq, Eq, Debug)]
struct Promise {
    state: RunState,
    /// How often the step's request gets out.
    sent: usize,
    /// And that of the step behind it.
    sent_behind: usize,
}

impl Row {
    fn has(&self, boundary: Boundary) -> bool {
        match boundary {
            BeforeTheRun | BeforeTheRecord | BehindTheRecord | BeforeTheEnd | BehindTheEnd => true,
            // Only what must not be repeated has to be on record before it is done.
            BeforeTheBeginning | BehindTheBeginning => !self.repeatable,
            BeforeTheCall | InTheCall => self.calls,
        }
    }

    /// Whether the step's record is that of the next step's beginning: nothing of its own was worth a write.
    fn is_recorded_with_the_next(&self, stands: Stands) -> bool {
        self.repeatable && stands == Stands::Alone && self.outcome == Outcome::GoesOn
    }

    fn promise(&self, boundary: Boundary, stands: Stands) -> Promise {
        let sent = match (boundary, self.calls, self.repeatable) {
            (_, false, _) | (BehindTheBeginning, ..) | (BeforeTheCall, _, false) => 0,
            (InTheCall | BeforeTheRecord, _, true) => 2,
            // A failure's one record is the run's end.
            (BeforeTheEnd, _, true) if self.outcome == Outcome::Fails => 2,
            _ => 1,
        };
        let unknown = !self.repeatable
            && (matches!(boundary, BehindTheBeginning | BeforeTheCall | InTheCall | BeforeTheRecord)
                || (boundary == BeforeTheEnd && self.outcome == Outcome::Fails));
        let state = match (self.outcome, stands) {
            _ if unknown => RunState::Uncertain,
            (Outcome::Fails, _) => RunState::Failed,
            (Outcome::Stops, Stands::Alone) => RunState::Stopped,
            // Then the beginning of the step behind it is on record as well, and what became of that is not known.
            _ if boundary == BehindTheRecord && self.is_recorded_with_the_next(stands) => RunState::Uncertain,
            _ => RunState::Succeeded,
        };
        Promise { state, sent, sent_behind: usize::from(state == RunState::Succeeded) }
    }
}

fn rows() -> Vec<Row> {
    let row = |name: &str, action: Value, calls, repeatable, outcome| Row { name: name.to_owned(), action, calls, repeatable, outcome };
    let mut rows = Vec::new();
    for method in [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let (body, id) = (json!({ "name": "step" }), json!({ "id": "step" }));
        let params = match method {
            Method::Get | Method::Delete => json!({ "path": id }),
            Method::Post => json!({ "body": body }),
            Method::Put | Method::Patch => json!({ "path": id, "body": body }),
        };
        let operation = match method {
            Method::Get => "getTimeEntry",
            Method::Post => "createTag",
            Method::Put => "updateTimeEntry",
            Method::Patch => "patchTimeEntry",
            Method::Delete => "deleteTimeEntry",
        };
        let repeatable = matches!(method, Method::Get | Method::Put | Method::Delete);
        let api = json!({ "type": "CLOCKIFY_API", "operation_id": operation, "params": params });
        let web = json!({ "type": "GENERIC_HTTP", "method": method, "url": "https://hooks.example.com/step" });
        for (name, action) in [("CLOCKIFY_API", api), ("GENERIC_HTTP", web)] {
            let named = |more: &str| format!("{name} {}{more}", method.as_str());
            let with = |member: &str, value: &str| {
                let mut action = action.clone();
                action[member] = value.into();
                action
            };
            rows.push(row(&named(""), action.clone(), true, repeatable, Outcome::GoesOn));
            rows.push(row(&named(" refused"), action.clone(), true, repeatable, Outcome::Fails));
            if !repeatable {
                rows.push(row(&named(" on_uncertain retry"), with("on_uncertain", "retry"), true, true, Outcome::GoesOn));
            }
        }
    }
    let lookup = |missing: &str| json!({ "type": "CACHE_LOOKUP", "entity_type": "projects", "id": "none", "on_missing": missing });
    let stop = |operator: &str| json!({ "type": "STOP_IF", "conditions": { "rules": [{ "field": "$.event.id", "operator": operator }] } });
    let empty = json!({ "type": "FOR_EACH", "items": "$.webhook.nothing", "actions": [stop("exists")] });
    rows.push(row("CACHE_LOOKUP", lookup("null"), false, true, Outcome::GoesOn));
    rows.push(row("CACHE_LOOKUP stops", lookup("stop"), false, true, Outcome::Stops));
    rows.push(row("CACHE_LOOKUP fails", lookup("fail"), false, true, Outcome::Fails));
    rows.push(row("STOP_IF", stop("not_exists"), false, true, Outcome::GoesOn));
    rows.push(row("STOP_IF stops", stop("exists"), false, true, Outcome::Stops));
    rows.push(row("FOR_EACH of nothing", empty, false, true, Outcome::GoesOn));
    rows
}

/// A type of action, by number: a new one does not compile here, and then has to have rows.
const TYPES: usize = 5;

const fn number(kind: &ActionKind) -> usize {
    match kind {
        ActionKind::ClockifyApi { .. } => 0,
        ActionKind::GenericHttp(_) => 1,
        ActionKind::CacheLookup { .. } => 2,
        ActionKind::ForEach { .. } => 3,
        ActionKind::StopIf { .. } => 4,
    }
}

/// A POST, the step, and another POST: what was done before stays done, and what comes behind comes once or not at all.
fn flow(row: &Row, stands: Stands) -> Value {
    let post = |name: &str| json!({ "type": "CLOCKIFY_API", "operation_id": "createTag", "params": { "body": { "name": name } } });
    let step = match stands {
        Stands::Alone => row.action.clone(),
        Stands::InAnItem => json!({ "type": "FOR_EACH", "items": "$.webhook.list", "actions": [row.action] }),
    };
    json!({ "name": "deaths", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": [post("before"), step, post("behind")] })
}

/// `before`, `step` or `behind`.
fn about(request: &ApiRequest) -> &'static str {
    let body: Value = request.body.as_ref().map(|body| serde_json::from_slice(body).unwrap()).unwrap_or_default();
    match body["name"].as_str() {
        Some("before") => "before",
        Some("behind") => "behind",
        _ => "step",
    }
}

/// The process: alive, until something at the boundary kills it.
#[derive(Clone)]
struct Life {
    boundary: Boundary,
    place: Place,
    died: Arc<AtomicBool>,
    sent: Arc<AtomicUsize>,
    ends: Arc<AtomicUsize>,
    store: MemoryStore,
    clients: [ScriptedClockify; 2],
}

impl Life {
    /// Dies once. Whatever it still does has no effect.
    fn dies(&self) -> bool {
        let first = !self.died.swap(true, Ordering::SeqCst);
        if first {
            self.clients.iter().for_each(|client| client.cut_off(true));
        }
        first
    }

    fn judge(&self, entry: &Entry) -> Fate {
        let run = match entry {
            Entry::Progress(run) | Entry::Conclude { run, .. } => run,
            Entry::Accept { .. } if self.boundary == BeforeTheRun && self.dies() => return Fate::Unheard,
            _ => return Fate::Written,
        };
        let fate = self.fate_of(run);
        if fate != Fate::Lost && run.state.finished() {
            self.ends.fetch_add(1, Ordering::SeqCst);
        }
        fate
    }

    fn fate_of(&self, run: &Run) -> Fate {
        let step = run.steps.iter().find(|step| step.place() == self.place).map(|step| step.state);
        let done = matches!(step, Some(StepState::Succeeded | StepState::Stopped | StepState::Failed));
        let (here, fate) = match self.boundary {
            BeforeTheBeginning => (step == Some(StepState::Begun), Fate::Lost),
            BehindTheBeginning => (step == Some(StepState::Begun), Fate::Unheard),
            BeforeTheRecord => (done, Fate::Lost),
            BehindTheRecord => (done, Fate::Unheard),
            BeforeTheEnd => (run.state.finished(), Fate::Lost),
            BehindTheEnd => (run.state.finished(), Fate::Unheard),
            BeforeTheRun | BeforeTheCall | InTheCall => (false, Fate::Written),
        };
        if here && self.dies() { fate } else { Fate::Written }
    }

    fn answer(&self, request: &ApiRequest, outcome: Outcome) -> Scripted {
        if about(request) != "step" {
            return Scripted::json(200, &json!({ "id": "x" }));
        }
        let answer = Scripted::json(if outcome == Outcome::Fails { 404 } else { 200 }, &json!({ "id": "x" }));
        let at_the_call = matches!(self.boundary, BeforeTheCall | InTheCall);
        if self.sent.load(Ordering::SeqCst) > 0 || !at_the_call || !self.dies() {
            self.sent.fetch_add(1, Ordering::SeqCst);
            return answer;
        }
        self.store.hold_journal();
        if self.boundary == BeforeTheCall { Scripted::Unsent } else { answer.held() }
    }
}

async fn dies(mut stage: Stage, row: &Row, stands: Stands, boundary: Boundary) {
    let told = format!("{} {stands:?}, {boundary:?}", row.name);
    let key = stage.install(1).await;
    let flow_id = stage.flow(key, flow(row, stands)).await;
    let each = (stands == Stands::InAnItem).then_some(Each { item: 0, action: 0 });
    let life = Life {
        boundary,
        place: Place { index: 1, each },
        died: Arc::default(),
        sent: Arc::default(),
        ends: Arc::default(),
        store: stage.store.clone(),
        clients: [stage.clockify.clone(), stage.web.script.clone()],
    };
    for client in &life.clients {
        let (life, outcome) = (life.clone(), row.outcome);
        client.rule(move |request| Some(life.answer(request, outcome)));
    }
    let judging = life.clone();
    stage.store.judge_entries(move |entry| judging.judge(entry));
    let payload = json!({ "list": ["a", "b"], "nothing": [] });
    {
        // A sender whose delivery is durable and not acknowledged waits in vain.
        let delivery = std::pin::pin!(stage.deliver(key, "e", payload));
        select(delivery, std::pin::pin!(stage.clock.run_for(Duration::from_secs(5)))).await;
    }
    stage.clock.run_for(Duration::from_secs(5)).await;
    assert_eq!(life.died.load(Ordering::SeqCst), row.has(boundary), "whether there is such a boundary: {told}");

    stage.restart().await;
    stage.store.lose_held_entries();
    life.clients.iter().for_each(|client| client.cut_off(false));
    stage.live(Duration::from_secs(60)).await;

    let mut calls = life.clients[0].calls();
    calls.extend(life.clients[1].calls());
    let mut sent = BTreeMap::new();
    calls.iter().for_each(|call| *sent.entry(about(&call.request)).or_insert(0_usize) += 1);
    let sent = |what: &str| sent.get(what).copied().unwrap_or(0);
    let runs = stage.runs(key).await;
    let [run] = &runs[..] else { panic!("one event, one run: {told}: {runs:?}") };
    let mut promise = row.promise(boundary, stands);
    if !row.has(boundary) {
        promise = row.promise(BehindTheEnd, stands);
    }
    // The second item has the step once more, if the run gets that far.
    let gets_to_the_next_item = stands == Stands::InAnItem && row.calls && run.state == RunState::Succeeded;
    let found = Promise { state: run.state, sent: sent("step") - usize::from(gets_to_the_next_item), sent_behind: sent("behind") };
    assert_eq!(found, promise, "{told}: {run:?}");
    assert_eq!(sent("before"), 1, "what was on record as done was done again: {told}");
    assert_eq!(life.ends.load(Ordering::SeqCst), 1, "a run ends once: {told}");
    let ended_badly = run.steps.iter().rev().skip(1).any(|step| !matches!(step.state, StepState::Succeeded | StepState::Stopped));
    assert!(!ended_badly, "something went on behind a step that had not ended well: {told}: {run:?}");
    let failures = stage.store.standings(key).await.unwrap().iter().find(|standing| standing.flow == flow_id).map_or(0, |one| one.failures);
    assert_eq!(failures, u32::from(run.state == RunState::Failed), "a failure counts once: {told}");
}

fn everywhere(stands: Stands) {
    for row in rows() {
        // A list within a list there is not.
        if stands == Stands::InAnItem && row.action["type"] == "FOR_EACH" {
            continue;
        }
        for boundary in BOUNDARIES {
            play(|stage| dies(stage, &row, stands, boundary));
        }
    }
}

#[test]
fn a_step_that_stands_alone_ends_as_promised_wherever_the_process_dies() {
    everywhere(Stands::Alone);
}

#[test]
fn a_step_of_an_item_ends_as_promised_wherever_the_process_dies() {
    everywhere(Stands::InAnItem);
}

#[test]
fn every_type_of_action_and_every_method_has_its_rows() {
    let mut found = [0; TYPES];
    for row in rows() {
        let definition = read::definition(&flow(&row, Stands::Alone)).unwrap();
        found[number(&definition.actions[1].kind)] += 1;
    }
    // Five methods each, well answered and refused, and two of them to be repeated on request.
    assert_eq!(found, [12, 12, 3, 1, 2]);
}
