//! Retention in memory.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::clock::Timestamp;
use crate::ids::{EventId, Key, RunId};
use crate::port::store::retention::Cutoffs;
use crate::port::store::{Error, Retention};

impl State {
    fn old_runs(&self, key: Key, before: Timestamp) -> impl Iterator<Item = RunId> {
        self.runs.values().filter(move |run| run.key == key && run.state.finished() && run.created_at < before).map(|run| run.id)
    }

    /// Old events that no kept run is about.
    fn old_events(&self, key: Key, before: Timestamp) -> impl Iterator<Item = EventId> {
        let kept: BTreeSet<EventId> = self.runs.values().filter(|run| run.key == key).map(|run| run.event).collect();
        let old = self.events.values().filter(move |event| event.received_at < before).map(|event| event.id);
        old.filter(move |id| self.events.contains_key(&(key, *id)) && !kept.contains(id))
    }
}

#[async_trait]
impl Retention for MemoryStore {
    async fn keys_with_rows_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        let state = self.open()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let old = |key: &Key| {
            let event = state.events.iter().any(|((whose, _), event)| whose == key && event.received_at < before);
            event || state.old_runs(*key, before).next().is_some()
        };
        let keys = state.installations.range((from, Bound::Unbounded)).map(|(key, _)| *key);
        Ok(keys.filter(old).take(limit as usize).collect())
    }

    async fn expire(&self, key: Key, cutoffs: Cutoffs, rows_max: u32) -> Result<u32, Error> {
        let mut state = self.open()?;
        let rows_max = rows_max as usize;
        let runs: Vec<_> = cutoffs.runs_before.map(|before| state.old_runs(key, before).take(rows_max).collect()).unwrap_or_default();
        runs.iter().for_each(|run| drop(state.runs.remove(&(key, *run))));
        let left = rows_max - runs.len();
        let events: Vec<_> = cutoffs.events_before.map(|before| state.old_events(key, before).take(left).collect()).unwrap_or_default();
        events.iter().for_each(|event| drop(state.events.remove(&(key, *event))));
        Ok(u32::try_from(runs.len() + events.len()).unwrap_or(u32::MAX))
    }
}
