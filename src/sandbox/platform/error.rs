//! Why the simulated platform did not do what it was asked.

use std::io;

/// Why the platform did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be had.
    #[error("cannot listen")]
    Listen(#[source] io::Error),
    /// There is no such thing here.
    #[error("there is no such {0}")]
    Unknown(&'static str),
    /// The add-on is installed in that workspace already.
    #[error("the add-on is installed there already")]
    Installed,
    /// What was asked for is not possible.
    #[error("{0}")]
    Odd(&'static str),
    /// The add-on cannot be reached.
    #[error("the add-on cannot be reached: {0}")]
    Unreachable(String),
    /// The add-on said no.
    #[error("{what} was answered {status}: {body}")]
    Refused {
        /// The call.
        what: String,
        /// The answer's status.
        status: u16,
        /// The beginning of its body.
        body: String,
    },
    /// The add-on's manifest is of no use.
    #[error("{0}")]
    Manifest(String),
    /// The platform has been stopped.
    #[error("the platform has stopped")]
    Stopped,
}
