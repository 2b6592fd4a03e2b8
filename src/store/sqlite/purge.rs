//! The rows of an installation that has been uninstalled: removed in small transactions between the batches, and their space given back.
//!
//! They are invisible from the first transaction of the uninstall on; this makes them disappear from the file as well, its log included. A stay is
//! forgotten last of all, so that a process that ends in between is followed by one that goes on. SQLite zeroes what is deleted, but not always the
//! copy that a row leaves when its page is balanced; so rows are overwritten before they go, and a small file is written anew as a whole. In
//! a large one copies from former balancing may stay in the unused parts of pages until an operator's `VACUUM`.

use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::limits::store::{BUSY_TIMEOUT_MS, PURGE_PAUSE_MS, PURGE_ROWS_MAX, VACUUM_PAGES_MAX, VACUUM_WHOLE_BYTES_MAX};
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
        for rows in &ROWS {
            loop {
                // Readers look for the rows, which may be far apart, so that the writer has only to remove them.
                let found = sqlx::query_scalar(AssertSqlSafe(rows.find())).bind(stay).bind(PURGE_ROWS_MAX);
                let numbers: Vec<i64> = found.fetch_all(&self.readers).await.map_err(Failure::from)?;
                if numbers.is_empty() {
                    break;
                }
                transact(&self.writer, move |connection| Box::pin(rows.remove(connection, stay, numbers, "true"))).await?;
            }
        }
        transact(&self.writer, move |connection| Box::pin(remove_flows(connection, stay))).await
    }

    async fn give_back_space(&self) -> Result<(), Error> {
        if on_connection(&self.writer, |connection| Box::pin(write_anew(connection))).await? {
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

/// Rows of a stay, and what of them people would not want to be found.
struct Rows {
    table: &'static str,
    /// How its chapters are enumerated, if it has any.
    chapters: Option<&'static str>,
    texts: &'static [&'static str],
    blobs: &'static [&'static str],
}

const ROWS: [Rows; 4] = [
    Rows { table: "events", chapters: Some(chapters::OF_EVENTS), texts: &["headers", "entity"], blobs: &["payload"] },
    Rows { table: "runs", chapters: Some(chapters::OF_RUNS), texts: &["steps", "answers", "reason", "entity"], blobs: &[] },
    Rows { table: "api_calls", chapters: None, texts: &["path", "error", "person"], blobs: &["content"] },
    Rows { table: "flow_versions", chapters: None, texts: &["definition"], blobs: &[] },
];

impl Rows {
    fn find(&self) -> String {
        let table = self.table;
        match self.chapters {
            Some(chapters) => format!(
                "{chapters} SELECT {table}.rowid FROM chapters
                CROSS JOIN {table} INDEXED BY {table}_by_stay ON {table}.chapter = chapters.chapter AND {table}.stay = ? LIMIT ?"
            ),
            None => format!("SELECT rowid FROM {table} WHERE stay = ? LIMIT ?"),
        }
    }

    /// Removes some of them, if they are `loose` as well; how many it were.
    async fn remove(&self, connection: &mut SqliteConnection, stay: i64, numbers: Vec<i64>, loose: &str) -> Result<u32, Failure> {
        let numbers = serde_json::Value::from(numbers).to_string();
        let mut removed = 0;
        for statement in [overwrite(self.table, self.texts, self.blobs), format!("DELETE FROM {}", self.table)] {
            let statement = format!("{statement} WHERE stay = ? AND rowid IN (SELECT value FROM json_each(?)) AND {loose}");
            removed = sqlx::query(AssertSqlSafe(statement)).bind(stay).bind(&numbers).execute(&mut *connection).await?.rows_affected();
        }
        Ok(u32::try_from(removed).unwrap_or(u32::MAX))
    }
}

/// Removes rows of an installation that stays; how many it were.
pub(super) async fn remove(
    connection: &mut SqliteConnection,
    table: &str,
    stay: i64,
    numbers: Vec<i64>,
    loose: &str,
) -> Result<u32, Failure> {
    match ROWS.iter().find(|rows| rows.table == table) {
        Some(rows) => rows.remove(connection, stay, numbers, loose).await,
        None => Ok(0),
    }
}

/// How all rows of a stay are found, for those who look at the plans.
#[cfg(test)]
pub(super) fn finds() -> Vec<String> {
    ROWS.iter().map(Rows::find).collect()
}

/// Puts as many zeros in place of each text and blob: a row that keeps its size is written where it is.
pub(super) fn overwrite(table: &str, texts: &[&str], blobs: &[&str]) -> String {
    let text = |name: &&str| format!("{name} = substr(hex(zeroblob(octet_length({name}) / 2 + 1)), 1, octet_length({name}))");
    let blob = |name: &&str| format!("{name} = zeroblob(length({name}))");
    let columns: Vec<String> = texts.iter().map(text).chain(blobs.iter().map(blob)).collect();
    format!("UPDATE {table} SET {}", columns.join(", "))
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
