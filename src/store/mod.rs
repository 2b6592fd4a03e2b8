//! The durable store: [`open`] knows which backends there are, and nobody else does.
//!
//! [`writer`] is the group commit that every backend stands behind, [`sealing`] keeps secrets shut, `sqlite/` and `postgres/` have a file for each
//! port of `actors::port::store`; what they share of batches and columns stands beside them, and the task behind uninstalls (`purging`). Another
//! backend is a folder beside it with the same files, a variant of [`Location`] and a line in the two matches below.

mod columns;
mod draft;
mod entity_rows;
mod failure;
mod group;
mod ids;
mod lease;
mod location;
mod postgres;
mod purging;
pub mod sealing;
mod sqlite;
mod writer;

use std::sync::Arc;

use actors::clock::Clock;
use actors::port::store::Store;
use async_trait::async_trait;

pub use self::lease::{Lease, lease};
pub use self::location::{Invalid, Location};
use self::sealing::Keyring;
pub use self::writer::Figures;

/// What a database is opened with.
pub struct Settings {
    /// Where it is, as [`Location`] spells it.
    pub url: String,
    /// What seals its secrets.
    pub keyring: Keyring,
    /// Whose time passes between tries.
    pub clock: Arc<dyn Clock>,
}

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL does not say where it is.
    #[error("the database URL cannot be used: {0}")]
    Url(#[from] Invalid),
    /// The file cannot be made or reached.
    #[error("the database file {path} cannot be used")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// A newer release has been at work here.
    #[error(
        "the database has schema version {found}, this release knows {known}: start the newer release, or restore a backup from before it"
    )]
    Newer {
        /// The database's.
        found: i64,
        /// The newest that is known here.
        known: i64,
    },
    /// What stands there under a version is not what this release has under it.
    #[error("schema version {0} of the database is not this project's: is it another program's database?")]
    Altered(i64),
    /// The schema cannot be brought up to date.
    #[error("the database's schema cannot be brought up to date")]
    Migration(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database itself fails.
    #[error("the database cannot be used")]
    Database(#[from] sqlx::Error),
    /// A secret cannot be read.
    #[error(transparent)]
    Store(#[from] actors::port::store::Error),
    /// Another process serves it.
    #[error("another process serves this database: one at a time may, so stop it first")]
    Leased,
    /// No thread for the writer.
    #[error("there is no thread for the writer")]
    Thread(#[source] std::io::Error),
}

/// An open database. [`Self::close`] it at the end; dropped, it ends when the last holder of its store is gone.
pub struct Database {
    store: Arc<dyn Store>,
    engine: Box<dyn Engine>,
}

/// What a backend has beside its store.
#[async_trait]
trait Engine: Send + Sync {
    /// See [`Database::figures`].
    fn figures(&self) -> Figures;
    /// See [`Database::purged`].
    async fn purged(&self) -> bool;
    /// See [`Database::close`].
    async fn close(self: Box<Self>);
}

/// Opens a database, which is made if it is not there, and brings its schema up to date.
///
/// # Errors
///
/// What the operator can do something about, see [`OpenError`].
pub async fn open(settings: Settings) -> Result<Database, OpenError> {
    let Settings { url, keyring, clock } = settings;
    match Location::parse(&url)? {
        Location::Sqlite(path) => sqlite::open(&path, keyring, clock).await,
        Location::Postgres(server) => postgres::open(server.expose(), keyring, clock).await,
    }
}

/// Brings the schema of a database up to date, and does nothing else.
///
/// # Errors
///
/// As [`open`].
pub async fn migrate(url: &str) -> Result<(), OpenError> {
    match Location::parse(url)? {
        Location::Sqlite(path) => sqlite::migrate(&path).await,
        Location::Postgres(server) => postgres::migrate(server.expose()).await,
    }
}

impl Database {
    /// The store, as actors and handlers hold it.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// The writer's work so far.
    pub fn figures(&self) -> Figures {
        self.engine.figures()
    }

    /// Waits until the rows of everything that has been uninstalled are removed and their space is given back. `false`: it was closed before.
    pub async fn purged(&self) -> bool {
        self.engine.purged().await
    }

    /// Writes what is queued and closes, a file with its log folded in. Whoever still holds the store finds it unavailable.
    pub async fn close(self) {
        self.engine.close().await;
    }
}
