//! The entity cache in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::clock::Timestamp;
use crate::entity::{Entity, EntityChange, EntityId, EntityType};
use crate::ids::Key;
use crate::port::store::{Entities, Error};

/// What is known of an entity: `None`, that it is gone.
pub(super) struct Known {
    pub(super) at: Timestamp,
    pub(super) entity: Option<Entity>,
}

#[async_trait]
impl Entities for MemoryStore {
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error> {
        Ok(self.open()?.entities.get(&(key, kind.clone(), id.clone())).and_then(|known| known.entity.clone()))
    }

    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error> {
        let mut state = self.open()?;
        if !state.installations.contains_key(&key) {
            return Ok(false);
        }
        for change in changes {
            let (kind, id, at, entity) = match change {
                EntityChange::Seen(entity) => (&entity.kind, &entity.id, entity.fetched_at, Some(entity.clone())),
                EntityChange::Gone { kind, id, at } => (kind, id, *at, None),
            };
            let place = (key, kind.clone(), id.clone());
            if state.entities.get(&place).is_none_or(|known| known.at <= at) {
                state.entities.insert(place, Known { at, entity });
            }
        }
        Ok(true)
    }
}
