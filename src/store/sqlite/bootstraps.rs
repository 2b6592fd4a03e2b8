//! Bootstraps: a row for the head, one for each operation, so that a page writes two small rows whatever the size of the workspace.

use actors::bootstrap::record::{Head, Progress, Record};
use actors::entity::EntityChange;
use actors::ids::Key;
use actors::port::store::{Bootstraps, Error};
use async_trait::async_trait;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Row, SqliteConnection};

use super::super::columns::{columns_behind, key_columns, to_json};
use super::super::entity_rows::{EntityRow, rows};
use super::erase::BOOTSTRAP_OPERATIONS;
use super::flows::stay;
use super::row::{about, json, key};
use super::script::Script;
use super::{Failure, Sqlite, entities};

type Bound = Query<'static, sqlx::Sqlite, SqliteArguments>;

/// Puts a bootstrap in the place of whatever there is.
async fn put(connection: &mut SqliteConnection, key: Key, stay: i64, record: &Record) -> Result<(), Failure> {
    let head = "INSERT INTO bootstraps (addon, workspace, stay, id, due, head) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (stay) DO UPDATE SET id = excluded.id, due = excluded.due, head = excluded.head";
    put_head(about(head, key).bind(stay), &record.head)?.execute(&mut *connection).await?;
    BOOTSTRAP_OPERATIONS.erase(connection, "WHERE stay = ?", |query| query.bind(stay)).await?;
    let operation =
        "INSERT INTO bootstrap_operations (addon, workspace, stay, position, operation, progress) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
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
pub(super) async fn put_asked(connection: &mut SqliteConnection, key: Key, record: &Record) -> Result<(), Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(()) };
    let known = sqlx::query("SELECT due FROM bootstraps WHERE stay = ?1").bind(stay).fetch_optional(&mut *connection).await?;
    let known: Option<i16> = known.map(|row| row.try_get(0)).transpose()?;
    if known.is_none_or(|due| due == 0 && record.head.status.unfinished()) {
        put(connection, key, stay, record).await?;
    }
    Ok(())
}

async fn replace(connection: &mut SqliteConnection, key: Key, record: Record) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    put(connection, key, stay, &record).await?;
    Ok(true)
}

pub(super) const ADVANCE: &str = "UPDATE bootstraps SET due = ?, head = ? WHERE id = ?
    AND stay = (SELECT stay FROM installations WHERE addon = ? AND workspace = ?)";

pub(super) const ADVANCE_OPERATION: &str = "UPDATE bootstrap_operations SET progress = ? WHERE operation = ? AND stay = (
        SELECT bootstraps.stay FROM bootstraps WHERE bootstraps.id = ?
        AND bootstraps.stay = (SELECT stay FROM installations WHERE addon = ? AND workspace = ?)
    )";

/// What a page changes, as one script, and where in it is told whether the bootstrap is still the one that there is.
fn advance(key: Key, head: &Head, operations: &[Progress], entities: Vec<EntityRow>) -> Result<(Script, usize), Failure> {
    let mut script = Script::new(entities.len());
    let (addon, workspace) = key_columns(key);
    let due: i16 = head.status.unfinished().into();
    script.bind(due).bind(to_json(head)?).bind(head.id.uuid()).bind(addon).bind(workspace.clone());
    let place = script.statement([ADVANCE, ""], 0, 0);
    for progress in operations {
        script.bind(to_json(progress)?).bind(progress.operation.clone()).bind(head.id.uuid()).bind(addon).bind(workspace.clone());
        script.statement([ADVANCE_OPERATION, ""], 0, 0);
    }
    entities::put(&mut script, key, Some(head.id.uuid()), entities);
    Ok((script, place))
}

pub(super) const HEAD: &str =
    "SELECT bootstraps.stay, bootstraps.head FROM installations CROSS JOIN bootstraps ON bootstraps.stay = installations.stay
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

pub(super) const OPERATIONS: &str = "SELECT progress FROM bootstrap_operations WHERE stay = ?1 ORDER BY position";

pub(super) const DUE: &str =
    "SELECT bootstraps.addon, bootstraps.workspace FROM bootstraps CROSS JOIN installations ON installations.stay = bootstraps.stay
    WHERE bootstraps.due = 1 AND (bootstraps.addon, bootstraps.workspace) > (?1, ?2)
    AND installations.status = 'ACTIVE' AND installations.broken_at IS NULL
    ORDER BY bootstraps.addon, bootstraps.workspace LIMIT ?3";

impl Sqlite {
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
impl Bootstraps for Sqlite {
    async fn bootstrap(&self, key: Key) -> Result<Option<Record>, Error> {
        Ok(self.present_bootstrap(key).await?)
    }

    async fn put_bootstrap(&self, key: Key, record: &Record) -> Result<bool, Error> {
        let record = record.clone();
        self.transact(move |connection| Box::pin(replace(connection, key, record))).await
    }

    async fn advance_bootstrap(&self, key: Key, head: &Head, operations: &[Progress], changes: &[EntityChange]) -> Result<bool, Error> {
        let rows = rows(changes)?;
        let prepared = entities::prepared(rows.len());
        let (script, place) = advance(key, head, operations, rows)?;
        self.write(script, prepared, move |told| told.get(place).is_some_and(|head| head.written > 0)).await
    }

    async fn keys_with_bootstrap(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        Ok(self.due_bootstraps(after, limit).await?)
    }
}
