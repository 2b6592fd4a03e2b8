//! The entity cache.

use async_trait::async_trait;

use super::Error;
use crate::entity::{Entity, EntityChange, EntityId, EntityType};
use crate::ids::Key;

/// Keeps what is known of a workspace's entities.
#[async_trait]
pub trait Entities: Send + Sync {
    /// One entity.
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error>;

    /// Applies changes, at most [`ENTITY_CHANGES_MAX`](crate::limits::store::ENTITY_CHANGES_MAX); one that is older than what is known is passed
    /// over. `false`: the workspace has no installation (any more), and nothing is kept.
    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error>;
}
