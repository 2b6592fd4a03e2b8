//! Runs as they are read; [`super::journal`] writes them.

use actors::addon::Addon;
use actors::event::EventType;
use actors::flow::run::{Run, RunState};
use actors::ids::{Key, RunId, WorkspaceId};
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::runs::RunFilter;
use actors::port::store::{Error, Page, Runs, Slice};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::columns::{addon_number, steps_from_json};
use super::super::failure::unreadable;
use super::row::{about, time, time_if_any, workspace};
use super::{Failure, Sqlite, chapters};

fn run(row: &SqliteRow, addon: Addon) -> Result<Run, Failure> {
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(Run {
        id: row.try_get::<Uuid, _>("id")?.into(),
        key: Key { addon, workspace: workspace(row)? },
        flow: row.try_get::<Uuid, _>("flow")?.into(),
        flow_version: row.try_get("flow_version")?,
        event: row.try_get::<Uuid, _>("event")?.into(),
        event_type: EventType::parse(row.try_get("event_type")?).map_err(|_| unreadable("event_type"))?,
        entity: row.try_get::<Option<&str>, _>("entity")?.map(Into::into),
        state: RunState::parse(row.try_get("state")?).ok_or_else(|| unreadable("state"))?,
        steps: steps_from_json(row.try_get("steps")?, row.try_get("answers")?)?,
        due_at: time_if_any(row, "due_at")?,
        reason: reason.map(serde_json::from_str).transpose().map_err(|_| unreadable("reason"))?,
        replay_of: row.try_get::<Option<Uuid>, _>("replay_of")?.map(RunId::from),
        created_at: time(row, "created_at")?,
        started_at: time_if_any(row, "started_at")?,
        finished_at: time_if_any(row, "finished_at")?,
    })
}

macro_rules! stay {
    () => {
        "(SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)"
    };
}

/// Where the runs of a key are that may fit a filter: the narrowest index that has them all. Wants the key's two parameters, and the filter's three.
fn candidates(filter: &RunFilter) -> &'static str {
    match filter {
        RunFilter { event: Some(_), .. } => concat!("FROM runs INDEXED BY runs_by_event WHERE runs.event = ?4 AND runs.stay = ", stay!()),
        RunFilter { state: Some(state), .. } if !state.finished() => concat!(
            "FROM runs INDEXED BY runs_queued WHERE runs.addon = ?1 AND runs.queue IN (0, 1) AND runs.workspace = ?2 AND runs.stay = ",
            stay!()
        ),
        RunFilter { state: Some(RunState::Failed | RunState::Uncertain | RunState::Cancelled), .. } => concat!(
            "FROM runs INDEXED BY runs_troubled WHERE runs.state IN ('FAILED', 'UNCERTAIN', 'CANCELLED') AND runs.state = ?5 AND runs.stay = ",
            stay!()
        ),
        _ => concat!(
            "FROM chapters CROSS JOIN runs INDEXED BY runs_by_stay ON runs.chapter = chapters.chapter AND runs.stay = ",
            stay!(),
            " WHERE true"
        ),
    }
}

const FITTING: &str = "AND (?3 IS NULL OR runs.flow = ?3) AND (?4 IS NULL OR runs.event = ?4) AND (?5 IS NULL OR runs.state = ?5)";

pub(super) fn count(filter: &RunFilter) -> String {
    format!("{} SELECT count(*) {} {FITTING}", chapters::OF_RUNS, candidates(filter))
}

pub(super) fn page(filter: &RunFilter) -> String {
    format!(
        "SELECT runs.* FROM ({} SELECT runs.number {} {FITTING} ORDER BY runs.id DESC LIMIT ?6 OFFSET ?7) AS page
        CROSS JOIN runs ON runs.number = page.number ORDER BY runs.id DESC",
        chapters::OF_RUNS,
        candidates(filter)
    )
}

pub(super) const ONE: &str = concat!("SELECT * FROM runs WHERE id = ?3 AND addon = ?1 AND workspace = ?2 AND stay = ", stay!());

