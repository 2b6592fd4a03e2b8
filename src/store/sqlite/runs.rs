//! Runs as they are read; [`super::journal`] writes them. What an admin has seen to is noted here.

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::event::EventType;
use actors::flow::run::{Run, RunState};
use actors::ids::{Key, RunId};
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::runs::{RunFilter, RunSummary};
use actors::port::store::{Error, Page, Runs, Slice};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::super::columns::{addon_number, addons_behind, steps_from_json};
use super::super::failure::unreadable;
use super::super::ids::span;
use super::parts::{Counted, Listed, Part};
use super::row::{about, key, time, time_if_any, workspace};
use super::{Failure, Sqlite, chapters};

fn run(row: &SqliteRow) -> Result<Run, Failure> {
    let steps = steps_from_json(row.try_get("steps")?, row.try_get("answers")?)?;
    Ok(summary(row, u32::try_from(steps.len()).unwrap_or(u32::MAX))?.whole(key(row)?, steps))
}

fn listed(row: &SqliteRow) -> Result<RunSummary, Failure> {
    summary(row, row.try_get("steps_total")?)
}

fn summary(row: &SqliteRow, steps: u32) -> Result<RunSummary, Failure> {
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(RunSummary {
        id: row.try_get::<Uuid, _>("id")?.into(),
        flow: row.try_get::<Uuid, _>("flow")?.into(),
        flow_version: row.try_get("flow_version")?,
        event: row.try_get::<Uuid, _>("event")?.into(),
        event_type: EventType::parse(row.try_get("event_type")?).map_err(|_| unreadable("event_type"))?,
        entity: row.try_get::<Option<&str>, _>("entity")?.map(Into::into),
        state: RunState::parse(row.try_get("state")?).ok_or_else(|| unreadable("state"))?,
        steps,
        due_at: time_if_any(row, "due_at")?,
        reason: reason.map(serde_json::from_str).transpose().map_err(|_| unreadable("reason"))?,
        replay_of: row.try_get::<Option<Uuid>, _>("replay_of")?.map(RunId::from),
        created_at: time(row, "created_at")?,
        started_at: time_if_any(row, "started_at")?,
        finished_at: time_if_any(row, "finished_at")?,
        dismissed_at: time_if_any(row, "dismissed_at")?,
    })
}

macro_rules! stay {
    () => {
        "(SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)"
    };
}

