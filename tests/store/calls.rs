//! Calls of the explorer: kept with what was sent and answered, the newest of a workspace, as long as the add-on is installed.

use std::time::Duration;

use actors::call::{Bearer, Call, Content, KeptAnswer};
use actors::clock::Clock;
use actors::flow::model::Params;
use actors::port::clockify::Method;
use actors::port::store::calls::CallFilter;
use actors::port::store::{Slice, Store};
use serde_json::json;

use crate::backend::Backend;
use crate::sample::{CLOCK, install, key, reinstall, uninstall};

contract! {
    a_call_is_read_as_it_was_written,
    calls_are_listed_newest_first_and_only_to_their_workspace,
    a_list_shows_the_calls_that_are_asked_for,
    the_oldest_calls_make_room,
    old_calls_go_so_many_at_a_time,
    an_uninstall_takes_the_calls_with_it,
}

const MANY: u32 = 100;
const ALL: Slice = Slice { limit: 100, offset: 0 };

pub fn call(operation: &str) -> Call {
    let answer = KeptAnswer {
        headers: vec![("content-type".into(), "application/json".into())],
        media_type: Some("application/json".into()),
        body: Some("{\"ü\":\"\\u0000\"}\0".into()),
        truncated: true,
    };
    let body = Some(json!({"name": "ü", "nested": [1, null, {"a": 1.5}]}));
    let params = Params { path: json!({"id": "x"}).as_object().unwrap().clone(), query: Default::default(), body };
    Call {
        id: CLOCK.fresh_id().into(),
        operation: operation.into(),
        method: Method::Get,
        path: "/v1/workspaces/w/tags/a%2Fb".into(),
        bearer: Bearer::Viewer,
        user: Some("a user \0".into()),
        status: Some(200),
        latency_ms: 42,
        error: None,
        created_at: CLOCK.now(),
        content: Some(Content { params: Some(params), answer: Some(answer) }),
    }
}

fn bare(call: &Call) -> Call {
    Call { content: None, ..call.clone() }
}

async fn listed(store: &dyn Store, number: u32, filter: &CallFilter) -> Vec<Call> {
    let page = store.calls(key(number), filter, ALL).await.unwrap();
    assert_eq!(page.total, page.items.len() as u64);
    page.items
}

async fn a_call_is_read_as_it_was_written(backend: Backend) {
    let store = &*backend.store;
    let full = call("getTags");
    let failed = Call {
        method: Method::Delete,
        bearer: Bearer::Addon,
        user: None,
        status: None,
        error: Some("not reached: \0".into()),
        content: Some(Content::default()),
        ..call("deleteTag")
    };
    assert_eq!(store.keep_call(key(1), &full, MANY).await, Ok(false), "without an installation there are no calls");
    assert_eq!(store.call(key(1), full.id).await, Ok(None));
    install(store, key(1)).await;
    for written in [full, failed] {
        assert_eq!(store.keep_call(key(1), &written, MANY).await, Ok(true));
        assert_eq!(store.call(key(1), written.id).await, Ok(Some(written)));
    }
    assert_eq!(store.call(key(1), CLOCK.fresh_id().into()).await, Ok(None));
}

async fn calls_are_listed_newest_first_and_only_to_their_workspace(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (first, second, foreign) = (call("getTags"), call("getClients"), call("getTags"));
    for (number, call) in [(1, &first), (1, &second), (2, &foreign)] {
        assert_eq!(store.keep_call(key(number), call, MANY).await, Ok(true));
    }
    assert_eq!(listed(store, 1, &CallFilter::default()).await, [bare(&second), bare(&first)]);
    assert_eq!(listed(store, 2, &CallFilter::default()).await, [bare(&foreign)]);
    assert_eq!(store.call(key(1), foreign.id).await, Ok(None));
    let part = store.calls(key(1), &CallFilter::default(), Slice { limit: 1, offset: 1 }).await.unwrap();
    assert_eq!((part.total, part.items), (2, vec![bare(&first)]));
}

