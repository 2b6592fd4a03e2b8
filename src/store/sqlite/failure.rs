//! What SQLite's errors mean for those who asked.

use actors::port::store::Error;

use super::Failure;

/// Primary result codes (<https://www.sqlite.org/rescode.html>).
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NO_MEMORY: i32 = 7;
    pub(super) const READ_ONLY: i32 = 8;
    pub(super) const INPUT_OUTPUT: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANNOT_OPEN: i32 = 14;
    pub(super) const PROTOCOL: i32 = 15;
    pub(super) const NOT_A_DATABASE: i32 = 26;
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => {
                let extended: i32 = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
                let message = error.message().to_owned();
                match extended & 0xff {
                    code::BUSY | code::LOCKED => Self::Not(Error::Busy),
                    code::FULL => Self::Not(Error::Unavailable("the disk is full".into())),
                    code::CORRUPT | code::NOT_A_DATABASE => Self::Lost(Error::Unreadable(message)),
                    // After a failed write or fsync nobody knows what the disk holds: a new connection reads it again from the log.
                    code::INPUT_OUTPUT | code::NO_MEMORY | code::READ_ONLY | code::CANNOT_OPEN | code::PROTOCOL => {
                        Self::Lost(Error::Unavailable(format!("{message} ({extended})")))
                    }
                    _ => Self::Refused(message),
                }
            }
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
