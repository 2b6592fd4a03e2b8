//! The rows of an installation that has been uninstalled: removed in small transactions between the batches, and their space given back.
//!
//! They are invisible from the first transaction of the uninstall on; this makes them disappear from the file as well, its log included. A stay is
//! forgotten last of all, so that a process that ends in between is followed by one that goes on.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store::{BUSY_TIMEOUT_MS, PURGE_PAUSE_MS, PURGE_ROWS_MAX, VACUUM_PAGES_MAX};
use actors::port::store::Error;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, SqliteConnection};
use tokio::sync::watch;

use super::connection::Pen;
use super::{Failure, Handle, chapters, on_connection, transact};

/// Removes what uninstalls leave.
pub(super) struct Purger {
    pub(super) readers: SqlitePool,
    pub(super) writer: Handle<Pen>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Purger {
    /// Goes on until it is aborted or the store is gone. `done` says of how many uninstalls nothing is left.
    pub(super) async fn run(self, mut uninstalls: watch::Receiver<u64>, done: watch::Sender<Option<u64>>) {
        loop {
            let seen = *uninstalls.borrow_and_update();
            match self.purge().await {
                Ok(()) => {
                    done.send_replace(Some(seen));
                    if uninstalls.changed().await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    log::debug!("what was uninstalled cannot be removed yet: {error}");
                    self.clock.sleep(Duration::from_millis(PURGE_PAUSE_MS)).await;
                }
            }
        }
    }

    async fn purge(&self) -> Result<(), Error> {
        let stays: Vec<i64> = sqlx::query_scalar("SELECT stay FROM purges").fetch_all(&self.readers).await.map_err(Failure::from)?;
        if stays.is_empty() {
            return Ok(());
        }
        for stay in &stays {
            self.remove_rows(*stay).await?;
        }
        self.give_back_space().await?;
        if !on_connection(&self.writer, |connection| Box::pin(fold_log(connection))).await? {
            return Err(Error::Busy);
        }
        transact(&self.writer, move |connection| Box::pin(forget(connection, stays))).await
    }

    async fn remove_rows(&self, stay: i64) -> Result<(), Error> {
        for (table, chapters, index) in [("events", chapters::OF_EVENTS, "events_by_stay"), ("runs", chapters::OF_RUNS, "runs_by_stay")] {
            // Readers look for the rows, which may be far apart, so that the writer has only to remove them.
            let find = format!(
                "{chapters} SELECT {table}.number FROM chapters
                CROSS JOIN {table} INDEXED BY {index} ON {table}.chapter = chapters.chapter AND {table}.stay = ? LIMIT ?"
            );
            loop {
                let found = sqlx::query_scalar(AssertSqlSafe(find.clone())).bind(stay).bind(PURGE_ROWS_MAX);
                let numbers: Vec<i64> = found.fetch_all(&self.readers).await.map_err(Failure::from)?;
                if numbers.is_empty() {
                    break;
                }
                let remove = format!("DELETE FROM {table} WHERE stay = ? AND number IN (SELECT value FROM json_each(?))");
                transact(&self.writer, move |connection| Box::pin(remove_numbers(connection, remove, stay, numbers))).await?;
            }
        }
        for remove in [
            "DELETE FROM flow_versions WHERE rowid IN (SELECT rowid FROM flow_versions WHERE stay = ? LIMIT ?)",
            "DELETE FROM flows WHERE (stay, id) IN (SELECT stay, id FROM flows WHERE stay = ? LIMIT ?)",
        ] {
            while transact(&self.writer, move |connection| Box::pin(remove_some(connection, remove, stay))).await? > 0 {}
        }
        Ok(())
    }

    async fn give_back_space(&self) -> Result<(), Error> {
        let mut left = i64::MAX;
        loop {
            let free = transact(&self.writer, |connection| Box::pin(shorten_file(connection))).await?;
            if free == 0 || free >= left {
                return Ok(());
            }
            left = free;
        }
    }
}

async fn remove_numbers(connection: &mut SqliteConnection, remove: String, stay: i64, numbers: Vec<i64>) -> Result<(), Failure> {
    let numbers = serde_json::Value::from(numbers).to_string();
    sqlx::query(AssertSqlSafe(remove)).bind(stay).bind(numbers).execute(connection).await?;
    Ok(())
}

async fn remove_some(connection: &mut SqliteConnection, remove: &'static str, stay: i64) -> Result<u64, Failure> {
    Ok(sqlx::query(remove).bind(stay).bind(PURGE_ROWS_MAX).execute(connection).await?.rows_affected())
}

/// Moves pages from the end of the file into free ones; how many free ones are left.
async fn shorten_file(connection: &mut SqliteConnection) -> Result<i64, Failure> {
    sqlx::query(AssertSqlSafe(format!("PRAGMA incremental_vacuum({VACUUM_PAGES_MAX})"))).execute(&mut *connection).await?;
    Ok(sqlx::query_scalar("PRAGMA freelist_count").fetch_one(connection).await?)
}

/// Empties the log, in which removed rows still stand. `false`: a reader needs it. It is not waited for, since nothing is written meanwhile.
async fn fold_log(connection: &mut SqliteConnection) -> Result<bool, Failure> {
    sqlx::query("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    let folded: Result<(bool, i64, i64), _> = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    sqlx::query(AssertSqlSafe(format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}"))).execute(connection).await?;
    let (blocked, _, _) = folded?;
    Ok(!blocked)
}

async fn forget(connection: &mut SqliteConnection, stays: Vec<i64>) -> Result<(), Failure> {
    let stays = serde_json::Value::from(stays).to_string();
    sqlx::query("DELETE FROM purges WHERE stay IN (SELECT value FROM json_each(?))").bind(stays).execute(connection).await?;
    Ok(())
}
