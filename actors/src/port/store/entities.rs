//! The entity cache.

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::clock::Timestamp;
use crate::entity::{Entity, EntityChange, EntityId, EntityType, Listed};
use crate::ids::Key;

/// Which entities to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EntityFilter {
    /// Only those of this type.
    pub kind: Option<EntityType>,
    /// Only those whose name has this text, whatever the case, or whose id it is. Of each workspace at most
    /// [`NAMES_SEARCHED_MAX`](crate::limits::store::NAMES_SEARCHED_MAX) names are looked at.
    pub text: Option<String>,
}

/// How far a search for what has vanished is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swept {
    /// How many were removed.
    pub removed: u32,
    /// The last one that was looked at. `None`: there are none behind it.
    pub after: Option<EntityId>,
}

/// Keeps what is known of a workspace's entities.
#[async_trait]
pub trait Entities: Send + Sync {
    /// One entity.
    async fn entity(&self, key: Key, kind: &EntityType, id: &EntityId) -> Result<Option<Entity>, Error>;

    /// Applies changes, at most [`ENTITY_CHANGES_MAX`](crate::limits::store::ENTITY_CHANGES_MAX); one that is older than what is known is passed
    /// over. `false`: the workspace has no installation (any more), and nothing is kept.
    async fn change_entities(&self, key: Key, changes: &[EntityChange]) -> Result<bool, Error>;

    /// Entities by type, name and id.
    async fn entities(&self, key: Key, filter: &EntityFilter, slice: Slice) -> Result<Page<Listed>, Error>;

    /// How many there are of each type.
    async fn entity_counts(&self, key: Key) -> Result<Vec<(EntityType, u64)>, Error>;

    /// Ids of a type that have been seen since `since`, in order, beginning after `after`.
    async fn entity_ids(
        &self,
        key: Key,
        kind: &EntityType,
        since: Timestamp,
        after: Option<&EntityId>,
        limit: u32,
    ) -> Result<Vec<EntityId>, Error>;

    /// Looks at `rows` entities of a type, in the order of their ids, beginning after `after`, and removes those that were last heard of before
    /// `before`.
    async fn sweep_entities(
        &self,
        key: Key,
        kind: &EntityType,
        before: Timestamp,
        after: Option<&EntityId>,
        rows: u32,
    ) -> Result<Swept, Error>;

    /// Removes at most `rows_max` entities that were last heard of before `before`, and of those that are gone what was last heard of before
    /// `gone_before`. Says how many; fewer than `rows_max` means that nothing is left to remove.
    async fn expire_entities(&self, key: Key, before: Option<Timestamp>, gone_before: Timestamp, rows_max: u32) -> Result<u32, Error>;

    /// Installations with an entity that was last heard of before `before`, in the order of keys, beginning after `after`.
    async fn keys_with_entities_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error>;
}
