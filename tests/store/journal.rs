//! The journal: what is answered is durable and whole, once each, and nothing is kept for a workspace without the add-on.

use actors::clock::Clock;
use actors::event::{Event, Source};
use actors::flow::run::{Reason, Run, RunState};
use actors::ids::RunId;
use actors::port::store::Slice;
use actors::port::store::events::EventFilter;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::runs::RunFilter;

use crate::backend::{Backend, submit, write};
use crate::sample::{
    CLOCK, accept, accepted, custom, event, event_type, flow_id, install, key, message, progress, reinstall, run, standing, summaries,
    text, uninstall,
};

contract! {
    the_end_of_a_run_and_its_alarm_are_written_together_and_once,
    nothing_is_kept_for_a_workspace_without_the_add_on,
    an_event_and_the_runs_that_it_starts_are_there_together,
    an_event_seen_twice_is_kept_once_and_runs_once,
    an_event_and_a_flow_have_one_run_and_as_many_replays_as_are_asked_for,
    a_repetition_counts_on_the_first_delivery,
    a_repetition_of_what_never_became_durable_is_absent,
    progress_replaces_everything_but_the_identity,
    a_finished_run_never_changes_again,
    the_progress_of_a_run_that_is_gone_is_absent,
    runs_of_another_workspace_are_not_changed,
    more_runs_than_one_statement_takes_start_together,
    a_message_of_a_source_is_an_event_once_and_runs_once,
    messages_of_one_batch_are_told_apart,
    starting_nothing_is_done,
    one_batch_tells_each_entry_its_own_outcome,
}

async fn nothing_is_kept_for_a_workspace_without_the_add_on(backend: Backend) {
    let store = &*backend.store;
    let event = event();
    let run = run(key(1), &event, flow_id());
    let nothing_is_kept = async || {
        assert_eq!(write(store, accept(key(1), &event, std::slice::from_ref(&run))).await, Ok(Written::Absent));
        assert_eq!(write(store, Entry::Start(vec![run.clone()])).await, Ok(Written::Absent));
        assert_eq!(write(store, Entry::Repeat { key: key(1), event: event.id }).await, Ok(Written::Absent));
        assert_eq!(write(store, progress(&run)).await, Ok(Written::Absent));
    };
    nothing_is_kept().await;
    install(store, key(1)).await;
    uninstall(store, key(1)).await;
    nothing_is_kept().await;
    reinstall(store, key(1)).await;
    assert_eq!(store.event(key(1), event.id).await, Ok(None));
    assert_eq!(store.run(key(1), run.id).await, Ok(None));
}

async fn an_event_and_the_runs_that_it_starts_are_there_together(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let event = event();
    let runs: Vec<_> = (0..3).map(|_| run(key(1), &event, flow_id())).collect();
    assert_eq!(write(store, accept(key(1), &event, &runs)).await, Ok(Written::Done));
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
    for run in runs {
        assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
    }
}

async fn an_event_seen_twice_is_kept_once_and_runs_once(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (event, first) = accepted(store, key(1)).await;
    let second = Run { id: CLOCK.fresh_id().into(), ..first.clone() };
    assert_eq!(write(store, accept(key(1), &event, &[second.clone(), first.clone()])).await, Ok(Written::Done));
    assert_eq!(store.run(key(1), second.id).await, Ok(None));
    let listed = store.runs(key(1), &RunFilter::default(), Slice { limit: 9, offset: 0 }).await.unwrap();
    assert_eq!(listed.items, summaries([&first]));
    assert_eq!(store.events(key(1), &EventFilter::default(), Slice { limit: 9, offset: 0 }).await.unwrap().items, [event]);
}

async fn an_event_and_a_flow_have_one_run_and_as_many_replays_as_are_asked_for(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (event, first) = accepted(store, key(1)).await;
    let again = Run { id: CLOCK.fresh_id().into(), ..first.clone() };
    let replay = || Run { id: CLOCK.fresh_id().into(), replay_of: Some(first.id), ..first.clone() };
    let replays = [replay(), replay()];
    assert_eq!(write(store, Entry::Start(vec![again, replays[0].clone()])).await, Ok(Written::Done));
    assert_eq!(write(store, Entry::Start(vec![replays[1].clone(), replays[1].clone()])).await, Ok(Written::Done));
    let of_event = RunFilter { event: Some(event.id), ..RunFilter::default() };
    let listed = store.runs(key(1), &of_event, Slice { limit: 9, offset: 0 }).await.unwrap();
    assert_eq!(listed.items, summaries([&replays[1], &replays[0], &first]));
}

async fn a_repetition_counts_on_the_first_delivery(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (event, _) = accepted(store, key(1)).await;
    let repeat = || Entry::Repeat { key: key(1), event: event.id };
    assert_eq!(write(store, repeat()).await, Ok(Written::Done));
    for answer in [submit(store, repeat()), submit(store, repeat()), submit(store, repeat())] {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    assert_eq!(store.event(key(1), event.id).await.unwrap().unwrap().deliveries, 5);
}

async fn a_repetition_of_what_never_became_durable_is_absent(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (event, _) = accepted(store, key(1)).await;
    assert_eq!(write(store, Entry::Repeat { key: key(1), event: CLOCK.fresh_id().into() }).await, Ok(Written::Absent));
    assert_eq!(write(store, Entry::Repeat { key: key(2), event: event.id }).await, Ok(Written::Absent));
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event.clone())));
    uninstall(store, key(1)).await;
    assert_eq!(write(store, Entry::Repeat { key: key(1), event: event.id }).await, Ok(Written::Absent));
}

