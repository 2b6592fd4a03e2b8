//! The lease on a database: one process serves it at a time (I3), another one waits until it is free.
//!
//! The system ends a lease with its process, however that dies: on SQLite it is a lock on a file, on Postgres one of a session of the server.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store as limits;
use async_trait::async_trait;

use super::{Location, OpenError, postgres, sqlite};

/// The right to serve a database. It ends when it is dropped.
pub struct Lease(Box<dyn Held>);

/// What a backend holds.
#[async_trait]
pub(super) trait Held: Send {
    /// Completes when somebody else has the database now.
    async fn lost(&mut self);
}

impl Lease {
    /// Waits for as long as nobody else has the database; then this process must end.
    pub async fn lost(&mut self) {
        self.0.lost().await;
    }
}

/// Takes the lease on a database, and waits a while where another process has it.
///
/// # Errors
///
/// [`OpenError::Leased`] when the other process still has it, else what the operator can do something about.
pub async fn lease(url: &str, clock: Arc<dyn Clock>) -> Result<Lease, OpenError> {
    let location = Location::parse(url)?;
    let mut left = Duration::from_millis(limits::LEASE_WAIT_MS_MAX);
    let pause = Duration::from_millis(limits::LEASE_LOOK_MS);
    let mut told = false;
    loop {
        let held: Option<Box<dyn Held>> = match &location {
            Location::Sqlite(path) => sqlite::lease(path).await?,
            Location::Postgres(server) => postgres::lease(server.expose(), &clock).await?,
        };
        if let Some(held) = held {
            return Ok(Lease(held));
        }
        if !std::mem::replace(&mut told, true) {
            log::warn!("another process serves this database: waiting until it ends");
        }
        left = left.checked_sub(pause).ok_or(OpenError::Leased)?;
        clock.sleep(pause).await;
    }
}