async fn a_list_shows_the_calls_that_are_asked_for(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let day = Duration::from_secs(86_400);
    let old = Call { created_at: CLOCK.now() - day, ..call("getTags") };
    let refused = Call { status: Some(404), method: Method::Put, ..call("updateTag") };
    let silent = Call { status: None, bearer: Bearer::Addon, ..call("getTags") };
    for call in [&old, &refused, &silent] {
        store.keep_call(key(1), call, MANY).await.unwrap();
    }
    let none = CallFilter::default;
    let yesterday = CLOCK.now() - day / 2;
    for (filter, expected) in [
        (CallFilter { operation: Some("getTags".into()), ..none() }, vec![&silent, &old]),
        (CallFilter { method: Some(Method::Put), ..none() }, vec![&refused]),
        (CallFilter { bearer: Some(Bearer::Addon), ..none() }, vec![&silent]),
        (CallFilter { went_well: Some(true), ..none() }, vec![&old]),
        (CallFilter { went_well: Some(false), ..none() }, vec![&silent, &refused]),
        (CallFilter { from: Some(yesterday), ..none() }, vec![&silent, &refused]),
        (CallFilter { to: Some(yesterday), ..none() }, vec![&old]),
        (CallFilter { from: Some(old.created_at), to: Some(old.created_at), ..none() }, vec![]),
        (CallFilter { operation: Some("getTags".into()), went_well: Some(false), ..none() }, vec![&silent]),
    ] {
        assert_eq!(listed(store, 1, &filter).await, expected.into_iter().map(bare).collect::<Vec<_>>(), "{filter:?}");
    }
}

async fn the_oldest_calls_make_room(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let foreign = call("getTags");
    store.keep_call(key(2), &foreign, 3).await.unwrap();
    let calls: Vec<Call> = (0..5).map(|_| call("getTags")).collect();
    for call in &calls {
        store.keep_call(key(1), call, 3).await.unwrap();
    }
    assert_eq!(listed(store, 1, &CallFilter::default()).await, [bare(&calls[4]), bare(&calls[3]), bare(&calls[2])]);
    assert_eq!(listed(store, 2, &CallFilter::default()).await, [bare(&foreign)]);
}

async fn old_calls_go_so_many_at_a_time(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let before = CLOCK.now() - Duration::from_secs(1_000);
    let (edge, young) = (Call { created_at: before, ..call("getTags") }, call("getTags"));
    for number in [1, 2] {
        for _ in 0..3 {
            let old = Call { created_at: before - Duration::from_millis(1), ..call("getTags") };
            store.keep_call(key(number), &old, MANY).await.unwrap();
        }
    }
    for call in [&edge, &young] {
        store.keep_call(key(1), call, MANY).await.unwrap();
    }
    assert_eq!(store.expire_calls(before, 4).await, Ok(4));
    assert_eq!(store.expire_calls(before, 4).await, Ok(2));
    assert_eq!(store.expire_calls(before, 4).await, Ok(0));
    assert_eq!(listed(store, 1, &CallFilter::default()).await, [bare(&young), bare(&edge)]);
    assert_eq!(listed(store, 2, &CallFilter::default()).await, []);
}

async fn an_uninstall_takes_the_calls_with_it(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let before = call("getTags");
    store.keep_call(key(1), &before, MANY).await.unwrap();
    uninstall(store, key(1)).await;
    for reinstalled in [false, true] {
        if reinstalled {
            reinstall(store, key(1)).await;
        }
        assert_eq!(store.call(key(1), before.id).await, Ok(None));
        assert_eq!(listed(store, 1, &CallFilter::default()).await, []);
    }
    let after = call("getTags");
    store.keep_call(key(1), &after, MANY).await.unwrap();
    backend.purged().await;
    assert_eq!(listed(store, 1, &CallFilter::default()).await, [bare(&after)]);
}
