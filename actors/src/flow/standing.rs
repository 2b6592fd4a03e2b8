//! How a flow has fared lately: how often it failed in a row, and whether it is paused for that.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::ids::FlowId;

/// Of a flow that has failed since it last did well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The flow.
    pub flow: FlowId,
    /// Failures in a row.
    pub failures: u32,
    /// Whether it starts no runs.
    pub paused: Option<Paused>,
}

/// What the end of a run says about its flow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fared {
    /// It failed: the `pause_after`-th failure in a row pauses it.
    Failed {
        /// So many failures in a row.
        pause_after: u32,
        /// Why it is then paused, for people.
        reason: String,
    },
    /// It did well: earlier failures are forgotten, unless they have paused it.
    Well,
}

/// Since when and why a flow starts no runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Paused {
    /// When the last failure in a row was noted.
    pub since: Timestamp,
    /// For people.
    pub reason: String,
}
