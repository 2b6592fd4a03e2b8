//! How rows go of which something would be found in the file: overwritten, then deleted. Nothing else in this folder deletes such rows.
//!
//! SQLite zeroes what is deleted, but not always the copy that a row leaves when its page is balanced. A row that keeps its size is written where it
//! is; so each text and blob that people would not want to be found is replaced by as many zeros before it goes. Numbers, hashes and the names by
//! which rows are sought are left to the database's own zeros.

use actors::ids::Key;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use super::super::columns::key_columns;
use super::Failure;

type Bound = Query<'static, Sqlite, SqliteArguments>;

/// A table, and what of its rows people would not want to be found.
pub(super) struct Table {
    pub(super) name: &'static str,
    texts: &'static [&'static str],
    blobs: &'static [&'static str],
}

const fn table(name: &'static str, texts: &'static [&'static str], blobs: &'static [&'static str]) -> Table {
    Table { name, texts, blobs }
}

pub(super) const ACTIVITIES: Table = table("activities", &["person", "what", "subject", "detail"], &[]);
pub(super) const API_CALLS: Table = table("api_calls", &["path", "error", "person"], &["content"]);
pub(super) const BOOTSTRAPS: Table = table("bootstraps", &["head"], &[]);
pub(super) const BOOTSTRAP_OPERATIONS: Table = table("bootstrap_operations", &["progress"], &[]);
pub(super) const ENTITIES: Table = table("entities", &["parent", "name", "sort", "data"], &[]);
pub(super) const EVENTS: Table = table("events", &["headers", "entity"], &["payload"]);
pub(super) const FLOW_VERSIONS: Table = table("flow_versions", &["definition"], &[]);
pub(super) const INSTALLATIONS: Table =
    table("installations", &["addon_user", "as_user", "urls", "settings", "webhooks", "broken_reason"], &["token"]);
pub(super) const RUNS: Table = table("runs", &["steps", "answers", "reason", "entity"], &[]);
pub(super) const SECRETS: Table = table("secrets", &[], &["value"]);
pub(super) const SOURCES: Table = table("sources", &["definition"], &["secrets"]);
pub(super) const STANDINGS: Table = table("standings", &["reason"], &[]);

impl Table {
    /// Erases the rows that a condition finds, whose parameters `bind` gives; how many it were.
    pub(super) async fn erase(
        &self,
        connection: &mut SqliteConnection,
        which: &str,
        bind: impl Fn(Bound) -> Bound,
    ) -> Result<u32, Failure> {
        let mut erased = 0;
        for statement in self.statements(which) {
            erased = bind(sqlx::query(AssertSqlSafe(statement))).execute(&mut *connection).await?.rows_affected();
        }
        Ok(u32::try_from(erased).unwrap_or(u32::MAX))
    }

    /// The same for a condition whose first two parameters are the key's columns.
    pub(super) async fn erase_of(
        &self,
        connection: &mut SqliteConnection,
        key: Key,
        which: &str,
        bind: impl Fn(Bound) -> Bound,
    ) -> Result<u32, Failure> {
        let (addon, workspace) = key_columns(key);
        self.erase(connection, which, |query| bind(query.bind(addon).bind(workspace.clone()))).await
    }

    /// The same for rows of a stay that were found before, if they are `loose` still.
    pub(super) async fn erase_found(
        &self,
        connection: &mut SqliteConnection,
        stay: i64,
        numbers: Vec<i64>,
        loose: &str,
    ) -> Result<u32, Failure> {
        let numbers = serde_json::Value::from(numbers).to_string();
        let which = format!("WHERE stay = ? AND rowid IN (SELECT value FROM json_each(?)) AND {loose}");
        self.erase(connection, &which, |query| query.bind(stay).bind(numbers.clone())).await
    }

    pub(super) fn statements(&self, which: &str) -> [String; 2] {
        let text = |name: &&str| format!("{name} = substr(hex(zeroblob(octet_length({name}) / 2 + 1)), 1, octet_length({name}))");
        let blob = |name: &&str| format!("{name} = zeroblob(length({name}))");
        let zeros: Vec<String> = self.texts.iter().map(text).chain(self.blobs.iter().map(blob)).collect();
        [format!("UPDATE {} SET {} {which}", self.name, zeros.join(", ")), format!("DELETE FROM {} {which}", self.name)]
    }
}