/// Two walks along the index, merged; together they would be sorted, all of them for each page.
pub(super) const UNFINISHED: &str = concat!(
    "SELECT runs.* FROM (
        SELECT number, id FROM runs INDEXED BY runs_queued WHERE addon = ?1 AND queue = 0 AND workspace = ?2 AND id > ?3 AND stay = ",
    stay!(),
    " UNION ALL
        SELECT number, id FROM runs INDEXED BY runs_queued WHERE addon = ?1 AND queue = 1 AND workspace = ?2 AND id > ?3 AND stay = ",
    stay!(),
    " ORDER BY 2 LIMIT ?4
    ) AS waiting CROSS JOIN runs ON runs.number = waiting.number ORDER BY runs.id"
);

/// Workspaces of one add-on in order. Each step of the recursion seeks the next workspace in the index of unfinished runs and gives one row, so that
/// rows come in order and no more of them are made than are wanted.
pub(super) const WITH_WORK: &str = "WITH RECURSIVE working (workspace) AS (
        SELECT min(workspace) FROM runs WHERE addon = ?1 AND queue = 1 AND workspace > ?2
        UNION ALL
        SELECT (SELECT min(runs.workspace) FROM runs WHERE runs.addon = ?1 AND runs.queue = 1 AND runs.workspace > working.workspace)
        FROM working WHERE working.workspace IS NOT NULL
    )
    SELECT installations.workspace FROM working
    CROSS JOIN installations ON installations.addon = ?1 AND installations.workspace = working.workspace
    WHERE installations.status = 'ACTIVE' AND installations.broken_at IS NULL AND EXISTS (
        SELECT 1 FROM runs
        WHERE runs.addon = ?1 AND runs.queue = 1 AND runs.workspace = working.workspace AND runs.stay = installations.stay
    )
    LIMIT ?3";

impl Sqlite {
    async fn list_runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<Run>, Failure> {
        let fitting = |sql: String| {
            about(AssertSqlSafe(sql), key)
                .bind(filter.flow.map(|flow| flow.uuid()))
                .bind(filter.event.map(|event| event.uuid()))
                .bind(filter.state.map(RunState::as_str))
        };
        let mut reading = self.reading().await?;
        let total: i64 = fitting(count(filter)).fetch_one(&mut *reading).await?.try_get(0)?;
        let part = fitting(page(filter)).bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset);
        let rows = part.fetch_all(&mut *reading).await?;
        let items = rows.iter().map(|row| run(row, key.addon)).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }

    async fn one_run(&self, key: Key, id: RunId) -> Result<Option<Run>, Failure> {
        let row = about(ONE, key).bind(id.uuid()).fetch_optional(&self.readers).await?;
        row.as_ref().map(|row| run(row, key.addon)).transpose()
    }

    async fn unfinished_runs(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Failure> {
        let after = after.map_or(Uuid::nil(), |after| after.uuid());
        let rows = about(UNFINISHED, key).bind(after).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(|row| run(row, key.addon)).collect()
    }

    async fn workspaces_with_work(&self, addon: Addon, after: Option<WorkspaceId>, limit: u32) -> Result<Vec<Key>, Failure> {
        let after = after.map(|after| after.as_bytes().to_vec()).unwrap_or_default();
        let query = sqlx::query(WITH_WORK).bind(addon_number(addon)).bind(after).bind(limit);
        query.fetch_all(&self.readers).await?.iter().map(|row| Ok(Key { addon, workspace: workspace(row)? })).collect()
    }
}

#[async_trait]
impl Runs for Sqlite {
    async fn run(&self, key: Key, id: RunId) -> Result<Option<Run>, Error> {
        Ok(self.one_run(key, id).await?)
    }

    async fn runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<Run>, Error> {
        Ok(self.list_runs(key, filter, slice).await?)
    }

    async fn unfinished(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        Ok(self.unfinished_runs(key, after, limit).await?)
    }

    async fn keys_with_work(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        for addon in Addon::ALL {
            let left = limit.saturating_sub(u32::try_from(keys.len()).unwrap_or(limit));
            let from = match after {
                Some(after) if after.addon > addon => continue,
                Some(after) if after.addon == addon => Some(after.workspace),
                _ => None,
            };
            keys.extend(self.workspaces_with_work(addon, from, left).await?);
        }
        Ok(keys)
    }
}
