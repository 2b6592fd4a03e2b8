//! The entity cache: what was learnt last is what is known.

use std::sync::Arc;

use actors::clock::Timestamp;
use actors::entity::{Entity, EntityChange, EntityId, EntityType};
use serde_json::json;

use crate::backend::Backend;
use crate::sample::{install, key, reinstall, uninstall};

contract! {
    an_entity_is_read_as_it_was_written,
    what_was_learnt_earlier_never_replaces_what_was_learnt_later,
    a_deleted_entity_is_not_brought_back_by_an_older_page,
    entities_belong_to_their_workspace_and_its_stay,
    many_changes_are_one_call,
}

pub fn kind(text: &str) -> EntityType {
    EntityType::parse(text).unwrap()
}

pub fn id(text: &str) -> EntityId {
    EntityId::parse(text).unwrap()
}

/// An entity as it was seen at a second.
pub fn entity(of: &str, id_text: &str, name: Option<&str>, second: i64) -> Entity {
    Entity {
        kind: kind(of),
        id: id(id_text),
        name: name.map(Arc::from),
        parent: None,
        data: json!({ "id": id_text, "name": name, "second": second }),
        fetched_at: Timestamp::from_seconds(second),
    }
}

fn seen(entity: &Entity) -> EntityChange {
    EntityChange::Seen(entity.clone())
}

fn gone(of: &str, id_text: &str, second: i64) -> EntityChange {
    EntityChange::Gone { kind: kind(of), id: id(id_text), at: Timestamp::from_seconds(second) }
}

async fn an_entity_is_read_as_it_was_written(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let odd = Entity {
        parent: Some(id("p-1")),
        data: json!({ "deep": [{ "text": "ü\u{0}\"", "number": 12345678901234567890_u64 }], "null": null }),
        ..entity("time-entries", "e_1", Some("NUL \u{0} Ünï 🦀"), 100)
    };
    let plain = entity("tags", "e_1", None, 100);
    assert_eq!(store.change_entities(key(1), &[seen(&odd), seen(&plain)]).await, Ok(true));
    assert_eq!(store.entity(key(1), &odd.kind, &odd.id).await, Ok(Some(odd.clone())));
    assert_eq!(store.entity(key(1), &plain.kind, &plain.id).await, Ok(Some(plain)));
    assert_eq!(store.entity(key(1), &kind("tags"), &id("e_2")).await, Ok(None));
}

async fn what_was_learnt_earlier_never_replaces_what_was_learnt_later(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let [first, second, third] = [("a", 100), ("b", 200), ("c", 200)].map(|(name, at)| entity("tags", "t", Some(name), at));
    let known = || store.entity(key(1), &second.kind, &second.id);
    assert_eq!(store.change_entities(key(1), &[seen(&second), seen(&first)]).await, Ok(true));
    assert_eq!(known().await, Ok(Some(second.clone())));
    assert_eq!(store.change_entities(key(1), &[seen(&first)]).await, Ok(true));
    assert_eq!(known().await, Ok(Some(second.clone())));
    assert_eq!(store.change_entities(key(1), &[seen(&third)]).await, Ok(true));
    assert_eq!(known().await, Ok(Some(third)));
}

async fn a_deleted_entity_is_not_brought_back_by_an_older_page(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let [old, new] = [100, 300].map(|at| entity("projects", "p", Some("x"), at));
    let known = || store.entity(key(1), &old.kind, &old.id);
    store.change_entities(key(1), &[seen(&old), gone("projects", "p", 200)]).await.unwrap();
    assert_eq!(known().await, Ok(None));
    store.change_entities(key(1), &[seen(&old)]).await.unwrap();
    assert_eq!(known().await, Ok(None));
    store.change_entities(key(1), &[seen(&new)]).await.unwrap();
    assert_eq!(known().await, Ok(Some(new)));
}

async fn entities_belong_to_their_workspace_and_its_stay(backend: Backend) {
    let store = &*backend.store;
    let tag = entity("tags", "t", Some("x"), 100);
    assert_eq!(store.change_entities(key(1), &[seen(&tag)]).await, Ok(false));
    install(store, key(1)).await;
    install(store, key(2)).await;
    assert_eq!(store.change_entities(key(1), &[seen(&tag)]).await, Ok(true));
    assert_eq!(store.entity(key(2), &tag.kind, &tag.id).await, Ok(None));
    uninstall(store, key(1)).await;
    assert_eq!(store.entity(key(1), &tag.kind, &tag.id).await, Ok(None));
    reinstall(store, key(1)).await;
    assert_eq!(store.entity(key(1), &tag.kind, &tag.id).await, Ok(None));
}

async fn many_changes_are_one_call(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let many: Vec<Entity> = (0..300).map(|number| entity("tags", &format!("t{number}"), Some("x"), 100)).collect();
    let changes: Vec<EntityChange> = many.iter().map(seen).collect();
    assert_eq!(store.change_entities(key(1), &changes).await, Ok(true));
    assert_eq!(store.change_entities(key(1), &[]).await, Ok(true));
    for entity in [&many[0], &many[63], &many[64], &many[299]] {
        assert_eq!(store.entity(key(1), &entity.kind, &entity.id).await.as_ref(), Ok(&Some(entity.clone())));
    }
}
