//! The database that a story is told over: a file, or a schema of its own in the server that `TEST_POSTGRES_URL` names, dropped with it.
//!
//! Where there is no server a story says so and is not told; with `CI=true` that is a failure.

use std::io::Write;
use std::path::Path;

use actors::clock::{Clock, SystemClock};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

const USUAL_SERVER: &str = "postgres://root@127.0.0.1:5432/test";

/// What does not belong to an installation: the schema's own tables, proof of life, the mark by which an old INSTALLED is told.
const NOT_OF_TENANTS: [&str; 4] = ["_sqlx_migrations", "sqlite_sequence", "pulse", "marks"];

/// One of the two.
pub enum Database {
    /// A file.
    Sqlite {
        /// As in `DATABASE_URL`.
        url: String,
    },
    /// A schema.
    Postgres {
        /// As in `DATABASE_URL`.
        url: String,
        /// Its name.
        schema: String,
    },
}

impl Database {
    /// A file in a folder.
    pub fn file(folder: &Path, name: &str) -> Self {
        Self::Sqlite { url: format!("sqlite://{}/{name}", folder.display()) }
    }

    /// An empty schema. `None`: there is no server.
    pub async fn schema(story: &str) -> Option<Self> {
        let server = std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| USUAL_SERVER.to_owned());
        let schema = format!("test_{}", SystemClock::new().fresh_id().simple());
        if let Err(error) = run(&server, format!("CREATE SCHEMA {schema}")).await {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "no Postgres: {error}");
            // Not `eprintln!`, which the test harness swallows.
            let _ = writeln!(std::io::stderr(), "SKIPPED: {story}: no Postgres at TEST_POSTGRES_URL: {error}");
            return None;
        }
        let separator = if server.contains('?') { '&' } else { '?' };
        Some(Self::Postgres { url: format!("{server}{separator}options=-csearch_path%3D{schema}"), schema })
    }

    /// As in `DATABASE_URL`.
    pub fn url(&self) -> &str {
        match self {
            Self::Sqlite { url } | Self::Postgres { url, .. } => url,
        }
    }

    /// What an installation's settings are, where there is one.
    pub async fn settings_kept(&self) -> Value {
        serde_json::from_str(&self.texts("SELECT settings FROM installations".into()).await[0]).unwrap()
    }

    /// How many rows stand in each table of tenants, empty ones left out.
    pub async fn rows_of_tenants(&self) -> Vec<(String, i64)> {
        let tables = match self {
            Self::Sqlite { .. } => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            Self::Postgres { .. } => "SELECT tablename::TEXT FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename",
        };
        let mut counted = Vec::new();
        for name in self.texts(tables.into()).await.into_iter().filter(|name| !NOT_OF_TENANTS.contains(&name.as_str())) {
            let count: i64 = self.texts(format!("SELECT CAST(count(*) AS TEXT) FROM \"{name}\"")).await[0].parse().unwrap();
            if count > 0 {
                counted.push((name, count));
            }
        }
        counted
    }

    /// A column of texts.
    async fn texts(&self, sql: String) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        match self {
            Self::Sqlite { url } => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                sqlx::query(sql).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres { url, .. } => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query(sql).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
            }
        }
    }
}

async fn run(server: &str, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { url, schema } = self else { return };
        let (url, sql) = (url.clone(), format!("DROP SCHEMA {schema} CASCADE"));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(&url, sql))
        });
        if let Ok(Err(error)) = thread.join() {
            let _ = writeln!(std::io::stderr(), "the schema {schema} is left: {error}");
        }
    }
}
