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
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::super::columns::{addon_number, addons_behind, steps_from_json};
use super::super::failure::unreadable;
use super::super::ids::span;
use super::row::{about, count, key, text_if_any, time, time_if_any};
use super::{Failure, Postgres};

fn run(row: &PgRow) -> Result<Run, Failure> {
    let steps = steps_from_json(row.try_get("steps")?, row.try_get("answers")?)?;
    Ok(summary(row, u32::try_from(steps.len()).unwrap_or(u32::MAX))?.whole(key(row)?, steps))
}

fn listed(row: &PgRow) -> Result<RunSummary, Failure> {
    summary(row, count(row, "steps_total")?)
}

fn summary(row: &PgRow, steps: u32) -> Result<RunSummary, Failure> {
    let reason: Option<&str> = row.try_get("reason")?;
    Ok(RunSummary {
        id: row.try_get::<Uuid, _>("id")?.into(),
        flow: row.try_get::<Uuid, _>("flow")?.into(),
        flow_version: count(row, "flow_version")?,
        event: row.try_get::<Uuid, _>("event")?.into(),
        event_type: EventType::parse(row.try_get("event_type")?).map_err(|_| unreadable("event_type"))?,
        entity: text_if_any(row, "entity")?,
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
        "(SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)"
    };
}

/// Narrows a filter to the index that has all of its runs and the fewest others.
fn narrowed(filter: &RunFilter) -> &'static str {
    match filter.state {
        _ if filter.attention => "AND state IN ('FAILED', 'UNCERTAIN') AND dismissed_at IS NULL",
        Some(state) if !state.finished() => "AND queue IN (0, 1) AND addon = $1 AND workspace = $2",
        Some(RunState::Failed | RunState::Uncertain | RunState::Cancelled) => "AND state IN ('FAILED', 'UNCERTAIN', 'CANCELLED')",
        Some(_) => "AND state IN ('SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED')",
        None => "",
    }
}

/// The runs of a filter; wants the key's two parameters and the filter's six. A column that is not asked for is not named either, so that an index
/// alone can tell; its parameter has to be there all the same.
fn fitting(filter: &RunFilter) -> String {
    let demand = |wanted: bool, demand: &'static str, absent: &'static str| if wanted { demand } else { absent };
    [
        concat!("FROM runs WHERE stay = ", stay!(), " AND id >= $7 AND id < $8"),
        demand(filter.flow.is_some(), "AND flow = $3", "AND $3::UUID IS NULL"),
        demand(filter.event.is_some(), "AND event = $4", "AND $4::UUID IS NULL"),
        demand(filter.state.is_some(), "AND state = $5", "AND $5::TEXT IS NULL"),
        demand(filter.event_type.is_some(), "AND event_type = $6", "AND $6::TEXT IS NULL"),
        narrowed(filter),
    ]
    .join(" ")
}

const SUMMARY: &str =
    "id, flow, flow_version, event, event_type, entity, state, due_at, reason, replay_of, created_at, started_at, finished_at,
    dismissed_at, json_array_length(steps::JSON)::BIGINT AS steps_total";

const DISMISS: &str = concat!(
    "UPDATE runs SET dismissed_at = $4 WHERE id = ANY($3) AND addon = $1 AND workspace = $2
        AND state IN ('FAILED', 'UNCERTAIN') AND dismissed_at IS NULL AND stay = ",
    stay!()
);

async fn dismiss(connection: &mut PgConnection, key: Key, runs: Vec<Uuid>, now: Timestamp) -> Result<u32, Failure> {
    let dismissed = about(DISMISS, key).bind(runs).bind(now.millis()).execute(connection).await?.rows_affected();
    Ok(u32::try_from(dismissed).unwrap_or(u32::MAX))
}

const ONE: &str = concat!("SELECT * FROM runs WHERE id = $3 AND addon = $1 AND workspace = $2 AND stay = ", stay!());

