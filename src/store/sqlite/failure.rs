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

/// What an extended result code means.
pub(in super::super) fn meaning(extended: Option<i32>, message: &str) -> Failure {
    let extended = extended.unwrap_or(1);
    match extended & 0xff {
        code::BUSY | code::LOCKED => Failure::Not(Error::Busy),
        code::FULL => Failure::Not(Error::Unavailable("the disk is full".into())),
        code::CORRUPT | code::NOT_A_DATABASE => Failure::Lost(Error::Unreadable(message.to_owned())),
        // After a failed write or fsync nobody knows what the disk holds: a new connection reads it again from the log.
        code::INPUT_OUTPUT | code::NO_MEMORY | code::READ_ONLY | code::CANNOT_OPEN | code::PROTOCOL => {
            Failure::Lost(Error::Unavailable(format!("{message} ({extended})")))
        }
        _ => Failure::Refused(message.to_owned()),
    }
}
