//! The only door to the workspaces: finds or starts the actor of a key, on the arbiter that the key hashes to.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::{Key, RunId};
use crate::installation::{Proof, Verdict};
use crate::workspace::deliver::{Accepted, Delivery};
use crate::workspace::flows::{FlowChange, FlowChanged};
use crate::workspace::lifecycle::Change;
use crate::workspace::replay::Replayed;
use crate::workspace::status::Snapshot;
pub use crate::workspace::{Environment, Error};

/// The registry of a process. Share it in an `Arc`; every method may be called from any thread.
pub struct Registry {
    env: Arc<Environment>,
}

#[allow(unused_variables, clippy::unused_async)]
impl Registry {
    /// Starts `arbiters` threads for workspaces. Nothing runs until a message comes or [`Self::resume`] is called.
    pub fn new(env: Arc<Environment>, arbiters: usize) -> Self {
        Self { env }
    }

    /// Starts the sweeper, which finds unfinished runs in the store, unloads the idle and lifts quarantines.
    pub fn resume(self: &Arc<Self>) {}

    /// Accepts a delivery; returns once the event and its runs are durable (I1).
    pub async fn deliver(&self, key: Key, delivery: Delivery) -> Result<Accepted, Error> {
        Err(Error::Unavailable)
    }

    /// Applies a lifecycle call.
    pub async fn lifecycle(&self, key: Key, change: Change, proof: Proof) -> Result<Verdict, Error> {
        Err(Error::Unavailable)
    }

    /// Changes a flow.
    pub async fn change_flow(&self, key: Key, change: FlowChange) -> Result<FlowChanged, Error> {
        Err(Error::Unavailable)
    }

    /// Starts a finished run again.
    pub async fn replay(&self, key: Key, run: RunId) -> Result<Replayed, Error> {
        Err(Error::Unavailable)
    }

    /// How the workspace is.
    pub async fn status(&self, key: Key) -> Result<Snapshot, Error> {
        Err(Error::Unavailable)
    }

    /// Ends a quarantine before its time. `false`: there was none.
    pub async fn lift(&self, key: Key) -> Result<bool, Error> {
        Err(Error::Unavailable)
    }

    /// Takes no further message ([`Error::Unavailable`]), lets steps under way end, at most `within`; what is left waits in the store.
    pub async fn drain(&self, within: Duration) {}

    /// Actors that are alive now.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether no actor is alive.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
