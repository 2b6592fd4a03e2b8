//! When flows with a schedule are due; [`super::flows`] notes it with each version.

use actors::clock::Timestamp;
use actors::port::store::schedules::Due;
use actors::port::store::{Error, Schedules};
use async_trait::async_trait;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::row::{about, key, time};
use super::{Failure, Postgres};

const DUE: &str = "SELECT installations.addon, installations.workspace, flows.id, flows.due_at FROM flows
    JOIN installations ON installations.stay = flows.stay
    WHERE flows.due_at <= $1 AND flows.due_at IS NOT NULL AND installations.status = 'ACTIVE' AND installations.broken_at IS NULL
    ORDER BY flows.due_at LIMIT $2";

const SET_DUE: &str = "UPDATE flows SET due_at = $5 WHERE id = $3 AND due_at = $4
    AND stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)";

async fn set_due(connection: &mut PgConnection, due: Due, next: Option<Timestamp>) -> Result<bool, Failure> {
    let query = about(SET_DUE, due.key).bind(due.flow.uuid()).bind(due.at.millis()).bind(next.map(Timestamp::millis));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

impl Postgres {
    async fn all_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, Failure> {
        let rows = sqlx::query(DUE).bind(now.millis()).bind(i64::from(limit)).fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(Due { key: key(row)?, flow: row.try_get::<Uuid, _>("id")?.into(), at: time(row, "due_at")? })).collect()
    }
}

#[async_trait]
impl Schedules for Postgres {
    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, Error> {
        Ok(self.all_due(now, limit).await?)
    }

    async fn set_due(&self, due: Due, next: Option<Timestamp>) -> Result<bool, Error> {
        self.transact(move |connection| Box::pin(set_due(connection, due, next))).await
    }
}
