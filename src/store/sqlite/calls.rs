//! Calls of the explorer. What was sent and answered is sealed (I7); what lists show is not.

use actors::call::Call;
use actors::clock::Timestamp;
use actors::ids::{CallId, Key};
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::calls::CallFilter;
use actors::port::store::{Calls, Error, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::super::columns::{bearer, method};
use super::super::failure::unreadable;
use super::erase::API_CALLS;
use super::flows::stay;
use super::row::{about, time};
use super::{Failure, Sqlite};

fn call(row: &SqliteRow) -> Result<Call, Failure> {
    Ok(Call {
        id: row.try_get::<Uuid, _>("id")?.into(),
        operation: row.try_get("operation")?,
        method: method(row.try_get("method")?)?,
        path: row.try_get("path")?,
        bearer: bearer(row.try_get("bearer")?)?,
        user: row.try_get("person")?,
        status: row.try_get::<Option<i64>, _>("status")?.map(u16::try_from).transpose().map_err(|_| unreadable("status"))?,
        latency_ms: u32::try_from(row.try_get::<i64, _>("latency_ms")?).map_err(|_| unreadable("latency_ms"))?,
        error: row.try_get("error")?,
        created_at: time(row, "created_at")?,
        content: None,
    })
}

async fn keep(connection: &mut SqliteConnection, key: Key, call: Call, content: Vec<u8>, calls_max: u32) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    let put = "INSERT INTO api_calls
        (addon, workspace, stay, id, operation, method, path, bearer, person, status, latency_ms, error, created_at, content)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    about(put, key)
        .bind(stay)
        .bind(call.id.uuid())
        .bind(call.operation)
        .bind(call.method.as_str())
        .bind(call.path)
        .bind(call.bearer.as_str())
        .bind(call.user)
        .bind(call.status.map(i64::from))
        .bind(i64::from(call.latency_ms))
        .bind(call.error)
        .bind(call.created_at.millis())
        .bind(content)
        .execute(&mut *connection)
        .await?;
    let surplus = format!("WHERE stay = ?1 AND id <= ({SURPLUS})");
    API_CALLS.erase(connection, &surplus, |query| query.bind(stay).bind(calls_max)).await?;
    Ok(true)
}

/// The newest call of a stay that is one too many.
pub(super) const SURPLUS: &str = "SELECT id FROM api_calls WHERE stay = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2";

const OF_KEY: &str = "FROM api_calls WHERE stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)";
const WANTED: &str = "(?3 IS NULL OR operation = ?3) AND (?4 IS NULL OR method = ?4) AND (?5 IS NULL OR bearer = ?5)
    AND (?6 IS NULL OR (status IS NOT NULL AND status < 400) = ?6) AND (?7 IS NULL OR created_at >= ?7) AND (?8 IS NULL OR created_at < ?8)";

pub(super) fn count() -> String {
    format!("SELECT count(*) {OF_KEY} AND {WANTED}")
}

pub(super) fn page() -> String {
    format!(
        "SELECT id, operation, method, path, bearer, person, status, latency_ms, error, created_at {OF_KEY} AND {WANTED}
        ORDER BY id DESC LIMIT ?9 OFFSET ?10"
    )
}

pub(super) fn one() -> String {
    format!("SELECT * {OF_KEY} AND id = ?3")
}

pub(super) const OLD: &str = "SELECT number FROM api_calls WHERE created_at < ?1 ORDER BY created_at LIMIT ?2";

fn filtered(sql: String, key: Key, filter: &CallFilter) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
    about(AssertSqlSafe(sql), key)
        .bind(filter.operation.clone())
        .bind(filter.method.map(|method| method.as_str()))
        .bind(filter.bearer.map(|bearer| bearer.as_str()))
        .bind(filter.went_well)
        .bind(filter.from.map(Timestamp::millis))
        .bind(filter.to.map(Timestamp::millis))
}

async fn expire(connection: &mut SqliteConnection, numbers: Vec<i64>) -> Result<u32, Failure> {
    let numbers = serde_json::Value::from(numbers).to_string();
    API_CALLS.erase(connection, "WHERE number IN (SELECT value FROM json_each(?))", |query| query.bind(numbers.clone())).await
}

impl Sqlite {
    async fn call_page(&self, key: Key, filter: &CallFilter, slice: Slice) -> Result<Page<Call>, Failure> {
        let mut reading = self.reading().await?;
        let total: i64 = filtered(count(), key, filter).fetch_one(&mut *reading).await?.try_get(0)?;
        let rows = filtered(page(), key, filter).bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset).fetch_all(&mut *reading).await?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items: rows.iter().map(call).collect::<Result<_, _>>()? })
    }

    async fn one_call(&self, key: Key, id: CallId) -> Result<Option<Call>, Failure> {
        let Some(row) = about(AssertSqlSafe(one()), key).bind(id.uuid()).fetch_optional(&self.readers).await? else { return Ok(None) };
        let content = self.keyring.open_call(row.try_get("content")?, key, id);
        Ok(Some(Call { content, ..call(&row)? }))
    }

    async fn old_calls(&self, before: Timestamp, rows_max: u32) -> Result<Vec<i64>, Failure> {
        Ok(sqlx::query_scalar(OLD).bind(before.millis()).bind(rows_max).fetch_all(&self.readers).await?)
    }
}

#[async_trait]
impl Calls for Sqlite {
    async fn keep_call(&self, key: Key, call: &Call, calls_max: u32) -> Result<bool, Error> {
        let (call, content) = (call.clone(), self.keyring.seal_call(call.content.as_ref(), key, call.id)?);
        self.transact(move |connection| Box::pin(keep(connection, key, call, content, calls_max))).await
    }

    async fn calls(&self, key: Key, filter: &CallFilter, slice: Slice) -> Result<Page<Call>, Error> {
        Ok(self.call_page(key, filter, slice).await?)
    }

    async fn call(&self, key: Key, id: CallId) -> Result<Option<Call>, Error> {
        Ok(self.one_call(key, id).await?)
    }

    async fn expire_calls(&self, before: Timestamp, rows_max: u32) -> Result<u32, Error> {
        let numbers = self.old_calls(before, rows_max).await?;
        if numbers.is_empty() {
            return Ok(0);
        }
        self.transact(move |connection| Box::pin(expire(connection, numbers))).await
    }
}
