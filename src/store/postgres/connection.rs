//! Connections and their settings, and the writer's backend.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store as limits;
use actors::port::store::Error;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::Outcome;
use futures_util::future::{BoxFuture, Either, select};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::{Failure, journal};

/// A connection as it comes from the operator's URL.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = url.parse::<PgConnectOptions>()?.disable_statement_logging();
    Ok(if options.get_application_name().is_some() { options } else { options.application_name("clockify-addons") })
}

/// What holds for every connection, whatever the server's or the role's defaults.
///
/// Everything is sought along an index, whatever the statistics say: those of a table that has just begun to grow say that it is empty, and a
/// plan that walks it would be kept. Waits are bounded, and so is a transaction whose process has vanished.
fn settings() -> String {
    let (lock, statement) = (limits::BUSY_TIMEOUT_MS, limits::STATEMENT_MS_MAX);
    format!(
        "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET lock_timeout = {lock};
        SET statement_timeout = {statement}; SET idle_in_transaction_session_timeout = {statement}; SET client_min_messages = warning"
    )
}

/// Prepares a connection for reading.
pub(super) async fn settle(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(settings())).execute(connection).await?;
    Ok(())
}

/// A connection that writes. What is committed over it is on the server's disk, also where the role is told not to wait for that (I1).
pub(super) async fn open_writer(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    settle(&mut connection).await?;
    let durable = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
    sqlx::raw_sql(durable).execute(&mut connection).await?;
    Ok(connection)
}

/// The connection that writes.
pub(super) struct Pen(PgConnection);

impl Pen {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

/// What the writer needs of Postgres.
pub(super) struct Backend {
    options: PgConnectOptions,
    clock: Arc<dyn Clock>,
}

impl Backend {
    pub(super) fn new(options: PgConnectOptions, clock: Arc<dyn Clock>) -> Self {
        Self { options, clock }
    }
}

impl super::writer::Backend for Backend {
    type Connection = Pen;

    async fn connect(&self) -> Result<Pen, Error> {
        let opened = within(&*self.clock, limits::CONNECT_MS_MAX, async { Ok(Pen(open_writer(&self.options).await?)) }).await;
        opened.map_err(Error::from)
    }

    async fn write(&self, pen: &mut Pen, entries: &[Entry]) -> Result<Vec<Outcome>, Failure> {
        within(&*self.clock, limits::ANSWER_MS_MAX, async {
            match journal::write(pen.connection(), entries).await {
                Err(failure) => Err(roll_back(pen.connection(), failure).await),
                written => written,
            }
        })
        .await
    }

    async fn close(&self, pen: Pen) {
        if let Err(error) = pen.0.close().await {
            log::warn!("the connection to the database was not closed cleanly: {error}");
        }
    }
}

/// Waits so long for a server that may have vanished without a word; then its connection is lost.
pub(super) async fn within<T>(clock: &dyn Clock, millis: u64, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match select(Box::pin(work), clock.sleep(Duration::from_millis(millis))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(Failure::Lost(Error::Unavailable(format!("the database has not answered in {millis} ms")))),
    }
}

/// Runs work in a write transaction that excludes the batches of other processes.
pub(super) async fn in_transaction<T>(
    connection: &mut PgConnection,
    work: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = async {
        sqlx::raw_sql("BEGIN; LOCK TABLE pulse IN EXCLUSIVE MODE").execute(&mut *connection).await?;
        let value = work(&mut *connection).await?;
        sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
        Ok(value)
    };
    match done.await {
        Err(failure) => Err(roll_back(connection, failure).await),
        done => done,
    }
}

/// Ends a transaction that failed.
async fn roll_back(connection: &mut PgConnection, failure: Failure) -> Failure {
    if matches!(failure, Failure::Lost(_)) {
        return failure;
    }
    match sqlx::raw_sql("ROLLBACK").execute(connection).await {
        Ok(_) => failure,
        Err(error) => Failure::Lost(Error::Unavailable(error.to_string())),
    }
}
