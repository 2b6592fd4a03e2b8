//! Where a database is: the spellings of `DATABASE_URL`.
//!
//! | spelling | file |
//! | --- | --- |
//! | `sqlite:x.db`, `sqlite://x.db`, `sqlite://data/x.db` | relative to the working directory |
//! | `sqlite:/data/x.db`, `sqlite:///data/x.db`, `sqlite:////data/x.db` | absolute |
//! | `sqlite:///./x.db` | relative: nobody means `/.` |
//! | `sqlite+aiosqlite:///x.db`, `sqlite+pysqlite:///./x.db` | relative, as SQLAlchemy counts slashes |
//! | `sqlite+aiosqlite:////data/x.db` | absolute |

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

/// Why a text does not say where a database is. The text itself is not repeated: it may hold a password (I7).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Invalid {
    /// Not a URL of a database that this build has a backend for.
    #[error("expected the URL of an SQLite database, as `sqlite://data/clockify-addons.db`")]
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
    /// A parameter that has no meaning here.
    #[error("the URL takes no parameters but `mode=rwc`")]
    Parameters,
}

/// Where a database is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
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

    /// Where the key file is that seals secrets if the operator gives no key: beside the database, with `.key` behind its name.
    pub fn key_file(&self) -> PathBuf {
        let Self::Sqlite(path) = self;
        beside(path, ".key")
    }
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
            ("sqlite:file:x.db", Invalid::Scheme),
            ("postgres://u:p@h/d", Invalid::Scheme),
            ("mysql://h/d", Invalid::Scheme),
            ("x.db", Invalid::Scheme),
            ("", Invalid::Scheme),
        ] {
            assert_eq!(Location::parse(url), Err(reason), "{url}");
        }
    }

    #[test]
    fn the_key_file_is_beside_the_database() {
        assert_eq!(Location::parse("sqlite://data/x.db").unwrap().key_file(), Path::new("data/x.db.key"));
    }
}
