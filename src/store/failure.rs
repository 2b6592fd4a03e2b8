//! What errors of a database mean for those who asked; each backend knows its own codes.

use actors::port::store::Error;
use sqlx::postgres::PgDatabaseError;

pub(super) use super::writer::Failure;
use super::{postgres, sqlite};

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => postgres::meaning(error.code(), error.message()),
                None => sqlite::meaning(error.code().and_then(|code| code.parse().ok()), error.message()),
            },
            sqlx::Error::PoolTimedOut => Self::Not(Error::Busy),
            sqlx::Error::PoolClosed => Self::Not(Error::Unavailable("the store is closed".into())),
            sqlx::Error::ColumnDecode { index, .. } => unreadable(&format!("column {index}")),
            sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => unreadable("a row"),
            sqlx::Error::Encode(error) => Self::Refused(error.to_string()),
            other => Self::Lost(Error::Unavailable(other.to_string())),
        }
    }
}

/// Something stored does not read as what it is. Its content is not repeated (I7).
pub(super) fn unreadable(what: &str) -> Failure {
    Failure::Not(Error::Unreadable(format!("{what} does not read as what it should be")))
}
