//! The group commit: one connection writes, and everything that waited while the last commit was under way goes into the next one (I1).
//!
//! Entries and transactions stand in one bounded queue and are done in the order of submission (I5), but for those that say that they may wait: they let
//! entries go first, for a bounded number of commits. Nobody waits on a timer. A commit has a share for each workspace, so that one with large entries
//! does not make the others wait for them: what exceeds it stays for the next, unless nobody else waits. A batch that the database refuses is halved
//! until the entry at fault is alone; a connection that is lost is opened again for the next piece
//! of work; a panic costs the work in hand its answer ("unavailable") and nothing more. Knows no SQL: that is the [`Backend`]'s.

mod queue;

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actors::addon::Addon;
use actors::ids::{Key, WorkspaceId};
use actors::limits::store::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, COMMITS_FIRST_MAX, RUNS_PER_BATCH_MAX, SHARE_BYTES_MAX};
use actors::port::store::Error;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::{Outcome, Receipt};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

pub use queue::Figures;
pub(super) use queue::Handle;
use queue::{Gauges, Work};

/// Why something was not written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failure {
    /// The database refuses what it was given; something else may go well.
    Refused(String),
    /// Nothing can be written now. The connection is in order.
    Not(Error),
    /// Nothing can be written over this connection any more.
    Lost(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(why) => Self::Unavailable(format!("the database refuses it: {why}")),
            Failure::Not(error) | Failure::Lost(error) => error,
        }
    }
}

/// How a database does what the writer asks.
pub(super) trait Backend: Send + 'static {
    /// A connection that may write.
    type Connection: Send + 'static;

    /// Opens a connection.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Error>>;

    /// Writes entries in one transaction, as if one after the other; an outcome for each. After a failure nothing of it is written.
    fn write(&self, connection: &mut Self::Connection, entries: &[Entry]) -> impl Future<Output = Result<Vec<Outcome>, Failure>>;

    /// Closes a connection for good, so that the database is complete without this process.
    fn close(&self, connection: Self::Connection) -> impl Future<Output = ()>;
}

/// What a job leaves behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum After {
    /// The store can be written.
    Fine,
    /// It cannot be written now.
    Failing,
    /// Nor over this connection.
    Lost,
}

impl After {
    /// What work leaves behind that came to this.
    pub(super) fn of<T>(done: &Result<T, Failure>) -> Self {
        match done {
            Ok(_) | Err(Failure::Refused(_)) => Self::Fine,
            Err(Failure::Not(_)) => Self::Failing,
            Err(Failure::Lost(_)) => Self::Lost,
        }
    }
}

/// A transaction of its own between the batches. It is given the connection, or why there is none, and answers its caller itself.
pub(super) type Job<C> = Box<dyn for<'c> FnOnce(Result<&'c mut C, Error>) -> BoxFuture<'c, After> + Send>;

/// Starts a writer on a thread of its own, so that nothing else slows it down, with its first connection. A connection that needs a runtime is opened
/// by the writer itself, in its own: another's may stand still.
///
/// # Errors
///
/// The system gives no thread.
pub(super) fn spawn<B: Backend>(backend: B, connection: Option<B::Connection>) -> std::io::Result<Handle<B::Connection>> {
    let (handle, work, gauges) = queue::open();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let writer = Writer {
        backend,
        connection,
        work,
        arrivals: Vec::new(),
        inbox: VecDeque::new(),
        later: VecDeque::new(),
        went_first: 0,
        owed: HashMap::new(),
        gauges,
    };
    std::thread::Builder::new().name("store-writer".into()).spawn(move || runtime.block_on(writer.run()))?;
    Ok(handle)
}

struct Writer<B: Backend> {
    backend: B,
    connection: Option<B::Connection>,
    work: mpsc::Receiver<Work<B::Connection>>,
    arrivals: Vec<Work<B::Connection>>,
    inbox: VecDeque<Work<B::Connection>>,
    /// What lets entries go first.
    later: VecDeque<Job<B::Connection>>,
    /// Commits that went before the first of these.
    went_first: usize,
    /// Bytes of earlier commits that workspaces took beyond their shares.
    owed: HashMap<Key, usize>,
    gauges: Arc<Gauges>,
}

impl<B: Backend> Writer<B> {
    async fn run(mut self) {
        let closed = loop {
            match AssertUnwindSafe(self.serve()).catch_unwind().await {
                Ok(closed) => break closed,
                Err(_) => {
                    log::error!("the store's writer panicked; it goes on with a new connection");
                    self.gauges.fails(true);
                    self.connection = None;
                }
            }
        };
        self.work.close();
        if let Some(connection) = self.connection.take() {
            self.backend.close(connection).await;
        }
        if let Some(closed) = closed {
            let _ = closed.send(());
        }
    }

