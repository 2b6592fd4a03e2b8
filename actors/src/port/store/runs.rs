//! Runs, as they are read. They are written through [`super::Journal`]; what an admin has seen to is noted here.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::clock::Timestamp;
use crate::event::EventType;
use crate::flow::run::{Reason, Run, RunState, Step};
use crate::ids::{EventId, FlowId, Key, RunId};

/// Which runs to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunFilter {
    /// Only runs of this flow.
    pub flow: Option<FlowId>,
    /// Only runs of this event.
    pub event: Option<EventId>,
    /// Only runs of events of this type.
    pub event_type: Option<EventType>,
    /// Only runs in this state.
    pub state: Option<RunState>,
    /// Only runs made at this moment or later, by their ids.
    pub from: Option<Timestamp>,
    /// Only runs made before this moment, by their ids.
    pub to: Option<Timestamp>,
    /// Only runs that somebody should look at: failed or uncertain, and not dismissed.
    pub attention: bool,
}

/// A run in a list: without its steps, which may be large.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the fields are those of the run")]
pub struct RunSummary {
    pub id: RunId,
    pub flow: FlowId,
    pub flow_version: u32,
    pub event: EventId,
    pub event_type: EventType,
    pub entity: Option<Arc<str>>,
    pub state: RunState,
    /// How many steps it has so far.
    pub steps: u32,
    pub due_at: Option<Timestamp>,
    pub reason: Option<Reason>,
    pub replay_of: Option<RunId>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub dismissed_at: Option<Timestamp>,
}

impl RunSummary {
    /// The run that it is the summary of: a key and the steps make it whole.
    pub fn whole(self, key: Key, steps: Vec<Step>) -> Run {
        Run {
            id: self.id,
            key,
            flow: self.flow,
            flow_version: self.flow_version,
            event: self.event,
            event_type: self.event_type,
            entity: self.entity,
            state: self.state,
            steps,
            due_at: self.due_at,
            reason: self.reason,
            replay_of: self.replay_of,
            created_at: self.created_at,
            started_at: self.started_at,
            finished_at: self.finished_at,
            dismissed_at: self.dismissed_at,
        }
    }
}

impl From<&Run> for RunSummary {
    fn from(run: &Run) -> Self {
        Self {
            id: run.id,
            flow: run.flow,
            flow_version: run.flow_version,
            event: run.event,
            event_type: run.event_type.clone(),
            entity: run.entity.clone(),
            state: run.state,
            steps: u32::try_from(run.steps.len()).unwrap_or(u32::MAX),
            due_at: run.due_at,
            reason: run.reason.clone(),
            replay_of: run.replay_of,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            dismissed_at: run.dismissed_at,
        }
    }
}

/// Reads runs, and notes which of them nobody needs to look at any more.
#[async_trait]
pub trait Runs: Send + Sync {
    /// One run.
    async fn run(&self, key: Key, id: RunId) -> Result<Option<Run>, Error>;

    /// Runs, newest first.
    async fn runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<RunSummary>, Error>;

    /// Takes those of some runs that want attention off that list. Says how many it were.
    async fn dismiss(&self, key: Key, runs: &[RunId], now: Timestamp) -> Result<u32, Error>;

    /// Unfinished runs in the order of their ids, beginning after `after`.
    async fn unfinished(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error>;

    /// Which active installations have unfinished runs that could go on: queued, running, or waiting with a due time. In the order of keys,
    /// beginning after `after`.
    async fn keys_with_work(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error>;
}
