//! A schema of its own for each test, in the server that `TEST_POSTGRES_URL` names, dropped with it.
//!
//! Where there is no server a test says so and does not run; with `CI=true` that is a failure.

use std::sync::Arc;

use actors::clock::{Clock, SystemClock};
use clockify_addons::store::sealing::Keyring;
use clockify_addons::store::{Database, Settings, open};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::backend::key;
use crate::sample::CLOCK;

const USUAL_URL: &str = "postgres://root@127.0.0.1:5432/test";

/// An empty schema; with the store's tables in it once it has been opened.
pub struct Schema {
    name: String,
    database: Option<Database>,
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| USUAL_URL.to_owned())
}

async fn run(sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&server()).await?;
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

/// A schema without tables. `None`: there is no server.
pub async fn empty(test: &str) -> Option<Schema> {
    let name = format!("test_{}", CLOCK.fresh_id().simple());
    match run(format!("CREATE SCHEMA {name}")).await {
        Ok(()) => Some(Schema { name, database: None }),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "no Postgres: {error}");
            println!("SKIP {test}: no Postgres at TEST_POSTGRES_URL ({error})");
            None
        }
    }
}

/// A schema with an open store.
pub async fn schema(test: &str) -> Option<Schema> {
    let mut schema = empty(test).await?;
    schema.database = Some(open(schema.settings()).await.unwrap());
    Some(schema)
}

impl Schema {
    /// The URL of the schema. Its connections bear its name.
    pub fn url(&self) -> String {
        let (server, name) = (server(), &self.name);
        let separator = if server.contains('?') { '&' } else { '?' };
        format!("{server}{separator}options=-csearch_path%3D{name}&application_name={name}")
    }

    pub fn settings(&self) -> Settings {
        Settings { url: self.url(), keyring: Keyring::new(&key('a'), None).unwrap(), clock: Arc::new(SystemClock::new()) }
    }

    pub fn database(&self) -> &Database {
        self.database.as_ref().unwrap()
    }

    /// A connection of the test's own, into the schema but not under its name.
    pub async fn connect(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        sqlx::query("SET application_name = 'test'").execute(&mut connection).await.unwrap();
        connection
    }

    /// A connection that keeps the journal from writing.
    pub async fn hold(&self) -> PgConnection {
        let mut connection = self.connect().await;
        sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
        sqlx::query("LOCK TABLE pulse IN EXCLUSIVE MODE").execute(&mut connection).await.unwrap();
        connection
    }

    /// Ends every connection of the store; how many it were.
    pub async fn end_connections(&self, connection: &mut PgConnection) -> usize {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
        sqlx::query(end).bind(&self.name).fetch_all(connection).await.unwrap().len()
    }

    /// Closes the store.
    pub async fn close(&mut self) {
        if let Some(database) = self.database.take() {
            database.close().await;
        }
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        drop(self.database.take());
        let drop_schema = format!("DROP SCHEMA {} CASCADE", self.name);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(drop_schema))
        });
        if let Ok(Err(error)) = thread.join() {
            println!("the schema {} is left: {error}", self.name);
        }
    }
}
