//! The entity cache: what was learnt last is what is known.

use std::sync::Arc;

use actors::clock::Timestamp;
use actors::entity::{Entity, EntityChange, EntityId, EntityType};
use actors::port::store::entities::{EntityFilter, Swept};
use actors::port::store::{Slice, Store};
use serde_json::json;

use crate::backend::Backend;
use crate::sample::{install, key, reinstall, uninstall};

contract! {
    an_entity_is_read_as_it_was_written,
    what_was_learnt_earlier_never_replaces_what_was_learnt_later,
    a_deleted_entity_is_not_brought_back_by_an_older_page,
    entities_belong_to_their_workspace_and_its_stay,
    many_changes_are_one_call,
    lists_are_by_type_and_name_and_searched_by_a_part_of_it,
    ids_of_a_type_come_in_order_and_in_parts,
    what_was_not_seen_since_is_swept_step_by_step,
    old_ones_expire_and_what_is_gone_is_forgotten,
    workspaces_with_old_entities_come_in_order,
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

const ALL: Slice = Slice { limit: 100, offset: 0 };

async fn keep(store: &dyn Store, number: u32, entities: &[Entity]) {
    let changes: Vec<EntityChange> = entities.iter().map(seen).collect();
    assert_eq!(store.change_entities(key(number), &changes).await, Ok(true));
}

/// Ids and total of a list.
async fn listed(store: &dyn Store, of: Option<&str>, text: Option<&str>, slice: Slice) -> (Vec<String>, u64) {
    let filter = EntityFilter { kind: of.map(kind), text: text.map(str::to_owned) };
    let page = store.entities(key(1), &filter, slice).await.unwrap();
    (page.items.iter().map(|listed| listed.id.to_string()).collect(), page.total)
}

async fn lists_are_by_type_and_name_and_searched_by_a_part_of_it(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let all = [
        entity("tags", "t1", Some("beta"), 100),
        entity("tags", "t2", Some("Alpha \u{dc}BER %_"), 100),
        entity("tags", "t3", None, 100),
        entity("clients", "c1", Some("ALPHA"), 100),
        entity("tags", "t4", Some("gone"), 100),
    ];
    keep(store, 1, &all).await;
    keep(store, 2, &[entity("tags", "t9", Some("alpha"), 100)]).await;
    store.change_entities(key(1), &[gone("tags", "t4", 200)]).await.unwrap();
    let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(listed(store, None, None, ALL).await, (ids(&["c1", "t3", "t2", "t1"]), 4));
    assert_eq!(listed(store, Some("tags"), None, Slice { limit: 1, offset: 1 }).await, (ids(&["t2"]), 3));
    assert_eq!(listed(store, None, Some("aLPHa"), ALL).await, (ids(&["c1", "t2"]), 2));
    assert_eq!(listed(store, Some("tags"), Some("\u{fc}ber %_"), ALL).await, (ids(&["t2"]), 1));
    assert_eq!(listed(store, Some("tags"), Some("t1"), ALL).await, (ids(&["t1"]), 1));
    assert_eq!(listed(store, Some("tags"), Some("%"), ALL).await, (ids(&["t2"]), 1));
    assert_eq!(listed(store, Some("projects"), None, ALL).await, (vec![], 0));
    assert_eq!(store.entity_counts(key(1)).await, Ok(vec![(kind("clients"), 1), (kind("tags"), 3)]));
    assert_eq!(store.entity_counts(key(3)).await, Ok(vec![]));
}

async fn ids_of_a_type_come_in_order_and_in_parts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let all: Vec<Entity> = [("c", 100), ("a", 200), ("B", 200), ("d", 200), ("e", 300)].map(|(id, at)| entity("tags", id, None, at)).into();
    keep(store, 1, &all).await;
    store.change_entities(key(1), &[gone("tags", "e", 400)]).await.unwrap();
    let since = Timestamp::from_seconds(200);
    assert_eq!(store.entity_ids(key(1), &kind("tags"), since, None, 2).await, Ok(vec![id("B"), id("a")]));
    assert_eq!(store.entity_ids(key(1), &kind("tags"), since, Some(&id("a")), 2).await, Ok(vec![id("d")]));
    assert_eq!(store.entity_ids(key(1), &kind("clients"), since, None, 2).await, Ok(vec![]));
}

async fn what_was_not_seen_since_is_swept_step_by_step(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let all: Vec<Entity> = (0..10).map(|n| entity("tags", &format!("t{n}"), None, if n % 2 == 0 { 100 } else { 200 })).collect();
    keep(store, 1, &all).await;
    keep(store, 1, &[entity("clients", "c", None, 100)]).await;
    let before = Timestamp::from_seconds(200);
    let step = async |after: Option<&str>| store.sweep_entities(key(1), &kind("tags"), before, after.map(id).as_ref(), 4).await.unwrap();
    assert_eq!(step(None).await, Swept { removed: 2, after: Some(id("t3")) });
    assert_eq!(step(Some("t3")).await, Swept { removed: 2, after: Some(id("t7")) });
    assert_eq!(step(Some("t7")).await, Swept { removed: 1, after: None });
    assert_eq!(listed(store, None, None, ALL).await.0, ["c", "t1", "t3", "t5", "t7", "t9"]);
}

async fn old_ones_expire_and_what_is_gone_is_forgotten(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    keep(store, 1, &[entity("tags", "a", None, 100), entity("tags", "b", None, 200), entity("tags", "c", None, 200)]).await;
    store.change_entities(key(1), &[gone("tags", "c", 250)]).await.unwrap();
    let at = Timestamp::from_seconds;
    assert_eq!(store.expire_entities(key(1), None, at(250), 10).await, Ok(0));
    assert_eq!(store.expire_entities(key(1), None, at(251), 10).await, Ok(1));
    assert_eq!(store.expire_entities(key(1), Some(at(300)), at(0), 1).await, Ok(1));
    assert_eq!(store.expire_entities(key(1), Some(at(300)), at(0), 10).await, Ok(1));
    assert_eq!(store.expire_entities(key(1), Some(at(300)), at(0), 10).await, Ok(0));
    // Nothing remembers that it was gone.
    keep(store, 1, &[entity("tags", "c", None, 200)]).await;
    assert_eq!(listed(store, None, None, ALL).await.1, 1);
}

async fn workspaces_with_old_entities_come_in_order(backend: Backend) {
    let store = &*backend.store;
    for number in 1..=4 {
        install(store, key(number)).await;
        keep(store, number, &[entity("tags", "a", None, if number == 2 { 500 } else { 100 })]).await;
    }
    uninstall(store, key(3)).await;
    let before = Timestamp::from_seconds(200);
    assert_eq!(store.keys_with_entities_before(before, None, 10).await, Ok(vec![key(1), key(4)]));
    assert_eq!(store.keys_with_entities_before(before, Some(key(1)), 10).await, Ok(vec![key(4)]));
    assert_eq!(store.keys_with_entities_before(before, None, 1).await, Ok(vec![key(1)]));
}
