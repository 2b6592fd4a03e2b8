//! What was changed, by whom. It goes in the transaction of the uninstall.

use actors::activity::Activity;
use actors::ids::Key;
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::{Activities, Error, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::erase::ACTIVITIES;
use super::flows::stay;
use super::row::{about, time};
use super::{Failure, Sqlite};

fn activity(row: &SqliteRow) -> Result<Activity, Failure> {
    Ok(Activity {
        id: row.try_get::<Uuid, _>("id")?.into(),
        at: time(row, "at")?,
        user: row.try_get("person")?,
        what: row.try_get("what")?,
        subject: row.try_get("subject")?,
        detail: row.try_get("detail")?,
    })
}

async fn record(connection: &mut SqliteConnection, key: Key, activity: Activity, kept_max: u32) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    let put = "INSERT INTO activities (addon, workspace, stay, id, at, person, what, subject, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    about(put, key)
        .bind(stay)
        .bind(activity.id.uuid())
        .bind(activity.at.millis())
        .bind(activity.user)
        .bind(activity.what)
        .bind(activity.subject)
        .bind(activity.detail)
        .execute(&mut *connection)
        .await?;
    let beyond = "WHERE stay = ?1 AND id <= (SELECT id FROM activities WHERE stay = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    ACTIVITIES.erase(connection, beyond, |query| query.bind(stay).bind(kept_max)).await?;
    Ok(true)
}

/// Removes all changes of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut SqliteConnection, key: Key) -> Result<(), Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(()) };
    ACTIVITIES.erase(connection, "WHERE stay = ?", |query| query.bind(stay)).await.map(drop)
}

const OF_KEY: &str = "FROM installations CROSS JOIN activities ON activities.stay = installations.stay
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

impl Sqlite {
    async fn list_activities(&self, key: Key, slice: Slice) -> Result<Page<Activity>, Failure> {
        let mut reading = self.reading().await?;
        let count = about(AssertSqlSafe(format!("SELECT count(*) {OF_KEY}")), key);
        let total: i64 = count.fetch_one(&mut *reading).await?.try_get(0)?;
        let part = about(AssertSqlSafe(format!("SELECT activities.* {OF_KEY} ORDER BY activities.id DESC LIMIT ?3 OFFSET ?4")), key);
        let part = part.bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset);
        let items = part.fetch_all(&mut *reading).await?.iter().map(activity).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }
}

#[async_trait]
impl Activities for Sqlite {
    async fn record_activity(&self, key: Key, activity: &Activity, kept_max: u32) -> Result<bool, Error> {
        let activity = activity.clone();
        self.transact(move |connection| Box::pin(record(connection, key, activity, kept_max))).await
    }

    async fn activities(&self, key: Key, slice: Slice) -> Result<Page<Activity>, Error> {
        Ok(self.list_activities(key, slice).await?)
    }
}
