//! What was changed, by whom.

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::activity::Activity;
use crate::ids::Key;

/// Keeps the latest changes of each installation; they go with it.
#[async_trait]
pub trait Activities: Send + Sync {
    /// Stores a change and lets go of the oldest beyond `kept_max`. `false`: there is no installation.
    async fn record_activity(&self, key: Key, activity: &Activity, kept_max: u32) -> Result<bool, Error>;

    /// Changes, the latest first.
    async fn activities(&self, key: Key, slice: Slice) -> Result<Page<Activity>, Error>;
}
