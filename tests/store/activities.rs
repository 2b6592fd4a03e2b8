//! What was changed, by whom: the latest of each installation.

use actors::activity::Activity;
use actors::clock::Clock;
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::{Slice, Store};

use crate::backend::Backend;
use crate::sample::{CLOCK, install, key, reinstall, uninstall};

contract! {
    a_change_is_read_as_it_was_written,
    the_latest_come_first_and_in_parts,
    the_oldest_beyond_the_bound_go_and_nobody_elses,
    nothing_is_kept_without_an_installation,
    an_uninstall_takes_the_changes_with_it,
}

const MANY: u32 = 100;
const ALL: Slice = Slice { limit: PAGE_ROWS_MAX, offset: 0 };

pub fn change(subject: &str) -> Activity {
    Activity {
        id: CLOCK.fresh_id().into(),
        at: CLOCK.now(),
        user: Some("5b641568b07987035750505e".into()),
        what: "PUT /ui/flows/{id}".into(),
        subject: Some(subject.into()),
        detail: None,
    }
}

async fn subjects(store: &dyn Store, number: u32, slice: Slice) -> (u64, Vec<String>) {
    let page = store.activities(key(number), slice).await.unwrap();
    (page.total, page.items.into_iter().filter_map(|activity| activity.subject).collect())
}

async fn a_change_is_read_as_it_was_written(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let bare = Activity { user: None, subject: None, ..change("") };
    let full = Activity { detail: Some("ü \u{0} \"'".into()), ..change("shop") };
    for written in [&bare, &full] {
        assert_eq!(store.record_activity(key(1), written, MANY).await, Ok(true));
    }
    assert_eq!(store.activities(key(1), ALL).await.unwrap().items, [full, bare]);
}

async fn the_latest_come_first_and_in_parts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    for subject in ["a", "b", "c"] {
        store.record_activity(key(1), &change(subject), MANY).await.unwrap();
    }
    assert_eq!(subjects(store, 1, ALL).await, (3, vec!["c".into(), "b".into(), "a".into()]));
    assert_eq!(subjects(store, 1, Slice { limit: 1, offset: 1 }).await, (3, vec!["b".into()]));
    assert_eq!(subjects(store, 1, Slice { limit: 1, offset: 3 }).await, (3, vec![]));
}

async fn the_oldest_beyond_the_bound_go_and_nobody_elses(backend: Backend) {
    let store = &*backend.store;
    for number in [1, 2] {
        install(store, key(number)).await;
        store.record_activity(key(number), &change("old"), 2).await.unwrap();
    }
    for subject in ["a", "b", "c"] {
        store.record_activity(key(1), &change(subject), 2).await.unwrap();
    }
    assert_eq!(subjects(store, 1, ALL).await, (2, vec!["c".into(), "b".into()]));
    assert_eq!(subjects(store, 2, ALL).await, (1, vec!["old".into()]));
}

async fn nothing_is_kept_without_an_installation(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    assert_eq!(store.record_activity(key(2), &change("a"), MANY).await, Ok(false));
    assert_eq!(subjects(store, 2, ALL).await, (0, vec![]));
}

async fn an_uninstall_takes_the_changes_with_it(backend: Backend) {
    let store = &*backend.store;
    for number in [1, 2] {
        install(store, key(number)).await;
        store.record_activity(key(number), &change("a"), MANY).await.unwrap();
    }
    uninstall(store, key(1)).await;
    assert_eq!(subjects(store, 1, ALL).await, (0, vec![]));
    reinstall(store, key(1)).await;
    assert_eq!(subjects(store, 1, ALL).await, (0, vec![]));
    assert_eq!(subjects(store, 2, ALL).await, (1, vec!["a".into()]));
}