    /// Works until it is told to close, or until nobody can ask any more.
    async fn serve(&mut self) -> Option<oneshot::Sender<()>> {
        loop {
            if self.inbox.is_empty() && self.later.is_empty() {
                self.work.recv_many(&mut self.arrivals, BATCH_ENTRIES_MAX).await;
                let arrivals: Vec<_> = self.arrivals.drain(..).collect();
                arrivals.into_iter().for_each(|work| self.take_in(work));
            }
            // Also behind what the last commit has left: only who is known to wait gets a share of the next one.
            while let Ok(work) = self.work.try_recv() {
                self.take_in(work);
            }
            match self.inbox.pop_front() {
                Some(entry @ Work::Entry(..)) => {
                    self.inbox.push_front(entry);
                    let batch = self.gather();
                    self.write(batch).await;
                    self.went_first += usize::from(!self.later.is_empty());
                    if self.went_first >= COMMITS_FIRST_MAX {
                        self.do_what_waits().await;
                    }
                }
                Some(Work::Job(job)) => {
                    self.gauges.job_taken();
                    self.run_job(job).await;
                }
                Some(Work::Later(job)) => self.later.push_back(job),
                Some(Work::Close(closed)) => {
                    while self.do_what_waits().await {}
                    return Some(closed);
                }
                None => {
                    if !self.do_what_waits().await {
                        return None;
                    }
                }
            }
        }
    }

    fn take_in(&mut self, work: Work<B::Connection>) {
        match work {
            Work::Later(job) => self.later.push_back(job),
            other => self.inbox.push_back(other),
        }
    }

    /// Does the first thing that has let entries go first, if there is one.
    async fn do_what_waits(&mut self) -> bool {
        self.went_first = 0;
        let Some(job) = self.later.pop_front() else { return false };
        self.gauges.later_taken();
        self.run_job(job).await;
        true
    }

    async fn run_job(&mut self, job: Job<B::Connection>) {
        let connection = connected(&self.backend, &mut self.connection).await;
        let after = job(connection).await;
        self.gauges.fails(after != After::Fine);
        if after == After::Lost {
            self.connection = None;
        }
    }

    /// The entries at the head of the queue, as many as one commit takes. A workspace's entries stay in their order: behind one that is left for a later
    /// commit all of them are.
    fn gather(&mut self) -> Batch {
        let mut batch = Batch { entries: Vec::with_capacity(self.inbox.len()), receipts: Vec::with_capacity(self.inbox.len()) };
        let mut filled = Filled::owing(&self.owed);
        let mut left = VecDeque::new();
        while !filled.is_full(batch.entries.len()) {
            match self.inbox.pop_front() {
                Some(Work::Entry(entry, receipt)) if filled.exceeds_share(&entry) => left.push_back((entry, receipt)),
                Some(Work::Entry(entry, receipt)) => {
                    filled.add(&entry);
                    batch.push(entry, receipt);
                }
                Some(other) => {
                    self.inbox.push_front(other);
                    break;
                }
                None => break,
            }
        }
        // Nobody else waits, so that nobody is kept waiting.
        let alone = batch.entries.first().or(left.front().map(|(entry, _)| entry)).map(key);
        while filled.takers <= 1 && !filled.is_full(batch.entries.len()) {
            let Some((entry, receipt)) = left.pop_front_if(|(entry, _)| Some(key(entry)) == alone) else { break };
            filled.add(&entry);
            batch.push(entry, receipt);
        }
        left.into_iter().rev().for_each(|(entry, receipt)| self.inbox.push_front(Work::Entry(entry, receipt)));
        self.owed = filled.owed();
        self.gauges.entries_taken(batch.entries.len());
        batch
    }

    async fn write(&mut self, batch: Batch) {
        let mut parts = vec![batch];
        while let Some(part) = parts.pop() {
            let written = match connected(&self.backend, &mut self.connection).await {
                Ok(connection) => self.backend.write(connection, &part.entries).await,
                Err(error) => Err(Failure::Not(error)),
            };
            match written {
                Ok(outcomes) => {
                    self.gauges.committed(part.entries.len());
                    Receipt::complete_all(part.receipts.into_iter().zip(outcomes));
                }
                Err(Failure::Refused(_)) if part.entries.len() > 1 => {
                    let (first, second) = part.halves();
                    parts.extend([second, first]);
                }
                Err(failure) => {
                    let refused = matches!(failure, Failure::Refused(_));
                    if matches!(failure, Failure::Lost(_)) {
                        self.connection = None;
                    }
                    let error = Error::from(failure);
                    if refused {
                        log::error!("an entry was not written: {error}");
                    } else if !self.gauges.fails(true) {
                        log::error!("the store cannot be written: {error}");
                    }
                    // What the store cannot take now it cannot take in smaller parts either.
                    let failed = if refused { vec![part] } else { std::iter::once(part).chain(parts.drain(..).rev()).collect() };
                    Receipt::complete_all(failed.into_iter().flat_map(|part| part.receipts).map(|receipt| (receipt, Err(error.clone()))));
                }
            }
        }
    }
}

