//! Flows and their versions.

use actors::clock::Timestamp;
use actors::flow::model::Flow;
use actors::ids::{FlowId, Key};
use actors::limits::flow::VERSIONS_STORED_MAX;
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::flows::{Saved, flow_deleted};
use actors::port::store::{Error, Flows, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::super::columns::to_json;
use super::erase::FLOW_VERSIONS;
use super::row::{about, json, time};
use super::{Failure, Sqlite, standings};

fn flow(row: &SqliteRow) -> Result<Flow, Failure> {
    Ok(Flow {
        id: row.try_get::<Uuid, _>("flow")?.into(),
        version: row.try_get("version")?,
        definition: json(row, "definition")?,
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

pub(super) const WHOSE: &str = "SELECT stay FROM installations WHERE addon = ? AND workspace = ?";

/// The present stay of a key.
pub(super) async fn stay(connection: &mut SqliteConnection, key: Key) -> Result<Option<i64>, Failure> {
    let row = about(WHOSE, key).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get("stay")).transpose()?)
}

async fn put_version(connection: &mut SqliteConnection, key: Key, stay: i64, flow: &Flow) -> Result<Saved, Failure> {
    let due = flow.due_after(flow.updated_at).map(Timestamp::millis);
    let newest = "INSERT INTO flows (addon, workspace, stay, id, version, due_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET version = excluded.version, due_at = excluded.due_at";
    about(newest, key).bind(stay).bind(flow.id.uuid()).bind(flow.version).bind(due).execute(&mut *connection).await?;
    let version = "INSERT INTO flow_versions (addon, workspace, stay, flow, version, created_at, updated_at, definition)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    about(version, key)
        .bind(stay)
        .bind(flow.id.uuid())
        .bind(flow.version)
        .bind(flow.created_at.millis())
        .bind(flow.updated_at.millis())
        .bind(to_json(&flow.definition)?)
        .execute(connection)
        .await?;
    Ok(Saved::Version(flow.version))
}

/// Versions up to one, unless a run that has not ended needs them.
pub(super) const OLD: &str = "WHERE stay = ?3 AND flow = ?4 AND version <= ?5 AND NOT EXISTS (
        SELECT 1 FROM runs INDEXED BY runs_queued WHERE runs.addon = ?1 AND runs.queue IN (0, 1) AND runs.workspace = ?2 AND runs.stay = ?3
            AND runs.flow = flow_versions.flow AND runs.flow_version = flow_versions.version
    )";

async fn create(connection: &mut SqliteConnection, key: Key, flows: Vec<Flow>, flows_max: u32) -> Result<Saved, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(Saved::Absent) };
    let count = sqlx::query_scalar("SELECT count(*) FROM flows WHERE stay = ?");
    let count: i64 = count.bind(stay).fetch_one(&mut *connection).await?;
    if count.saturating_add_unsigned(flows.len() as u64) > i64::from(flows_max) {
        return Ok(Saved::TooMany);
    }
    for flow in flows {
        put_version(&mut *connection, key, stay, &Flow { version: 1, ..flow }).await?;
    }
    Ok(Saved::Version(1))
}

async fn update(connection: &mut SqliteConnection, key: Key, flow: Flow) -> Result<Saved, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(Saved::Absent) };
    let query = "SELECT flow_versions.version, flow_versions.created_at FROM flows
        JOIN flow_versions ON flow_versions.stay = flows.stay AND flow_versions.flow = flows.id AND flow_versions.version = flows.version
        WHERE flows.stay = ? AND flows.id = ?";
    let present: Option<(u32, i64)> = sqlx::query_as(query).bind(stay).bind(flow.id.uuid()).fetch_optional(&mut *connection).await?;
    let Some((version, created_at)) = present else { return Ok(Saved::Absent) };
    let next = Flow { version: version + 1, created_at: Timestamp::from_millis(created_at), ..flow };
    let saved = put_version(&mut *connection, key, stay, &next).await?;
    let old = next.version.saturating_sub(VERSIONS_STORED_MAX);
    FLOW_VERSIONS.erase_of(connection, key, OLD, |query| query.bind(stay).bind(next.id.uuid()).bind(old)).await?;
    Ok(saved)
}

