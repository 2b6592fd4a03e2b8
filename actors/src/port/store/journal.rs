//! The hot path into the store: what must be durable before somebody is answered.

use crate::event::Event;
use crate::flow::run::Run;
use crate::flow::standing::Fared;
use crate::ids::{EventId, Key};

use super::receipt::Receipt;

/// One thing to make durable. Entries of one sender become durable in the order in which they were submitted.
#[derive(Debug)]
pub enum Entry {
    /// A new event and the runs that it starts, in one transaction. [`Written::Absent`] if the key has no installation (any more):
    /// nothing may be left behind by an uninstall. [`Written::Repeated`] if its source has sent its message before: then neither the event nor
    /// its runs are kept.
    Accept {
        /// Whose.
        key: Key,
        /// The event.
        event: Box<Event>,
        /// Its runs; ids sort after those of earlier events.
        runs: Vec<Run>,
    },
    /// The event was delivered again: counts on the first delivery's row. [`Written::Absent`] if that row never became durable.
    Repeat {
        /// Whose.
        key: Key,
        /// The first delivery.
        event: EventId,
    },
    /// Runs asked for by an admin (replays), all of one key. [`Written::Absent`] as for [`Self::Accept`].
    Start(Vec<Run>),
    /// The new standing of a run: everything but its identity is replaced. A finished run never changes again: then, and when
    /// the run is gone, [`Written::Absent`].
    Progress(Box<Run>),
    /// The end of a run and what follows from it, in one transaction: how its flow has fared, and the event that its ending badly is, with the runs which
    /// that starts. The event's message names the run, so that it is told once. [`Written::Absent`] as for [`Self::Progress`], and then the flow has not
    /// fared in any way; of a run that was cancelled at that moment the event may be told all the same.
    Conclude {
        /// The run, which has ended.
        run: Box<Run>,
        /// What that says about its flow.
        fared: Option<Fared>,
        /// That it has ended badly.
        event: Option<Box<Event>>,
        /// The runs of flows that are there for failures.
        runs: Vec<Run>,
    },
}

/// What became of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// It is durable.
    Done,
    /// The row that it is about is not there (any more).
    Absent,
    /// The message is there already, as another event.
    Repeated,
}

/// Takes entries into the queue of the group commit.
pub trait Journal: Send + Sync {
    /// Queues an entry; the receipt is answered when it is durable or when it failed. A full queue answers
    /// [`super::Error::Busy`] at once. Never blocks.
    fn submit(&self, entry: Entry, receipt: Receipt);
}
