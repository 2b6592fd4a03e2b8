//! The rows of an installation that has been uninstalled: removed in small transactions between the batches, and their space given back.
//!
//! They are invisible from the first transaction of the uninstall on; this makes them disappear from the file as well, its log included. A stay is
//! forgotten last of all, so that a process that ends in between is followed by one that goes on. Rows are overwritten before they go
//! ([`super::erase`]), and a small file is written anew as a whole. In a large one copies from former balancing may stay in the unused parts of
//! pages until an operator's `VACUUM`.

use actors::limits::store::{BUSY_TIMEOUT_MS, PURGE_ROWS_MAX, VACUUM_PAGES_MAX, VACUUM_WHOLE_BYTES_MAX};
use actors::port::store::Error;
use sqlx::sqlite::SqlitePool;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::super::purging::Purge;
use super::connection::Pen;
use super::erase::{self, Table};
use super::{Failure, Handle, chapters, on_connection, transact};

/// Removes what uninstalls leave.
pub(super) struct Purger {
    pub(super) readers: SqlitePool,
    pub(super) writer: Handle<Pen>,
}

impl Purge for Purger {
    async fn purge(&self) -> Result<(), Error> {
        let stays: Vec<i64> = sqlx::query_scalar("SELECT stay FROM purges").fetch_all(&self.readers).await.map_err(Failure::from)?;
        if stays.is_empty() {
            return Ok(());
        }
        for stay in &stays {
            self.remove_rows(*stay).await?;
        }
        self.give_back_space().await?;
        if !on_connection(&self.writer, Handle::run, |connection| Box::pin(fold_log(connection))).await? {
            return Err(Error::Busy);
        }
        transact(&self.writer, move |connection| Box::pin(forget(connection, stays))).await
    }
}

impl Purger {
    async fn remove_rows(&self, stay: i64) -> Result<(), Error> {
        for rows in &ROWS {
            loop {
                // Readers look for the rows, which may be far apart, so that the writer has only to remove them.
                let found = sqlx::query_scalar(AssertSqlSafe(rows.find())).bind(stay).bind(PURGE_ROWS_MAX);
                let numbers: Vec<i64> = found.fetch_all(&self.readers).await.map_err(Failure::from)?;
                if numbers.is_empty() {
                    break;
                }
                transact(&self.writer, move |connection| Box::pin(rows.table.erase_found(connection, stay, numbers, "true"))).await?;
            }
        }
        transact(&self.writer, move |connection| Box::pin(remove_flows(connection, stay))).await
    }

    async fn give_back_space(&self) -> Result<(), Error> {
        if on_connection(&self.writer, Handle::run, |connection| Box::pin(write_anew(connection))).await? {
            return Ok(());
        }
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

/// Rows of a stay.
struct Rows {
    table: Table,
    /// How its chapters are enumerated, if it has any.
    chapters: Option<&'static str>,
}

const fn rows(table: Table) -> Rows {
    Rows { table, chapters: None }
}

const ROWS: [Rows; 7] = [
    Rows { table: erase::EVENTS, chapters: Some(chapters::OF_EVENTS) },
    Rows { table: erase::RUNS, chapters: Some(chapters::OF_RUNS) },
    rows(erase::BOOTSTRAPS),
    rows(erase::BOOTSTRAP_OPERATIONS),
    rows(erase::ENTITIES),
    rows(erase::API_CALLS),
    rows(erase::FLOW_VERSIONS),
];

impl Rows {
    fn find(&self) -> String {
        let table = self.table.name;
        match self.chapters {
            Some(chapters) => format!(
                "{chapters} SELECT {table}.rowid FROM chapters
                CROSS JOIN {table} INDEXED BY {table}_by_stay ON {table}.chapter = chapters.chapter AND {table}.stay = ? LIMIT ?"
            ),
            None => format!("SELECT rowid FROM {table} WHERE stay = ? LIMIT ?"),
        }
    }
}

/// How all rows of a stay are found, for those who look at the plans.
#[cfg(test)]
pub(super) fn finds() -> Vec<String> {
    ROWS.iter().map(Rows::find).collect()
}

/// At most as many as a workspace may have, and small ones.
async fn remove_flows(connection: &mut SqliteConnection, stay: i64) -> Result<(), Failure> {
    sqlx::query("DELETE FROM flows WHERE stay = ?").bind(stay).execute(connection).await?;
    Ok(())
}

/// Writes a small file anew, which takes a moment. `false`: it is too large for that.
async fn write_anew(connection: &mut SqliteConnection) -> Result<bool, Failure> {
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let bytes: i64 = sqlx::query_scalar(size).fetch_one(&mut *connection).await?;
    let small = bytes <= VACUUM_WHOLE_BYTES_MAX;
    if small {
        sqlx::query("VACUUM").execute(connection).await?;
    }
    Ok(small)
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
