//! How flows have fared: failures in a row are counted, the count that is asked for pauses, and what is forgotten is gone.

use actors::clock::Clock;
use actors::flow::standing::{Paused, Standing};

use crate::backend::Backend;
use crate::sample::{CLOCK, flow, flow_id, install, key, reinstall, uninstall};

contract! {
    failures_in_a_row_pause_a_flow_and_others_do_not_count,
    a_pause_stays_until_it_is_lifted,
    what_has_no_flow_has_no_standing,
}

async fn failures_in_a_row_pause_a_flow_and_others_do_not_count(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (one, other) = (flow("one"), flow("other"));
    for flow in [&one, &other] {
        store.create_flow(key(1), flow, 10).await.unwrap();
    }
    let now = CLOCK.now();
    let fail = async |reason| store.flow_failed(key(1), one.id, 3, reason, now).await.unwrap().unwrap();
    assert_eq!(fail("a").await, Standing { flow: one.id, failures: 1, paused: None });
    assert_eq!(fail("b").await.failures, 2);
    store.flow_did_well(key(1), one.id).await.unwrap();
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
    fail("a").await;
    fail("b").await;
    let paused = Standing { flow: one.id, failures: 3, paused: Some(Paused { since: now, reason: "c \u{fc}".into() }) };
    assert_eq!(fail("c \u{fc}").await, paused);
    assert_eq!(store.standings(key(1)).await, Ok(vec![paused]));
    assert_eq!(store.flow_failed(key(1), other.id, 1, "at once", now).await.unwrap().unwrap().paused.unwrap().reason, "at once");
    assert_eq!(store.standings(key(2)).await, Ok(vec![]));
}

async fn a_pause_stays_until_it_is_lifted(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let one = flow("one");
    store.create_flow(key(1), &one, 10).await.unwrap();
    let now = CLOCK.now();
    store.flow_failed(key(1), one.id, 1, "first", now).await.unwrap();
    let again = store.flow_failed(key(1), one.id, 1, "second", now + std::time::Duration::from_secs(5)).await.unwrap().unwrap();
    assert_eq!((again.failures, again.paused), (2, Some(Paused { since: now, reason: "first".into() })));
    store.flow_did_well(key(1), one.id).await.unwrap();
    assert_eq!(store.standings(key(1)).await.unwrap().len(), 1, "a run that was accepted before does not lift it");
    assert_eq!(store.resume_flow(key(1), one.id).await, Ok(true));
    assert_eq!(store.resume_flow(key(1), one.id).await, Ok(false));
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
}

async fn what_has_no_flow_has_no_standing(backend: Backend) {
    let store = &*backend.store;
    assert_eq!(store.flow_failed(key(1), flow_id(), 1, "x", CLOCK.now()).await, Ok(None));
    install(store, key(1)).await;
    let one = flow("one");
    store.create_flow(key(1), &one, 10).await.unwrap();
    store.flow_failed(key(1), one.id, 1, "x", CLOCK.now()).await.unwrap();
    store.delete_flow(key(1), one.id, CLOCK.now()).await.unwrap();
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
    assert_eq!(store.flow_failed(key(1), one.id, 1, "x", CLOCK.now()).await, Ok(None));
    store.create_flow(key(1), &flow("two"), 10).await.unwrap();
    uninstall(store, key(1)).await;
    reinstall(store, key(1)).await;
    assert_eq!(store.standings(key(1)).await, Ok(vec![]));
}
