//! Databases to measure over: a file, and a database of its own on a server where there is one.

use std::fmt;
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A kind of database.
pub enum Database {
    /// A file.
    Sqlite,
    /// A database of this server.
    Postgres(String),
}

const NAME: &str = "clockify_addons_pages";

impl Database {
    /// Those that there are.
    pub fn all() -> Vec<Self> {
        let server = std::env::var("TEST_POSTGRES_URL").ok();
        std::iter::once(Self::Sqlite).chain(server.map(Self::Postgres)).collect()
    }

    /// Makes an empty one and says where it is.
    pub async fn make(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("pages.db").display()),
            Self::Postgres(server) => {
                self.drop().await;
                run(server, format!("CREATE DATABASE {NAME}")).await;
                let mut url = url::Url::parse(server).unwrap();
                url.set_path(NAME);
                url.into()
            }
        }
    }

    /// Does what a server does by itself in the minutes after so many rows have come.
    pub async fn settle(&self, url: &str) {
        if let Self::Postgres(_) = self {
            run(url, "VACUUM ANALYZE".into()).await;
        }
    }

    /// Removes what [`Self::make`] has made on a server; a file goes with its folder.
    pub async fn drop(&self) {
        if let Self::Postgres(server) = self {
            run(server, format!("DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")).await;
        }
    }
}

async fn run(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "Postgres",
        })
    }
}
