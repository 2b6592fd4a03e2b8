//! Runs, as they are read. They are written through [`super::Journal`].

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::flow::run::{Run, RunState};
use crate::ids::{EventId, FlowId, Key, RunId};

/// Which runs to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RunFilter {
    /// Only runs of this flow.
    pub flow: Option<FlowId>,
    /// Only runs of this event.
    pub event: Option<EventId>,
    /// Only runs in this state.
    pub state: Option<RunState>,
}

/// Reads runs.
#[async_trait]
pub trait Runs: Send + Sync {
    /// One run.
    async fn run(&self, key: Key, id: RunId) -> Result<Option<Run>, Error>;

    /// Runs, newest first.
    async fn runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<Run>, Error>;

    /// Unfinished runs in the order of their ids, beginning after `after`.
    async fn unfinished(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error>;

    /// Which active installations have unfinished runs that could go on: queued, running, or waiting with a due time. In the order of keys,
    /// beginning after `after`.
    async fn keys_with_work(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error>;
}
