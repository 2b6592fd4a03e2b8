//! What was changed, by whom. It goes in the transaction of the uninstall.

use actors::activity::Activity;
use actors::ids::Key;
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::{Activities, Error, Page, Slice};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::flows::stay;
use super::row::{about, text_if_any, time};
use super::{Failure, Postgres};

fn activity(row: &PgRow) -> Result<Activity, Failure> {
    let text = |column| Ok::<_, Failure>(text_if_any(row, column)?.map(|text| text.to_string()));
    Ok(Activity {
        id: row.try_get::<Uuid, _>("id")?.into(),
        at: time(row, "at")?,
        user: text("person")?,
        what: row.try_get("what")?,
        subject: text("subject")?,
        detail: text("detail")?,
    })
}

async fn record(connection: &mut PgConnection, key: Key, activity: Activity, kept_max: u32) -> Result<bool, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(false) };
    let put = "INSERT INTO activities (addon, workspace, stay, id, at, person, what, subject, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    about(put, key)
        .bind(stay)
        .bind(activity.id.uuid())
        .bind(activity.at.millis())
        .bind(activity.user.map(String::into_bytes))
        .bind(activity.what)
        .bind(activity.subject.map(String::into_bytes))
        .bind(activity.detail.map(String::into_bytes))
        .execute(&mut *connection)
        .await?;
    let beyond = "DELETE FROM activities WHERE stay = $1 AND id <= (
        SELECT id FROM activities WHERE stay = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)";
    sqlx::query(beyond).bind(stay).bind(i64::from(kept_max)).execute(connection).await?;
    Ok(true)
}

/// Removes all changes of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut PgConnection, key: Key) -> Result<(), Failure> {
    let of_key = "DELETE FROM activities WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)";
    about(of_key, key).execute(connection).await?;
    Ok(())
}

const OF_KEY: &str = "FROM installations JOIN activities ON activities.stay = installations.stay
    WHERE installations.addon = $1 AND installations.workspace = $2";

impl Postgres {
    async fn list_activities(&self, key: Key, slice: Slice) -> Result<Page<Activity>, Failure> {
        let mut reading = self.reading().await?;
        let count = about(AssertSqlSafe(format!("SELECT count(*) {OF_KEY}")), key);
        let total: i64 = count.fetch_one(&mut *reading).await?.try_get(0)?;
        let part = about(AssertSqlSafe(format!("SELECT activities.* {OF_KEY} ORDER BY activities.id DESC LIMIT $3 OFFSET $4")), key);
        let part = part.bind(i64::from(slice.limit.min(PAGE_ROWS_MAX))).bind(i64::from(slice.offset));
        let items = part.fetch_all(&mut *reading).await?.iter().map(activity).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }
}

#[async_trait]
impl Activities for Postgres {
    async fn record_activity(&self, key: Key, activity: &Activity, kept_max: u32) -> Result<bool, Error> {
        let activity = activity.clone();
        self.transact(move |connection| Box::pin(record(connection, key, activity, kept_max))).await
    }

    async fn activities(&self, key: Key, slice: Slice) -> Result<Page<Activity>, Error> {
        Ok(self.list_activities(key, slice).await?)
    }
}
