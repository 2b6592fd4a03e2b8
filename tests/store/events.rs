//! Events are kept as they came and listed newest first.

use std::time::Duration;

use actors::clock::Clock;
use actors::event::{Event, Source};
use actors::flow::run::{Run, RunState};
use actors::limits::store::{EVENTS_SEARCHED_MAX, QUEUE_ENTRIES_MAX};
use actors::port::store::Slice;
use actors::port::store::events::{EventFilter, Fingerprint, Reach, Sought};
use actors::port::store::journal::{Entry, Written};

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, custom, event, event_at, event_type, flow_id, install, key, run, standing, text};

contract! {
    an_event_is_read_byte_for_byte_as_it_came,
    an_event_of_another_workspace_is_not_seen,
    events_are_listed_newest_first_in_parts_with_their_number,
    events_are_listed_by_type_and_by_source,
    events_are_listed_by_the_time_at_which_they_arrived,
    what_no_index_tells_is_sought_in_the_newest_events_that_fit,
    a_search_goes_on_behind_the_events_that_it_has_looked_at,
    parts_of_many_events_are_in_order_though_they_were_not_written_in_it,
    events_of_many_workspaces_are_told_apart_however_many_they_are,
    fingerprints_are_of_the_platform_and_since_a_moment_the_oldest_first,
    of_too_many_fingerprints_the_newest_are_given,
    what_came_after_an_event_is_read_in_order_and_in_parts,
}

const ALL: Slice = Slice { limit: 100, offset: 0 };

async fn write_all(backend: &Backend, number: u32, events: &[Event]) {
    install(&*backend.store, key(number)).await;
    for event in events {
        assert_eq!(write(&*backend.store, accept(key(number), event, &[])).await, Ok(Written::Done));
    }
}

/// Writes more of them than are usually submitted at once.
async fn write_many(backend: &Backend, events: &[Event]) {
    for part in events.chunks(QUEUE_ENTRIES_MAX / 2) {
        let pending: Vec<_> = part.iter().map(|event| submit(&*backend.store, accept(key(1), event, &[]))).collect();
        for answer in pending {
            assert_eq!(answer.outcome().await, Ok(Written::Done));
        }
    }
}

fn fingerprint(event: &Event) -> Fingerprint {
    Fingerprint {
        id: event.id,
        event_type: event.event_type.clone(),
        entity: event.entity.clone(),
        payload_hash: event.payload_hash,
        received_at: event.received_at,
    }
}

async fn an_event_is_read_byte_for_byte_as_it_came(backend: Backend) {
    let odd = " {\"b\" : 1.0e2,\r\n\"a\":\"\\u0000ü\u{1f980}\", \"b\":null}\n";
    let events = [
        event(),
        Event {
            payload: odd.as_bytes().into(),
            entity: None,
            headers: None,
            deliveries: 7,
            message: Some("msg_\"ü".into()),
            ..custom("shop_1")
        },
        Event { payload: vec![b' '; 200_000].into(), payload_hash: [255; 32], ..event() },
    ];
    write_all(&backend, 1, &events).await;
    for event in events {
        assert_eq!(backend.store.event(key(1), event.id).await, Ok(Some(event)));
    }
}

async fn an_event_of_another_workspace_is_not_seen(backend: Backend) {
    let mine = event();
    write_all(&backend, 1, std::slice::from_ref(&mine)).await;
    install(&*backend.store, key(2)).await;
    assert_eq!(backend.store.event(key(2), mine.id).await, Ok(None));
    assert_eq!(backend.store.event(key(3), mine.id).await, Ok(None));
    let listed = backend.store.events(key(2), &EventFilter::default(), ALL).await.unwrap();
    assert_eq!((listed.total, listed.items), (0, vec![]));
}

async fn events_are_listed_newest_first_in_parts_with_their_number(backend: Backend) {
    let mut events: Vec<_> = (0..7).map(|_| event()).collect();
    write_all(&backend, 1, &events).await;
    events.reverse();
    let list = async |limit, offset| backend.store.events(key(1), &EventFilter::default(), Slice { limit, offset }).await.unwrap();
    let all = list(100, 0).await;
    assert_eq!((all.total, &all.items), (7, &events));
    for (limit, offset, part) in [(3, 0, &events[..3]), (3, 3, &events[3..6]), (3, 6, &events[6..]), (3, 7, &[]), (0, 0, &[])] {
        let page = list(limit, offset).await;
        assert_eq!((page.total, &page.items[..]), (7, part), "{limit} after {offset}");
    }
}

