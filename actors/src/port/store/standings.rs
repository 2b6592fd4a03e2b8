//! How flows have fared lately. It is counted as their runs end: see [`super::journal::Entry::Conclude`].

use async_trait::async_trait;

use super::Error;
use crate::flow::standing::Standing;
use crate::ids::{FlowId, Key};

/// Failures in a row. What is not there has done well.
#[async_trait]
pub trait Standings: Send + Sync {
    /// Forgets the failures of a flow, and its pause. `false`: it had none.
    async fn resume_flow(&self, key: Key, flow: FlowId) -> Result<bool, Error>;

    /// Flows that have failed since they last did well.
    async fn standings(&self, key: Key) -> Result<Vec<Standing>, Error>;
}
