//! The group commit: one connection writes, and everything that waited while the last commit was under way goes into the next one (I1).
//!
//! Entries and transactions stand in one bounded queue and are done in the order of submission (I5). Nobody waits on a timer. A batch that the
//! database refuses is halved until the entry at fault is alone; a connection that is lost is opened again for the next piece of work; a panic
//! costs the work in hand its answer ("unavailable") and nothing more. Knows no SQL: that is the [`Backend`]'s.

mod queue;

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actors::limits::store::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, RUNS_PER_BATCH_MAX};
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
    let writer = Writer { backend, connection, work, arrivals: Vec::new(), inbox: VecDeque::new(), gauges };
    std::thread::Builder::new().name("store-writer".into()).spawn(move || runtime.block_on(writer.run()))?;
    Ok(handle)
}

struct Writer<B: Backend> {
    backend: B,
    connection: Option<B::Connection>,
    work: mpsc::Receiver<Work<B::Connection>>,
    arrivals: Vec<Work<B::Connection>>,
    inbox: VecDeque<Work<B::Connection>>,
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
            if self.inbox.is_empty() {
                self.work.recv_many(&mut self.arrivals, BATCH_ENTRIES_MAX).await;
                self.inbox.extend(self.arrivals.drain(..));
            }
            match self.inbox.pop_front()? {
                Work::Entry(entry, receipt) => {
                    let batch = self.gather(entry, receipt);
                    self.write(batch).await;
                }
                Work::Job(job) => {
                    self.gauges.job_taken();
                    let connection = connected(&self.backend, &mut self.connection).await;
                    let after = job(connection).await;
                    self.gauges.fails(after != After::Fine);
                    if after == After::Lost {
                        self.connection = None;
                    }
                }
                Work::Close(closed) => return Some(closed),
            }
        }
    }

    /// The entries at the head of the queue, as many as one commit takes.
    fn gather(&mut self, entry: Entry, receipt: Receipt) -> Batch {
        let mut batch = Batch { entries: Vec::with_capacity(self.inbox.len() + 1), receipts: Vec::with_capacity(self.inbox.len() + 1) };
        let (mut bytes, mut runs) = size(&entry);
        batch.push(entry, receipt);
        while batch.entries.len() < BATCH_ENTRIES_MAX && bytes < BATCH_BYTES_MAX && runs < RUNS_PER_BATCH_MAX {
            match self.inbox.pop_front() {
                Some(Work::Entry(entry, receipt)) => {
                    let more = size(&entry);
                    (bytes, runs) = (bytes + more.0, runs + more.1);
                    batch.push(entry, receipt);
                }
                Some(other) => {
                    self.inbox.push_front(other);
                    break;
                }
                None => break,
            }
        }
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
        Entry::Progress(run) => (run.steps.iter().map(answer_bytes).sum(), 1),
        Entry::Conclude { run, event, runs } => (event.payload.len() + run.steps.iter().map(answer_bytes).sum::<usize>(), 1 + runs.len()),
        Entry::Repeat { .. } => (0, 0),
    }
}

/// Bytes of the texts in an answer, which are what makes it large.
fn answer_bytes(step: &actors::flow::run::Step) -> usize {
    fn bytes(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::String(text) => text.len(),
            serde_json::Value::Array(items) => items.iter().map(bytes).sum(),
            serde_json::Value::Object(fields) => fields.values().map(bytes).sum(),
            _ => 8,
        }
    }
    step.data.as_ref().map_or(0, bytes)
}

#[cfg(test)]
mod tests;