/// Two walks along the index, merged; together they would be sorted, all of them for each page.
const UNFINISHED: &str = concat!(
    "SELECT * FROM (
        (SELECT * FROM runs WHERE addon = $1 AND queue = 0 AND workspace = $2 AND id > $3 AND stay = ",
    stay!(),
    " ORDER BY id LIMIT $4)
        UNION ALL
        (SELECT * FROM runs WHERE addon = $1 AND queue = 1 AND workspace = $2 AND id > $3 AND stay = ",
    stay!(),
    " ORDER BY id LIMIT $4)
    ) AS waiting ORDER BY id LIMIT $4"
);

/// Each step of the recursion seeks the next workspace in the index of unfinished runs; no more of them are made than are wanted.
const WITH_WORK: &str = "WITH RECURSIVE working (addon, workspace) AS (
        (SELECT addon, workspace FROM runs WHERE queue = 1 AND addon = $1 AND workspace > $2 ORDER BY workspace LIMIT 1)
        UNION ALL
        SELECT next.addon, next.workspace FROM working CROSS JOIN LATERAL (
            SELECT runs.addon, runs.workspace FROM runs
            WHERE runs.queue = 1 AND runs.addon = $1 AND runs.workspace > working.workspace ORDER BY runs.workspace LIMIT 1
        ) AS next
    )
    SELECT installations.addon, installations.workspace FROM working
    CROSS JOIN LATERAL (SELECT * FROM installations WHERE installations.addon = $1 AND installations.workspace = working.workspace) AS installations
    WHERE installations.status = 'ACTIVE' AND installations.broken_at IS NULL AND EXISTS (
        SELECT 1 FROM runs
        WHERE runs.addon = $1 AND runs.queue = 1 AND runs.workspace = working.workspace AND runs.stay = installations.stay
    )
    LIMIT $3";

impl Postgres {
    async fn list_runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<RunSummary>, Failure> {
        let (from, to) = span(filter.from, filter.to);
        let bound = |sql: String| {
            about(AssertSqlSafe(sql), key)
                .bind(filter.flow.map(|flow| flow.uuid()))
                .bind(filter.event.map(|event| event.uuid()))
                .bind(filter.state.map(RunState::as_str))
                .bind(filter.event_type.as_ref().map(|event_type| event_type.as_str().to_owned()))
                .bind(from)
                .bind(to)
        };
        let fitting = fitting(filter);
        let mut reading = self.reading().await?;
        let total: i64 = bound(format!("SELECT count(*) {fitting}")).fetch_one(&mut *reading).await?.try_get(0)?;
        // What is skipped is read out of the index alone; a join of the rest would be made by reading the whole table.
        let part = bound(format!(
            "SELECT {SUMMARY} FROM (SELECT id AS listed {fitting} ORDER BY id DESC LIMIT $9 OFFSET $10) AS page
            CROSS JOIN LATERAL (SELECT * FROM runs WHERE runs.id = page.listed LIMIT 1) AS runs ORDER BY id DESC"
        ));
        let part = part.bind(i64::from(slice.limit.min(PAGE_ROWS_MAX))).bind(i64::from(slice.offset));
        let rows = part.fetch_all(&mut *reading).await?;
        reading.commit().await?;
        let items = rows.iter().map(listed).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }

    async fn one_run(&self, key: Key, id: RunId) -> Result<Option<Run>, Failure> {
        about(ONE, key).bind(id.uuid()).fetch_optional(&self.readers).await?.as_ref().map(run).transpose()
    }

    async fn unfinished_runs(&self, key: Key, after: Option<RunId>, limit: u32) -> Result<Vec<Run>, Failure> {
        let after = after.map_or(Uuid::nil(), |after| after.uuid());
        let query = about(UNFINISHED, key).bind(after).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(run).collect()
    }

    async fn workspaces_with_work(&self, addon: Addon, after: Vec<u8>, limit: u32) -> Result<Vec<Key>, Failure> {
        let query = sqlx::query(WITH_WORK).bind(addon_number(addon)).bind(after).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(key).collect()
    }
}

#[async_trait]
impl Runs for Postgres {
    async fn run(&self, key: Key, id: RunId) -> Result<Option<Run>, Error> {
        Ok(self.one_run(key, id).await?)
    }

    async fn runs(&self, key: Key, filter: &RunFilter, slice: Slice) -> Result<Page<RunSummary>, Error> {
        Ok(self.list_runs(key, filter, slice).await?)
    }

    async fn dismiss(&self, key: Key, runs: &[RunId], now: Timestamp) -> Result<u32, Error> {
        let runs = runs.iter().map(RunId::uuid).collect();
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