/// The connection, opened if need be.
async fn connected<'c, B: Backend>(backend: &B, connection: &'c mut Option<B::Connection>) -> Result<&'c mut B::Connection, Error> {
    match connection {
        Some(connection) => Ok(connection),
        none => Ok(none.insert(backend.connect().await?)),
    }
}

/// How full a batch is, and of whom.
#[derive(Default)]
struct Filled {
    bytes: usize,
    runs: usize,
    /// Workspaces that have an entry in it.
    takers: usize,
    shares: HashMap<Key, Share>,
}

#[derive(Default)]
struct Share {
    bytes: usize,
    /// Whether it has an entry in the batch.
    taken: bool,
    /// Whether an entry has been left for a later batch.
    exceeded: bool,
}

impl Filled {
    /// An empty one. What a workspace took of earlier commits beyond its share counts as taken.
    fn owing(owed: &HashMap<Key, usize>) -> Self {
        let shares = owed.iter().map(|(key, bytes)| (*key, Share { bytes: *bytes, ..Share::default() })).collect();
        Self { shares, ..Self::default() }
    }

    fn is_full(&self, entries: usize) -> bool {
        entries >= BATCH_ENTRIES_MAX || self.bytes >= BATCH_BYTES_MAX || self.runs >= RUNS_PER_BATCH_MAX
    }

    fn add(&mut self, entry: &Entry) {
        let (bytes, runs) = size(entry);
        (self.bytes, self.runs) = (self.bytes + bytes, self.runs + runs);
        let share = self.shares.entry(key(entry)).or_default();
        share.bytes += bytes + runs * RUN_BYTES;
        if !std::mem::replace(&mut share.taken, true) {
            self.takers += 1;
        }
    }

    /// Whether an entry stays for a later batch, and with it all further ones of its workspace.
    fn exceeds_share(&mut self, entry: &Entry) -> bool {
        let Some(share) = self.shares.get_mut(&key(entry)) else { return false };
        share.exceeded |= share.bytes >= SHARE_BYTES_MAX;
        share.exceeded
    }

    /// What is taken beyond the shares, and counts in the next batch. An entry may be larger than a share; the debt has a bound all the same.
    fn owed(self) -> HashMap<Key, usize> {
        let owed = |share: Share| share.bytes.saturating_sub(SHARE_BYTES_MAX).min(BATCH_BYTES_MAX);
        self.shares.into_iter().map(|(key, share)| (key, owed(share))).filter(|(_, owed)| *owed > 0).collect()
    }
}

/// What a run's row costs beside the answers in it, roughly.
const RUN_BYTES: usize = 512;

/// Whose entry it is.
fn key(entry: &Entry) -> Key {
    match entry {
        Entry::Accept { key, .. } | Entry::Repeat { key, .. } => *key,
        Entry::Progress(run) | Entry::Conclude { run, .. } => run.key,
        Entry::Start(runs) => runs.first().map_or(NOBODY, |run| run.key),
    }
}

/// Of a start of no runs.
const NOBODY: Key = Key { addon: Addon::ApiStudio, workspace: WorkspaceId::from_bytes([0; 12]) };

struct Batch {
    entries: Vec<Entry>,
    receipts: Vec<Receipt>,
}

impl Batch {
    fn push(&mut self, entry: Entry, receipt: Receipt) {
        self.entries.push(entry);
        self.receipts.push(receipt);
    }

    fn halves(mut self) -> (Self, Self) {
        let middle = self.entries.len() / 2;
        let second = Self { entries: self.entries.split_off(middle), receipts: self.receipts.split_off(middle) };
        (self, second)
    }
}

/// Roughly how many bytes and how many runs an entry writes.
fn size(entry: &Entry) -> (usize, usize) {
    match entry {
        Entry::Accept { event, runs, .. } => (event.payload.len(), runs.len()),
        Entry::Start(runs) => (0, runs.len()),
        Entry::Progress(run) => (run.kept_bytes(), 1),
        Entry::Conclude { run, event, runs, .. } => {
            (event.as_ref().map_or(0, |event| event.payload.len()) + run.kept_bytes(), 1 + runs.len())
        }
        Entry::Repeat { .. } => (0, 0),
    }
}

#[cfg(test)]
mod tests;
