//! Columns: how keys, ids, texts and JSON stand in them.

use std::sync::Arc;

use actors::clock::Timestamp;
use actors::ids::{Key, WorkspaceId};
use serde::de::DeserializeOwned;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Postgres, Row, SqlSafeStr};

use super::super::columns::{addon, from_json, key_columns};
use super::super::failure::unreadable;
use super::Failure;

/// A query about a key, whose columns are its first two parameters.
pub(super) fn about(sql: impl SqlSafeStr, key: Key) -> Query<'static, Postgres, PgArguments> {
    let (addon, workspace) = key_columns(key);
    sqlx::query(sql).bind(addon).bind(workspace)
}

/// The key of a row.
pub(super) fn key(row: &PgRow) -> Result<Key, Failure> {
    Ok(Key { addon: addon(row.try_get("addon")?)?, workspace: workspace(row)? })
}

/// The bytes of an id that has a fixed size.
pub(super) fn bytes<const N: usize>(row: &PgRow, column: &str) -> Result<[u8; N], Failure> {
    row.try_get::<&[u8], _>(column)?.try_into().map_err(|_| unreadable(column))
}

pub(super) fn workspace(row: &PgRow) -> Result<WorkspaceId, Failure> {
    Ok(WorkspaceId::from_bytes(bytes(row, "workspace")?))
}

pub(super) fn time(row: &PgRow, column: &str) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

pub(super) fn time_if_any(row: &PgRow, column: &str) -> Result<Option<Timestamp>, Failure> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}

/// A number that is never negative; Postgres has no type for it.
pub(super) fn count(row: &PgRow, column: &str) -> Result<u32, Failure> {
    u32::try_from(row.try_get::<i64, _>(column)?).map_err(|_| unreadable(column))
}

/// A text that stands in its bytes, because it may hold U+0000.
pub(super) fn text_if_any(row: &PgRow, column: &str) -> Result<Option<Arc<str>>, Failure> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|bytes| std::str::from_utf8(bytes).map(Into::into).map_err(|_| unreadable(column))).transpose()
}

/// A column of JSON.
pub(super) fn json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, Failure> {
    from_json(row.try_get(column)?, column)
}
