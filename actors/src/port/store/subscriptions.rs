//! Webhooks that the manifest does not declare.

use async_trait::async_trait;

use super::Error;
use crate::addon::Addon;
use crate::event::EventType;
use crate::ids::Key;
use crate::installation::TokenHash;
use crate::subscription::Subscription;

/// What became of a subscription that was to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SubscriptionSaved {
    /// Stored; there was none for that event.
    Done,
    /// Stored in the place of the one that there was.
    Replaced,
    /// Another subscription of the add-on has that token.
    Taken,
    /// The workspace has no installation (any more).
    Absent,
}

/// Keeps subscriptions, one for each event of a workspace, as long as the add-on is installed.
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// Stores a subscription, in the place of the one for the same event. A token belongs to one subscription of an add-on.
    async fn put_subscription(&self, key: Key, subscription: &Subscription) -> Result<SubscriptionSaved, Error>;

    /// Removes the subscription for an event. `false`: there was none.
    async fn delete_subscription(&self, key: Key, event: &EventType) -> Result<bool, Error>;

    /// Every subscription, by event.
    async fn subscriptions(&self, key: Key) -> Result<Vec<Subscription>, Error>;

    /// Whose token this is. The one query that names no workspace: it finds out which.
    async fn subscriber(&self, addon: Addon, hash: &TokenHash) -> Result<Option<Key>, Error>;
}
