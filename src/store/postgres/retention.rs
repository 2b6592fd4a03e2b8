//! Old rows of installations that stay: found by readers along the index by installation, removed by the writer in jobs of their own.
//!
//! Rows are sought by their ids, which sort by time; nothing is asked of the writer where there is nothing to remove. An event goes after the last
//! of its runs.

use actors::clock::Timestamp;
use actors::ids::Key;
use actors::port::store::retention::Cutoffs;
use actors::port::store::{Error, Retention};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::super::columns::columns_behind;
use super::super::ids::{first_id_at, young};
use super::row::{about, key};
use super::{Failure, Postgres, flows};

/// Kinds of rows that expire.
struct Expiring {
    table: &'static str,
    time: &'static str,
    /// Which of them may go at all.
    loose: &'static str,
}

const RUNS: Expiring = Expiring { table: "runs", time: "created_at", loose: "runs.state NOT IN ('QUEUED', 'RUNNING', 'WAITING')" };
const EVENTS: Expiring =
    Expiring { table: "events", time: "received_at", loose: "NOT EXISTS (SELECT 1 FROM runs WHERE runs.event = events.id)" };

/// Events outlive their runs, so that whoever has an old run has an old event; wants the key behind which to begin, and the first id that is too young.
const KEYS: &str = "SELECT addon, workspace FROM installations WHERE (addon, workspace) > ($1, $2)
    AND EXISTS (SELECT 1 FROM events WHERE events.stay = installations.stay AND events.id < $3)
    ORDER BY addon, workspace LIMIT $4";

/// Tells whether anything is old at all, without a look at each installation.
const OLDEST: &str = "SELECT id FROM events ORDER BY id LIMIT 1";

impl Expiring {
    fn find(&self) -> String {
        let Self { table, time, loose } = self;
        format!(
            "SELECT {table}.id FROM {table} WHERE {table}.stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
                AND {table}.id < $3 AND {table}.{time} < $4 AND {loose} ORDER BY {table}.id LIMIT $5"
        )
    }

    async fn remove(&self, connection: &mut PgConnection, key: Key, ids: Vec<Uuid>) -> Result<u32, Failure> {
        let Some(stay) = flows::stay(connection, key).await? else { return Ok(0) };
        // What was found may have been taken up since: an event by a replay.
        let delete = format!("DELETE FROM {} WHERE id = ANY($1) AND stay = $2 AND {}", self.table, self.loose);
        let removed = sqlx::query(AssertSqlSafe(delete)).bind(ids).bind(stay).execute(connection).await?.rows_affected();
        Ok(u32::try_from(removed).unwrap_or(u32::MAX))
    }
}

impl Postgres {
    async fn keys_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Failure> {
        let bound = first_id_at(before);
        let oldest: Option<Uuid> = sqlx::query_scalar(OLDEST).fetch_optional(&self.readers).await?;
        if oldest.is_none_or(|oldest| oldest >= bound) {
            return Ok(Vec::new());
        }
        let (addon, workspace) = columns_behind(after);
        let query = sqlx::query(KEYS).bind(addon).bind(workspace).bind(bound).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(key).collect()
    }

    async fn expire_rows(&self, expiring: &'static Expiring, whose: Key, before: Option<Timestamp>, rows_max: u32) -> Result<u32, Error> {
        let Some(before) = before.filter(|_| rows_max > 0) else { return Ok(0) };
        let find = about(AssertSqlSafe(expiring.find()), whose).bind(young(before)).bind(before.millis()).bind(i64::from(rows_max));
        let found = find.fetch_all(&self.readers).await.map_err(Failure::from)?;
        let ids: Vec<Uuid> = found.iter().map(|row| sqlx::Row::try_get(row, 0)).collect::<Result<_, _>>().map_err(Failure::from)?;
        if ids.is_empty() {
            return Ok(0);
        }
        self.transact(move |connection| Box::pin(expiring.remove(connection, whose, ids))).await
    }
}

#[async_trait]
impl Retention for Postgres {
    async fn keys_with_rows_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        Ok(self.keys_before(before, after, limit).await?)
    }

    async fn expire(&self, key: Key, cutoffs: Cutoffs, rows_max: u32) -> Result<u32, Error> {
        let runs = self.expire_rows(&RUNS, key, cutoffs.runs_before, rows_max).await?;
        let events = self.expire_rows(&EVENTS, key, cutoffs.events_before, rows_max.saturating_sub(runs)).await?;
        Ok(runs + events)
    }
}
