//! Bootstraps: how far the reading of a workspace is.

use async_trait::async_trait;

use super::Error;
use crate::bootstrap::record::{Head, Progress, Record};
use crate::entity::EntityChange;
use crate::ids::Key;

/// Keeps the one bootstrap of each workspace.
#[async_trait]
pub trait Bootstraps: Send + Sync {
    /// The latest one.
    async fn bootstrap(&self, key: Key) -> Result<Option<Record>, Error>;

    /// Puts one in the place of whatever there is. `false`: the workspace has no installation (any more).
    async fn put_bootstrap(&self, key: Key, record: &Record) -> Result<bool, Error>;

    /// Stores how far one is, and what it brought, in one transaction: its head, some of its operations, and at most
    /// [`ENTITY_CHANGES_MAX`](crate::limits::store::ENTITY_CHANGES_MAX) changes of the entity cache. `false`: another one has taken its place, or the
    /// installation is gone; then nothing is stored.
    async fn advance_bootstrap(&self, key: Key, head: &Head, operations: &[Progress], changes: &[EntityChange]) -> Result<bool, Error>;

    /// Which active installations whose token works have a bootstrap that is not finished, in the order of keys, beginning after `after`.
    async fn keys_with_bootstrap(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error>;
}
