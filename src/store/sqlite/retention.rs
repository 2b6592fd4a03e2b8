//! Old rows of installations that stay: found by readers, chapter by chapter from the oldest on, and removed by the writer in jobs of their own.
//!
//! Rows are sought by their ids, which sort by time; so a round looks into no chapter that is younger than what it seeks, and nothing is asked of
//! the writer where there is nothing to remove. An event goes after the last of its runs.

use std::collections::VecDeque;
use std::sync::{MutexGuard, PoisonError};

use actors::clock::Timestamp;
use actors::ids::Key;
use actors::limits::store::KEYS_AHEAD_MAX;
use actors::port::store::retention::Cutoffs;
use actors::port::store::{Error, Retention};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::super::columns::columns_behind;
use super::super::ids::{first_id_at, young};
use super::erase::{self, Table};
use super::row::{about, key};
use super::{Failure, Sqlite, chapters, flows};

const FINISHED: &str = "runs.state NOT IN ('QUEUED', 'RUNNING', 'WAITING')";
const WITHOUT_RUNS: &str = "NOT EXISTS (SELECT 1 FROM runs INDEXED BY runs_by_event WHERE runs.event = events.id)";

/// Kinds of rows that expire; wants the key's two parameters, the first id that is too young, the first time that is, and how many.
struct Expiring {
    table: Table,
    time: &'static str,
    /// Which of them may go at all.
    loose: &'static str,
}

const RUNS: Expiring = Expiring { table: erase::RUNS, time: "created_at", loose: FINISHED };
const EVENTS: Expiring = Expiring { table: erase::EVENTS, time: "received_at", loose: WITHOUT_RUNS };

impl Expiring {
    fn find(&self) -> String {
        let Self { table: Table { name: table, .. }, time, loose } = self;
        format!(
            "{} SELECT {table}.number FROM chapters
            CROSS JOIN {table} INDEXED BY {table}_by_stay ON {table}.chapter = chapters.chapter
                AND {table}.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2) AND {table}.id < ?3
            WHERE {loose} AND {table}.{time} < ?4 LIMIT ?5",
            chapters::oldest(table)
        )
    }

    async fn remove(&self, connection: &mut SqliteConnection, key: Key, numbers: Vec<i64>) -> Result<u32, Failure> {
        let Some(stay) = flows::stay(connection, key).await? else { return Ok(0) };
        // What was found may have been taken up since: an event by a replay.
        self.table.erase_found(connection, stay, numbers, self.loose).await
    }
}

/// Events outlive their runs, so that whoever has an old run has an old event; wants the first id that is too young, and the key behind which to begin.
pub(super) fn keys() -> String {
    format!(
        "SELECT addon, workspace FROM installations
        WHERE EXISTS (SELECT 1 FROM events WHERE id < ?3) AND (addon, workspace) > (?1, ?2) AND stay IN (
            {} SELECT events.stay FROM chapters CROSS JOIN events INDEXED BY events_by_stay ON events.chapter = chapters.chapter AND events.id < ?3
        ) ORDER BY addon, workspace LIMIT ?4",
        chapters::oldest("events")
    )
}

/// How rows to remove are found, for those who look at the plans.
#[cfg(test)]
pub(super) fn finds() -> [String; 2] {
    [RUNS.find(), EVENTS.find()]
}

/// Keys that were found together with the last page: to find one page costs a look at the index entries of all old events, and all pages no more.
pub(super) struct Ahead {
    before: Timestamp,
    /// The last key of the page before.
    after: Key,
    keys: VecDeque<Key>,
    /// Whether there are none behind them.
    complete: bool,
}

impl Ahead {
    /// The next page, if this is what has been found for it.
    fn take(ahead: &mut Option<Self>, before: Timestamp, after: Option<Key>, limit: usize) -> Option<Vec<Key>> {
        let fits = |ahead: &Self| ahead.before == before && Some(ahead.after) == after && (ahead.complete || ahead.keys.len() >= limit);
        let mut found = ahead.take().filter(fits)?;
        let page: Vec<Key> = found.keys.drain(..limit.min(found.keys.len())).collect();
        if let Some(last) = page.last().filter(|_| !found.keys.is_empty()) {
            *ahead = Some(Self { after: *last, ..found });
        }
        Some(page)
    }
}

impl Sqlite {
    async fn keys_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Failure> {
        if let Some(page) = Ahead::take(&mut self.ahead(), before, after, limit as usize) {
            return Ok(page);
        }
        let (addon, workspace) = columns_behind(after);
        let query =
            sqlx::query(AssertSqlSafe(keys())).bind(addon).bind(workspace).bind(first_id_at(before)).bind(limit.max(KEYS_AHEAD_MAX));
        let mut page = query.fetch_all(&self.readers).await?.iter().map(key).collect::<Result<Vec<Key>, _>>()?;
        let complete = page.len() < KEYS_AHEAD_MAX as usize;
        let rest = page.split_off(page.len().min(limit as usize));
        *self.ahead() = page.last().map(|last| Ahead { before, after: *last, keys: rest.into(), complete });
        Ok(page)
    }

    fn ahead(&self) -> MutexGuard<'_, Option<Ahead>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn expire_rows(&self, expiring: &'static Expiring, whose: Key, before: Option<Timestamp>, rows_max: u32) -> Result<u32, Error> {
        let Some(before) = before.filter(|_| rows_max > 0) else { return Ok(0) };
        let find = about(AssertSqlSafe(expiring.find()), whose).bind(young(before)).bind(before.millis()).bind(rows_max);
        let found = find.fetch_all(&self.readers).await.map_err(Failure::from)?;
        let numbers: Vec<i64> = found.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(Failure::from)?;
        if numbers.is_empty() {
            return Ok(0);
        }
        self.transact(move |connection| Box::pin(expiring.remove(connection, whose, numbers))).await
    }
}

#[async_trait]
impl Retention for Sqlite {
    async fn keys_with_rows_before(&self, before: Timestamp, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        Ok(self.keys_before(before, after, limit).await?)
    }

    async fn expire(&self, key: Key, cutoffs: Cutoffs, rows_max: u32) -> Result<u32, Error> {
        let runs = self.expire_rows(&RUNS, key, cutoffs.runs_before, rows_max).await?;
        let events = self.expire_rows(&EVENTS, key, cutoffs.events_before, rows_max.saturating_sub(runs)).await?;
        Ok(runs + events)
    }
}
