//! What happened lately, in numbers: for the charts of a dashboard and the lines of a list.

use async_trait::async_trait;

use super::Error;
use crate::clock::Timestamp;
use crate::ids::{FlowId, Key};

/// What a flow did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FlowStatistics {
    /// The flow; it may have been deleted.
    pub flow: FlowId,
    /// Runs that were made.
    pub runs: u64,
    /// Of these, those that ended well: succeeded, or stopped by a condition.
    pub succeeded: u64,
    /// And those that failed or are uncertain.
    pub failed: u64,
}

/// What happened in a span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SpanStatistics {
    /// Events that arrived.
    pub events: u64,
    /// Runs that were made.
    pub runs: u64,
    /// Of these, those that failed or are uncertain.
    pub failed: u64,
}

/// Counts along indices; no row is looked at. Moments are those of the ids.
#[async_trait]
pub trait Statistics: Send + Sync {
    /// What each flow that has run since a moment did since then, in the order of their ids.
    async fn flow_statistics(&self, key: Key, since: Timestamp) -> Result<Vec<FlowStatistics>, Error>;

    /// What happened between each moment and the next one; `moments` go up. One answer less than there are moments.
    async fn span_statistics(&self, key: Key, moments: &[Timestamp]) -> Result<Vec<SpanStatistics>, Error>;
}
