//! Chapters: runs of rows in the order of writing, with which the indices by workspace begin (`migrations/sqlite` says why).
//!
//! A row's chapter is fixed when it is written and means nothing by itself; two processes that count differently only make it longer.

use actors::limits::store::CHAPTER_ROWS;
use sqlx::SqliteConnection;

/// How far the tables have been written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chapters {
    events: i64,
    runs: i64,
}

impl Chapters {
    pub(super) async fn load(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let last = "SELECT (SELECT coalesce(max(number), 0) FROM events), (SELECT coalesce(max(number), 0) FROM runs)";
        let (events, runs) = sqlx::query_as(last).fetch_one(connection).await?;
        Ok(Self { events, runs })
    }

    pub(super) fn of_events(&self) -> i64 {
        self.events / CHAPTER_ROWS
    }

    pub(super) fn of_runs(&self) -> i64 {
        self.runs / CHAPTER_ROWS
    }

    pub(super) fn written(&mut self, events: u64, runs: u64) {
        self.events = self.events.saturating_add_unsigned(events);
        self.runs = self.runs.saturating_add_unsigned(runs);
    }
}

/// The chapters of events, newest first.
pub(super) const OF_EVENTS: &str = "WITH RECURSIVE chapters (chapter) AS (
    SELECT max(chapter) FROM events
    UNION ALL
    SELECT (SELECT max(events.chapter) FROM events WHERE events.chapter < chapters.chapter) FROM chapters WHERE chapters.chapter IS NOT NULL
)";

/// The same, back to the one of the first event whose id is `?3` or later; only the last one if there is none.
pub(super) const OF_RECENT_EVENTS: &str = "WITH RECURSIVE chapters (chapter) AS (
    SELECT max(chapter) FROM events
    UNION ALL
    SELECT (SELECT max(events.chapter) FROM events WHERE events.chapter < chapters.chapter) FROM chapters
    WHERE chapters.chapter > (SELECT chapter FROM events WHERE id >= ?3 ORDER BY id LIMIT 1)
)";

/// The chapters of a table, newest first, back to the one of its first row whose id is `?3` or later; only the last one if there is none.
pub(super) fn recent(table: &str) -> String {
    format!(
        "WITH RECURSIVE chapters (chapter) AS (
            SELECT max(chapter) FROM {table}
            UNION ALL
            SELECT (SELECT max({table}.chapter) FROM {table} WHERE {table}.chapter < chapters.chapter) FROM chapters
            WHERE chapters.chapter > (SELECT chapter FROM {table} WHERE id >= ?3 ORDER BY id LIMIT 1)
        )"
    )
}

/// The chapters of a table, newest first, each with how many rows of the newer ones fit, until so many are counted; the last is none if all are. How many
/// fit in `chapters.chapter` is counted by a statement.
pub(super) fn counting(table: &str, count: &str, rows_wanted: &str) -> String {
    format!(
        "WITH RECURSIVE chapters (chapter, newer) AS (
            SELECT max(chapter), 0 FROM {table}
            UNION ALL
            SELECT (SELECT max({table}.chapter) FROM {table} WHERE {table}.chapter < chapters.chapter), newer + ({count}) FROM chapters
            WHERE chapters.chapter IS NOT NULL AND newer < {rows_wanted}
        )"
    )
}

/// The chapters of runs, newest first.
pub(super) const OF_RUNS: &str = "WITH RECURSIVE chapters (chapter) AS (
    SELECT max(chapter) FROM runs
    UNION ALL
    SELECT (SELECT max(runs.chapter) FROM runs WHERE runs.chapter < chapters.chapter) FROM chapters WHERE chapters.chapter IS NOT NULL
)";

/// The chapters of a table, oldest first, to the one behind that of its last row whose id is less than `?3`; only the first one if there is none.
pub(super) fn oldest(table: &str) -> String {
    format!(
        "WITH RECURSIVE chapters (chapter) AS (
            SELECT min(chapter) FROM {table}
            UNION ALL
            SELECT (SELECT min({table}.chapter) FROM {table} WHERE {table}.chapter > chapters.chapter) FROM chapters
            WHERE chapters.chapter <= (SELECT chapter FROM {table} WHERE id < ?3 ORDER BY id DESC LIMIT 1)
        )"
    )
}
