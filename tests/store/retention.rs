//! Old rows go, the oldest first and so many at a time; what an unfinished run needs stays.

use std::time::Duration;

use actors::clock::{Clock, Timestamp};
use actors::event::Event;
use actors::flow::run::{Run, RunState};
use actors::ids::Key;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::retention::Cutoffs;
use actors::port::store::runs::RunFilter;
use actors::port::store::{Slice, Store};
use uuid::{NoContext, Uuid};

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, event, flow_id, install, key, progress, reinstall, run, standing, uninstall};

contract! {
    where_nothing_is_old_there_is_nobody_and_nothing_goes,
    old_events_go_and_young_ones_stay,
    a_finished_run_goes_and_an_unfinished_one_never_does,
    an_event_stays_as_long_as_a_run_of_it_is_kept,
    a_replay_keeps_its_event,
    so_many_rows_go_at_a_time_the_oldest_first,
    workspaces_with_old_rows_come_in_order_and_in_parts,
    the_pages_of_one_round_name_each_workspace_once,
    rows_of_others_stay_however_many_they_are,
    what_an_ended_stay_left_is_nobodys,
}

const DAY: Duration = Duration::from_secs(86_400);

fn days_ago(days: u32) -> Timestamp {
    CLOCK.now() - DAY * days
}

/// An id as it was made then.
fn id_of(then: Timestamp) -> Uuid {
    let millis = u64::try_from(then.millis()).unwrap();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1_000, u32::try_from(millis % 1_000).unwrap() * 1_000_000))
}

fn old_event(days: u32) -> Event {
    let then = days_ago(days);
    Event { id: id_of(then).into(), received_at: then, ..event() }
}

/// An old event with a run in some state.
async fn put(store: &dyn Store, key: Key, days: u32, state: Option<RunState>) -> (Event, Option<Run>) {
    let event = old_event(days);
    let run = state.map(|state| standing(&Run { id: id_of(event.received_at).into(), ..run(key, &event, flow_id()) }, state));
    assert_eq!(write(store, accept(key, &event, run.as_slice())).await, Ok(Written::Done));
    (event, run)
}

fn before(days: u32) -> Cutoffs {
    Cutoffs { events_before: Some(days_ago(days)), runs_before: Some(days_ago(days)) }
}

async fn counts(store: &dyn Store, key: Key) -> (u64, u64) {
    let none = Slice { limit: 0, offset: 0 };
    let events = store.events(key, &Default::default(), none).await.unwrap().total;
    (events, store.runs(key, &RunFilter::default(), none).await.unwrap().total)
}

async fn where_nothing_is_old_there_is_nobody_and_nothing_goes(backend: Backend) {
    let store = &*backend.store;
    assert_eq!(store.keys_with_rows_before(CLOCK.now(), None, 10).await, Ok(vec![]));
    assert_eq!(store.expire(key(1), before(0), 10).await, Ok(0));
    install(store, key(1)).await;
    assert_eq!(store.expire(key(1), before(0), 10).await, Ok(0));
    put(store, key(1), 2, Some(RunState::Succeeded)).await;
    assert_eq!(store.keys_with_rows_before(days_ago(3), None, 10).await, Ok(vec![]));
    assert_eq!(store.expire(key(1), before(3), 10).await, Ok(0));
    assert_eq!(store.expire(key(1), Cutoffs::default(), 10).await, Ok(0));
    assert_eq!(store.expire(key(1), before(1), 0).await, Ok(0));
    assert_eq!(counts(store, key(1)).await, (1, 1));
}

async fn old_events_go_and_young_ones_stay(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (old, _) = put(store, key(1), 5, None).await;
    let (edge, _) = put(store, key(1), 3, None).await;
    let (young, _) = put(store, key(1), 1, None).await;
    let cutoffs = Cutoffs { events_before: Some(edge.received_at), runs_before: None };
    assert_eq!(store.expire(key(1), cutoffs, 10).await, Ok(1));
    assert_eq!(store.event(key(1), old.id).await, Ok(None));
    assert_eq!(store.event(key(1), edge.id).await, Ok(Some(edge)), "what is exactly as old is kept");
    assert_eq!(store.event(key(1), young.id).await, Ok(Some(young)));
    assert_eq!(store.expire(key(1), cutoffs, 10).await, Ok(0));
}

async fn a_finished_run_goes_and_an_unfinished_one_never_does(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    for state in RunState::ALL {
        let (event, run) = put(store, key(1), 9, Some(state)).await;
        let (_, young) = put(store, key(1), 1, Some(state)).await;
        let gone = u32::from(state.finished());
        assert_eq!(store.expire(key(1), before(2), 10).await, Ok(2 * gone), "{state:?}");
        let run = run.unwrap();
        assert_eq!(store.run(key(1), run.id).await, Ok((gone == 0).then_some(run)), "{state:?}");
        assert_eq!(store.event(key(1), event.id).await, Ok((gone == 0).then_some(event)), "{state:?}");
        let young = young.unwrap();
        assert_eq!(store.run(key(1), young.id).await, Ok(Some(young)));
    }
}

async fn an_event_stays_as_long_as_a_run_of_it_is_kept(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (event, run) = put(store, key(1), 9, Some(RunState::Queued)).await;
    let events = Cutoffs { runs_before: None, ..before(2) };
    assert_eq!(store.expire(key(1), events, 10).await, Ok(0));
    assert_eq!(write(store, progress(&standing(&run.unwrap(), RunState::Failed))).await, Ok(Written::Done));
    assert_eq!(store.expire(key(1), events, 10).await, Ok(0));
    assert!(store.event(key(1), event.id).await.unwrap().is_some());
    let runs = Cutoffs { events_before: None, ..before(2) };
    assert_eq!(store.expire(key(1), runs, 10).await, Ok(1));
    assert_eq!(counts(store, key(1)).await, (1, 0));
    assert_eq!(store.expire(key(1), events, 10).await, Ok(1));
    assert_eq!(counts(store, key(1)).await, (0, 0));
}