async fn events_are_listed_by_type_and_by_source(backend: Backend) {
    let events = [event(), custom("shop"), Event { event_type: event_type("NEW_TAG"), ..event() }, custom("bank"), event()];
    write_all(&backend, 1, &events).await;
    let list = async |event_type: Option<&str>, source: Option<Source>| {
        let filter = EventFilter { event_type: event_type.map(crate::sample::event_type), source, ..EventFilter::default() };
        let page = backend.store.events(key(1), &filter, ALL).await.unwrap();
        assert_eq!(page.total, page.items.len() as u64);
        page.items.iter().map(|found| events.iter().position(|event| event == found).unwrap()).collect::<Vec<_>>()
    };
    let custom = |name: &str| Some(Source::Custom(text(name)));
    assert_eq!(list(None, None).await, [4, 3, 2, 1, 0]);
    assert_eq!(list(Some("PROJECT_UPDATED"), None).await, [4, 0]);
    assert_eq!(list(None, Some(Source::Clockify)).await, [4, 2, 0]);
    assert_eq!(list(None, custom("")).await, [3, 1]);
    assert_eq!(list(None, custom("shop")).await, [1]);
    assert_eq!(list(Some("order.paid"), custom("bank")).await, [3]);
    assert_eq!(list(Some("order.paid"), Some(Source::Clockify)).await, [0_usize; 0]);
    assert_eq!(list(None, custom("nobody")).await, [0_usize; 0]);
}

async fn events_are_listed_by_the_time_at_which_they_arrived(backend: Backend) {
    let now = CLOCK.now();
    let mut events: Vec<_> = (0..10_u64).rev().map(|hours| event_at(now - Duration::from_secs(3_600 * hours))).collect();
    write_all(&backend, 1, &events).await;
    events.reverse();
    let hours = |hours: u64| Some(now - Duration::from_secs(3_600 * hours));
    for (from, to, part) in [(hours(2), None, &events[..3]), (None, hours(7), &events[8..]), (hours(5), hours(2), &events[3..6])] {
        let filter = EventFilter { from, to, ..EventFilter::default() };
        let page = backend.store.events(key(1), &filter, ALL).await.unwrap();
        assert_eq!((page.total, &page.items[..]), (part.len() as u64, part), "{filter:?}");
    }
}

