//! The order of entries, many senders at once, and a queue that is full.

use std::sync::Arc;

use actors::clock::Clock;
use actors::flow::run::{Run, RunState};
use actors::limits::store::{BATCH_ENTRIES_MAX, QUEUE_ENTRIES_MAX};
use actors::port::store::journal::{Entry, Written};
use actors::port::store::runs::RunFilter;
use actors::port::store::{Error, Slice};

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, accepted, event, flow_id, install, key, progress, run, standing};

contract! {
    entries_of_one_sender_take_effect_in_the_order_of_submission,
    a_repetition_submitted_right_behind_its_event_counts,
    a_repetition_submitted_before_its_event_is_absent,
    a_run_told_of_before_it_starts_is_absent_and_starts_as_it_was_given,
    many_senders_at_once_lose_nothing,
    a_full_queue_answers_busy_at_once_and_what_waits_is_written,
    the_last_of_many_standings_is_the_one_that_stays,
}

async fn entries_of_one_sender_take_effect_in_the_order_of_submission(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let event = event();
    let run = run(key(1), &event, flow_id());
    let running = standing(&run, RunState::Running);
    let waiting = standing(&run, RunState::Waiting);
    let ended = standing(&run, RunState::Failed);
    let hold = backend.hold().await;
    let entries = [
        (accept(key(1), &event, std::slice::from_ref(&run)), Written::Done),
        (progress(&running), Written::Done),
        (progress(&waiting), Written::Done),
        (progress(&running), Written::Done),
        (progress(&ended), Written::Done),
        (progress(&running), Written::Absent),
        (progress(&standing(&run, RunState::Succeeded)), Written::Absent),
    ];
    let (entries, expected): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let pending: Vec<_> = entries.into_iter().map(|entry| submit(store, entry)).collect();
    hold.release().await;
    for (index, (answer, expected)) in pending.into_iter().zip(expected).enumerate() {
        assert_eq!(answer.outcome().await, Ok(expected), "entry {index}");
    }
    assert_eq!(store.run(key(1), run.id).await, Ok(Some(ended)));
}

async fn a_repetition_submitted_right_behind_its_event_counts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let event = event();
    let hold = backend.hold().await;
    let pending = [submit(store, accept(key(1), &event, &[])), submit(store, Entry::Repeat { key: key(1), event: event.id })];
    hold.release().await;
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    assert_eq!(store.event(key(1), event.id).await.unwrap().unwrap().deliveries, 2);
}

async fn a_repetition_submitted_before_its_event_is_absent(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let event = event();
    let hold = backend.hold().await;
    let first = submit(store, accept(key(1), &crate::sample::event(), &[]));
    let early = submit(store, Entry::Repeat { key: key(1), event: event.id });
    let accepted = submit(store, accept(key(1), &event, &[]));
    hold.release().await;
    assert_eq!(first.outcome().await, Ok(Written::Done));
    assert_eq!((early.outcome().await, accepted.outcome().await), (Ok(Written::Absent), Ok(Written::Done)));
    assert_eq!(store.event(key(1), event.id).await.unwrap().unwrap().deliveries, 1);
}

async fn a_run_told_of_before_it_starts_is_absent_and_starts_as_it_was_given(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let event = event();
    let run = run(key(1), &event, flow_id());
    let hold = backend.hold().await;
    let first = submit(store, accept(key(1), &event, &[]));
    let early = submit(store, progress(&standing(&run, RunState::Failed)));
    let started = submit(store, Entry::Start(vec![run.clone()]));
    hold.release().await;
    assert_eq!(first.outcome().await, Ok(Written::Done));
    assert_eq!((early.outcome().await, started.outcome().await), (Ok(Written::Absent), Ok(Written::Done)));
    assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
}

async fn many_senders_at_once_lose_nothing(backend: Backend) {
    const SENDERS: u32 = 8;
    const ENTRIES: u32 = 150;
    for number in 1..=SENDERS {
        install(&*backend.store, key(number)).await;
    }
    let threads: Vec<_> = (1..=SENDERS)
        .map(|number| {
            let store = Arc::clone(&backend.store);
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async move {
                    let mut pending = Vec::new();
                    for _ in 0..ENTRIES {
                        let event = event();
                        let run = run(key(number), &event, flow_id());
                        pending.push(submit(&*store, accept(key(number), &event, std::slice::from_ref(&run))));
                        pending.push(submit(&*store, Entry::Repeat { key: key(number), event: event.id }));
                        pending.push(submit(&*store, progress(&standing(&run, RunState::Succeeded))));
                    }
                    for answer in pending {
                        assert_eq!(answer.outcome().await, Ok(Written::Done));
                    }
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    for number in 1..=SENDERS {
        let done = RunFilter { state: Some(RunState::Succeeded), ..RunFilter::default() };
        let all = Slice { limit: 1_000, offset: 0 };
        assert_eq!(backend.store.runs(key(number), &done, all).await.unwrap().total, u64::from(ENTRIES));
        let events = backend.store.events(key(number), &Default::default(), all).await.unwrap();
        assert_eq!(events.total, u64::from(ENTRIES));
        assert!(events.items.iter().all(|event| event.deliveries == 2));
    }
}

async fn a_full_queue_answers_busy_at_once_and_what_waits_is_written(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let hold = backend.hold().await;
    let pending = backend.fill(|| accept(key(1), &event(), &[])).await;
    let late = event();
    assert_eq!(write(store, accept(key(1), &late, &[])).await, Err(Error::Busy));
    assert_eq!(backend.waiting(), QUEUE_ENTRIES_MAX);
    hold.release().await;
    let written = pending.len() as u64;
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    assert_eq!(store.events(key(1), &Default::default(), Slice { limit: 0, offset: 0 }).await.unwrap().total, written);
    assert_eq!(store.event(key(1), late.id).await, Ok(None));
    assert_eq!(write(store, accept(key(1), &late, &[])).await, Ok(Written::Done));
}

async fn the_last_of_many_standings_is_the_one_that_stays(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, run) = accepted(store, key(1)).await;
    let due = |index: usize| CLOCK.now() + std::time::Duration::from_secs(index as u64);
    let standings: Vec<_> =
        (0..BATCH_ENTRIES_MAX + 50).map(|index| Run { due_at: Some(due(index)), ..standing(&run, RunState::Waiting) }).collect();
    let pending: Vec<_> = standings.iter().map(|standing| submit(store, progress(standing))).collect();
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    assert_eq!(store.run(key(1), run.id).await.unwrap().as_ref(), standings.last());
}
