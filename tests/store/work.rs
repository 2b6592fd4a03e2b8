//! What recovery finds: unfinished runs in the order of their events, and the workspaces that could go on.

use actors::clock::Timestamp;
use actors::flow::run::{Run, RunState};
use actors::ids::Key;
use actors::installation::{Health, Status, Verdict};
use actors::port::store::Store;
use actors::port::store::journal::{Entry, Written};

use crate::backend::{Backend, write};
use crate::sample::{accepted, addon_id, install, key, progress, proof, reinstall, standing, uninstall};

contract! {
    unfinished_runs_come_in_the_order_of_their_ids_parked_ones_included,
    unfinished_runs_are_read_in_parts,
    a_workspace_has_work_if_a_run_could_go_on,
    inactive_and_broken_installations_have_no_work,
    workspaces_with_work_come_in_order_and_in_parts,
    a_reinstalled_workspace_has_no_work_from_before,
}

async fn unfinished(store: &dyn Store, key: Key, after: Option<&Run>, limit: u32) -> Vec<Run> {
    store.unfinished(key, after.map(|run| run.id), limit).await.unwrap()
}

async fn with_work(store: &dyn Store) -> Vec<Key> {
    store.keys_with_work(None, 100).await.unwrap()
}

/// A run in a state; `None` is one that waits without a time.
async fn put(store: &dyn Store, key: Key, state: Option<RunState>) -> Run {
    let (_, run) = accepted(store, key).await;
    let run = match state {
        Some(state) => standing(&run, state),
        None => Run { due_at: None, ..standing(&run, RunState::Waiting) },
    };
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Done));
    run
}

async fn unfinished_runs_come_in_the_order_of_their_ids_parked_ones_included(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let mut expected = Vec::new();
    for state in RunState::ALL.map(Some).into_iter().chain([None]).chain(RunState::ALL.map(Some)).chain([None]) {
        let run = put(store, key(1), state).await;
        put(store, key(2), state).await;
        if !run.state.finished() {
            expected.push(run);
        }
    }
    assert_eq!(expected.len(), 8);
    assert_eq!(unfinished(store, key(1), None, 100).await, expected);
    assert_eq!(unfinished(store, key(3), None, 100).await, []);
}

async fn unfinished_runs_are_read_in_parts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let mut runs = Vec::new();
    for index in 0..7 {
        runs.push(put(store, key(1), (index % 2 == 0).then_some(RunState::Queued)).await);
    }
    assert_eq!(unfinished(store, key(1), None, 3).await, runs[..3]);
    assert_eq!(unfinished(store, key(1), Some(&runs[2]), 3).await, runs[3..6]);
    assert_eq!(unfinished(store, key(1), Some(&runs[5]), 3).await, runs[6..]);
    assert_eq!(unfinished(store, key(1), Some(&runs[6]), 3).await, []);
    assert_eq!(unfinished(store, key(1), None, 0).await, []);
}

async fn a_workspace_has_work_if_a_run_could_go_on(backend: Backend) {
    let store = &*backend.store;
    let states: Vec<_> = RunState::ALL.map(Some).into_iter().chain([None]).collect();
    for (number, state) in (1..).zip(&states) {
        install(store, key(number)).await;
        put(store, key(number), *state).await;
    }
    let could_go_on = |state: &Option<RunState>| state.is_some_and(|state| !state.finished());
    let expected: Vec<_> = (1..).zip(&states).filter(|(_, state)| could_go_on(state)).map(|(number, _)| key(number)).collect();
    assert_eq!(expected.len(), 3);
    assert_eq!(with_work(store).await, expected);
    put(store, key(9), Some(RunState::Queued)).await;
    assert_eq!(with_work(store).await.last(), Some(&key(9)));
}

async fn inactive_and_broken_installations_have_no_work(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    put(store, key(1), Some(RunState::Queued)).await;
    let at = Timestamp::from_millis(1);
    assert_eq!(store.set_status(key(1), addon_id(1), Status::Inactive, proof(2), at).await, Ok(Verdict::Apply));
    assert_eq!(with_work(store).await, []);
    assert_eq!(store.set_status(key(1), addon_id(1), Status::Active, proof(3), at).await, Ok(Verdict::Apply));
    assert_eq!(with_work(store).await, [key(1)]);
    store.set_health(key(1), addon_id(1), &Health::Broken { since: at, reason: String::new() }).await.unwrap();
    assert_eq!(with_work(store).await, []);
    store.set_health(key(1), addon_id(1), &Health::Sound).await.unwrap();
    assert_eq!(with_work(store).await, [key(1)]);
}

async fn workspaces_with_work_come_in_order_and_in_parts(backend: Backend) {
    let store = &*backend.store;
    for number in [5, 3, 9, 1, 7, 4, 2] {
        install(store, key(number)).await;
        if number % 2 == 1 {
            put(store, key(number), Some(RunState::Queued)).await;
            put(store, key(number), Some(RunState::Running)).await;
        }
    }
    let part = async |after, limit| store.keys_with_work(after, limit).await.unwrap();
    assert_eq!(part(None, 100).await, [1, 3, 5, 7, 9].map(key));
    assert_eq!(part(None, 2).await, [1, 3].map(key));
    assert_eq!(part(Some(key(3)), 2).await, [5, 7].map(key));
    assert_eq!(part(Some(key(4)), 2).await, [5, 7].map(key));
    assert_eq!(part(Some(key(9)), 2).await, []);
    assert_eq!(part(None, 0).await, []);
}

async fn a_reinstalled_workspace_has_no_work_from_before(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    put(store, key(1), Some(RunState::Queued)).await;
    uninstall(store, key(1)).await;
    assert_eq!(with_work(store).await, []);
    reinstall(store, key(1)).await;
    assert_eq!(with_work(store).await, []);
    assert_eq!(unfinished(store, key(1), None, 100).await, []);
    let (event, run) = accepted(store, key(1)).await;
    assert_eq!(with_work(store).await, [key(1)]);
    assert_eq!(write(store, Entry::Repeat { key: key(1), event: event.id }).await, Ok(Written::Done));
    assert_eq!(unfinished(store, key(1), None, 100).await, [run]);
}
