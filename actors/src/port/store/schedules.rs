//! When flows with a schedule are due. A flow's next moment is stored with its newest version ([`super::Flows`]), in the same transaction.

use async_trait::async_trait;

use super::Error;
use crate::clock::Timestamp;
use crate::ids::{FlowId, Key};

/// A flow that is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Due {
    /// Whose.
    pub key: Key,
    /// Which.
    pub flow: FlowId,
    /// Since when.
    pub at: Timestamp,
}

/// Finds what is due, whether anybody has loaded it or not.
#[async_trait]
pub trait Schedules: Send + Sync {
    /// Flows of active installations that are due at a moment, the longest overdue first.
    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, Error>;

    /// Notes when a flow is due next, if it is still due at the moment that is named. `false`: it is not, or is no more.
    async fn set_due(&self, due: Due, next: Option<Timestamp>) -> Result<bool, Error>;
}
