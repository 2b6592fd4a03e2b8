//! Calls of the explorer. What was sent and answered is sealed (I7); what lists show is not.

use actors::call::Call;
use actors::clock::Timestamp;
use actors::ids::{CallId, Key};
use actors::limits::store::{CALLS_SEALED_ANEW_MAX, PAGE_ROWS_MAX};
use actors::port::store::calls::CallFilter;
use actors::port::store::{Calls, Error, Page, Slice};
use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::super::columns::{bearer, method};
use super::super::failure::unreadable;
use super::super::sealing::Keyring;
use super::flows::stay;
use super::row::{about, count, text_if_any, time};
use super::{Failure, Postgres};

fn call(row: &PgRow) -> Result<Call, Failure> {
    Ok(Call {
        id: row.try_get::<Uuid, _>("id")?.into(),
        operation: row.try_get("operation")?,
        method: method(row.try_get("method")?)?,
        path: row.try_get("path")?,
        bearer: bearer(row.try_get("bearer")?)?,
        user: text_if_any(row, "person")?.map(|text| text.to_string()),
        status: row.try_get::<Option<i64>, _>("status")?.map(u16::try_from).transpose().map_err(|_| unreadable("status"))?,
        latency_ms: count(row, "latency_ms")?,
        error: text_if_any(row, "error")?.map(|text| text.to_string()),
        created_at: time(row, "created_at")?,
        content: None,
    })
}

async fn keep(connection: &mut PgConnection, key: Key, call: Call, content: Vec<u8>, calls_max: u32) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    let put = "INSERT INTO api_calls
        (addon, workspace, stay, id, operation, method, path, bearer, person, status, latency_ms, error, created_at, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    about(put, key)
        .bind(stay)
        .bind(call.id.uuid())
        .bind(call.operation)
        .bind(call.method.as_str())
        .bind(call.path)
        .bind(call.bearer.as_str())
        .bind(call.user.map(String::into_bytes))
        .bind(call.status.map(i64::from))
        .bind(i64::from(call.latency_ms))
        .bind(call.error.map(String::into_bytes))
        .bind(call.created_at.millis())
        .bind(content)
        .execute(&mut *connection)
        .await?;
    let surplus = "DELETE FROM api_calls WHERE stay = $1
        AND id <= (SELECT id FROM api_calls WHERE stay = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    sqlx::query(surplus).bind(stay).bind(i64::from(calls_max)).execute(connection).await?;
    Ok(true)
}

/// After a change of keys: seals the newest of the calls anew that a former key has sealed, some at a time.
pub(super) async fn seal_anew(connection: &mut PgConnection, key: Key, keyring: &Keyring) -> Result<(), Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(()) };
    for former in keyring.former_ids() {
        let sealed =
            "SELECT id, content FROM api_calls WHERE stay = $1 AND substring(content FROM 2 FOR length($2)) = $2 ORDER BY id DESC LIMIT $3";
        let query = sqlx::query(sealed).bind(stay).bind(former).bind(i64::from(CALLS_SEALED_ANEW_MAX));
        for row in query.fetch_all(&mut *connection).await? {
            let id: Uuid = row.try_get("id")?;
            let Some(anew) = keyring.call_anew(row.try_get("content")?, key, id.into()) else { continue };
            let put = "UPDATE api_calls SET content = $3 WHERE stay = $1 AND id = $2";
            sqlx::query(put).bind(stay).bind(id).bind(anew).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

const OF_KEY: &str = "FROM api_calls WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)";
const WANTED: &str = "($3::TEXT IS NULL OR operation = $3) AND ($4::TEXT IS NULL OR method = $4) AND ($5::TEXT IS NULL OR bearer = $5)
    AND ($6::BOOLEAN IS NULL OR (status IS NOT NULL AND status < 400) = $6)
    AND ($7::BIGINT IS NULL OR created_at >= $7) AND ($8::BIGINT IS NULL OR created_at < $8)";

fn filtered(sql: String, key: Key, filter: &CallFilter) -> sqlx::query::Query<'static, sqlx::Postgres, PgArguments> {
    about(AssertSqlSafe(sql), key)
        .bind(filter.operation.clone())
        .bind(filter.method.map(|method| method.as_str()))
        .bind(filter.bearer.map(|bearer| bearer.as_str()))
        .bind(filter.went_well)
        .bind(filter.from.map(Timestamp::millis))
        .bind(filter.to.map(Timestamp::millis))
}

async fn expire(connection: &mut PgConnection, before: Timestamp, rows_max: u32) -> Result<u32, Failure> {
    let old =
        "DELETE FROM api_calls WHERE (stay, id) IN (SELECT stay, id FROM api_calls WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
    let removed = sqlx::query(old).bind(before.millis()).bind(i64::from(rows_max)).execute(connection).await?.rows_affected();
    Ok(u32::try_from(removed).unwrap_or(u32::MAX))
}

impl Postgres {
    async fn call_page(&self, key: Key, filter: &CallFilter, slice: Slice) -> Result<Page<Call>, Failure> {
        let mut reading = self.reading().await?;
        let total = format!("SELECT count(*) {OF_KEY} AND {WANTED}");
        let total: i64 = filtered(total, key, filter).fetch_one(&mut *reading).await?.try_get(0)?;
        let page = format!(
            "SELECT id, operation, method, path, bearer, person, status, latency_ms, error, created_at {OF_KEY} AND {WANTED}
            ORDER BY id DESC LIMIT $9 OFFSET $10"
        );
        let page = filtered(page, key, filter).bind(i64::from(slice.limit.min(PAGE_ROWS_MAX))).bind(i64::from(slice.offset));
        let rows = page.fetch_all(&mut *reading).await?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items: rows.iter().map(call).collect::<Result<_, _>>()? })
    }

    async fn one_call(&self, key: Key, id: CallId) -> Result<Option<Call>, Failure> {
        let query = about(AssertSqlSafe(format!("SELECT * {OF_KEY} AND id = $3")), key).bind(id.uuid());
        let Some(row) = query.fetch_optional(&self.readers).await? else { return Ok(None) };
        let content = self.keyring.open_call(row.try_get("content")?, key, id);
        Ok(Some(Call { content, ..call(&row)? }))
    }
}

#[async_trait]
impl Calls for Postgres {
    async fn keep_call(&self, key: Key, call: &Call, calls_max: u32) -> Result<bool, Error> {
        let (call, content) = (call.clone(), self.keyring.seal_call(call.content.as_ref(), key, call.id)?);
        let keyring = self.keyring.clone();
        let work = async move |connection: &mut PgConnection| {
            let kept = keep(connection, key, call, content, calls_max).await?;
            seal_anew(connection, key, &keyring).await?;
            Ok(kept)
        };
        self.transact(move |connection| Box::pin(async move { work(connection).await })).await
    }

    async fn calls(&self, key: Key, filter: &CallFilter, slice: Slice) -> Result<Page<Call>, Error> {
        Ok(self.call_page(key, filter, slice).await?)
    }

    async fn call(&self, key: Key, id: CallId) -> Result<Option<Call>, Error> {
        Ok(self.one_call(key, id).await?)
    }

    async fn expire_calls(&self, before: Timestamp, rows_max: u32) -> Result<u32, Error> {
        self.transact(move |connection| Box::pin(expire(connection, before, rows_max))).await
    }
}
