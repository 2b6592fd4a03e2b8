//! Custom sources: one of a name in a workspace, with its secrets, as long as the add-on is installed.

use std::time::Duration;

use actors::clock::Clock;
use actors::port::store::sources::SourceSaved;
use actors::secret::Secret;
use actors::source::{CustomSource, Scheme, SourceName, TypeFrom};

use crate::backend::Backend;
use crate::sample::{CLOCK, event_type, install, key, reinstall, source, source_name, uninstall};

contract! {
    a_source_is_read_as_it_was_written,
    a_name_is_taken_once_in_a_workspace_and_its_case_counts,
    a_workspace_has_at_most_as_many_sources_as_it_may,
    there_are_no_sources_without_an_installation,
    a_change_replaces_all_but_the_beginning,
    a_deleted_source_is_gone_and_its_name_is_free,
    sources_are_listed_by_name_and_only_to_their_workspace,
    an_uninstall_takes_the_sources_with_it,
}

const MANY: u32 = 100;

async fn a_source_is_read_as_it_was_written(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let now = CLOCK.now();
    let mut full = CustomSource {
        scheme: Scheme::Hmac,
        signature_header: Some("x-signature".into()),
        type_from: TypeFrom::Header { name: "x-event".into() },
        entity_path: Some("$.order['ü\"']".into()),
        ..source("full")
    };
    full.rotate(Secret::new("whsec_\"new\" ü"), now + Duration::from_secs(60), now);
    let fixed =
        CustomSource { scheme: Scheme::Bearer, type_from: TypeFrom::Fixed { event_type: event_type("order.paid") }, ..source("fixed") };
    for written in [full, fixed, source("bare"), CustomSource { scheme: Scheme::Github, secrets: Vec::new(), ..source("none") }] {
        assert_eq!(store.create_source(key(1), &written, MANY).await, Ok(SourceSaved::Done));
        assert_eq!(store.source(key(1), &written.name).await, Ok(Some(written)));
    }
    assert_eq!(store.source(key(1), &source_name("nobody")).await, Ok(None));
}

async fn a_name_is_taken_once_in_a_workspace_and_its_case_counts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let first = source("shop");
    assert_eq!(store.create_source(key(1), &first, MANY).await, Ok(SourceSaved::Done));
    assert_eq!(store.create_source(key(1), &source("shop"), MANY).await, Ok(SourceSaved::Taken));
    assert_eq!(store.create_source(key(1), &source("shop"), 1).await, Ok(SourceSaved::Taken));
    assert_eq!(store.create_source(key(1), &source("Shop"), MANY).await, Ok(SourceSaved::Done));
    assert_eq!(store.create_source(key(2), &source("shop"), MANY).await, Ok(SourceSaved::Done));
    assert_eq!(store.source(key(1), &first.name).await, Ok(Some(first)));
}

async fn a_workspace_has_at_most_as_many_sources_as_it_may(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    for (name, expected) in [("a", SourceSaved::Done), ("b", SourceSaved::Done), ("c", SourceSaved::TooMany)] {
        assert_eq!(store.create_source(key(1), &source(name), 2).await, Ok(expected));
    }
    assert_eq!(store.create_source(key(2), &source("c"), 2).await, Ok(SourceSaved::Done));
    assert_eq!(store.delete_source(key(1), &source_name("a")).await, Ok(true));
    assert_eq!(store.create_source(key(1), &source("c"), 2).await, Ok(SourceSaved::Done));
}

async fn there_are_no_sources_without_an_installation(backend: Backend) {
    let (store, shop) = (&*backend.store, source("shop"));
    assert_eq!(store.create_source(key(1), &shop, MANY).await, Ok(SourceSaved::Absent));
    assert_eq!(store.update_source(key(1), &shop).await, Ok(false));
    assert_eq!(store.delete_source(key(1), &shop.name).await, Ok(false));
    assert_eq!(store.source(key(1), &shop.name).await, Ok(None));
    assert_eq!(store.sources(key(1)).await, Ok(vec![]));
}

async fn a_change_replaces_all_but_the_beginning(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let first = source("shop");
    for number in [1, 2] {
        assert_eq!(store.create_source(key(number), &first, MANY).await, Ok(SourceSaved::Done));
    }
    let later = first.created_at + Duration::from_secs(9);
    let mut changed = CustomSource { scheme: Scheme::Hmac, signature_header: Some("x".into()), created_at: later, ..first.clone() };
    changed.rotate(Secret::new("fresh"), later, later);
    assert_eq!(store.update_source(key(1), &changed).await, Ok(true));
    let expected = CustomSource { created_at: first.created_at, ..changed.clone() };
    assert_eq!(store.source(key(1), &first.name).await, Ok(Some(expected)));
    assert_eq!(store.source(key(2), &first.name).await, Ok(Some(first)));
    assert_eq!(store.update_source(key(1), &CustomSource { name: source_name("nobody"), ..changed }).await, Ok(false));
}

async fn a_deleted_source_is_gone_and_its_name_is_free(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    for name in ["a", "b"] {
        store.create_source(key(1), &source(name), MANY).await.unwrap();
    }
    assert_eq!(store.delete_source(key(1), &source_name("a")).await, Ok(true));
    assert_eq!(store.delete_source(key(1), &source_name("a")).await, Ok(false));
    assert_eq!(store.source(key(1), &source_name("a")).await, Ok(None));
    assert!(store.source(key(1), &source_name("b")).await.unwrap().is_some());
    assert_eq!(store.create_source(key(1), &source("a"), MANY).await, Ok(SourceSaved::Done));
}

async fn sources_are_listed_by_name_and_only_to_their_workspace(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let names =
        async |number| -> Vec<SourceName> { store.sources(key(number)).await.unwrap().into_iter().map(|source| source.name).collect() };
    for name in ["b", "a-b", "B", "a_b", "1", "ab"] {
        store.create_source(key(1), &source(name), MANY).await.unwrap();
    }
    store.create_source(key(2), &source("z"), MANY).await.unwrap();
    // Byte by byte, whatever the language of the database.
    assert_eq!(names(1).await, ["1", "B", "a-b", "a_b", "ab", "b"].map(source_name));
    assert_eq!(names(2).await, [source_name("z")]);
    assert_eq!(names(3).await, []);
}

async fn an_uninstall_takes_the_sources_with_it(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    for number in [1, 2] {
        store.create_source(key(number), &source("shop"), MANY).await.unwrap();
    }
    uninstall(store, key(1)).await;
    assert_eq!(store.sources(key(1)).await, Ok(vec![]));
    reinstall(store, key(1)).await;
    assert_eq!(store.sources(key(1)).await, Ok(vec![]));
    assert_eq!(store.create_source(key(1), &source("shop"), MANY).await, Ok(SourceSaved::Done));
    backend.purged().await;
    assert_eq!(store.sources(key(1)).await.unwrap().len(), 1);
    assert_eq!(store.sources(key(2)).await.unwrap().len(), 1);
}
