//! SQLite: one connection writes, behind the group commit; a few read. A file of this folder for each noun of the ports.
//!
//! Readers see a committed state each; the write-ahead log keeps them out of the writer's way. What is read belongs to the present stay of its
//! installation (`migrations/sqlite`), so that rows that an uninstall left are invisible from its first transaction on.

mod activities;
mod bootstraps;
mod calls;
mod chapters;
mod connection;
mod entities;
mod erase;
mod events;
mod failure;
mod file;
mod flows;
mod installations;
mod journal;
mod lease;
mod migrations;
mod parts;
#[cfg(test)]
mod plans;
mod purge;
mod retention;
mod row;
mod runs;
mod schedules;
mod script;
mod secrets;
mod sources;
mod standings;
mod statistics;
mod subscriptions;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store as limits;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::Receipt;
use actors::port::store::{Error, Health, Journal};
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use sqlx::{Sqlite as Driver, SqliteConnection, Transaction};
use tokio::sync::oneshot;

use self::connection::Pen;
pub(super) use self::failure::meaning;
pub(super) use self::lease::lease;
use self::purge::Purger;
use self::retention::Ahead;
use self::script::{Answer, Prepared, Script};
use super::failure::Failure;
use super::purging::{Purging, Uninstalls};
use super::sealing::Keyring;
use super::writer::{self, After, Figures, Handle, Job};
use super::{Database, Engine, OpenError};

/// The store.
struct Sqlite {
    readers: SqlitePool,
    writer: Handle<Pen>,
    keyring: Keyring,
    uninstalls: Uninstalls,
    /// For the next page of installations that have old rows.
    ahead: Mutex<Option<Ahead>>,
}

/// The store with the task that belongs to it.
struct Running {
    store: Arc<Sqlite>,
    purging: Purging,
}

/// Brings the schema up to date.
pub(super) async fn migrate(path: &Path) -> Result<(), OpenError> {
    file::prepare(path).await?;
    let mut connection = connection::open_writer(path).await?;
    let migrated = migrations::run(&mut connection).await;
    connection::close(connection).await;
    migrated
}

/// Opens the database, makes it if it is not there, and takes up what the last process left.
pub(super) async fn open(path: &Path, keyring: Keyring, clock: Arc<dyn Clock>) -> Result<Database, OpenError> {
    migrate(path).await?;
    let backend = connection::Backend::new(path);
    let pen = backend.open().await?;
    let pool = SqlitePoolOptions::new()
        .max_connections(limits::READERS_MAX)
        .acquire_timeout(Duration::from_millis(limits::ACQUIRE_TIMEOUT_MS))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false);
    let readers = pool.connect_with(connection::reader(path)).await?;
    let writer = writer::spawn(backend, Some(pen)).map_err(OpenError::Thread)?;
    let purger = Purger { readers: readers.clone(), writer: writer.clone() };
    let (purging, uninstalls) = Purging::start(purger, clock);
    let store = Arc::new(Sqlite { readers, writer, keyring, uninstalls, ahead: Mutex::new(None) });
    store.warn_of_missing_key().await?;
    let running = Running { store: Arc::clone(&store), purging };
    Ok(Database { store, engine: Box::new(running) })
}

#[async_trait]
impl Engine for Running {
    fn figures(&self) -> Figures {
        self.store.writer.figures()
    }

    async fn purged(&self) -> bool {
        self.purging.done(self.store.uninstalls.count()).await
    }

    async fn close(self: Box<Self>) {
        self.purging.stop();
        self.store.readers.close().await;
        self.store.writer.close().await;
    }
}

impl Sqlite {
    /// A read transaction: everything in it sees the same state.
    async fn reading(&self) -> Result<Transaction<'static, Driver>, Failure> {
        Ok(self.readers.begin().await?)
    }

    /// Does something in a write transaction, in line with everything that was submitted before.
    async fn transact<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Error> {
        transact(&self.writer, work).await
    }

    /// Writes a script when no entry waits, or some have gone first. Of its answers is kept what `told` makes of them.
    async fn write<T: Send + 'static>(
        &self,
        script: Script,
        prepared: Prepared,
        told: impl FnOnce(&[Answer]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        on_connection(&self.writer, Handle::run_later, move |connection| {
            Box::pin(async move { Ok(told(&connection::all_or_nothing(connection, script, prepared).await?)) })
        })
        .await
    }
}

/// Does something in a write transaction. It goes on even if the caller no longer waits.
async fn transact<T: Send + 'static>(
    writer: &Handle<Pen>,
    work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
) -> Result<T, Error> {
    on_connection(writer, Handle::run, |connection| Box::pin(connection::in_transaction(connection, work))).await
}

/// Does something over the writer's connection, in the turn that `queue` gives it.
async fn on_connection<T: Send + 'static>(
    writer: &Handle<Pen>,
    queue: impl FnOnce(&Handle<Pen>, Job<Pen>) -> Result<(), Error>,
    work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
) -> Result<T, Error> {
    let (answer, answered) = oneshot::channel();
    let job: Job<Pen> = Box::new(move |pen| {
        Box::pin(async move {
            let done = match pen {
                Ok(pen) => work(pen.connection()).await,
                Err(error) => Err(Failure::Not(error)),
            };
            let after = After::of(&done);
            let _ = answer.send(done.map_err(Error::from));
            after
        })
    });
    queue(writer, job)?;
    answered.await.unwrap_or_else(|_| Err(Error::Unavailable("the writer has stopped".into())))
}

impl Journal for Sqlite {
    fn submit(&self, entry: Entry, receipt: Receipt) {
        self.writer.submit(entry, receipt);
    }
}

#[async_trait]
impl Health for Sqlite {
    async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1 FROM pulse").execute(&self.readers).await.map_err(Failure::from)?;
        let failing = self.writer.figures().failing;
        self.transact(move |connection| {
            Box::pin(async move {
                // The lock alone proves that the writer lives; only after a failure does it have to prove that it can write.
                if failing {
                    sqlx::query("UPDATE pulse SET beats = beats + 1").execute(connection).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