/// Where the runs of a key are that may fit a filter: the narrowest index that has them all.
enum Candidates {
    /// In chapters, along an index, which has all runs of which this is true.
    Chapters { index: &'static str, has: &'static str },
    /// Along an index of their own, which has no chapters; wants the key's two parameters, and the filter's six.
    Along(&'static str),
}

fn candidates(filter: &RunFilter) -> Candidates {
    match filter {
        RunFilter { event: Some(_), .. } => {
            Candidates::Along(concat!("FROM runs INDEXED BY runs_by_event WHERE runs.event = ?4 AND runs.stay = ", stay!()))
        }
        RunFilter { attention: true, .. } => Candidates::Along(concat!(
            "FROM runs INDEXED BY runs_wanting WHERE runs.state IN ('FAILED', 'UNCERTAIN') AND runs.dismissed_at IS NULL AND runs.stay = ",
            stay!()
        )),
        RunFilter { state: Some(state), .. } if !state.finished() => Candidates::Along(concat!(
            "FROM runs INDEXED BY runs_queued WHERE runs.addon = ?1 AND runs.queue IN (0, 1) AND runs.workspace = ?2 AND runs.stay = ",
            stay!()
        )),
        RunFilter { state: Some(RunState::Failed | RunState::Uncertain | RunState::Cancelled), .. } => Candidates::Along(concat!(
            "FROM runs INDEXED BY runs_troubled WHERE runs.state IN ('FAILED', 'UNCERTAIN', 'CANCELLED') AND runs.stay = ",
            stay!()
        )),
        RunFilter { state: Some(_), .. } => Candidates::Chapters {
            index: "runs_ended",
            has: "AND runs.state IN ('SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED')",
        },
        _ => Candidates::Chapters { index: "runs_by_stay", has: "" },
    }
}

/// What a filter demands of them. What it does not ask for is not looked at either, so that the index alone can tell.
fn fitting(filter: &RunFilter) -> String {
    let demands = [
        (true, "AND runs.id >= ?7 AND runs.id < ?8"),
        (filter.flow.is_some(), "AND runs.flow = ?3"),
        (filter.event.is_some(), "AND runs.event = ?4"),
        (filter.state.is_some(), "AND runs.state = ?5"),
        (filter.event_type.is_some(), "AND runs.event_type = ?6"),
        // Of an event's runs, which are few, those that want attention are told from the others by looking.
        (filter.attention, "AND runs.state IN ('FAILED', 'UNCERTAIN') AND runs.dismissed_at IS NULL"),
    ];
    demands.into_iter().filter(|(wanted, _)| *wanted).map(|(_, demand)| demand).collect::<Vec<_>>().join(" ")
}

/// How many runs fit a filter, as [`Counted`] where they are counted by chapter.
pub(super) fn count(filter: &RunFilter) -> String {
    let fitting = fitting(filter);
    match candidates(filter) {
        Candidates::Chapters { index, has } => Listed { table: "runs", index, fitting: format!("{has} {fitting}") }.counted("?9"),
        Candidates::Along(candidates) => format!("SELECT count(*) {candidates} {fitting}"),
    }
}

/// A part of them, newest first; wants the limit and the offset as well.
pub(super) fn page(filter: &RunFilter) -> String {
    let from = match candidates(filter) {
        Candidates::Along(candidates) => format!("SELECT runs.number {candidates}"),
        Candidates::Chapters { index, has } => format!(
            "{} SELECT runs.number FROM chapters
            CROSS JOIN runs INDEXED BY {index} ON runs.chapter = chapters.chapter AND runs.stay = {} WHERE true {has}",
            chapters::OF_RUNS,
            stay!()
        ),
    };
    format!(
        "SELECT runs.id, flow, flow_version, event, event_type, entity, state, due_at, reason, replay_of, created_at, started_at, finished_at,
            dismissed_at, json_array_length(steps) AS steps_total
        FROM ({from} {} ORDER BY runs.id DESC LIMIT ?9 OFFSET ?10) AS page
        CROSS JOIN runs ON runs.number = page.number ORDER BY runs.id DESC",
        fitting(filter)
    )
}

pub(super) const DISMISS: &str = concat!(
    "UPDATE runs INDEXED BY runs_by_id SET dismissed_at = ?4 WHERE id = ?3 AND addon = ?1 AND workspace = ?2
        AND state IN ('FAILED', 'UNCERTAIN') AND dismissed_at IS NULL AND stay = ",
    stay!()
);

async fn dismiss(connection: &mut SqliteConnection, key: Key, runs: Vec<RunId>, now: Timestamp) -> Result<u32, Failure> {
    let mut dismissed = 0;
    for run in runs {
        let query = about(DISMISS, key).bind(run.uuid()).bind(now.millis());
        dismissed += query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(u32::try_from(dismissed).unwrap_or(u32::MAX))
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

/// A statement with what a filter asks for, for the runs of a span of ids.
fn fitted(
    sql: String,
    key: Key,
    filter: &RunFilter,
    (from, to): (Uuid, Uuid),
) -> sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments> {
    about(AssertSqlSafe(sql), key)
        .bind(filter.flow.map(|flow| flow.uuid()))
        .bind(filter.event.map(|event| event.uuid()))
        .bind(filter.state.map(RunState::as_str))
        .bind(filter.event_type.as_ref().map(|event_type| event_type.as_str().to_owned()))
        .bind(from)
        .bind(to)
}

impl Sqlite {
    async fn list_runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<RunSummary>, Failure> {
        let (span, slice) = (span(filter.from, filter.to), Slice { limit: slice.limit.min(PAGE_ROWS_MAX), ..slice });
        let mut reading = self.reading().await?;
        let (total, part) = match candidates(filter) {
            Candidates::Chapters { .. } => {
                let rows = fitted(count(filter), key, filter, span).bind(i64::MAX).fetch_all(&mut *reading).await?;
                let counted = Counted::read(&rows)?;
                (counted.total, counted.part(slice))
            }
            Candidates::Along(_) => {
                let total: i64 = fitted(count(filter), key, filter, span).fetch_one(&mut *reading).await?.try_get(0)?;
                (u64::try_from(total).unwrap_or(0), Part::of(slice))
            }
        };
        let page = fitted(page(filter), key, filter, (span.0.max(part.from), span.1.min(part.to)));
        let rows = page.bind(part.limit).bind(part.offset).fetch_all(&mut *reading).await?;
        Ok(Page { total, items: rows.iter().map(listed).collect::<Result<_, _>>()? })
    }

    async fn one_run(&self, key: Key, id: RunId) -> Result<Option<Run>, Failure> {
        let row = about(ONE, key).bind(id.uuid()).fetch_optional(&self.readers).await?;
        row.as_ref().map(run).transpose()
    }

    async fn unfinished_runs(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Failure> {
        let after = after.map_or(Uuid::nil(), |after| after.uuid());
        let rows = about(UNFINISHED, key).bind(after).bind(limit).fetch_all(&self.readers).await?;
        rows.iter().map(run).collect()
    }

    async fn workspaces_with_work(&self, addon: Addon, after: Vec<u8>, limit: u32) -> Result<Vec<Key>, Failure> {
        let query = sqlx::query(WITH_WORK).bind(addon_number(addon)).bind(after).bind(limit);
        query.fetch_all(&self.readers).await?.iter().map(|row| Ok(Key { addon, workspace: workspace(row)? })).collect()
    }
}

#[async_trait]
impl Runs for Sqlite {
    async fn run(&self, key: Key, id: RunId) -> Result<Option<Run>, Error> {
        Ok(self.one_run(key, id).await?)
    }

    async fn runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<RunSummary>, Error> {
        Ok(self.list_runs(key, filter, slice).await?)
    }

    async fn dismiss(&self, key: Key, runs: &[RunId], now: Timestamp) -> Result<u32, Error> {
        let runs = runs.to_vec();
        self.transact(move |connection| Box::pin(dismiss(connection, key, runs, now))).await
    }

    async fn unfinished(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Error> {
        Ok(self.unfinished_runs(key, after, limit).await?)
    }

    async fn keys_with_work(&self, after: Option<Key>, limit: u32) -> Result<Vec<Key>, Error> {
        let mut keys = Vec::new();
        for (addon, from) in addons_behind(after) {
            let left = limit.saturating_sub(u32::try_from(keys.len()).unwrap_or(limit));
            keys.extend(self.workspaces_with_work(addon, from, left).await?);
        }
        Ok(keys)
    }
}
