//! When flows are due: noted with each version, found across all workspaces, moved on once.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::event::{Event, Source};
use actors::flow::model::{Flow, TriggerSource};
use actors::flow::run::Run;
use actors::installation::{Status, Verdict};
use actors::port::store::Slice;
use actors::port::store::events::EventFilter;
use actors::port::store::journal::Written;
use actors::port::store::schedules::Due;
use actors::schedule::Schedule;

use crate::backend::{Backend, write};
use crate::sample::{CLOCK, accept, addon_id, custom, event, event_type, flow, install, key, proof, run, uninstall};
use actors::clock::Clock;

contract! {
    a_flow_is_due_as_its_newest_version_says,
    what_is_due_is_found_in_every_active_workspace_the_longest_overdue_first,
    a_moment_is_moved_on_once,
    a_tick_is_an_event_once_and_is_told_apart_from_custom_ones,
}

const NOON: i64 = 1_800_014_400_000;

fn hourly(name: &str, minute: u32) -> Flow {
    let mut flow = flow(name);
    flow.definition.trigger_source = TriggerSource::Schedule;
    flow.definition.schedule = Some(Schedule::parse(&format!("{minute} * * * *"), "UTC").unwrap());
    Flow { updated_at: Timestamp::from_millis(NOON), ..flow }
}

fn minutes(minutes: u64) -> Timestamp {
    Timestamp::from_millis(NOON) + Duration::from_secs(60 * minutes)
}

async fn due(backend: &Backend, at: u64) -> Vec<(u64, Due)> {
    let due = backend.store.due_flows(minutes(at), 100).await.unwrap();
    due.into_iter().map(|due| (due.at.since(Timestamp::from_millis(NOON)).as_secs() / 60, due)).collect()
}

async fn a_flow_is_due_as_its_newest_version_says(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (flow, plain) = (hourly("x", 30), flow("plain"));
    store.create_flows(key(1), &[flow.clone(), plain], 9).await.unwrap();
    assert_eq!(due(&backend, 29).await, []);
    let expected = Due { key: key(1), flow: flow.id, at: minutes(30) };
    assert_eq!(due(&backend, 30).await, [(30, expected)]);
    store.update_flow(key(1), &Flow { id: flow.id, ..hourly("x", 45) }).await.unwrap();
    assert_eq!(due(&backend, 50).await, [(45, Due { at: minutes(45), ..expected })]);
    let mut off = Flow { id: flow.id, ..hourly("x", 45) };
    off.definition.enabled = false;
    store.update_flow(key(1), &off).await.unwrap();
    assert_eq!(due(&backend, 600).await, []);
    store.update_flow(key(1), &flow).await.unwrap();
    assert_eq!(due(&backend, 30).await.len(), 1);
    assert_eq!(store.flow(key(1), flow.id).await.unwrap().unwrap().definition, flow.definition);
    store.delete_flow(key(1), flow.id, CLOCK.now()).await.unwrap();
    assert_eq!(due(&backend, 600).await, []);
}

async fn what_is_due_is_found_in_every_active_workspace_the_longest_overdue_first(backend: Backend) {
    let store = &*backend.store;
    for number in 1..=4 {
        install(store, key(number)).await;
        store.create_flow(key(number), &hourly("x", 40 - number), 9).await.unwrap();
    }
    let inactive = store.set_status(key(2), addon_id(1), Status::Inactive, proof(5), CLOCK.now()).await;
    assert_eq!(inactive, Ok(Verdict::Apply));
    uninstall(store, key(3)).await;
    let found: Vec<_> = due(&backend, 60).await.into_iter().map(|(minute, due)| (minute, due.key)).collect();
    assert_eq!(found, [(36, key(4)), (39, key(1))]);
    assert_eq!(store.due_flows(minutes(60), 1).await.unwrap().len(), 1);
    assert_eq!(due(&backend, 36).await.len(), 1);
}

async fn a_moment_is_moved_on_once(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let flow = hourly("x", 30);
    store.create_flow(key(1), &flow, 9).await.unwrap();
    let first = Due { key: key(1), flow: flow.id, at: minutes(30) };
    assert_eq!(store.set_due(Due { key: key(2), ..first }, None).await, Ok(false));
    assert_eq!(store.set_due(Due { at: minutes(29), ..first }, None).await, Ok(false));
    assert_eq!(store.set_due(first, Some(minutes(90))).await, Ok(true));
    assert_eq!(store.set_due(first, Some(minutes(150))).await, Ok(false));
    assert_eq!(due(&backend, 200).await, [(90, Due { at: minutes(90), ..first })]);
    assert_eq!(store.set_due(Due { at: minutes(90), ..first }, None).await, Ok(true));
    assert_eq!(due(&backend, 10_000).await, []);
}

async fn a_tick_is_an_event_once_and_is_told_apart_from_custom_ones(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let tick =
        |moment: &str| Event { source: Source::Schedule, event_type: event_type("SCHEDULE"), message: Some(moment.into()), ..event() };
    let (first, again, next) = (tick("f/1"), tick("f/1"), tick("f/2"));
    let flow = flow("x").id;
    for (event, written) in [(&first, Written::Done), (&again, Written::Repeated), (&next, Written::Done)] {
        let started: Run = run(key(1), event, flow);
        assert_eq!(write(store, accept(key(1), event, &[started])).await, Ok(written));
    }
    let other = custom("shop");
    assert_eq!(write(store, accept(key(1), &other, &[])).await, Ok(Written::Done));
    let all = Slice { limit: 9, offset: 0 };
    assert_eq!(store.runs(key(1), &Default::default(), all).await.unwrap().total, 2);
    let listed =
        async |source| store.events(key(1), &EventFilter { source: Some(source), ..EventFilter::default() }, all).await.unwrap().items;
    assert_eq!(listed(Source::Schedule).await, [next, first]);
    assert_eq!(listed(Source::Custom("".into())).await, [other]);
    assert_eq!(listed(Source::Clockify).await, []);
}
