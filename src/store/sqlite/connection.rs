//! Connections and their settings, and the writer's backend.

use std::path::{Path, PathBuf};
use std::time::Duration;

use actors::limits::store as limits;
use actors::port::store::Error;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::Outcome;
use futures_util::future::BoxFuture;
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection};

use super::chapters::Chapters;
use super::script::{Answer, Prepared, Script};
use super::{Failure, journal};

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_millis(limits::BUSY_TIMEOUT_MS))
        .row_buffer_size(limits::ROW_BUFFER_MAX)
        .pragma("secure_delete", "ON")
        // Sorting must not leave payloads in files elsewhere.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

/// A connection that lays out a new file.
pub(super) fn fresh(path: &Path) -> SqliteConnectOptions {
    options(path)
        .create_if_missing(true)
        .page_size(limits::PAGE_BYTES)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
}

/// A connection that reads.
pub(super) fn reader(path: &Path) -> SqliteConnectOptions {
    options(path).pragma("cache_size", format!("-{}", limits::READER_CACHE_KIB)).pragma("query_only", "ON")
}

/// A connection that writes. A file that came from elsewhere, as a restored backup, is given its log again.
pub(super) async fn open_writer(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", limits::WAL_CHECKPOINT_PAGES.to_string())
        .pragma("journal_size_limit", limits::WAL_BYTES_KEPT.to_string())
        .pragma("cache_size", format!("-{}", limits::WRITER_CACHE_KIB))
        .connect()
        .await
}

/// Folds the log into the file and closes.
pub(super) async fn close(mut connection: SqliteConnection) {
    let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    if let Err(error) = folded.map(drop).and(connection.close().await) {
        log::warn!("the database was not closed cleanly, which costs a moment at the next start: {error}");
    }
}

/// The connection that writes, and where it is in the tables.
pub(super) struct Pen {
    connection: SqliteConnection,
    pub(super) chapters: Chapters,
}

impl Pen {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

/// What the writer needs of SQLite.
pub(super) struct Backend {
    path: PathBuf,
}

impl Backend {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub(super) async fn open(&self) -> Result<Pen, sqlx::Error> {
        let mut connection = open_writer(&self.path).await?;
        let chapters = Chapters::load(&mut connection).await?;
        Ok(Pen { connection, chapters })
    }
}

impl super::writer::Backend for Backend {
    type Connection = Pen;

    async fn connect(&self) -> Result<Pen, Error> {
        self.open().await.map_err(|error| Failure::from(error).into())
    }

    async fn write(&self, pen: &mut Pen, entries: &[Entry]) -> Result<Vec<Outcome>, Failure> {
        match journal::write(pen, entries).await {
            Err(failure) => Err(roll_back(pen.connection(), failure).await),
            written => written,
        }
    }

    async fn close(&self, pen: Pen) {
        close(pen.connection).await;
    }
}

/// Runs work in a write transaction.
pub(super) async fn in_transaction<T>(
    connection: &mut SqliteConnection,
    work: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = async {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        let value = work(&mut *connection).await?;
        sqlx::query("COMMIT").execute(&mut *connection).await?;
        Ok(value)
    };
    match done.await {
        Err(failure) => Err(roll_back(connection, failure).await),
        done => done,
    }
}

/// Runs a script, which is a transaction.
pub(super) async fn all_or_nothing(connection: &mut SqliteConnection, script: Script, prepared: Prepared) -> Result<Vec<Answer>, Failure> {
    match script.run(connection, prepared).await {
        Err(failure) => Err(roll_back(connection, failure).await),
        answers => answers,
    }
}

/// Ends a transaction that failed. SQLite has ended some by itself, which is as well.
async fn roll_back(connection: &mut SqliteConnection, failure: Failure) -> Failure {
    match sqlx::query("ROLLBACK").execute(connection).await.map_err(Failure::from) {
        Ok(_) | Err(Failure::Refused(_)) => failure,
        Err(Failure::Not(error) | Failure::Lost(error)) => Failure::Lost(error),
    }
}