async fn what_no_index_tells_is_sought_in_the_newest_events_that_fit(backend: Backend) {
    let store = &*backend.store;
    let with = |entity: Option<&str>, payload: &str| Event {
        entity: entity.map(Into::into),
        payload: payload.as_bytes().to_vec().into(),
        ..event()
    };
    let mut events = vec![
        with(Some("project:1"), r#"{"name":"Größe 100%_"}"#),
        with(Some("project:2"), r#"{"name":"none"}"#),
        with(None, r#"{"name":"Größe"}"#),
        Event { event_type: event_type("NEW_TAG"), ..with(Some("project:1"), "{}") },
    ];
    write_all(&backend, 1, &events).await;
    write_all(&backend, 2, &[with(Some("project:1"), r#"{"name":"Größe"}"#)]).await;
    let of = run(key(1), &events[1], flow_id());
    let runs = [
        standing(&of, RunState::Failed),
        standing(&Run { replay_of: Some(of.id), ..run(key(1), &events[1], of.flow) }, RunState::Succeeded),
    ];
    assert_eq!(write(store, Entry::Start(runs.to_vec())).await, Ok(Written::Done));
    events.reverse();
    let sought = |entity: Option<&str>, text: Option<&str>, run_state| Sought {
        entity: entity.map(Into::into),
        text: text.map(Into::into),
        run_state,
    };
    for (sought, found) in [
        (sought(Some("project:1"), None, None), &[0, 3][..]),
        (sought(Some("project:"), None, None), &[]),
        (sought(None, Some("Größe"), None), &[1, 3]),
        (sought(None, Some("größe"), None), &[]),
        (sought(None, Some("%_"), None), &[3]),
        (sought(None, None, Some(RunState::Failed)), &[2]),
        (sought(None, None, Some(RunState::Succeeded)), &[2]),
        (sought(None, None, Some(RunState::Stopped)), &[]),
        (sought(Some("project:2"), Some("none"), Some(RunState::Failed)), &[2]),
        (sought(Some("project:1"), Some("none"), None), &[]),
    ] {
        let filter = EventFilter { sought, ..EventFilter::default() };
        let expected: Vec<_> = found.iter().map(|index| events[*index].clone()).collect();
        let page = store.events(key(1), &filter, ALL).await.unwrap();
        assert_eq!((page.total, page.items), (expected.len() as u64, expected), "{filter:?}");
        let typed = EventFilter { event_type: Some(event_type("NEW_TAG")), ..filter };
        assert_eq!(store.events(key(1), &typed, ALL).await.unwrap().total, u64::from(found.contains(&0)), "{typed:?}");
    }
    let second = EventFilter { sought: sought(None, Some("Größe"), None), ..EventFilter::default() };
    let page = store.events(key(1), &second, Slice { limit: 1, offset: 1 }).await.unwrap();
    assert_eq!((page.total, &page.items[..]), (2, &events[3..4]));
}

async fn a_search_goes_on_behind_the_events_that_it_has_looked_at(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let most = EVENTS_SEARCHED_MAX as usize;
    // Two more than one search looks at; the oldest two and the newest one are what is sought.
    let events: Vec<Event> = (0..most + 2)
        .map(|number| Event { payload: if number < 2 || number > most { "[1]" } else { "[2]" }.as_bytes().into(), ..event() })
        .collect();
    write_many(&backend, &events).await;
    let sought = Sought { text: Some("1".into()), ..Sought::default() };
    let all = EventFilter { sought, ..EventFilter::default() };
    let reach = store.reach(key(1), &all).await.unwrap();
    assert_eq!(reach, Reach { events: most as u64, oldest: Some(events[2].id) });
    let found = store.events(key(1), &all, ALL).await.unwrap();
    assert_eq!((found.total, found.items), (1, vec![events[most + 1].clone()]));
    let rest = EventFilter { before: reach.oldest, ..all.clone() };
    assert_eq!(store.reach(key(1), &rest).await, Ok(Reach { events: 2, oldest: None }));
    let found = store.events(key(1), &rest, ALL).await.unwrap();
    assert_eq!((found.total, found.items), (2, vec![events[1].clone(), events[0].clone()]));
    for (limit, offset) in [(0, 0), (1, 2), (100, 7)] {
        let part = store.events(key(1), &rest, Slice { limit, offset }).await.unwrap();
        assert_eq!((part.total, part.items.len()), (2, 0), "{limit} after {offset}");
    }
    // As many as one search looks at are all that there are.
    let but_two = EventFilter { before: Some(events[most].id), ..all };
    assert_eq!(store.reach(key(1), &but_two).await, Ok(Reach { events: most as u64, oldest: None }));
}

/// More than several chapters of the SQLite store.
async fn parts_of_many_events_are_in_order_though_they_were_not_written_in_it(backend: Backend) {
    install(&*backend.store, key(1)).await;
    let kinds = ["NEW_TAG", "NEW_TASK", "NEW_TIME_ENTRY"].map(event_type);
    let mut events: Vec<Event> = (0..5_000).map(|number| Event { event_type: kinds[number % 3].clone(), ..event() }).collect();
    let in_order = events.clone();
    // Neighbours that overtake one another, across the borders of chapters too; one that is very late, and one that is very early.
    events.chunks_mut(37).step_by(3).for_each(<[Event]>::reverse);
    events[1_500..1_520].rotate_left(7);
    events.swap(900, 4_200);
    write_many(&backend, &events).await;
    for event_type in [None, Some(kinds[1].clone())] {
        let filter = EventFilter { event_type: event_type.clone(), ..EventFilter::default() };
        let all: Vec<_> =
            in_order.iter().rev().filter(|event| event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type)).collect();
        for offset in [0, 790, 1_000, 1_666, 2_500, 3_990, 4_950, 5_000] {
            let page = backend.store.events(key(1), &filter, Slice { limit: 60, offset }).await.unwrap();
            assert_eq!(page.total, all.len() as u64);
            let wanted: Vec<_> = all.iter().skip(offset as usize).take(60).map(|event| event.id).collect();
            assert_eq!(page.items.iter().map(|event| event.id).collect::<Vec<_>>(), wanted, "{offset} of {filter:?}");
        }
    }
}

/// More than several chapters of the SQLite store.
async fn events_of_many_workspaces_are_told_apart_however_many_they_are(backend: Backend) {
    let store = &*backend.store;
    for number in 1..=3 {
        install(store, key(number)).await;
    }
    let mut pending = Vec::new();
    let mut mine = Vec::new();
    for index in 0..3_000_u32 {
        let event = Event { payload: format!("{{\"index\":{index}}}").into_bytes().into(), ..event() };
        let number = if index % 100 == 7 { 2 } else { 1 + index % 2 * 2 };
        pending.push(submit(store, accept(key(number), &event, &[])));
        if number == 2 {
            mine.push(event);
        }
    }
    for answer in pending {
        assert_eq!(answer.outcome().await, Ok(Written::Done));
    }
    mine.reverse();
    let listed = store.events(key(2), &EventFilter::default(), ALL).await.unwrap();
    assert_eq!((listed.total, listed.items), (30, mine.clone()));
    let late = store.events(key(2), &EventFilter::default(), Slice { limit: 5, offset: 20 }).await.unwrap();
    assert_eq!(late.items, mine[20..25]);
    let since = mine[29].received_at;
    let seen = store.fingerprints(key(2), since, 1_000).await.unwrap();
    assert_eq!(seen, mine.iter().rev().map(fingerprint).collect::<Vec<_>>());
    let others = store.events(key(1), &EventFilter::default(), Slice { limit: 0, offset: 0 }).await.unwrap();
    assert_eq!(others.total, 1_500);
}

async fn fingerprints_are_of_the_platform_and_since_a_moment_the_oldest_first(backend: Backend) {
    let base = event();
    let at = |seconds: u64| Event { received_at: base.received_at + Duration::from_secs(seconds), ..event() };
    let events = [at(0), at(10), Event { source: Source::Custom(text("shop")), ..at(15) }, at(20), Event { entity: None, ..at(30) }];
    write_all(&backend, 1, &events).await;
    let since = base.received_at + Duration::from_secs(10);
    let seen = backend.store.fingerprints(key(1), since, 100).await.unwrap();
    assert_eq!(seen, [&events[1], &events[3], &events[4]].map(fingerprint));
    let none = backend.store.fingerprints(key(1), base.received_at + Duration::from_secs(31), 100).await.unwrap();
    assert_eq!(none, []);
    assert_eq!(backend.store.fingerprints(key(2), since, 100).await.unwrap(), []);
}

async fn of_too_many_fingerprints_the_newest_are_given(backend: Backend) {
    let events: Vec<_> = (0..5).map(|_| event()).collect();
    write_all(&backend, 1, &events).await;
    let seen = backend.store.fingerprints(key(1), events[0].received_at, 2).await.unwrap();
    assert_eq!(seen, [&events[3], &events[4]].map(fingerprint));
    assert_eq!(backend.store.fingerprints(key(1), events[0].received_at, 0).await.unwrap(), []);
}

async fn what_came_after_an_event_is_read_in_order_and_in_parts(backend: Backend) {
    let events: Vec<_> = (0..5).map(|_| event()).collect();
    write_all(&backend, 1, &events).await;
    write_all(&backend, 2, &[event()]).await;
    let nil = uuid::Uuid::nil().into();
    let after = async |id, limit| backend.store.events_after(key(1), id, limit).await.unwrap();
    assert_eq!(after(events[1].id, 100).await, events[2..]);
    assert_eq!(after(events[1].id, 2).await, events[2..4]);
    assert_eq!(after(nil, 100).await, events);
    assert_eq!(after(events[4].id, 100).await, []);
    assert_eq!(backend.store.events_after(key(3), nil, 100).await, Ok(vec![]));
}
