//! The queue in front of the writer, and what is counted there.
//!
//! Entries, jobs and what may wait behind entries have a bound of their own each (I5), so that a flood of deliveries does not keep an uninstall out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use actors::limits::store::{QUEUE_ENTRIES_MAX, QUEUE_JOBS_MAX};
use actors::port::store::Error;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::Receipt;
use tokio::sync::{mpsc, oneshot};

use super::Job;

/// What the writer is asked to do.
pub(super) enum Work<C> {
    Entry(Entry, Receipt),
    Job(Job<C>),
    Later(Job<C>),
    Close(oneshot::Sender<()>),
}

/// The writer's work so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Entries that wait.
    pub entries_waiting: usize,
    /// Transactions of lifecycle calls, flows, uninstalls and pages of entities that wait.
    pub jobs_waiting: usize,
    /// Batches that were committed.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// Whether the last attempt to write failed for a reason of the store's own.
    pub failing: bool,
}

#[derive(Default)]
pub(super) struct Gauges {
    entries_waiting: AtomicUsize,
    jobs_waiting: AtomicUsize,
    later_waiting: AtomicUsize,
    batches: AtomicU64,
    entries: AtomicU64,
    failing: AtomicBool,
    closed: AtomicBool,
}

impl Gauges {
    pub(super) fn entries_taken(&self, count: usize) {
        self.entries_waiting.fetch_sub(count, Ordering::Relaxed);
    }

    pub(super) fn job_taken(&self) {
        self.jobs_waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn later_taken(&self) {
        self.later_waiting.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, entries: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries as u64, Ordering::Relaxed);
        self.fails(false);
    }

    /// Notes whether the store can be written; answers what was known before.
    pub(super) fn fails(&self, failing: bool) -> bool {
        let before = self.failing.swap(failing, Ordering::Relaxed);
        if before && !failing {
            log::info!("the store can be written again");
        }
        before
    }
}

/// The way to the writer. Clones lead to the same one; it ends when the last is gone.
pub(crate) struct Handle<C> {
    queue: mpsc::Sender<Work<C>>,
    gauges: Arc<Gauges>,
}

impl<C> Clone for Handle<C> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), gauges: Arc::clone(&self.gauges) }
    }
}

pub(super) fn open<C>() -> (Handle<C>, mpsc::Receiver<Work<C>>, Arc<Gauges>) {
    // Room for all that the three counters let in, and for the word that closes.
    let (queue, work) = mpsc::channel(QUEUE_ENTRIES_MAX + 2 * QUEUE_JOBS_MAX + 1);
    let gauges = Arc::<Gauges>::default();
    (Handle { queue, gauges: Arc::clone(&gauges) }, work, gauges)
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".into())
}

/// Takes a place among at most `places_max`.
fn take(places: &AtomicUsize, places_max: usize) -> Result<(), Error> {
    if places.fetch_add(1, Ordering::Relaxed) < places_max {
        return Ok(());
    }
    places.fetch_sub(1, Ordering::Relaxed);
    Err(Error::Busy)
}

impl<C> Handle<C> {
    /// Queues an entry; a full queue answers its receipt at once.
    pub(crate) fn submit(&self, entry: Entry, receipt: Receipt) {
        if self.gauges.closed.load(Ordering::Acquire) {
            return receipt.complete(Err(closed()));
        }
        if let Err(error) = take(&self.gauges.entries_waiting, QUEUE_ENTRIES_MAX) {
            return receipt.complete(Err(error));
        }
        let (unsent, error) = match self.queue.try_send(Work::Entry(entry, receipt)) {
            Ok(()) => return,
            Err(mpsc::error::TrySendError::Full(unsent)) => (unsent, Error::Busy),
            Err(mpsc::error::TrySendError::Closed(unsent)) => (unsent, closed()),
        };
        self.gauges.entries_taken(1);
        if let Work::Entry(_, receipt) = unsent {
            receipt.complete(Err(error));
        }
    }

    /// Queues a job.
    pub(crate) fn run(&self, job: Job<C>) -> Result<(), Error> {
        self.queue(Work::Job(job), &self.gauges.jobs_waiting)
    }

    /// Queues a job that lets entries go first that come after it, for [some commits](actors::limits::store::COMMITS_FIRST_MAX).
    pub(crate) fn run_later(&self, job: Job<C>) -> Result<(), Error> {
        self.queue(Work::Later(job), &self.gauges.later_waiting)
    }

    fn queue(&self, work: Work<C>, places: &AtomicUsize) -> Result<(), Error> {
        if self.gauges.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        take(places, QUEUE_JOBS_MAX)?;
        self.queue.try_send(work).map_err(|error| {
            places.fetch_sub(1, Ordering::Relaxed);
            match error {
                mpsc::error::TrySendError::Full(_) => Error::Busy,
                mpsc::error::TrySendError::Closed(_) => closed(),
            }
        })
    }

    /// Takes nothing more, waits until everything that was queued is done and the connection is closed.
    pub(crate) async fn close(&self) {
        self.gauges.closed.store(true, Ordering::Release);
        let (done, closed) = oneshot::channel();
        if self.queue.send(Work::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// The work so far.
    pub(crate) fn figures(&self) -> Figures {
        let gauges = &self.gauges;
        Figures {
            entries_waiting: gauges.entries_waiting.load(Ordering::Relaxed),
            jobs_waiting: gauges.jobs_waiting.load(Ordering::Relaxed) + gauges.later_waiting.load(Ordering::Relaxed),
            batches: gauges.batches.load(Ordering::Relaxed),
            entries: gauges.entries.load(Ordering::Relaxed),
            failing: gauges.failing.load(Ordering::Relaxed),
        }
    }
}
