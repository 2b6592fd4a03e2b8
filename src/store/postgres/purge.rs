//! The rows of an installation that has been uninstalled: removed in small transactions between the batches.
//!
//! They are invisible from the first transaction of the uninstall on. A stay is forgotten last of all, so that a process that ends in between is
//! followed by one that goes on. The bytes of removed rows go when the server's autovacuum has been there, from its logs when those are recycled.

use std::sync::Arc;

use actors::clock::Clock;
use actors::limits::store::PURGE_ROWS_MAX;
use actors::port::store::Error;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::super::purging::Purge;
use super::connection::Pen;
use super::{Failure, Handle, transact};

/// Removes what uninstalls leave.
pub(super) struct Purger {
    pub(super) readers: PgPool,
    pub(super) writer: Handle<Pen>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Purge for Purger {
    async fn purge(&self) -> Result<(), Error> {
        let stays: Vec<i64> = sqlx::query_scalar("SELECT stay FROM purges").fetch_all(&self.readers).await.map_err(Failure::from)?;
        for stay in stays {
            for rows in ROWS {
                while transact(&self.writer, &self.clock, move |connection| Box::pin(remove(connection, rows, stay))).await? > 0 {}
            }
            transact(&self.writer, &self.clock, move |connection| Box::pin(forget(connection, stay))).await?;
        }
        Ok(())
    }
}

/// Some rows of a stay.
const ROWS: [&str; 8] = [
    "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE stay = $1 ORDER BY id LIMIT $2)",
    "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE stay = $1 ORDER BY id LIMIT $2)",
    "DELETE FROM bootstraps WHERE stay = $1 AND stay IN (SELECT stay FROM bootstraps WHERE stay = $1 LIMIT $2)",
    "DELETE FROM bootstrap_operations WHERE stay = $1 AND operation IN (
        SELECT operation FROM bootstrap_operations WHERE stay = $1 ORDER BY operation LIMIT $2)",
    "DELETE FROM entities WHERE stay = $1 AND (type, id) IN (
        SELECT type, id FROM entities WHERE stay = $1 ORDER BY type, id LIMIT $2)",
    "DELETE FROM api_calls WHERE stay = $1 AND id IN (SELECT id FROM api_calls WHERE stay = $1 ORDER BY id LIMIT $2)",
    "DELETE FROM flow_versions WHERE stay = $1 AND (flow, version) IN (
        SELECT flow, version FROM flow_versions WHERE stay = $1 ORDER BY flow, version LIMIT $2)",
    "DELETE FROM flows WHERE stay = $1 AND id IN (SELECT id FROM flows WHERE stay = $1 ORDER BY id LIMIT $2)",
];

async fn remove(connection: &mut PgConnection, rows: &'static str, stay: i64) -> Result<u64, Failure> {
    let query = sqlx::query(AssertSqlSafe(rows)).bind(stay).bind(i64::from(PURGE_ROWS_MAX));
    Ok(query.execute(connection).await?.rows_affected())
}

async fn forget(connection: &mut PgConnection, stay: i64) -> Result<(), Failure> {
    sqlx::query("DELETE FROM purges WHERE stay = $1").bind(stay).execute(connection).await?;
    Ok(())
}
