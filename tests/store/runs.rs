//! Runs as they are read: whole, by flow, event and state, newest first.

use actors::clock::{Clock, Timestamp};
use actors::flow::run::{Reason, RequestSummary, Run, RunState, Step, StepState};
use actors::port::store::Slice;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::runs::RunFilter;
use serde_json::{Value, json};

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, accepted, event, flow_id, install, key, progress, run, standing};

contract! {
    a_run_is_read_as_it_was_written,
    an_answer_may_nest_as_deeply_as_json_is_read,
    runs_are_listed_newest_first_in_parts_with_their_number,
    runs_are_listed_by_flow_event_and_state,
    runs_of_many_workspaces_are_told_apart_however_many_they_are,
}

const ALL: Slice = Slice { limit: 100, offset: 0 };

fn step(index: u16, data: Option<Value>) -> Step {
    Step {
        index,
        each: None,
        action: "CLOCKIFY_API".into(),
        state: StepState::Succeeded,
        attempts: 3,
        first_try_at: Timestamp::from_millis(1_700_000_000_789),
        duration_ms: 41,
        repeatable: true,
        request: Some(RequestSummary { method: "PUT".into(), path: "/v1/x?y=\"z\"".into(), body: Some("{\"a\":1}".into()) }),
        status: Some(200),
        data,
        error: Some(Reason::new("was_slow", "ü\n")),
    }
}

async fn a_run_is_read_as_it_was_written(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (event, first) = accepted(store, key(1)).await;
    let bare = Step { request: None, status: None, error: None, repeatable: false, ..step(1, None) };
    let full = Run {
        id: CLOCK.fresh_id().into(),
        steps: vec![
            step(0, Some(json!({ "id": "x", "list": [1.5, null] }))),
            bare,
            step(2, Some(json!("text"))),
            step(3, Some(Value::Null)),
        ],
        reason: Some(Reason::new("server_error", "the platform failed (502)")),
        replay_of: Some(first.id),
        flow_version: 12,
        entity: None,
        ..standing(&first, RunState::Waiting)
    };
    assert_eq!(write(store, Entry::Start(vec![full.clone()])).await, Ok(Written::Done));
    // JSON has no way to tell an answer of null from none.
    let mut expected = full.clone();
    expected.steps[3].data = store.run(key(1), full.id).await.unwrap().unwrap().steps[3].data.clone();
    assert!(expected.steps[3].data.as_ref().is_none_or(Value::is_null));
    assert_eq!(store.run(key(1), full.id).await, Ok(Some(expected)));
    let ended = Run { steps: vec![step(0, None)], reason: None, ..standing(&first, RunState::Succeeded) };
    assert_eq!(write(store, progress(&ended)).await, Ok(Written::Done));
    assert_eq!(store.run(key(1), first.id).await, Ok(Some(ended)));
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
}

async fn an_answer_may_nest_as_deeply_as_json_is_read(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, first) = accepted(store, key(1)).await;
    let text = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let deepest: Value = serde_json::from_str(&text).unwrap();
    assert!(serde_json::from_str::<Value>(&format!("[{text}]")).is_err(), "it is the deepest");
    let run = Run { steps: vec![step(0, Some(deepest))], ..first };
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Done));
    assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
}

async fn runs_are_listed_newest_first_in_parts_with_their_number(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let mut runs = Vec::new();
    for _ in 0..5 {
        runs.push(accepted(store, key(1)).await.1);
    }
    runs.reverse();
    for (limit, offset, part) in [(9, 0, &runs[..]), (2, 0, &runs[..2]), (2, 3, &runs[3..5]), (2, 4, &runs[4..]), (2, 5, &[]), (0, 0, &[])]
    {
        let page = store.runs(key(1), &RunFilter::default(), Slice { limit, offset }).await.unwrap();
        assert_eq!((page.total, &page.items[..]), (5, part), "{limit} after {offset}");
    }
}

async fn runs_are_listed_by_flow_event_and_state(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let flows = [flow_id(), flow_id()];
    let mut runs = Vec::new();
    for workspace in [1, 2] {
        for state in RunState::ALL {
            let event = event();
            let started: Vec<_> = flows.iter().map(|flow| standing(&run(key(workspace), &event, *flow), state)).collect();
            assert_eq!(write(store, accept(key(workspace), &event, &started)).await, Ok(Written::Done));
            runs.extend(started);
        }
    }
    runs.reverse();
    let states = [None].into_iter().chain(RunState::ALL.map(Some));
    let events: Vec<_> = [None, Some(CLOCK.fresh_id().into())].into_iter().chain(runs.iter().map(|run| Some(run.event))).collect();
    for state in states {
        for flow in [None, Some(flows[0]), Some(flows[1]), Some(flow_id())] {
            for event in &events {
                let filter = RunFilter { flow, event: *event, state };
                let fits = |run: &&Run| {
                    run.key == key(1)
                        && flow.is_none_or(|flow| run.flow == flow)
                        && event.is_none_or(|event| run.event == event)
                        && state.is_none_or(|state| run.state == state)
                };
                let expected: Vec<_> = runs.iter().filter(fits).cloned().collect();
                let page = store.runs(key(1), &filter, ALL).await.unwrap();
                assert_eq!((page.total, page.items), (expected.len() as u64, expected), "{filter:?}");
            }
        }
    }
}

/// More than several chapters of the SQLite store.
async fn runs_of_many_workspaces_are_told_apart_however_many_they_are(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let flow = flow_id();
    let (mut pending, mut started, mut mine) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..3_000_u32 {
        let event = event();
        let number = if index % 100 == 7 { 2 } else { 1 };
        let run = run(key(number), &event, if number == 2 { flow } else { flow_id() });
        pending.push(submit(store, accept(key(number), &event, std::slice::from_ref(&run))));
        started.push(standing(&run, RunState::Stopped));
        if number == 2 {
            mine.push(run.id);
        }
    }
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    let pending: Vec<_> = started.iter().map(|run| submit(store, progress(run))).collect();
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    mine.reverse();
    for filter in [
        RunFilter::default(),
        RunFilter { flow: Some(flow), ..RunFilter::default() },
        RunFilter { state: Some(RunState::Stopped), ..RunFilter::default() },
    ] {
        let listed = store.runs(key(2), &filter, ALL).await.unwrap();
        assert_eq!(listed.items.iter().map(|run| run.id).collect::<Vec<_>>(), mine, "{filter:?}");
        assert_eq!(listed.total, 30);
    }
}
