//! An uninstall leaves nothing that can be seen, at once, and takes nothing of what comes after it.

use actors::clock::Clock;
use actors::flow::run::RunState;
use actors::port::store::Slice;
use actors::port::store::Store;
use actors::port::store::flows::Saved;
use actors::port::store::journal::Written;
use actors::port::store::runs::RunFilter;

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, accepted, event, flow, flow_id, install, key, progress, reinstall, run, standing, uninstall};

contract! {
    nothing_is_seen_of_an_uninstalled_workspace,
    what_a_reinstall_brings_stays_while_what_was_before_goes,
    an_entry_submitted_before_an_uninstall_does_not_outlive_it,
    the_others_keep_everything,
}

const NONE: Slice = Slice { limit: 0, offset: 0 };

async fn counts(store: &dyn Store, number: u32) -> (u64, u64, usize) {
    let events = store.events(key(number), &Default::default(), NONE).await.unwrap().total;
    let runs = store.runs(key(number), &RunFilter::default(), NONE).await.unwrap().total;
    (events, runs, store.flows(key(number)).await.unwrap().len())
}

/// Some flows, and events whose runs are half finished.
async fn fill(store: &dyn Store, number: u32, events: u32) {
    assert_eq!(store.create_flow(key(number), &flow("one"), 10).await, Ok(Saved::Version(1)));
    let mut pending = Vec::new();
    for index in 0..events {
        let event = event();
        let run = run(key(number), &event, flow_id());
        pending.push(submit(store, accept(key(number), &event, std::slice::from_ref(&run))));
        if index % 2 == 0 {
            pending.push(submit(store, progress(&standing(&run, RunState::Failed))));
        }
    }
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
}

async fn nothing_is_seen_of_an_uninstalled_workspace(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    fill(store, 1, 20).await;
    let (event, run) = accepted(store, key(1)).await;
    let kept = flow("kept");
    store.create_flow(key(1), &kept, 10).await.unwrap();
    uninstall(store, key(1)).await;
    for _ in 0..2 {
        assert_eq!(counts(store, 1).await, (0, 0, 0));
        assert_eq!(store.event(key(1), event.id).await, Ok(None));
        assert_eq!(store.run(key(1), run.id).await, Ok(None));
        assert_eq!(store.flow(key(1), kept.id).await, Ok(None));
        assert_eq!(store.flow_version(key(1), kept.id, 1).await, Ok(None));
        assert_eq!(store.fingerprints(key(1), event.received_at, 10).await, Ok(vec![]));
        assert_eq!(store.unfinished(key(1), None, 10).await, Ok(vec![]));
        assert_eq!(store.keys_with_work(None, 10).await, Ok(vec![]));
        for state in RunState::ALL {
            let filter = RunFilter { state: Some(state), ..RunFilter::default() };
            assert_eq!(store.runs(key(1), &filter, NONE).await.unwrap().total, 0);
        }
        let of_event = RunFilter { event: Some(event.id), ..RunFilter::default() };
        assert_eq!(store.runs(key(1), &of_event, NONE).await.unwrap().total, 0);
        assert_eq!(store.update_flow(key(1), &kept).await, Ok(Saved::Absent));
        assert_eq!(store.delete_flow(key(1), kept.id, CLOCK.now()).await, Ok(false));
        if store.installation(key(1)).await == Ok(None) {
            reinstall(store, key(1)).await;
        }
    }
}

async fn what_a_reinstall_brings_stays_while_what_was_before_goes(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    fill(store, 1, 2_000).await;
    uninstall(store, key(1)).await;
    reinstall(store, key(1)).await;
    assert_eq!(counts(store, 1).await, (0, 0, 0));
    fill(store, 1, 300).await;
    assert_eq!(counts(store, 1).await, (300, 300, 1));
    backend.purged().await;
    assert_eq!(counts(store, 1).await, (300, 300, 1));
    let failed = RunFilter { state: Some(RunState::Failed), ..RunFilter::default() };
    assert_eq!(store.runs(key(1), &failed, NONE).await.unwrap().total, 150);
    assert_eq!(store.unfinished(key(1), None, 1_000).await.unwrap().len(), 150);
}

async fn an_entry_submitted_before_an_uninstall_does_not_outlive_it(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let event = event();
    let run = run(key(1), &event, flow_id());
    let accepted = submit(store, accept(key(1), &event, std::slice::from_ref(&run)));
    uninstall(store, key(1)).await;
    assert_eq!(accepted.outcome().await, Ok(Written::Done));
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Absent));
    reinstall(store, key(1)).await;
    assert_eq!(counts(store, 1).await, (0, 0, 0));
}

async fn the_others_keep_everything(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let both = async { tokio::join!(fill(store, 1, 700), fill(store, 2, 700)) };
    both.await;
    uninstall(store, key(1)).await;
    backend.purged().await;
    assert_eq!(counts(store, 1).await, (0, 0, 0));
    assert_eq!(counts(store, 2).await, (700, 700, 1));
}
