//! How flows have fared lately, as the journal counts it; it goes in the transaction of the uninstall.

use actors::flow::run::Run;
use actors::flow::standing::{Fared, Paused, Standing};
use actors::ids::{FlowId, Key};
use actors::port::store::{Error, Standings};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::row::{about, count, text_if_any, time_if_any};
use super::{Failure, Postgres};

fn standing(row: &PgRow) -> Result<Standing, Failure> {
    let reason = text_if_any(row, "reason")?;
    let paused =
        time_if_any(row, "paused_at")?.map(|since| Paused { since, reason: reason.map(|reason| reason.to_string()).unwrap_or_default() });
    Ok(Standing { flow: row.try_get::<Uuid, _>("flow")?.into(), failures: count(row, "failures")?, paused })
}

const FAILED: &str = "INSERT INTO standings (addon, workspace, stay, flow, failures, paused_at, reason)
    SELECT $1::SMALLINT, $2::BYTEA, flows.stay, flows.id, 1, CASE WHEN 1 >= $5::BIGINT THEN $6::BIGINT END, CASE WHEN 1 >= $5::BIGINT THEN $7::BYTEA END
    FROM installations
    JOIN flows ON flows.stay = installations.stay AND flows.id = $3
    JOIN runs ON runs.stay = installations.stay AND runs.id = $4 AND runs.state IN ('QUEUED', 'RUNNING', 'WAITING')
    WHERE installations.addon = $1 AND installations.workspace = $2
    ON CONFLICT (stay, flow) DO UPDATE SET failures = standings.failures + 1,
        paused_at = CASE WHEN standings.paused_at IS NULL AND standings.failures + 1 >= $5 THEN $6 ELSE standings.paused_at END,
        reason = CASE WHEN standings.paused_at IS NULL AND standings.failures + 1 >= $5 THEN $7 ELSE standings.reason END";

const WELL: &str = "DELETE FROM standings USING installations, runs
    WHERE installations.addon = $1 AND installations.workspace = $2 AND standings.stay = installations.stay AND standings.flow = $3
    AND standings.paused_at IS NULL
    AND runs.stay = installations.stay AND runs.id = $4 AND runs.state IN ('QUEUED', 'RUNNING', 'WAITING')";

/// Notes how a flow has fared whose run is about to end in the same transaction; one that has ended before counts no more.
pub(super) async fn fared(connection: &mut PgConnection, run: &Run, fared: &Fared) -> Result<(), Failure> {
    let about = |statement: &'static str| about(statement, run.key).bind(run.flow.uuid()).bind(run.id.uuid());
    let query = match fared {
        Fared::Well => about(WELL),
        Fared::Failed { pause_after, reason } => {
            about(FAILED).bind(i64::from(*pause_after)).bind(run.finished_at.map(|at| at.millis())).bind(reason.as_bytes().to_vec())
        }
    };
    query.execute(connection).await?;
    Ok(())
}

const OF_KEY: &str = "WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)";

async fn remove(connection: &mut PgConnection, key: Key, flow: Option<FlowId>) -> Result<bool, Failure> {
    let statement = format!("DELETE FROM standings {OF_KEY} AND ($3::UUID IS NULL OR flow = $3)");
    let query = about(AssertSqlSafe(statement), key).bind(flow.map(|flow| flow.uuid()));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Removes that of one flow, or those of all flows of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut PgConnection, key: Key, flow: Option<FlowId>) -> Result<(), Failure> {
    remove(connection, key, flow).await.map(drop)
}

const ALL: &str = "SELECT standings.* FROM installations JOIN standings ON standings.stay = installations.stay
    WHERE installations.addon = $1 AND installations.workspace = $2 ORDER BY standings.flow";

impl Postgres {
    async fn all_standings(&self, key: Key) -> Result<Vec<Standing>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(standing).collect()
    }
}

#[async_trait]
impl Standings for Postgres {
    async fn resume_flow(&self, key: Key, flow: FlowId) -> Result<bool, Error> {
        self.transact(move |connection| Box::pin(remove(connection, key, Some(flow)))).await
    }

    async fn standings(&self, key: Key) -> Result<Vec<Standing>, Error> {
        Ok(self.all_standings(key).await?)
    }
}
