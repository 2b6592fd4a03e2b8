//! Runs in memory.

use std::ops::Bound;

use async_trait::async_trait;

use super::{MemoryStore, State, page};
use crate::clock::Timestamp;
use crate::flow::run::{Run, RunState};
use crate::ids::{Key, RunId};
use crate::installation::{Health, Status};
use crate::port::store::runs::{RunFilter, RunSummary};
use crate::port::store::{Error, Page, Runs, Slice};

impl State {
    fn has_work(&self, key: Key) -> bool {
        self.runs.values().any(|run| {
            run.key == key
                && match run.state {
                    RunState::Queued | RunState::Running => true,
                    RunState::Waiting => run.due_at.is_some(),
                    _ => false,
                }
        })
    }
}

fn fits(filter: &RunFilter, run: &Run) -> bool {
    filter.flow.is_none_or(|flow| run.flow == flow)
        && filter.event.is_none_or(|event| run.event == event)
        && filter.event_type.as_ref().is_none_or(|event_type| run.event_type == *event_type)
        && filter.state.is_none_or(|state| run.state == state)
        && filter.from.is_none_or(|from| run.id >= RunId::first_at(from))
        && filter.to.is_none_or(|to| run.id < RunId::first_at(to))
        && (!filter.attention || wants_attention(run))
}

fn wants_attention(run: &Run) -> bool {
    run.state.troubled() && run.dismissed_at.is_none()
}

#[async_trait]
impl Runs for MemoryStore {
    async fn run(&self, key: Key, id: RunId) -> Result<Option<Run>, Error> {
        Ok(self.open()?.runs.get(&(key, id)).cloned())
    }

    async fn runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<RunSummary>, Error> {
        let state = self.open()?;
        let Page { total, items } = page(state.runs.values().rev().filter(|run| run.key == key && fits(filter, run)), slice);
        Ok(Page { total, items: items.iter().map(RunSummary::from).collect() })
    }

    async fn dismiss(&self, key: Key, runs: &[RunId], now: Timestamp) -> Result<u32, Error> {
        let mut state = self.open()?;
        let mut dismissed = 0;
        for id in runs {
            if let Some(run) = state.runs.get_mut(&(key, *id)).filter(|run| wants_attention(run)) {
                run.dismissed_at = Some(now);
                dismissed += 1;
            }
        }
        Ok(dismissed)
    }

    async fn unfinished(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        let state = self.open()?;
        let of_key = state.runs.values().filter(|run| run.key == key && !run.state.finished());
        Ok(of_key.filter(|run| after.is_none_or(|after| run.id > after)).take(limit as usize).cloned().collect())
    }

    async fn keys_with_work(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        let state = self.open()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let able = state
            .installations
            .range((from, Bound::Unbounded))
            .filter(|(_, installation)| installation.status == Status::Active && !matches!(installation.health, Health::Broken { .. }));
        Ok(able.map(|(key, _)| *key).filter(|key| state.has_work(*key)).take(limit as usize).collect())
    }
}
