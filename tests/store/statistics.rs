//! What happened lately, counted by flow and by span of time, of one workspace alone.

use std::time::Duration;

use actors::clock::{Clock, Timestamp};
use actors::flow::run::{Run, RunState};
use actors::port::store::journal::Written;
use actors::port::store::statistics::{FlowStatistics, SpanStatistics};

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, event_at, flow_id, id_at, install, key, run, standing, uninstall};

contract! {
    each_flow_is_counted_by_how_its_runs_ended_since_a_moment,
    each_span_has_what_is_within_it_however_much_there_is,
}

async fn each_flow_is_counted_by_how_its_runs_ended_since_a_moment(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (now, mut flows) = (CLOCK.now(), [flow_id(), flow_id()]);
    flows.sort();
    for workspace in [1, 2] {
        for (hours, flow, states) in [(30, flows[0], &RunState::ALL[..]), (3, flows[0], &RunState::ALL), (1, flows[1], &RunState::ALL[..4])]
        {
            for state in states {
                let at = now - Duration::from_secs(3_600 * hours);
                let event = event_at(at);
                let run = standing(&Run { id: id_at(at).into(), ..run(key(workspace), &event, flow) }, *state);
                assert_eq!(write(store, accept(key(workspace), &event, &[run])).await, Ok(Written::Done));
            }
        }
    }
    let since = now - Duration::from_secs(86_400);
    let first = FlowStatistics { flow: flows[0], runs: 8, succeeded: 2, failed: 2 };
    let second = FlowStatistics { flow: flows[1], runs: 4, succeeded: 1, failed: 0 };
    assert_eq!(store.flow_statistics(key(1), since).await, Ok(vec![first, second]));
    let all = FlowStatistics { runs: 16, succeeded: 4, failed: 4, ..first };
    assert_eq!(store.flow_statistics(key(1), Timestamp::from_millis(0)).await, Ok(vec![all, second]));
    assert_eq!(store.flow_statistics(key(1), now + Duration::from_secs(60)).await, Ok(vec![]));
    uninstall(store, key(1)).await;
    assert_eq!(store.flow_statistics(key(1), since).await, Ok(vec![]));
}

/// More than several chapters of the SQLite store.
async fn each_span_has_what_is_within_it_however_much_there_is(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let now = CLOCK.now();
    let moments: Vec<_> = (0..=3).rev().map(|hours| now - Duration::from_secs(3_600 * hours)).collect();
    let mut expected = vec![SpanStatistics::default(); 3];
    let mut pending = Vec::new();
    for index in 0..3_000_u64 {
        let number = if index % 3 == 0 { 2 } else { 1 };
        let at = now - Duration::from_millis(4 * 3_600_000 - index * 4_800);
        let event = event_at(at);
        let state = RunState::ALL[usize::try_from(index % 8).unwrap()];
        let run = standing(&Run { id: id_at(at).into(), ..run(key(number), &event, flow_id()) }, state);
        let runs = if index % 2 == 0 { vec![run] } else { Vec::new() };
        if let (1, Some(span)) = (number, (0..3).find(|span| at >= moments[*span] && at < moments[span + 1])) {
            expected[span].events += 1;
            expected[span].runs += runs.len() as u64;
            expected[span].failed += u64::from(!runs.is_empty() && matches!(state, RunState::Failed | RunState::Uncertain));
        }
        pending.push(submit(store, accept(key(number), &event, &runs)));
    }
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    assert!(expected.iter().all(|span| span.events > 400 && span.runs > 100 && span.failed > 10), "{expected:?}");
    assert_eq!(store.span_statistics(key(1), &moments).await, Ok(expected));
    assert_eq!(store.span_statistics(key(1), &moments[..1]).await, Ok(vec![]));
    assert_eq!(store.span_statistics(key(1), &[]).await, Ok(vec![]));
}
