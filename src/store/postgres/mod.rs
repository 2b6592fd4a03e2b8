//! Postgres: one connection writes, behind the group commit; a few read, through a pool. A file of this folder for each noun of the ports.
//!
//! What is read belongs to the present stay of its installation (`migrations/postgres`), so that rows that an uninstall left are invisible from its
//! first transaction on. A connection that is lost is opened again for the next piece of work. Several processes may share a database: what
//! changes more than the journal excludes them all for its transaction. Who owns an installation is not settled here.

mod activities;
mod bootstraps;
mod calls;
mod connection;
mod entities;
mod events;
mod failure;
mod flows;
mod installations;
mod journal;
mod lease;
mod migrations;
mod purge;
mod retention;
mod row;
mod runs;
mod schedules;
mod secrets;
mod sources;
mod standings;
mod statistics;
mod subscriptions;

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store as limits;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::Receipt;
use actors::port::store::{Error, Health, Journal};
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, PgConnection, PgPool, Postgres as Driver, Transaction};
use tokio::sync::oneshot;

use self::connection::Pen;
pub(super) use self::failure::meaning;
pub(super) use self::lease::lease;
use self::purge::Purger;
use super::failure::Failure;
use super::purging::{Purging, Uninstalls};
use super::sealing::Keyring;
use super::writer::{self, After, Figures, Handle, Job};
use super::{Database, Engine, OpenError};

/// The store.
struct Postgres {
    readers: PgPool,
    writer: Handle<Pen>,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    uninstalls: Uninstalls,
}

/// The store with the task that belongs to it.
struct Running {
    store: Arc<Postgres>,
    purging: Purging,
}

/// Brings the schema up to date.
pub(super) async fn migrate(url: &str) -> Result<(), OpenError> {
    let mut connection = connection::open_writer(&connection::options(url)?).await?;
    let migrated = migrations::run(&mut connection).await;
    connection.close().await?;
    migrated
}

/// Opens the database, and takes up what the last process left.
pub(super) async fn open(url: &str, keyring: Keyring, clock: Arc<dyn Clock>) -> Result<Database, OpenError> {
    migrate(url).await?;
    let options = connection::options(url)?;
    let backend = connection::Backend::new(options.clone(), Arc::clone(&clock));
    let pool = PgPoolOptions::new()
        .max_connections(limits::SERVER_READERS_MAX)
        .acquire_timeout(Duration::from_millis(limits::ACQUIRE_TIMEOUT_MS))
        // A connection that the server has ended is found out before somebody's read fails over it.
        .test_before_acquire(true)
        .after_connect(|connection, _| Box::pin(connection::settle(connection)));
    let readers = pool.connect_with(options).await?;
    let writer = writer::spawn(backend, None).map_err(OpenError::Thread)?;
    transact(&writer, &clock, |_| Box::pin(async { Ok(()) })).await?;
    let purger = Purger { readers: readers.clone(), writer: writer.clone(), clock: Arc::clone(&clock) };
    let (purging, uninstalls) = Purging::start(purger, Arc::clone(&clock));
    let store = Arc::new(Postgres { readers, writer, keyring, clock, uninstalls });
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

impl Postgres {
    /// A read transaction: everything in it sees the same state.
    async fn reading(&self) -> Result<Transaction<'static, Driver>, Failure> {
        Ok(self.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
    }

    /// Does something in a write transaction, in line with everything that was submitted before.
    async fn transact<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Error> {
        transact(&self.writer, &self.clock, work).await
    }

    /// The same when no entry waits, or some have gone first.
    async fn transact_later<T: Send + 'static>(
        &self,
        work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Error> {
        in_turn(&self.writer, Handle::run_later, &self.clock, work).await
    }
}

/// Does something in a write transaction. It goes on even if the caller no longer waits.
async fn transact<T: Send + 'static>(
    writer: &Handle<Pen>,
    clock: &Arc<dyn Clock>,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
) -> Result<T, Error> {
    in_turn(writer, Handle::run, clock, work).await
}

/// The same in the turn that `queue` gives it.
async fn in_turn<T: Send + 'static>(
    writer: &Handle<Pen>,
    queue: impl FnOnce(&Handle<Pen>, Job<Pen>) -> Result<(), Error>,
    clock: &Arc<dyn Clock>,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Failure>> + Send + 'static,
) -> Result<T, Error> {
    let (answer, answered) = oneshot::channel();
    let clock = Arc::clone(clock);
    let job: Job<Pen> = Box::new(move |pen| {
        Box::pin(async move {
            let done = match pen {
                Ok(pen) => {
                    let work = connection::in_transaction(pen.connection(), work);
                    connection::within(&*clock, limits::ANSWER_MS_MAX, work).await
                }
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

impl Journal for Postgres {
    fn submit(&self, entry: Entry, receipt: Receipt) {
        self.writer.submit(entry, receipt);
    }
}

#[async_trait]
impl Health for Postgres {
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
