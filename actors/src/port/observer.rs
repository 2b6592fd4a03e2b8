//! What the inside tells about itself: counted by the outside, without names of tenants (I7); and wakes for those who look at a workspace.

use std::time::Duration;

use crate::addon::Addon;
use crate::bootstrap::record::Status;
use crate::flow::run::RunState;
use crate::ids::{Key, RunId};

/// Something that happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happening {
    /// An event became durable.
    EventAccepted,
    /// A delivery was recognised as a duplicate.
    EventRepeated,
    /// A run ended, or was put aside.
    RunLeft(RunState),
    /// A call to the platform ended with this status; 0 where there was no answer.
    Call(u16, Duration),
    /// A call of another server ended with this status; 0 where there was no answer.
    WebCall(u16),
    /// A bootstrap goes on in this process.
    BootstrapWorks,
    /// It does so no longer, for now or for good.
    BootstrapRests,
    /// It read a page with so many entities, and both are durable.
    BootstrapPage(usize),
    /// It ended.
    BootstrapEnded(Status),
    /// A flow was paused because it failed again and again.
    FlowPaused,
    /// An actor started.
    ActorStarted,
    /// An actor died of a panic.
    ActorDied,
    /// A workspace was quarantined.
    Quarantined,
}

/// Something in a workspace that an open page may want to read anew. It carries no data: whoever is woken asks the store (I2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stir {
    /// An event became durable.
    Events,
    /// A run went on, and its record is durable.
    Run(RunId),
    /// The snapshot of the workspace's data went on.
    Bootstrap,
}

/// Counts what happens.
pub trait Observer: Send + Sync {
    /// Takes note. Must be quick and must not fail.
    fn observe(&self, addon: Addon, happening: Happening);

    /// Wakes whoever looks at a workspace. Called on the road of every delivery: where nobody looks it must cost nothing.
    fn stir(&self, _: Key, _: Stir) {}
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn observe(&self, _: Addon, _: Happening) {}
}