async fn progress_replaces_everything_but_the_identity(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, first) = accepted(store, key(1)).await;
    let told = Run {
        flow: flow_id(),
        flow_version: 99,
        event: CLOCK.fresh_id().into(),
        event_type: event_type("OTHER"),
        entity: Some(text("other:1")),
        replay_of: Some(first.id),
        created_at: CLOCK.now(),
        reason: Some(Reason::new("why", "because \"so\"")),
        ..standing(&first, RunState::Waiting)
    };
    assert_eq!(write(store, progress(&told)).await, Ok(Written::Done));
    let expected = Run { state: told.state, due_at: told.due_at, started_at: told.started_at, reason: told.reason, ..first.clone() };
    assert_eq!(store.run(key(1), first.id).await, Ok(Some(expected)));
    let back = Run { started_at: None, ..first.clone() };
    assert_eq!(write(store, progress(&back)).await, Ok(Written::Done));
    assert_eq!(store.run(key(1), first.id).await, Ok(Some(first)));
}

async fn a_finished_run_never_changes_again(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    for state in RunState::ALL.into_iter().filter(|state| state.finished()) {
        let (_, run) = accepted(store, key(1)).await;
        let ended = standing(&run, state);
        assert_eq!(write(store, progress(&ended)).await, Ok(Written::Done));
        assert_eq!(write(store, progress(&run)).await, Ok(Written::Absent));
        assert_eq!(write(store, progress(&standing(&run, RunState::Cancelled))).await, Ok(Written::Absent));
        assert_eq!(store.run(key(1), run.id).await, Ok(Some(ended)));
    }
}

async fn the_progress_of_a_run_that_is_gone_is_absent(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, run) = accepted(store, key(1)).await;
    let never = Run { id: RunId::from(CLOCK.fresh_id()), ..run.clone() };
    assert_eq!(write(store, progress(&never)).await, Ok(Written::Absent));
    uninstall(store, key(1)).await;
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Absent));
    reinstall(store, key(1)).await;
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Absent));
    assert_eq!(store.run(key(1), run.id).await, Ok(None));
}

async fn runs_of_another_workspace_are_not_changed(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (_, run) = accepted(store, key(1)).await;
    let forged = Run { key: key(2), ..standing(&run, RunState::Cancelled) };
    assert_eq!(write(store, progress(&forged)).await, Ok(Written::Absent));
    assert_eq!(store.run(key(2), run.id).await, Ok(None));
    assert_eq!(store.run(key(1), run.id).await, Ok(Some(run)));
}

async fn more_runs_than_one_statement_takes_start_together(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, first) = accepted(store, key(1)).await;
    let replays: Vec<_> = (0..2_345).map(|_| Run { id: CLOCK.fresh_id().into(), replay_of: Some(first.id), ..first.clone() }).collect();
    assert_eq!(write(store, Entry::Start(replays.clone())).await, Ok(Written::Done));
    let listed = store.runs(key(1), &RunFilter::default(), Slice { limit: 1, offset: 0 }).await.unwrap();
    assert_eq!((listed.total, listed.items), (2_346, summaries(replays.last())));
}

async fn a_message_of_a_source_is_an_event_once_and_runs_once(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let sent = async |number, event: &Event| {
        let run = run(key(number), event, flow_id());
        let written = write(store, accept(key(number), event, std::slice::from_ref(&run))).await;
        let there = store.event(key(number), event.id).await.unwrap().is_some();
        (written, there, store.run(key(number), run.id).await.unwrap().is_some())
    };
    let first = message("shop", "1");
    assert_eq!(sent(1, &first).await, (Ok(Written::Done), true, true));
    assert_eq!(sent(1, &message("shop", "1")).await, (Ok(Written::Repeated), false, false));
    assert_eq!(sent(1, &first).await, (Ok(Written::Done), true, true), "the very same event is no other one");
    for other in [message("shop", "2"), message("Shop", "1"), custom("shop"), custom("shop"), event(), event()] {
        assert_eq!(sent(1, &other).await, (Ok(Written::Done), true, true));
    }
    assert_eq!(sent(2, &message("shop", "1")).await, (Ok(Written::Done), true, true));
    assert_eq!(sent(3, &message("shop", "1")).await, (Ok(Written::Absent), false, false));
    uninstall(store, key(1)).await;
    reinstall(store, key(1)).await;
    assert_eq!(sent(1, &message("shop", "1")).await, (Ok(Written::Done), true, true));
}

