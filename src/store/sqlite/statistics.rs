//! What happened lately, counted along indices: no row is looked at, and no chapter that is older than what is asked for.

use std::collections::BTreeMap;

use actors::clock::Timestamp;
use actors::ids::{FlowId, Key};
use actors::port::store::statistics::{FlowStatistics, SpanStatistics};
use actors::port::store::{Error, Statistics};
use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::ids::first_id_at;
use super::row::about;
use super::{Failure, Sqlite, chapters};

const STAY: &str = "(SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)";
const ENDED: &str = "runs.state IN ('SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED')";

/// Runs of each flow from the id `?3` on.
pub(super) fn runs_of_flows() -> String {
    format!(
        "{} SELECT runs.flow, count(*) FROM chapters
        CROSS JOIN runs INDEXED BY runs_by_stay ON runs.chapter = chapters.chapter AND runs.stay = {STAY} AND runs.id >= ?3 GROUP BY runs.flow",
        chapters::recent("runs")
    )
}

/// The same of those that have ended: how many ended well, and how many did not.
pub(super) fn ended_of_flows() -> String {
    format!(
        "{} SELECT runs.flow, sum(runs.state IN ('SUCCEEDED', 'STOPPED')), sum(runs.state IN ('FAILED', 'UNCERTAIN')) FROM chapters
        CROSS JOIN runs INDEXED BY runs_ended ON runs.chapter = chapters.chapter AND runs.stay = {STAY} AND runs.id >= ?3 AND {ENDED}
        GROUP BY runs.flow",
        chapters::recent("runs")
    )
}

/// Rows of a table within each of some spans; wants the ids at which they begin, and the one at which the last ends.
pub(super) fn in_spans(table: &str, spans: usize) -> String {
    let rows: Vec<String> = (0..spans).map(|span| format!("({span}, ?{}, ?{})", span + 3, span + 4)).collect();
    format!(
        "{}, spans (number, first, next) AS (VALUES {})
        SELECT spans.number, count(*) FROM chapters CROSS JOIN spans
        CROSS JOIN {table} INDEXED BY {table}_by_stay ON {table}.chapter = chapters.chapter AND {table}.stay = {STAY}
            AND {table}.id >= spans.first AND {table}.id < spans.next GROUP BY spans.number",
        chapters::recent(table),
        rows.join(", ")
    )
}

/// Runs that failed or are uncertain, likewise.
pub(super) fn failed_in_spans(spans: usize) -> String {
    let rows: Vec<String> = (0..spans).map(|span| format!("({span}, ?{}, ?{})", span + 3, span + 4)).collect();
    format!(
        "WITH spans (number, first, next) AS (VALUES {})
        SELECT spans.number, count(*) FROM spans
        CROSS JOIN runs INDEXED BY runs_troubled ON runs.stay = {STAY} AND runs.state IN ('FAILED', 'UNCERTAIN', 'CANCELLED')
            AND runs.state IN ('FAILED', 'UNCERTAIN')
            AND runs.id >= spans.first AND runs.id < spans.next GROUP BY spans.number",
        rows.join(", ")
    )
}

/// What a count is kept in.
type Field = fn(&mut SpanStatistics) -> &mut u64;

impl Sqlite {
    async fn of_flows(&self, key: Key, since: Timestamp) -> Result<Vec<FlowStatistics>, Failure> {
        let mut reading = self.reading().await?;
        let mut flows: BTreeMap<FlowId, FlowStatistics> = BTreeMap::new();
        for row in about(AssertSqlSafe(runs_of_flows()), key).bind(first_id_at(since)).fetch_all(&mut *reading).await? {
            let flow = FlowId::from(row.try_get::<Uuid, _>(0)?);
            flows.insert(flow, FlowStatistics { flow, runs: number(row.try_get(1)?), succeeded: 0, failed: 0 });
        }
        for row in about(AssertSqlSafe(ended_of_flows()), key).bind(first_id_at(since)).fetch_all(&mut *reading).await? {
            if let Some(flow) = flows.get_mut(&FlowId::from(row.try_get::<Uuid, _>(0)?)) {
                (flow.succeeded, flow.failed) = (number(row.try_get(1)?), number(row.try_get(2)?));
            }
        }
        Ok(flows.into_values().collect())
    }

    async fn of_spans(&self, key: Key, moments: Vec<Uuid>) -> Result<Vec<SpanStatistics>, Failure> {
        let spans = moments.len().saturating_sub(1);
        let mut statistics = vec![SpanStatistics::default(); spans];
        if spans == 0 {
            return Ok(statistics);
        }
        let mut reading = self.reading().await?;
        let counted: [(String, Field); 3] = [
            (in_spans("events", spans), |span| &mut span.events),
            (in_spans("runs", spans), |span| &mut span.runs),
            (failed_in_spans(spans), |span| &mut span.failed),
        ];
        for (sql, field) in counted {
            let query = moments.iter().fold(about(AssertSqlSafe(sql), key), |query, id| query.bind(*id));
            for row in query.fetch_all(&mut *reading).await? {
                let span = usize::try_from(row.try_get::<i64, _>(0)?).ok().and_then(|span| statistics.get_mut(span));
                if let Some(span) = span {
                    *field(span) = number(row.try_get(1)?);
                }
            }
        }
        Ok(statistics)
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[async_trait]
impl Statistics for Sqlite {
    async fn flow_statistics(&self, key: Key, since: Timestamp) -> Result<Vec<FlowStatistics>, Error> {
        Ok(self.of_flows(key, since).await?)
    }

    async fn span_statistics(&self, key: Key, moments: &[Timestamp]) -> Result<Vec<SpanStatistics>, Error> {
        Ok(self.of_spans(key, moments.iter().copied().map(first_id_at).collect()).await?)
    }
}
