//! Columns: how keys, ids and JSON stand in them.

use actors::clock::Timestamp;
use actors::ids::{Key, WorkspaceId};
use serde::de::DeserializeOwned;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, SqlSafeStr, Sqlite};

use super::super::columns::{addon, from_json, key_columns};
use super::super::failure::unreadable;
use super::Failure;

/// The key of a row.
pub(super) fn key(row: &SqliteRow) -> Result<Key, Failure> {
    Ok(Key { addon: addon(row.try_get("addon")?)?, workspace: workspace(row)? })
}

/// A query about a key, whose columns are its first two parameters.
pub(super) fn about(sql: impl SqlSafeStr, key: Key) -> Query<'static, Sqlite, SqliteArguments> {
    let (addon, workspace) = key_columns(key);
    sqlx::query(sql).bind(addon).bind(workspace)
}

/// The bytes of an id that has a fixed size.
pub(super) fn bytes<const N: usize>(row: &SqliteRow, column: &str) -> Result<[u8; N], Failure> {
    row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| unreadable(column))
}

pub(super) fn workspace(row: &SqliteRow) -> Result<WorkspaceId, Failure> {
    Ok(WorkspaceId::from_bytes(bytes(row, "workspace")?))
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

pub(super) fn time_if_any(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, Failure> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// A column of JSON.
pub(super) fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, Failure> {
    from_json(row.try_get(column)?, column)
}
