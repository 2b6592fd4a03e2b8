//! What is kept for how long: the one way in which rows go away while the add-on stays installed.

use async_trait::async_trait;

use super::Error;
use crate::clock::Timestamp;
use crate::ids::Key;

/// What may go. Nothing goes that an unfinished run needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cutoffs {
    /// Events that arrived before this moment, unless a run of theirs is still kept.
    pub events_before: Option<Timestamp>,
    /// Finished runs that were created before this moment.
    pub runs_before: Option<Timestamp>,
}

/// Removes what is old enough.
#[async_trait]
pub trait Retention: Send + Sync {
    /// Installations that have an event or a finished run from before `before`, in the order of keys, beginning after `after`.
    async fn keys_with_rows_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error>;

    /// Removes at most `rows_max` rows of a key in one transaction that does not hold up the journal for long. Says how many; fewer than
    /// `rows_max` means that nothing is left to remove.
    async fn expire(&self, key: Key, cutoffs: Cutoffs, rows_max: u32) -> Result<u32, Error>;
}
