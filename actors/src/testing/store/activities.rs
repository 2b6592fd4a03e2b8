//! Changes in memory.

use async_trait::async_trait;

use super::{MemoryStore, page};
use crate::activity::Activity;
use crate::ids::Key;
use crate::port::store::{Activities, Error, Page, Slice};

#[async_trait]
impl Activities for MemoryStore {
    async fn record_activity(&self, key: Key, activity: &Activity, kept_max: u32) -> Result<bool, Error> {
        let mut state = self.open()?;
        if state.activities_fail {
            return Err(Error::Unavailable("switched off by the test".into()));
        }
        if !state.installations.contains_key(&key) {
            return Ok(false);
        }
        state.activities.insert((key, activity.id), activity.clone());
        let kept: Vec<_> = state.activities.keys().rev().filter(|(whose, _)| *whose == key).copied().collect();
        for beyond in kept.into_iter().skip(kept_max as usize) {
            state.activities.remove(&beyond);
        }
        Ok(true)
    }

    async fn activities(&self, key: Key, slice: Slice) -> Result<Page<Activity>, Error> {
        let state = self.open()?;
        Ok(page(state.activities.iter().rev().filter(|((whose, _), _)| *whose == key).map(|(_, activity)| activity), slice))
    }
}
