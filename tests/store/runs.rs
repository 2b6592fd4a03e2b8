//! Runs as they are read: whole, by flow, event and state, newest first.

use std::time::Duration;

use actors::clock::{Clock, Timestamp};
use actors::event::Event;
use actors::flow::run::{Reason, RequestSummary, Run, RunState, Step, StepState};
use actors::port::store::Slice;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::runs::RunFilter;
use serde_json::{Value, json};

use crate::backend::{Backend, submit, write};
use crate::sample::{
    CLOCK, accept, accepted, event, event_at, event_type, flow_id, id_at, install, key, progress, run, standing, summaries, uninstall,
};

contract! {
    a_run_is_read_as_it_was_written,
    an_answer_may_nest_as_deeply_as_json_is_read,
    runs_are_listed_newest_first_in_parts_with_their_number,
    runs_are_listed_by_flow_event_and_state,
    a_list_says_how_many_steps_a_run_has,
    runs_are_listed_by_type_time_and_the_attention_they_want,
    a_dismissed_run_wants_no_attention_and_changes_in_nothing_else,
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
        assert_eq!((page.total, page.items), (5, summaries(part)), "{limit} after {offset}");
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
                let filter = RunFilter { flow, event: *event, state, ..RunFilter::default() };
                let fits = |run: &&Run| {
                    run.key == key(1)
                        && flow.is_none_or(|flow| run.flow == flow)
                        && event.is_none_or(|event| run.event == event)
                        && state.is_none_or(|state| run.state == state)
                };
                let expected = summaries(runs.iter().filter(fits));
                let page = store.runs(key(1), &filter, ALL).await.unwrap();
                assert_eq!((page.total, page.items), (expected.len() as u64, expected), "{filter:?}");
            }
        }
    }
}

async fn a_list_says_how_many_steps_a_run_has(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, first) = accepted(store, key(1)).await;
    let run = Run { steps: vec![step(0, Some(json!("\u{0}"))), step(1, None)], ..standing(&first, RunState::Failed) };
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Done));
    let listed = store.runs(key(1), &RunFilter::default(), ALL).await.unwrap().items;
    assert_eq!((listed[0].steps, &listed), (2, &summaries([&run])));
}

async fn runs_are_listed_by_type_time_and_the_attention_they_want(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let mut runs = Vec::new();
    let now = CLOCK.now();
    for (index, state) in RunState::ALL.into_iter().cycle().take(24).enumerate() {
        let age = Duration::from_secs(3_600 * (24 - index as u64));
        let event = Event { event_type: event_type(["A", "B", "C"][index / 8]), ..event_at(now - age) };
        let run = standing(&Run { id: id_at(now - age).into(), ..run(key(1), &event, flow_id()) }, state);
        assert_eq!(write(store, accept(key(1), &event, std::slice::from_ref(&run))).await, Ok(Written::Done));
        runs.insert(0, run);
    }
    let hours = |hours: u64| Some(now - Duration::from_secs(3_600 * hours));
    for state in [None].into_iter().chain(RunState::ALL.map(Some)) {
        for kind in [None, Some("A"), Some("C"), Some("D")] {
            for (from, to) in [(None, None), (hours(10), None), (None, hours(20)), (hours(20), hours(10)), (hours(1), hours(30))] {
                for attention in [false, true] {
                    let filter = RunFilter { event_type: kind.map(event_type), state, from, to, attention, ..RunFilter::default() };
                    let fits = |run: &&Run| {
                        state.is_none_or(|state| run.state == state)
                            && kind.is_none_or(|kind| run.event_type == event_type(kind))
                            && from.is_none_or(|from| run.created_at >= from)
                            && to.is_none_or(|to| run.created_at < to)
                            && (!attention || matches!(run.state, RunState::Failed | RunState::Uncertain))
                    };
                    let expected = summaries(runs.iter().filter(fits));
                    let page = store.runs(key(1), &filter, ALL).await.unwrap();
                    assert_eq!((page.total, page.items), (expected.len() as u64, expected), "{filter:?}");
                }
            }
        }
    }
}

async fn a_dismissed_run_wants_no_attention_and_changes_in_nothing_else(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let mut runs = Vec::new();
    for state in [RunState::Failed, RunState::Uncertain, RunState::Succeeded, RunState::Queued, RunState::Failed] {
        let run = standing(&accepted(store, key(1)).await.1, state);
        if state != RunState::Queued {
            assert_eq!(write(store, progress(&run)).await, Ok(Written::Done));
        }
        runs.push(run);
    }
    let stranger = standing(&accepted(store, key(2)).await.1, RunState::Failed);
    assert_eq!(write(store, progress(&stranger)).await, Ok(Written::Done));
    let wanting = RunFilter { attention: true, ..RunFilter::default() };
    let ids: Vec<_> = runs[..4].iter().map(|run| run.id).chain([stranger.id, CLOCK.fresh_id().into()]).collect();
    let now = Timestamp::from_millis(1_800_000_000_001);
    assert_eq!(store.dismiss(key(1), &ids, now).await, Ok(2));
    assert_eq!(store.dismiss(key(1), &ids, now + Duration::from_secs(1)).await, Ok(0), "the first moment stays");
    assert_eq!(store.runs(key(1), &wanting, ALL).await.unwrap().items, summaries([&runs[4]]));
    let dismissed = Run { dismissed_at: Some(now), ..runs[0].clone() };
    assert_eq!(store.run(key(1), runs[0].id).await, Ok(Some(dismissed.clone())));
    let of_event = RunFilter { event: Some(runs[0].event), ..wanting.clone() };
    assert_eq!(store.runs(key(1), &of_event, ALL).await.unwrap().total, 0);
    let failed = RunFilter { state: Some(RunState::Failed), ..RunFilter::default() };
    assert_eq!(store.runs(key(1), &failed, ALL).await.unwrap().items, summaries([&runs[4], &dismissed]));
    assert_eq!(store.runs(key(2), &wanting, ALL).await.unwrap().total, 1);
    uninstall(store, key(1)).await;
    assert_eq!(store.dismiss(key(1), &[runs[4].id], now).await, Ok(0));
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
