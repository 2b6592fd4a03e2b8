//! Bootstraps in memory.

use std::ops::Bound;

use async_trait::async_trait;

use super::MemoryStore;
use crate::bootstrap::record::{Head, Progress, Record};
use crate::entity::EntityChange;
use crate::ids::Key;
use crate::installation::{Health, Status};
use crate::port::store::{Bootstraps, Error};

#[async_trait]
impl Bootstraps for MemoryStore {
    async fn bootstrap(&self, key: Key) -> Result<Option<Record>, Error> {
        Ok(self.open()?.bootstraps.get(&key).cloned())
    }

    async fn put_bootstrap(&self, key: Key, record: &Record) -> Result<bool, Error> {
        let mut state = self.open()?;
        let installed = state.installations.contains_key(&key);
        if installed {
            state.bootstraps.insert(key, record.clone());
        }
        Ok(installed)
    }

    async fn advance_bootstrap(&self, key: Key, head: &Head, operations: &[Progress], changes: &[EntityChange]) -> Result<bool, Error> {
        let mut state = self.open()?;
        let Some(record) = state.bootstraps.get_mut(&key).filter(|record| record.head.id == head.id) else { return Ok(false) };
        record.head = head.clone();
        for operation in operations {
            if let Some(known) = record.operations.iter_mut().find(|known| known.operation == operation.operation) {
                *known = operation.clone();
            }
        }
        state.change_entities(key, changes);
        Ok(true)
    }

    async fn keys_with_bootstrap(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        let state = self.open()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let due = state.bootstraps.range((from, Bound::Unbounded)).filter(|(_, record)| record.head.status.unfinished());
        let works = |key: &Key| {
            let installation = state.installations.get(key);
            installation.is_some_and(|installation| installation.status == Status::Active && installation.health == Health::Sound)
        };
        Ok(due.map(|(key, _)| *key).filter(works).take(limit as usize).collect())
    }
}