async fn delete(connection: &mut SqliteConnection, key: Key, id: FlowId, now: Timestamp) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    let removed = sqlx::query("DELETE FROM flows WHERE stay = ? AND id = ?").bind(stay).bind(id.uuid()).execute(&mut *connection).await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    standings::remove_all(connection, key, Some(id)).await?;
    let cancel = "UPDATE runs INDEXED BY runs_queued SET state = 'CANCELLED', due_at = NULL, finished_at = ?5, reason = ?6
        WHERE addon = ?1 AND queue IN (0, 1) AND workspace = ?2 AND stay = ?3 AND flow = ?4";
    about(cancel, key).bind(stay).bind(id.uuid()).bind(now.millis()).bind(to_json(&flow_deleted())?).execute(connection).await?;
    Ok(true)
}

pub(super) const NEWEST: &str = "SELECT flow_versions.* FROM installations
    CROSS JOIN flows ON flows.stay = installations.stay AND flows.id = ?3
    CROSS JOIN flow_versions ON flow_versions.stay = flows.stay AND flow_versions.flow = flows.id AND flow_versions.version = flows.version
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

pub(super) const ANY: &str = "SELECT flow_versions.* FROM installations
    CROSS JOIN flow_versions ON flow_versions.stay = installations.stay AND flow_versions.flow = ?3 AND flow_versions.version = ?4
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

pub(super) const ALL: &str = "SELECT flow_versions.* FROM installations
    CROSS JOIN flows ON flows.stay = installations.stay
    CROSS JOIN flow_versions ON flow_versions.stay = flows.stay AND flow_versions.flow = flows.id AND flow_versions.version = flows.version
    WHERE installations.addon = ?1 AND installations.workspace = ?2 ORDER BY flows.id DESC";

pub(super) const VERSIONS: &str = "FROM installations
    CROSS JOIN flows ON flows.stay = installations.stay AND flows.id = ?3
    CROSS JOIN flow_versions ON flow_versions.stay = flows.stay AND flow_versions.flow = flows.id
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

impl Sqlite {
    async fn all_versions(&self, key: Key, id: FlowId, slice: Slice) -> Result<Page<Flow>, Failure> {
        let mut reading = self.reading().await?;
        let count = about(AssertSqlSafe(format!("SELECT count(*) {VERSIONS}")), key).bind(id.uuid());
        let total: i64 = count.fetch_one(&mut *reading).await?.try_get(0)?;
        let part = format!("SELECT flow_versions.* {VERSIONS} ORDER BY flow_versions.version DESC LIMIT ?4 OFFSET ?5");
        let part = about(AssertSqlSafe(part), key).bind(id.uuid());
        let rows = part.bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset).fetch_all(&mut *reading).await?;

        let items = rows.iter().map(flow).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }

    async fn newest_version(&self, key: Key, id: FlowId) -> Result<Option<Flow>, Failure> {
        about(NEWEST, key).bind(id.uuid()).fetch_optional(&self.readers).await?.as_ref().map(flow).transpose()
    }

    async fn any_version(&self, key: Key, id: FlowId, version: u32) -> Result<Option<Flow>, Failure> {
        about(ANY, key).bind(id.uuid()).bind(version).fetch_optional(&self.readers).await?.as_ref().map(flow).transpose()
    }

    async fn all_flows(&self, key: Key) -> Result<Vec<Flow>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(flow).collect()
    }
}

#[async_trait]
impl Flows for Sqlite {
    async fn create_flow(&self, key: Key, flow: &Flow, flows_max: u32) -> Result<Saved, Error> {
        self.create_flows(key, std::slice::from_ref(flow), flows_max).await
    }

    async fn create_flows(&self, key: Key, flows: &[Flow], flows_max: u32) -> Result<Saved, Error> {
        let flows = flows.to_vec();
        self.transact(move |connection| Box::pin(create(connection, key, flows, flows_max))).await
    }

    async fn update_flow(&self, key: Key, flow: &Flow) -> Result<Saved, Error> {
        let flow = flow.clone();
        self.transact(move |connection| Box::pin(update(connection, key, flow))).await
    }

    async fn delete_flow(&self, key: Key, id: FlowId, now: Timestamp) -> Result<bool, Error> {
        self.transact(move |connection| Box::pin(delete(connection, key, id, now))).await
    }

    async fn flow(&self, key: Key, id: FlowId) -> Result<Option<Flow>, Error> {
        Ok(self.newest_version(key, id).await?)
    }

    async fn flow_version(&self, key: Key, id: FlowId, version: u32) -> Result<Option<Flow>, Error> {
        Ok(self.any_version(key, id, version).await?)
    }

    async fn flow_versions(&self, key: Key, id: FlowId, slice: Slice) -> Result<Page<Flow>, Error> {
        Ok(self.all_versions(key, id, slice).await?)
    }

    async fn flows(&self, key: Key) -> Result<Vec<Flow>, Error> {
        Ok(self.all_flows(key).await?)
    }
}
