//! Where a database is: the spellings of `DATABASE_URL`.
//!
//! | spelling | file |
//! | --- | --- |
//! | `sqlite:x.db`, `sqlite://x.db`, `sqlite://data/x.db` | relative to the working directory |
//! | `sqlite:/data/x.db`, `sqlite:///data/x.db`, `sqlite:////data/x.db` | absolute |
//! | `sqlite:///./x.db` | relative: nobody means `/.` |
//! | `sqlite+aiosqlite:///x.db`, `sqlite+pysqlite:///./x.db` | relative, as SQLAlchemy counts slashes |
//! | `sqlite+aiosqlite:////data/x.db` | absolute |
//!
//! `postgres://` and `postgresql://` name a server, with SQLAlchemy's drivers as well (`postgresql+asyncpg://`) and the parameters of [`PARAMETERS`].

use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

/// Why a text does not say where a database is. The text itself is not repeated: it may hold a password (I7).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// Not a URL of a database that this build has a backend for.
    #[error("expected the URL of an SQLite or a Postgres database, as `sqlite://data/clockify-addons.db` or `postgres://user@host/name`")]
    Scheme,
    /// No file is named.
    #[error("the URL names no file")]
    NoFile,
    /// A database in memory.
    #[error("a database in memory would forget what has been acknowledged; name a file")]
    InMemory,
    /// The path is not text.
    #[error("the path is not UTF-8, or holds a NUL")]
    NotText,
    /// A database server's address is not readable.
    #[error("the URL of the Postgres server is malformed")]
    Server,
    /// A parameter that a database server's address does not take.
    #[error("the URL of a Postgres server takes no parameter {0:?}, or not this value of it")]
    ServerParameter(String),
    /// A parameter that has no meaning here.
    #[error("the URL takes no parameters but `mode=rwc`")]
    Parameters,
}

/// Parameters of a server's address, as libpq spells them, and `ssl` as asyncpg does. A misspelt `sslmode` must not end in a clear connection, so
/// that others are refused.
const PARAMETERS: [&str; 11] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "user", "password", "dbname", "application_name", "options"];

/// The address of a database server. It may hold a password and is never printed (I7).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Server(String);

impl Server {
    /// The address with everything in it, for the one place that connects.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[server]")
    }
}

/// Where a database is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A Postgres server.
    Postgres(Server),
}

impl Location {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, Invalid> {
        let (scheme, rest) = url.trim().split_once(':').ok_or(Invalid::Scheme)?;
        let scheme = scheme.to_ascii_lowercase();
        let sqlalchemy = match scheme.as_str() {
            "sqlite" => false,
            "sqlite+aiosqlite" | "sqlite+pysqlite" | "sqlite+pysqlite_numeric" => true,
            "postgres" | "postgresql" => return server(rest),
            driver if driver.starts_with("postgresql+") => return server(rest),
            _ => return Err(Invalid::Scheme),
        };
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        if !matches!(parameters, "" | "mode=rwc" | "mode=rw") {
            return Err(if parameters.contains("mode=memory") { Invalid::InMemory } else { Invalid::Parameters });
        }
        let path = match path.strip_prefix("//") {
            Some(path) if sqlalchemy => path.strip_prefix('/').unwrap_or(path),
            Some(path) => path,
            None => path,
        };
        let path = if path.starts_with("/./") || path.starts_with("/:memory:") { path.get(1..).unwrap_or_default() } else { path };
        let path = percent_decode_str(path).decode_utf8().map_err(|_| Invalid::NotText)?;
        match &*path {
            _ if path.contains('\0') => Err(Invalid::NotText),
            ":memory:" => Err(Invalid::InMemory),
            _ if path.is_empty() || path.ends_with('/') => Err(Invalid::NoFile),
            // SQLite would read it as a URL of its own.
            _ if path.starts_with("file:") => Err(Invalid::Scheme),
            path => Ok(Self::Sqlite(path.into())),
        }
    }

    /// Where the key file is that seals secrets if the operator gives no key: beside the database, with `.key` behind its name. For a server it is in
    /// the working directory, which is the volume in the image.
    pub fn key_file(&self) -> PathBuf {
        match self {
            Self::Sqlite(path) => beside(path, ".key"),
            Self::Postgres(_) => "clockify-addons.key".into(),
        }
    }
}

