//! What happened lately, counted along indices.

use std::collections::BTreeMap;

use actors::clock::Timestamp;
use actors::ids::{FlowId, Key};
use actors::port::store::statistics::{FlowStatistics, SpanStatistics};
use actors::port::store::{Error, Statistics};
use async_trait::async_trait;
use sqlx::Row;
use uuid::Uuid;

use super::super::ids::first_id_at;
use super::row::about;
use super::{Failure, Postgres};

macro_rules! stay {
    () => {
        "(SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)"
    };
}

/// Runs of each flow from the id `$3` on.
const RUNS_OF_FLOWS: &str = concat!("SELECT flow, count(*) FROM runs WHERE stay = ", stay!(), " AND id >= $3 GROUP BY flow");

/// The same of those that have ended: how many ended well, and how many did not.
const ENDED_OF_FLOWS: &str = concat!(
    "SELECT flow, count(*) FILTER (WHERE state IN ('SUCCEEDED', 'STOPPED')), count(*) FILTER (WHERE state IN ('FAILED', 'UNCERTAIN'))
    FROM runs WHERE state IN ('SUCCEEDED', 'FAILED', 'STOPPED', 'UNCERTAIN', 'CANCELLED') AND stay = ",
    stay!(),
    " AND id >= $3 GROUP BY flow"
);

/// Rows within each of some spans, which are given by the ids at which they begin and end.
macro_rules! in_spans {
    ($table:literal, $narrowed:literal) => {
        concat!(
            "SELECT spans.number, counted.rows FROM unnest($3::UUID[], $4::UUID[]) WITH ORDINALITY AS spans (first, next, number)
            CROSS JOIN LATERAL (SELECT count(*) AS rows FROM ",
            $table,
            " WHERE stay = ",
            stay!(),
            " AND id >= spans.first AND id < spans.next ",
            $narrowed,
            ") AS counted"
        )
    };
}

type Field = fn(&mut SpanStatistics) -> &mut u64;

const IN_SPANS: [(&str, Field); 3] = [
    (in_spans!("events", ""), |span| &mut span.events),
    (in_spans!("runs", ""), |span| &mut span.runs),
    (in_spans!("runs", "AND state IN ('FAILED', 'UNCERTAIN')"), |span| &mut span.failed),
];

impl Postgres {
    async fn of_flows(&self, key: Key, since: Timestamp) -> Result<Vec<FlowStatistics>, Failure> {
        let mut reading = self.reading().await?;
        let mut flows: BTreeMap<FlowId, FlowStatistics> = BTreeMap::new();
        for row in about(RUNS_OF_FLOWS, key).bind(first_id_at(since)).fetch_all(&mut *reading).await? {
            let flow = FlowId::from(row.try_get::<Uuid, _>(0)?);
            flows.insert(flow, FlowStatistics { flow, runs: number(row.try_get(1)?), succeeded: 0, failed: 0 });
        }
        for row in about(ENDED_OF_FLOWS, key).bind(first_id_at(since)).fetch_all(&mut *reading).await? {
            if let Some(flow) = flows.get_mut(&FlowId::from(row.try_get::<Uuid, _>(0)?)) {
                (flow.succeeded, flow.failed) = (number(row.try_get(1)?), number(row.try_get(2)?));
            }
        }
        reading.commit().await?;
        Ok(flows.into_values().collect())
    }

    async fn of_spans(&self, key: Key, first: Vec<Uuid>, next: Vec<Uuid>) -> Result<Vec<SpanStatistics>, Failure> {
        let mut statistics = vec![SpanStatistics::default(); first.len()];
        let mut reading = self.reading().await?;
        for (sql, field) in IN_SPANS {
            for row in about(sql, key).bind(first.clone()).bind(next.clone()).fetch_all(&mut *reading).await? {
                let span = usize::try_from(row.try_get::<i64, _>(0)? - 1).ok().and_then(|span| statistics.get_mut(span));
                if let Some(span) = span {
                    *field(span) = number(row.try_get(1)?);
                }
            }
        }
        reading.commit().await?;
        Ok(statistics)
    }
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

#[async_trait]
impl Statistics for Postgres {
    async fn flow_statistics(&self, key: Key, since: Timestamp) -> Result<Vec<FlowStatistics>, Error> {
        Ok(self.of_flows(key, since).await?)
    }

    async fn span_statistics(&self, key: Key, moments: &[Timestamp]) -> Result<Vec<SpanStatistics>, Error> {
        let ids: Vec<Uuid> = moments.iter().copied().map(first_id_at).collect();
        let next = ids.iter().skip(1).copied().collect::<Vec<_>>();
        let first = ids.into_iter().take(next.len()).collect();
        Ok(self.of_spans(key, first, next).await?)
    }
}
