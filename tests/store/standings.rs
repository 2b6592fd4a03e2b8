//! How flows have fared: failures in a row are counted with the ends of their runs, the count that is asked for pauses, and what is forgotten is gone.

use actors::clock::Clock;
use actors::flow::run::RunState;
use actors::flow::standing::{Fared, Standing};
use actors::ids::{FlowId, Key};
use actors::port::store::Store;
use actors::port::store::journal::Written;

use crate::backend::{Backend, submit, write};
use crate::sample::{
    CLOCK, accept, conclude, ends, event, fails, flow, flow_id, install, key, progress, reinstall, run, standing, uninstall,
};

contract! {
    failures_in_a_row_pause_a_flow_and_others_do_not_count,
    a_pause_stays_until_it_is_lifted,
    what_has_no_flow_has_no_standing,
    a_failure_counts_with_the_end_of_its_run_and_once,
    failures_of_one_commit_all_count,
}

/// A flow's standing without the moment.
async fn of(store: &dyn Store, key: Key, flow: FlowId) -> Option<(u32, Option<String>)> {
    let standings = store.standings(key).await.unwrap();
    let Standing { failures, paused, .. } = standings.into_iter().find(|standing| standing.flow == flow)?;
    Some((failures, paused.map(|paused| paused.reason)))
}

async fn failures_in_a_row_pause_a_flow_and_others_do_not_count(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (one, other) = (flow("one"), flow("other"));
    for flow in [&one, &other] {
        store.create_flow(key(1), flow, 10).await.unwrap();
    }
    let fail = async |reason| {
        assert_eq!(fails(store, key(1), one.id, 3, reason).await, Ok(Written::Done));
        of(store, key(1), one.id).await
    };
    assert_eq!(fail("a").await, Some((1, None)));
    assert_eq!(fail("b").await, Some((2, None)));
    assert_eq!(ends(store, key(1), one.id, Fared::Well).await, Ok(Written::Done));
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
    fail("a").await;
    fail("b").await;
    let before = CLOCK.now();
    assert_eq!(fail("c \u{fc}").await, Some((3, Some("c \u{fc}".into()))));
    let since = store.standings(key(1)).await.unwrap()[0].paused.clone().unwrap().since;
    assert!((before..=CLOCK.now()).contains(&since), "when its last run ended");
    fails(store, key(1), other.id, 1, "at once").await.unwrap();
    assert_eq!(of(store, key(1), other.id).await, Some((1, Some("at once".into()))));
    assert_eq!(store.standings(key(2)).await, Ok(vec![]));
}

async fn a_pause_stays_until_it_is_lifted(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let one = flow("one");
    store.create_flow(key(1), &one, 10).await.unwrap();
    fails(store, key(1), one.id, 1, "first").await.unwrap();
    let paused = store.standings(key(1)).await.unwrap()[0].paused.clone();
    fails(store, key(1), one.id, 1, "second").await.unwrap();
    assert_eq!(store.standings(key(1)).await, Ok(vec![Standing { flow: one.id, failures: 2, paused }]));
    ends(store, key(1), one.id, Fared::Well).await.unwrap();
    assert_eq!(store.standings(key(1)).await.unwrap().len(), 1, "a run that was accepted before does not lift it");
    assert_eq!(store.resume_flow(key(1), one.id).await, Ok(true));
    assert_eq!(store.resume_flow(key(1), one.id).await, Ok(false));
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
}

async fn what_has_no_flow_has_no_standing(backend: Backend) {
    let store = &*backend.store;
    assert_eq!(fails(store, key(1), flow_id(), 1, "x").await, Ok(Written::Absent));
    install(store, key(1)).await;
    let one = flow("one");
    store.create_flow(key(1), &one, 10).await.unwrap();
    fails(store, key(1), one.id, 1, "x").await.unwrap();
    store.delete_flow(key(1), one.id, CLOCK.now()).await.unwrap();
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
    assert_eq!(fails(store, key(1), one.id, 1, "x").await, Ok(Written::Done), "the run ends all the same");
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
    store.create_flow(key(1), &flow("two"), 10).await.unwrap();
    uninstall(store, key(1)).await;
    reinstall(store, key(1)).await;
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
}

async fn a_failure_counts_with_the_end_of_its_run_and_once(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let one = flow("one");
    store.create_flow(key(1), &one, 10).await.unwrap();
    let (failed, cancelled) = (event(), event());
    let [failing, ended] = [&failed, &cancelled].map(|event| run(key(1), event, one.id));
    for (event, run) in [(&failed, &failing), (&cancelled, &ended)] {
        assert_eq!(write(store, accept(key(1), event, std::slice::from_ref(run))).await, Ok(Written::Done));
    }
    let fared = || Fared::Failed { pause_after: 9, reason: "r".into() };
    // Offered twice, as by a runner that has not heard of the first time: in one commit, and in one of its own.
    let twice = [submit(store, conclude(&failing, fared())), submit(store, conclude(&failing, fared()))];
    let [first, second] = twice;
    assert_eq!((first.outcome().await, second.outcome().await), (Ok(Written::Done), Ok(Written::Absent)));
    assert_eq!(write(store, conclude(&failing, fared())).await, Ok(Written::Absent));
    assert_eq!(of(store, key(1), one.id).await, Some((1, None)));
    // Of a run that has ended otherwise neither a failure nor a success counts.
    assert_eq!(write(store, progress(&standing(&ended, RunState::Cancelled))).await, Ok(Written::Done));
    for fared in [fared(), Fared::Well] {
        assert_eq!(write(store, conclude(&ended, fared)).await, Ok(Written::Absent));
        assert_eq!(of(store, key(1), one.id).await, Some((1, None)));
    }
}

async fn failures_of_one_commit_all_count(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (one, other) = (flow("one"), flow("other"));
    let mut runs = Vec::new();
    for flow in [&one, &other] {
        store.create_flow(key(1), flow, 10).await.unwrap();
        for _ in 0..5 {
            let event = event();
            runs.push(run(key(1), &event, flow.id));
            assert_eq!(write(store, accept(key(1), &event, &runs[runs.len() - 1..])).await, Ok(Written::Done));
        }
    }
    let hold = backend.hold().await;
    let mut pending = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        // The third run of the second flow does well.
        let failed = Fared::Failed { pause_after: 4, reason: format!("{}", place % 5) };
        pending.push(submit(store, conclude(run, if place == 7 { Fared::Well } else { failed })));
    }
    hold.release().await;
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    assert_eq!(of(store, key(1), one.id).await, Some((5, Some("3".into()))), "paused by the fourth");
    assert_eq!(of(store, key(1), other.id).await, Some((2, None)), "counted from the success on");
}
