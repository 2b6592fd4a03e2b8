//! Columns: how keys, ids and JSON stand in them.

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::ids::{Key, WorkspaceId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, SqlSafeStr, Sqlite};

use super::Failure;
use super::failure::unreadable;

/// An add-on's number: the order of their ports, which is also the order of keys. Never changed, only added to.
pub(super) const fn addon_number(addon: Addon) -> i64 {
    match addon {
        Addon::ApiStudio => 1,
        Addon::UniversalWebhook => 2,
        Addon::ClockifyAddon => 3,
    }
}

/// The key of a row that may be any add-on's.
pub(super) fn key(row: &SqliteRow) -> Result<Key, Failure> {
    let number: i64 = row.try_get("addon")?;
    let addon = Addon::ALL.into_iter().find(|addon| addon_number(*addon) == number).ok_or_else(|| unreadable("addon"))?;
    Ok(Key { addon, workspace: workspace(row)? })
}

/// A key's two columns.
pub(super) fn columns(key: Key) -> (i64, Vec<u8>) {
    (addon_number(key.addon), key.workspace.as_bytes().to_vec())
}

/// A query about a key, whose columns are its first two parameters.
pub(super) fn about(sql: impl SqlSafeStr, key: Key) -> Query<'static, Sqlite, SqliteArguments> {
    let (addon, workspace) = columns(key);
    sqlx::query(sql).bind(addon).bind(workspace)
}

/// The same two of a row.
pub(super) fn columns_of(row: &SqliteRow) -> Result<(i64, Vec<u8>), Failure> {
    Ok((row.try_get("addon")?, row.try_get("workspace")?))
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
    serde_json::from_str(row.try_get(column)?).map_err(|_| unreadable(column))
}

/// What a column of JSON is given.
pub(super) fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::Refused(error.to_string()))
}
