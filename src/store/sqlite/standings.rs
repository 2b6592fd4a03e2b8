//! How flows have fared lately; it goes in the transaction of the uninstall.

use actors::clock::Timestamp;
use actors::flow::standing::{Paused, Standing};
use actors::ids::{FlowId, Key};
use actors::port::store::{Error, Standings};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use uuid::Uuid;

use super::erase::STANDINGS;
use super::row::{about, time_if_any};
use super::{Failure, Sqlite};

fn standing(row: &SqliteRow) -> Result<Standing, Failure> {
    let reason: Option<String> = row.try_get("reason")?;
    let paused = time_if_any(row, "paused_at")?.map(|since| Paused { since, reason: reason.unwrap_or_default() });
    Ok(Standing { flow: row.try_get::<Uuid, _>("flow")?.into(), failures: row.try_get("failures")?, paused })
}

const FAILED: &str = "INSERT INTO standings (addon, workspace, stay, flow, failures, paused_at, reason)
    SELECT ?1, ?2, flows.stay, flows.id, 1, iif(1 >= ?4, ?5, NULL), iif(1 >= ?4, ?6, NULL) FROM installations
    CROSS JOIN flows ON flows.stay = installations.stay AND flows.id = ?3
    WHERE installations.addon = ?1 AND installations.workspace = ?2
    ON CONFLICT (stay, flow) DO UPDATE SET failures = failures + 1,
        paused_at = iif(paused_at IS NULL AND failures + 1 >= ?4, ?5, paused_at),
        reason = iif(paused_at IS NULL AND failures + 1 >= ?4, ?6, reason)
    RETURNING flow, failures, paused_at, reason";

const OF_KEY: &str = "WHERE stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)";

/// Removes standings of a key that are `loose`: that of one flow, or all.
async fn remove(connection: &mut SqliteConnection, key: Key, flow: Option<FlowId>, loose: &str) -> Result<bool, Failure> {
    let which = format!("{OF_KEY} AND (?3 IS NULL OR flow = ?3) AND {loose}");
    let erased = STANDINGS.erase_of(connection, key, &which, |query| query.bind(flow.map(|flow| flow.uuid()))).await?;
    Ok(erased > 0)
}

/// Removes that of one flow, or those of all flows of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut SqliteConnection, key: Key, flow: Option<FlowId>) -> Result<(), Failure> {
    remove(connection, key, flow, "true").await.map(drop)
}

pub(super) const ALL: &str = "SELECT standings.* FROM installations CROSS JOIN standings ON standings.stay = installations.stay
    WHERE installations.addon = ?1 AND installations.workspace = ?2 ORDER BY standings.flow";

impl Sqlite {
    async fn all_standings(&self, key: Key) -> Result<Vec<Standing>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(standing).collect()
    }
}

#[async_trait]
impl Standings for Sqlite {
    async fn flow_failed(&self, key: Key, flow: FlowId, pause_after: u32, reason: &str, now: Timestamp) -> Result<Option<Standing>, Error> {
        let query = about(FAILED, key).bind(flow.uuid()).bind(pause_after).bind(now.millis()).bind(reason.to_owned());
        self.transact(move |connection| Box::pin(async move { query.fetch_optional(connection).await?.as_ref().map(standing).transpose() }))
            .await
    }

    async fn flow_did_well(&self, key: Key, flow: FlowId) -> Result<(), Error> {
        self.transact(move |connection| Box::pin(remove(connection, key, Some(flow), "paused_at IS NULL"))).await.map(drop)
    }

    async fn resume_flow(&self, key: Key, flow: FlowId) -> Result<bool, Error> {
        self.transact(move |connection| Box::pin(remove(connection, key, Some(flow), "true"))).await
    }

    async fn standings(&self, key: Key) -> Result<Vec<Standing>, Error> {
        Ok(self.all_standings(key).await?)
    }
}
