//! The backends that the contract is shown over, and what a test needs of them beside their store.

use std::sync::Arc;

use actors::clock::SystemClock;
use actors::limits::store::QUEUE_ENTRIES_MAX;
use actors::port::store::Store;
use actors::port::store::journal::Entry;
use actors::port::store::receipt::{Outcome, Pending, Receipt};
use actors::secret::Secret;
use actors::testing::MemoryStore;
use clockify_addons::store::sealing::Keyring;
use clockify_addons::store::{Database, Settings, open};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::postgres::schema::{Schema, schema};

/// Shows each claim over every backend: another backend is another line here and a constructor below.
macro_rules! contract {
    ($($claim:ident),+ $(,)?) => { $(
        mod $claim {
            #[tokio::test]
            async fn memory() { super::$claim(crate::backend::memory()).await; }
            #[tokio::test]
            async fn sqlite() { super::$claim(crate::backend::sqlite().await).await; }
            #[tokio::test]
            async fn postgres() {
                if let Some(backend) = crate::backend::postgres(concat!(module_path!(), "::postgres")).await {
                    super::$claim(backend).await;
                }
            }
        }
    )+ };
}

/// A store under test, empty.
pub struct Backend {
    pub store: Arc<dyn Store>,
    kind: Kind,
}

enum Kind {
    Memory(MemoryStore),
    Sqlite(File),
    Postgres(Schema),
}

/// An SQLite database in a folder of its own.
pub struct File {
    pub database: Database,
    pub folder: TempDir,
}

/// Keeps the journal from writing.
pub enum Hold {
    Memory(MemoryStore),
    Lock(SqliteConnection),
    Table(PgConnection),
}

pub fn memory() -> Backend {
    let store = MemoryStore::new();
    Backend { store: Arc::new(store.clone()), kind: Kind::Memory(store) }
}

pub async fn sqlite() -> Backend {
    let file = file().await;
    Backend { store: file.database.store(), kind: Kind::Sqlite(file) }
}

/// `None`, said loudly: there is no Postgres here.
pub async fn postgres(test: &str) -> Option<Backend> {
    let schema = schema(test).await?;
    Some(Backend { store: schema.database().store(), kind: Kind::Postgres(schema) })
}

pub fn key(digit: char) -> Secret {
    Secret::new(digit.to_string().repeat(64))
}

pub fn settings(folder: &TempDir) -> Settings {
    Settings {
        url: format!("sqlite://{}", folder.path().join("x.db").display()),
        keyring: Keyring::new(&key('a'), None).unwrap(),
        clock: Arc::new(SystemClock::new()),
    }
}

pub async fn file() -> File {
    let folder = tempfile::tempdir().unwrap();
    File { database: open(settings(&folder)).await.unwrap(), folder }
}

impl File {
    /// A connection of the test's own.
    pub async fn connect(&self) -> SqliteConnection {
        connect(&self.folder).await
    }

    /// Closes the database and opens it again.
    pub async fn reopen(self) -> Self {
        self.database.close().await;
        Self { database: open(settings(&self.folder)).await.unwrap(), folder: self.folder }
    }
}

pub async fn connect(folder: &TempDir) -> SqliteConnection {
    SqliteConnectOptions::new().filename(folder.path().join("x.db")).connect().await.unwrap()
}

impl Backend {
    /// Keeps the journal from writing until [`Hold::release`]. One entry of those that follow may be in the writer's hand already.
    pub async fn hold(&self) -> Hold {
        match &self.kind {
            Kind::Memory(memory) => {
                memory.hold_journal();
                Hold::Memory(memory.clone())
            }
            Kind::Sqlite(file) => Hold::Lock(lock(file.connect().await).await),
            Kind::Postgres(schema) => Hold::Table(schema.hold().await),
        }
    }

    /// Entries that wait.
    pub fn waiting(&self) -> usize {
        match &self.kind {
            Kind::Memory(memory) => memory.held_entries(),
            Kind::Sqlite(file) => file.database.figures().entries_waiting,
            Kind::Postgres(schema) => schema.database().figures().entries_waiting,
        }
    }

    /// Fills the queue behind a hold, so that one more entry has no place.
    pub async fn fill(&self, mut entry: impl FnMut() -> Entry) -> Vec<Pending> {
        let mut pending = vec![submit(&*self.store, entry())];
        if !matches!(self.kind, Kind::Memory(_)) {
            until("the writer has taken the first entry", || self.waiting() == 0).await;
        }
        while self.waiting() < QUEUE_ENTRIES_MAX {
            pending.push(submit(&*self.store, entry()));
        }
        pending
    }

    /// Waits until what an uninstall left is gone.
    pub async fn purged(&self) {
        match &self.kind {
            Kind::Memory(_) => {}
            Kind::Sqlite(file) => assert!(file.database.purged().await),
            Kind::Postgres(schema) => assert!(schema.database().purged().await),
        }
    }
}

/// Takes the database's write lock.
pub async fn lock(mut connection: SqliteConnection) -> SqliteConnection {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    connection
}

impl Hold {
    pub async fn release(self) {
        match self {
            Self::Memory(memory) => memory.resume_journal(),
            Self::Lock(mut connection) => {
                sqlx::query("ROLLBACK").execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Table(mut connection) => {
                sqlx::query("ROLLBACK").execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }
}

/// Submits an entry.
pub fn submit(store: &dyn Store, entry: Entry) -> Pending {
    let (receipt, pending) = Receipt::pair();
    store.submit(entry, receipt);
    pending
}

/// Submits an entry and waits for its answer.
pub async fn write(store: &dyn Store, entry: Entry) -> Outcome {
    submit(store, entry).outcome().await
}

/// Waits for a condition that another thread brings about.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..10_000_000_u64 {
        if condition() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to pass that {what}");
}
