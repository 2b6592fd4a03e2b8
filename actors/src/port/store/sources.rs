//! Custom sources.

use async_trait::async_trait;

use super::Error;
use crate::ids::Key;
use crate::source::{CustomSource, SourceName};

/// What became of a new source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SourceSaved {
    /// Stored.
    Done,
    /// There is one of that name.
    Taken,
    /// The workspace has as many as it may have.
    TooMany,
    /// The workspace has no installation (any more).
    Absent,
}

/// Keeps custom sources; their secrets are sealed.
#[async_trait]
pub trait Sources: Send + Sync {
    /// Stores a new source, unless the workspace has `sources_max` of them or one of that name.
    async fn create_source(&self, key: Key, source: &CustomSource, sources_max: u32) -> Result<SourceSaved, Error>;

    /// Replaces a source of the same name; `created_at` stays. `false`: there is none.
    async fn update_source(&self, key: Key, source: &CustomSource) -> Result<bool, Error>;

    /// Removes a source; its events and runs stay. `false`: there was none.
    async fn delete_source(&self, key: Key, name: &SourceName) -> Result<bool, Error>;

    /// One source.
    async fn source(&self, key: Key, name: &SourceName) -> Result<Option<CustomSource>, Error>;

    /// Every source, by name.
    async fn sources(&self, key: Key) -> Result<Vec<CustomSource>, Error>;
}
