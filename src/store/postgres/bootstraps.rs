//! Bootstraps: a row for the head, one for each operation, so that a page writes two small rows whatever the size of the workspace.

use actors::bootstrap::record::{Head, Progress, Record};
use actors::entity::EntityChange;
use actors::ids::Key;
use actors::port::store::{Bootstraps, Error};
use async_trait::async_trait;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{PgConnection, Row};

use super::super::columns::{columns_behind, to_json};
use super::super::entity_rows::{EntityRow, rows};
use super::flows::stay;
use super::row::{about, json, key};
use super::{Failure, Postgres, entities};

type Bound = Query<'static, sqlx::Postgres, PgArguments>;

/// Puts a bootstrap in the place of whatever there is.
async fn put(connection: &mut PgConnection, key: Key, stay: i64, record: &Record) -> Result<(), Failure> {
    let head = "INSERT INTO bootstraps (addon, workspace, stay, id, due, head) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (stay) DO UPDATE SET id = excluded.id, due = excluded.due, head = excluded.head";
    put_head(about(head, key).bind(stay), &record.head)?.execute(&mut *connection).await?;
    sqlx::query("DELETE FROM bootstrap_operations WHERE stay = $1").bind(stay).execute(&mut *connection).await?;
    let operation =
        "INSERT INTO bootstrap_operations (addon, workspace, stay, position, operation, progress) VALUES ($1, $2, $3, $4, $5, $6)";
    for (position, progress) in record.operations.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or(i64::MAX);
        let query = about(operation, key).bind(stay).bind(position).bind(progress.operation.clone()).bind(to_json(progress)?);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn put_head(query: Bound, head: &Head) -> Result<Bound, Failure> {
    let due: i16 = head.status.unfinished().into();
    Ok(query.bind(head.id.uuid()).bind(due).bind(to_json(head)?))
}

/// Puts the bootstrap that an installation asks for, unless one is under way or only an empty one would be put.
pub(super) async fn put_asked(connection: &mut PgConnection, key: Key, record: &Record) -> Result<(), Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(()) };
    let known = sqlx::query("SELECT due FROM bootstraps WHERE stay = $1").bind(stay).fetch_optional(&mut *connection).await?;
    let known: Option<i16> = known.map(|row| row.try_get(0)).transpose()?;
    if known.is_none_or(|due| due == 0 && record.head.status.unfinished()) {
        put(connection, key, stay, record).await?;
    }
    Ok(())
}

async fn replace(connection: &mut PgConnection, key: Key, record: Record) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    put(connection, key, stay, &record).await?;
    Ok(true)
}

/// What a page changes.
struct Advance {
    head: Head,
    operations: Vec<Progress>,
    entities: Vec<EntityRow>,
}

async fn advance(connection: &mut PgConnection, key: Key, advance: Advance) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    let head = "UPDATE bootstraps SET due = $3, head = $4 WHERE stay = $1 AND id = $2";
    let due: i16 = advance.head.status.unfinished().into();
    let query = sqlx::query(head).bind(stay).bind(advance.head.id.uuid()).bind(due).bind(to_json(&advance.head)?);
    if query.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(false);
    }
    for progress in &advance.operations {
        let query = sqlx::query("UPDATE bootstrap_operations SET progress = $3 WHERE stay = $1 AND operation = $2").bind(stay);
        query.bind(progress.operation.clone()).bind(to_json(progress)?).execute(&mut *connection).await?;
    }
    entities::put(connection, key, stay, advance.entities).await?;
    Ok(true)
}

const HEAD: &str = "SELECT bootstraps.stay, bootstraps.head FROM installations JOIN bootstraps ON bootstraps.stay = installations.stay
    WHERE installations.addon = $1 AND installations.workspace = $2";

const OPERATIONS: &str = "SELECT progress FROM bootstrap_operations WHERE stay = $1 ORDER BY position";

const DUE: &str = "SELECT bootstraps.addon, bootstraps.workspace FROM bootstraps JOIN installations ON installations.stay = bootstraps.stay
    WHERE bootstraps.due = 1 AND (bootstraps.addon, bootstraps.workspace) > ($1, $2)
    AND installations.status = 'ACTIVE' AND installations.broken_at IS NULL
    ORDER BY bootstraps.addon, bootstraps.workspace LIMIT $3";

impl Postgres {
    async fn present_bootstrap(&self, key: Key) -> Result<Option<Record>, Failure> {
        let mut reading = self.reading().await?;
        let Some(row) = about(HEAD, key).fetch_optional(&mut *reading).await? else { return Ok(None) };
        let stay: i64 = row.try_get("stay")?;
        let operations = sqlx::query(OPERATIONS).bind(stay).fetch_all(&mut *reading).await?;
        let operations = operations.iter().map(|row| json(row, "progress")).collect::<Result<_, _>>()?;
        Ok(Some(Record { head: json(&row, "head")?, operations }))
    }

    async fn due_bootstraps(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Failure> {
        let (addon, workspace) = columns_behind(after);
        let rows = sqlx::query(DUE).bind(addon).bind(workspace).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        rows.iter().map(key).collect()
    }
}

#[async_trait]
impl Bootstraps for Postgres {
    async fn bootstrap(&self, key: Key) -> Result<Option<Record>, Error> {
        Ok(self.present_bootstrap(key).await?)
    }

    async fn put_bootstrap(&self, key: Key, record: &Record) -> Result<bool, Error> {
        let record = record.clone();
        self.transact(move |connection| Box::pin(replace(connection, key, record))).await
    }

    async fn advance_bootstrap(&self, key: Key, head: &Head, operations: &[Progress], changes: &[EntityChange]) -> Result<bool, Error> {
        let all = Advance { head: head.clone(), operations: operations.to_vec(), entities: rows(changes)? };
        self.transact_later(move |connection| Box::pin(advance(connection, key, all))).await
    }

    async fn keys_with_bootstrap(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        Ok(self.due_bootstraps(after, limit).await?)
    }
}
