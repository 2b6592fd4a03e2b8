//! Flows and their versions.

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::clock::Timestamp;
use crate::flow::model::Flow;
use crate::flow::run::Reason;
use crate::ids::{FlowId, Key};

/// What became of a change to a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Saved {
    /// Stored as this version.
    Version(u32),
    /// There is no such flow; of a new one: the workspace has no installation (any more).
    Absent,
    /// The workspace has as many flows as it may have.
    TooMany,
}

/// Why a run is cancelled when its flow is deleted: the one text of all stores.
pub fn flow_deleted() -> Reason {
    Reason::new("flow_deleted", "The flow was deleted.")
}

/// Keeps flows. A change makes a new version; runs keep the version that their event found.
#[async_trait]
pub trait Flows: Send + Sync {
    /// Stores a new flow as version 1, unless the workspace has `flows_max` of them.
    async fn create_flow(&self, key: Key, flow: &Flow, flows_max: u32) -> Result<Saved, Error>;

    /// Stores new flows, all of them or none.
    async fn create_flows(&self, key: Key, flows: &[Flow], flows_max: u32) -> Result<Saved, Error>;

    /// Stores the next version of a flow; `flow.version` is ignored. Lets go of versions beyond the newest
    /// [`VERSIONS_STORED_MAX`](crate::limits::flow::VERSIONS_STORED_MAX) that no unfinished run needs.
    async fn update_flow(&self, key: Key, flow: &Flow) -> Result<Saved, Error>;

    /// Removes a flow and cancels its unfinished runs. Its versions stay for the runs that are kept. `false`: there was none.
    async fn delete_flow(&self, key: Key, id: FlowId, now: Timestamp) -> Result<bool, Error>;

    /// The newest version of a flow.
    async fn flow(&self, key: Key, id: FlowId) -> Result<Option<Flow>, Error>;

    /// One version of a flow, also of a deleted one.
    async fn flow_version(&self, key: Key, id: FlowId, version: u32) -> Result<Option<Flow>, Error>;

    /// The stored versions of a flow that there is, newest first.
    async fn flow_versions(&self, key: Key, id: FlowId, slice: Slice) -> Result<Page<Flow>, Error>;

    /// The newest version of every flow, newest flow first.
    async fn flows(&self, key: Key) -> Result<Vec<Flow>, Error>;
}