/// Reads the address of a server, given without its scheme.
fn server(rest: &str) -> Result<Location, Invalid> {
    let mut url = Url::parse(&format!("postgres:{rest}")).map_err(|_| Invalid::Server)?;
    if !url.has_authority() {
        return Err(Invalid::Server);
    }
    let given: Vec<(String, String)> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    url.set_query(None);
    for (name, value) in given {
        let (name, value) = match (name.as_str(), value.as_str()) {
            ("ssl", "true") => ("sslmode", "require"),
            ("ssl", "false") => ("sslmode", "disable"),
            ("ssl", mode) => ("sslmode", mode),
            (name, value) => (name, value),
        };
        if !PARAMETERS.contains(&name) || (name == "sslmode" && value.parse::<PgSslMode>().is_err()) {
            return Err(Invalid::ServerParameter(name.to_owned()));
        }
        url.query_pairs_mut().append_pair(name, value);
    }
    let url = String::from(url);
    PgConnectOptions::from_str(&url).map_err(|_| Invalid::Server)?;
    Ok(Location::Postgres(Server(url)))
}

/// A file beside another, with something behind its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_means_one_file() {
        for (url, path) in [
            ("sqlite:x.db", "x.db"),
            ("sqlite:./x.db", "./x.db"),
            ("sqlite://x.db", "x.db"),
            ("sqlite://data/clockify-addons.db", "data/clockify-addons.db"),
            ("sqlite://./x.db", "./x.db"),
            ("sqlite:/data/x.db", "/data/x.db"),
            ("sqlite:///data/clockify-addons.db", "/data/clockify-addons.db"),
            ("sqlite:////data/x.db", "//data/x.db"),
            ("sqlite:///./x.db", "./x.db"),
            ("sqlite+aiosqlite:///./x.db", "./x.db"),
            ("sqlite+aiosqlite:///x.db", "x.db"),
            ("sqlite+aiosqlite:////data/x.db", "/data/x.db"),
            ("SQLite+pysqlite:///x.db", "x.db"),
            ("sqlite://my%20data/x%3F.db?mode=rwc", "my data/x?.db"),
        ] {
            assert_eq!(Location::parse(url), Ok(Location::Sqlite(path.into())), "{url}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_with_the_reason() {
        for (url, reason) in [
            ("sqlite::memory:", Invalid::InMemory),
            ("sqlite://:memory:", Invalid::InMemory),
            ("sqlite:///:memory:", Invalid::InMemory),
            ("sqlite+aiosqlite:///:memory:", Invalid::InMemory),
            ("sqlite://x.db?mode=memory", Invalid::InMemory),
            ("sqlite://", Invalid::NoFile),
            ("sqlite+aiosqlite://", Invalid::NoFile),
            ("sqlite:///", Invalid::NoFile),
            ("sqlite://data/", Invalid::NoFile),
            ("sqlite://x%00.db", Invalid::NotText),
            ("sqlite://x%ff.db", Invalid::NotText),
            ("sqlite://x.db?mode=ro", Invalid::Parameters),
            ("sqlite://x.db?cache=shared", Invalid::Parameters),
            ("postgres:x", Invalid::Server),
            ("postgres://h:port/d", Invalid::Server),
            ("postgres://h/d?sslmod=require", Invalid::ServerParameter("sslmod".into())),
            ("postgres://h/d?sslmode=maybe", Invalid::ServerParameter("sslmode".into())),
            ("postgresql+asyncpg://h/d?ssl=maybe", Invalid::ServerParameter("sslmode".into())),
            ("sqlite:file:x.db", Invalid::Scheme),
            ("mysql://h/d", Invalid::Scheme),
            ("x.db", Invalid::Scheme),
            ("", Invalid::Scheme),
        ] {
            assert_eq!(Location::parse(url), Err(reason), "{url}");
        }
    }

    #[test]
    fn every_spelling_means_one_server() {
        for (url, expected) in [
            ("postgres://u:p@h:1/d", "postgres://u:p@h:1/d"),
            ("PostgreSQL://h", "postgres://h"),
            ("postgresql+asyncpg://u:p%40@h/d?ssl=require", "postgres://u:p%40@h/d?sslmode=require"),
            ("postgresql+asyncpg://h/d?ssl=true", "postgres://h/d?sslmode=require"),
            ("postgresql+psycopg2:///d?host=/run/postgresql", "postgres:///d?host=%2Frun%2Fpostgresql"),
            ("postgres://h/d?sslmode=verify-full&sslrootcert=/ca.pem", "postgres://h/d?sslmode=verify-full&sslrootcert=%2Fca.pem"),
        ] {
            assert_eq!(Location::parse(url), Ok(Location::Postgres(Server(expected.into()))), "{url}");
        }
    }

    #[test]
    fn a_server_is_printed_without_its_password() {
        let location = Location::parse("postgres://user:pass@host/name").unwrap();
        assert_eq!(format!("{location:?}"), "Postgres([server])");
    }

    #[test]
    fn the_key_file_is_beside_the_database() {
        assert_eq!(Location::parse("sqlite://data/x.db").unwrap().key_file(), Path::new("data/x.db.key"));
    }
}
