//! How flows have fared lately.

use async_trait::async_trait;

use super::Error;
use crate::clock::Timestamp;
use crate::flow::standing::Standing;
use crate::ids::{FlowId, Key};

/// Counts failures in a row. What is not there has done well.
#[async_trait]
pub trait Standings: Send + Sync {
    /// Counts a failure; the `pause_after`-th in a row pauses the flow, for that reason. `None`: there is no such flow.
    async fn flow_failed(&self, key: Key, flow: FlowId, pause_after: u32, reason: &str, now: Timestamp) -> Result<Option<Standing>, Error>;

    /// Forgets the failures of a flow that is not paused.
    async fn flow_did_well(&self, key: Key, flow: FlowId) -> Result<(), Error>;

    /// Forgets the failures of a flow, and its pause. `false`: it had none.
    async fn resume_flow(&self, key: Key, flow: FlowId) -> Result<bool, Error>;

    /// Flows that have failed since they last did well.
    async fn standings(&self, key: Key) -> Result<Vec<Standing>, Error>;
}
