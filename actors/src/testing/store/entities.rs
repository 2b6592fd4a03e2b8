//! The entity cache in memory.

use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;

use super::{MemoryStore, State, page};
use crate::clock::Timestamp;
use crate::entity::{Entity, EntityChange, EntityId, EntityType, Listed, sort_key};
use crate::ids::Key;
use crate::port::store::entities::{EntityFilter, Swept};
use crate::port::store::{Entities, Error, Page, Slice};

/// What is known of an entity: `None`, that it is gone.
pub(super) struct Known {
    at: Timestamp,
    entity: Option<Entity>,
}

impl State {
    pub(super) fn change_entities(&mut self, key: Key, changes: &[EntityChange]) {
        for change in changes {
            let entity = match change {
                EntityChange::Seen(entity) => Some(entity.clone()),
                EntityChange::Gone { .. } => None,
            };
            let place = (key, change.kind().clone(), change.id().clone());
            if self.entities.get(&place).is_none_or(|known| known.at <= change.at()) {
                self.entities.insert(place, Known { at: change.at(), entity });
            }
        }
    }

    fn present(&self, key: Key) -> impl Iterator<Item = &Entity> {
        self.entities.iter().filter(move |((whose, ..), _)| *whose == key).filter_map(|(_, known)| known.entity.as_ref())
    }

    /// Rows of a type behind an id, in order.
    fn behind(&self, key: Key, kind: &EntityType, after: Option<&EntityId>) -> impl Iterator<Item = (&EntityId, &Known)> {
        let rows = self.entities.iter().filter(move |((whose, of, _), _)| *whose == key && of == kind);
        rows.map(|((_, _, id), known)| (id, known)).filter(move |(id, _)| after.is_none_or(|after| *id > after))
    }
}

#[async_trait]
impl Entities for MemoryStore {
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error> {
        Ok(self.open()?.entities.get(&(key, kind.clone(), id.clone())).and_then(|known| known.entity.clone()))
    }

    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error> {
        let mut state = self.open()?;
        let installed = state.installations.contains_key(&key);
        if installed {
            state.change_entities(key, changes);
        }
        Ok(installed)
    }

    async fn entities(&self, key: Key, filter: &EntityFilter, slice: Slice) -> Result<Page<Listed>, Error> {
        let state = self.open()?;
        let text = filter.text.as_ref().map(|text| (sort_key(text).into_owned(), text));
        let sort = |entity: &Entity| entity.name.as_deref().map(|name| sort_key(name).into_owned()).unwrap_or_default();
        let fits = |entity: &&Entity| {
            let named = text.as_ref().is_none_or(|(part, id)| sort(entity).contains(part) || entity.id.as_str() == *id);
            filter.kind.as_ref().is_none_or(|kind| *kind == entity.kind) && named
        };
        let mut found: Vec<&Entity> = state.present(key).filter(fits).collect();
        found.sort_by_key(|entity| (entity.kind.clone(), sort(entity), entity.id.clone()));
        let listed = |entity: &&Entity| Listed {
            kind: entity.kind.clone(),
            id: entity.id.clone(),
            name: entity.name.clone(),
            parent: entity.parent.clone(),
            fetched_at: entity.fetched_at,
        };
        let all: Vec<Listed> = found.iter().map(listed).collect();
        Ok(page(all.iter(), slice))
    }

    async fn entity_counts(&self, key: Key) -> Result<Vec<(EntityType, u64)>, Error> {
        let mut counts = BTreeMap::new();
        self.open()?.present(key).for_each(|entity| *counts.entry(entity.kind.clone()).or_default() += 1);
        Ok(counts.into_iter().collect())
    }

    async fn entity_ids(
        &self,
        key: Key,
        kind: &EntityType,
        since: Timestamp,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<Vec<EntityId>, Error> {
        let state = self.open()?;
        let seen = state.behind(key, kind, after).filter(|(_, known)| known.entity.is_some() && known.at >= since);
        Ok(seen.map(|(id, _)| id.clone()).take(limit as usize).collect())
    }

    async fn sweep_entities(
        &self,
        key: Key,
        kind: &EntityType,
        before: Timestamp,
        after: Option<&EntityId>,
        rows: u32,
    ) -> Result<Swept, Error> {
        let mut state = self.open()?;
        let looked: Vec<(EntityId, bool)> =
            state.behind(key, kind, after).take(rows as usize).map(|(id, known)| (id.clone(), known.at < before)).collect();
        let last = looked.last().filter(|_| looked.len() == rows as usize).map(|(id, _)| id.clone());
        let mut removed = 0;
        for (id, _) in looked.into_iter().filter(|(_, old)| *old) {
            removed += u32::from(state.entities.remove(&(key, kind.clone(), id)).is_some());
        }
        Ok(Swept { removed, after: last })
    }

    async fn expire_entities(&self, key: Key, before: Option<Timestamp>, gone_before: Timestamp, rows_max: u32) -> Result<u32, Error> {
        let mut state = self.open()?;
        let old = |known: &Known| before.is_some_and(|before| known.at < before) || (known.entity.is_none() && known.at < gone_before);
        let rows = state.entities.iter().filter(|((whose, ..), known)| *whose == key && old(known));
        let places: Vec<_> = rows.map(|(place, _)| place.clone()).take(rows_max as usize).collect();
        places.iter().for_each(|place| drop(state.entities.remove(place)));
        Ok(u32::try_from(places.len()).unwrap_or(u32::MAX))
    }

    async fn keys_with_entities_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        let state = self.open()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let old = |key: &Key| state.entities.iter().any(|((whose, ..), known)| whose == key && known.at < before);
        let keys = state.installations.range((from, Bound::Unbounded)).map(|(key, _)| *key);
        Ok(keys.filter(old).take(limit as usize).collect())
    }
}
