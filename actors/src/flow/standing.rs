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

/// Since when and why a flow starts no runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Paused {
    /// When the last failure in a row was noted.
    pub since: Timestamp,
    /// For people.
    pub reason: String,
}
