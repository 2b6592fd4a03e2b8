//! Subscriptions in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::addon::Addon;
use crate::event::EventType;
use crate::ids::Key;
use crate::installation::TokenHash;
use crate::port::store::subscriptions::SubscriptionSaved;
use crate::port::store::{Error, Subscriptions};
use crate::subscription::Subscription;

#[async_trait]
impl Subscriptions for MemoryStore {
    async fn put_subscription(&self, key: Key, subscription: &Subscription) -> Result<SubscriptionSaved, Error> {
        let mut state = self.open()?;
        if !state.installations.contains_key(&key) {
            return Ok(SubscriptionSaved::Absent);
        }
        let own = (key, subscription.event.clone());
        let taken = state.subscriptions.iter().any(|(other, stored)| {
            let (whose, _) = other;
            whose.addon == key.addon && *other != own && stored.hash == subscription.hash
        });
        if taken {
            return Ok(SubscriptionSaved::Taken);
        }
        Ok(match state.subscriptions.insert(own, subscription.clone()) {
            Some(_) => SubscriptionSaved::Replaced,
            None => SubscriptionSaved::Done,
        })
    }

    async fn delete_subscription(&self, key: Key, event: &EventType) -> Result<bool, Error> {
        Ok(self.open()?.subscriptions.remove(&(key, event.clone())).is_some())
    }

    async fn subscriptions(&self, key: Key) -> Result<Vec<Subscription>, Error> {
        let state = self.open()?;
        Ok(state.subscriptions.iter().filter(|((whose, _), _)| *whose == key).map(|(_, stored)| stored.clone()).collect())
    }

    async fn subscriber(&self, addon: Addon, hash: &TokenHash) -> Result<Option<Key>, Error> {
        let state = self.open()?;
        let found = state.subscriptions.iter().find(|((whose, _), stored)| whose.addon == addon && stored.hash == *hash);
        Ok(found.map(|((whose, _), _)| *whose))
    }
}