async fn a_replay_keeps_its_event(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (event, first) = put(store, key(1), 9, Some(RunState::Failed)).await;
    let first = first.unwrap();
    let replay = Run { id: CLOCK.fresh_id().into(), replay_of: Some(first.id), created_at: CLOCK.now(), ..run(key(1), &event, first.flow) };
    assert_eq!(write(store, Entry::Start(vec![replay.clone()])).await, Ok(Written::Done));
    assert_eq!(store.expire(key(1), before(2), 10).await, Ok(1));
    assert_eq!(store.run(key(1), first.id).await, Ok(None));
    assert_eq!(store.run(key(1), replay.id).await, Ok(Some(replay)));
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
}

async fn so_many_rows_go_at_a_time_the_oldest_first(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let mut events = Vec::new();
    for days in (10..17).rev() {
        events.push(put(store, key(1), days, Some(RunState::Stopped)).await.0);
    }
    assert_eq!(store.expire(key(1), before(2), 3).await, Ok(3));
    assert_eq!(counts(store, key(1)).await, (7, 4));
    assert_eq!(store.expire(key(1), before(2), 3).await, Ok(3));
    assert_eq!(store.expire(key(1), before(2), 3).await, Ok(3));
    assert_eq!(counts(store, key(1)).await, (5, 0));
    let left = store.events(key(1), &Default::default(), Slice { limit: 9, offset: 0 }).await.unwrap().items;
    assert_eq!(left, events.drain(2..).rev().collect::<Vec<_>>());
    assert_eq!(store.expire(key(1), before(2), 100).await, Ok(5));
    assert_eq!(store.expire(key(1), before(2), 100).await, Ok(0));
}

async fn workspaces_with_old_rows_come_in_order_and_in_parts(backend: Backend) {
    let store = &*backend.store;
    for number in [5, 3, 9, 1, 7, 4, 2] {
        install(store, key(number)).await;
        let days = if number % 2 == 1 { 9 } else { 1 };
        put(store, key(number), days, Some(RunState::Succeeded)).await;
        put(store, key(number), days, None).await;
    }
    let part = async |after, limit| store.keys_with_rows_before(days_ago(2), after, limit).await.unwrap();
    assert_eq!(part(None, 100).await, [1, 3, 5, 7, 9].map(key));
    assert_eq!(part(None, 2).await, [1, 3].map(key));
    assert_eq!(part(Some(key(3)), 2).await, [5, 7].map(key));
    assert_eq!(part(Some(key(4)), 2).await, [5, 7].map(key));
    assert_eq!(part(Some(key(9)), 2).await, []);
    assert_eq!(part(None, 0).await, []);
    store.expire(key(3), before(2), 100).await.unwrap();
    assert_eq!(part(None, 2).await, [1, 5].map(key));
}

async fn the_pages_of_one_round_name_each_workspace_once(backend: Backend) {
    let store = &*backend.store;
    for number in 1..=11 {
        install(store, key(number)).await;
        put(store, key(number), 9, None).await;
    }
    let before = days_ago(2);
    for limit in [1, 3, 4, 10, 11, 12] {
        let (mut after, mut seen) = (None, Vec::<Key>::new());
        loop {
            let page = store.keys_with_rows_before(before, after, limit).await.unwrap();
            seen.extend(&page);
            after = page.last().copied();
            if page.len() < limit as usize {
                break;
            }
        }
        assert_eq!(seen, (1..=11).map(key).collect::<Vec<_>>(), "{limit} at a time");
        assert_eq!(
            store.keys_with_rows_before(before, Some(key(7)), 2).await.unwrap(),
            [key(8), key(9)],
            "a round that begins in the middle"
        );
        assert_eq!(store.keys_with_rows_before(days_ago(20), Some(key(9)), 2).await.unwrap(), [], "another round");
    }
}

/// More than several chapters of the SQLite store.
async fn rows_of_others_stay_however_many_they_are(backend: Backend) {
    let store = &*backend.store;
    for number in 1..=3 {
        install(store, key(number)).await;
    }
    let mut pending = Vec::new();
    for index in 0..3_000_u32 {
        let (event, number) = (old_event(30 - index / 100), 1 + index % 3);
        let run = Run { id: id_of(event.received_at).into(), ..run(key(number), &event, flow_id()) };
        pending.push(submit(store, accept(key(number), &event, &[standing(&run, RunState::Succeeded)])));
    }
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    let mut removed = 0;
    for rows in [600, 600, 600, 1] {
        let gone = store.expire(key(2), before(10), rows).await.unwrap();
        assert!(gone <= rows);
        removed += gone;
    }
    assert_eq!((removed, counts(store, key(2)).await), (1_400, (300, 300)));
    assert_eq!((counts(store, key(1)).await, counts(store, key(3)).await), ((1_000, 1_000), (1_000, 1_000)));
}

async fn what_an_ended_stay_left_is_nobodys(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    put(store, key(1), 9, Some(RunState::Succeeded)).await;
    uninstall(store, key(1)).await;
    reinstall(store, key(1)).await;
    assert_eq!(store.keys_with_rows_before(days_ago(2), None, 10).await, Ok(vec![]));
    assert_eq!(store.expire(key(1), before(2), 10).await, Ok(0));
}
