//! `Status`: how the workspace is, for the dashboard and for tests.

use actix::{Context, Handler, Message};
use serde::Serialize;

use super::forwarding::Forwarding;
use super::{Error, Workspace};

/// Asks how the workspace is.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<Snapshot, Error>")]
pub struct Status;

/// How it is, now.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Snapshot {
    /// Whether the add-on is installed.
    pub installed: bool,
    /// Whether flows run: the installation is active and sound, flows are enabled, there is no quarantine.
    pub running: bool,
    /// Whether repeated failures of the actor itself have stopped its flows.
    pub quarantined: bool,
    /// Whether calls wait because the platform is not reached.
    pub platform_down: bool,
    /// Runs under way.
    pub runs_active: usize,
    /// Runs in memory: queued, waiting and under way.
    pub runs_held: usize,
    /// Of these, runs that wait for a later try.
    pub runs_waiting: usize,
    /// Whether the store has more than memory holds.
    pub more_in_store: bool,
    /// Whether the setting `forwarding_url` is followed.
    pub forwarding: Forwarding,
}

impl Handler<Status> for Workspace {
    type Result = Result<Snapshot, Error>;

    fn handle(&mut self, _: Status, _: &mut Context<Self>) -> Self::Result {
        let mut snapshot = match self.loaded() {
            Ok(loaded) => Snapshot { installed: true, forwarding: loaded.forwarding.clone(), ..self.runner.snapshot() },
            Err(Error::NotInstalled) => Snapshot::default(),
            Err(error) => return Err(error),
        };
        snapshot.quarantined = self.quarantined;
        Ok(snapshot)
    }
}