async fn messages_of_one_batch_are_told_apart(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    assert_eq!(write(store, accept(key(1), &message("shop", "old"), &[])).await, Ok(Written::Done));
    let hold = backend.hold().await;
    let head = submit(store, accept(key(1), &event(), &[]));
    let sent = [
        (1, message("shop", "new"), Written::Done),
        (1, message("shop", "old"), Written::Repeated),
        (1, event(), Written::Done),
        (1, message("shop", "new"), Written::Repeated),
        (2, message("shop", "new"), Written::Absent),
        (1, message("bank", "new"), Written::Done),
    ];
    let runs: Vec<_> = sent.iter().map(|(number, event, _)| run(key(*number), event, flow_id())).collect();
    let pending: Vec<_> = sent
        .iter()
        .zip(&runs)
        .map(|((number, event, _), run)| submit(store, accept(key(*number), event, std::slice::from_ref(run))))
        .collect();
    hold.release().await;
    assert_eq!(head.outcome().await, Ok(Written::Done));
    for (((number, event, expected), run), answer) in sent.into_iter().zip(runs).zip(pending) {
        assert_eq!(answer.outcome().await, Ok(expected), "{:?} of {number}", event.message);
        let kept = expected == Written::Done;
        assert_eq!(store.event(key(number), event.id).await, Ok(kept.then_some(event)));
        assert_eq!(store.run(key(number), run.id).await, Ok(kept.then_some(run)));
    }
}

async fn starting_nothing_is_done(backend: Backend) {
    assert_eq!(write(&*backend.store, Entry::Start(Vec::new())).await, Ok(Written::Done));
}

async fn one_batch_tells_each_entry_its_own_outcome(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (old, old_run) = accepted(store, key(1)).await;
    let (fresh, stray) = (event(), event());
    let hold = backend.hold().await;
    let entries = [
        (Entry::Start(Vec::new()), Written::Done),
        (accept(key(1), &fresh, &[]), Written::Done),
        (accept(key(2), &stray, &[run(key(2), &stray, flow_id())]), Written::Absent),
        (accept(key(1), &old, std::slice::from_ref(&old_run)), Written::Done),
        (Entry::Start(vec![run(key(3), &stray, flow_id())]), Written::Absent),
        (Entry::Start(vec![run(key(1), &fresh, flow_id())]), Written::Done),
        (Entry::Repeat { key: key(1), event: old.id }, Written::Done),
        (Entry::Repeat { key: key(1), event: stray.id }, Written::Absent),
        (Entry::Repeat { key: key(2), event: old.id }, Written::Absent),
        (progress(&run(key(1), &old, flow_id())), Written::Absent),
        (progress(&standing(&old_run, RunState::Running)), Written::Done),
    ];
    let (entries, expected): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
    let pending: Vec<_> = entries.into_iter().map(|entry| submit(store, entry)).collect();
    hold.release().await;
    for (index, (answer, expected)) in pending.into_iter().zip(expected).enumerate() {
        assert_eq!(answer.outcome().await, Ok(expected), "entry {index}");
    }
    assert_eq!(store.event(key(1), old.id).await.unwrap().unwrap().deliveries, 2);
    assert_eq!(store.event(key(1), stray.id).await, Ok(None));
}

async fn the_end_of_a_run_and_its_alarm_are_written_together_and_once(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (_, run) = accepted(store, key(1)).await;
    let failed = standing(&run, RunState::Failed);
    let conclude = || {
        let event = Event {
            source: Source::Flow,
            event_type: crate::sample::event_type("FLOW_FAILED"),
            message: Some(failed.id.to_string().into()),
            ..crate::sample::event()
        };
        let alarm = crate::sample::run(key(1), &event, flow_id());
        (
            Entry::Conclude { run: Box::new(failed.clone()), fared: None, event: Some(Box::new(event.clone())), runs: vec![alarm.clone()] },
            event,
            alarm,
        )
    };
    let (first, event, alarm) = conclude();
    let (second, other_event, other_alarm) = conclude();
    let (first, second) = (submit(store, first), submit(store, second));
    assert_eq!(first.outcome().await, Ok(Written::Done));
    assert_eq!(second.outcome().await, Ok(Written::Absent), "a run ends once");
    assert_eq!(store.run(key(1), run.id).await.unwrap().unwrap().state, RunState::Failed);
    assert_eq!(store.event(key(1), event.id).await, Ok(Some(event)));
    assert_eq!(store.run(key(1), alarm.id).await, Ok(Some(alarm)));
    assert_eq!(store.event(key(1), other_event.id).await, Ok(None));
    assert_eq!(store.run(key(1), other_alarm.id).await, Ok(None));
    let of = |source| EventFilter { source: Some(source), ..EventFilter::default() };
    for (source, total) in [(Source::Flow, 1), (Source::Custom("".into()), 0), (Source::Clockify, 1)] {
        assert_eq!(store.events(key(1), &of(source), Slice { limit: 9, offset: 0 }).await.unwrap().total, total);
    }
    let nowhere = Run { key: key(2), ..failed.clone() };
    let (Entry::Conclude { event, runs, .. }, ..) = conclude() else { panic!("not what was made") };
    assert_eq!(write(store, Entry::Conclude { run: Box::new(nowhere), fared: None, event, runs }).await, Ok(Written::Absent));
}
