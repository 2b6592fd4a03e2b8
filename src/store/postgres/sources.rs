//! Custom sources. Their secrets are sealed, all of a source's as one value (I7), and go in the transaction of the uninstall.

use actors::ids::Key;
use actors::port::store::sources::SourceSaved;
use actors::port::store::{Error, Sources};
use actors::source::{CustomSource, SourceName};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::super::columns::{SourceDefinition, source_to_json};
use super::super::failure::unreadable;
use super::super::sealing::Keyring;
use super::flows::stay;
use super::row::{about, json, time};
use super::{Failure, Postgres};

fn name(row: &PgRow) -> Result<SourceName, Failure> {
    SourceName::parse(row.try_get("name")?).map_err(|_| unreadable("name"))
}

fn source(row: &PgRow, key: Key, keyring: &Keyring) -> Result<CustomSource, Failure> {
    let (name, definition): (_, SourceDefinition) = (name(row)?, json(row, "definition")?);
    let secrets = keyring.open_source(row.try_get("secrets")?, key, &name).map_err(Failure::Not)?;
    Ok(definition.of(name, secrets, time(row, "created_at")?, time(row, "updated_at")?))
}

async fn create(
    connection: &mut PgConnection,
    key: Key,
    source: CustomSource,
    secrets: Vec<u8>,
    sources_max: u32,
) -> Result<SourceSaved, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(SourceSaved::Absent) };
    let query = sqlx::query_as("SELECT count(*), coalesce(bool_or(name = $2), false) FROM sources WHERE stay = $1");
    let (count, taken): (i64, bool) = query.bind(stay).bind(source.name.as_str()).fetch_one(&mut *connection).await?;
    if taken {
        return Ok(SourceSaved::Taken);
    }
    if count >= i64::from(sources_max) {
        return Ok(SourceSaved::TooMany);
    }
    let put = "INSERT INTO sources (addon, workspace, stay, name, created_at, updated_at, definition, secrets)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    about(put, key)
        .bind(stay)
        .bind(source.name.as_str())
        .bind(source.created_at.millis())
        .bind(source.updated_at.millis())
        .bind(source_to_json(&source)?)
        .bind(secrets)
        .execute(connection)
        .await?;
    Ok(SourceSaved::Done)
}

const OF_KEY: &str = "WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)";

async fn update(connection: &mut PgConnection, key: Key, source: CustomSource, secrets: Vec<u8>) -> Result<bool, Failure> {
    let query =
        about(AssertSqlSafe(format!("UPDATE sources SET updated_at = $4, definition = $5, secrets = $6 {OF_KEY} AND name = $3")), key);
    let query = query.bind(source.name.as_str()).bind(source.updated_at.millis()).bind(source_to_json(&source)?).bind(secrets);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

async fn delete(connection: &mut PgConnection, key: Key, name: SourceName) -> Result<bool, Failure> {
    let query = about(AssertSqlSafe(format!("DELETE FROM sources {OF_KEY} AND name = $3")), key).bind(name.as_str());
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Removes all sources of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut PgConnection, key: Key) -> Result<(), Failure> {
    about(AssertSqlSafe(format!("DELETE FROM sources {OF_KEY}")), key).execute(connection).await?;
    Ok(())
}

/// After a change of keys.
pub(super) async fn seal_anew(connection: &mut PgConnection, key: Key, keyring: &Keyring) -> Result<(), Failure> {
    let stored = about(AssertSqlSafe(format!("SELECT name, secrets FROM sources {OF_KEY}")), key).fetch_all(&mut *connection).await?;
    for row in stored {
        let name = name(&row)?;
        let Some(anew) = keyring.source_anew(row.try_get("secrets")?, key, &name) else { continue };
        let put = about(AssertSqlSafe(format!("UPDATE sources SET secrets = $3 {OF_KEY} AND name = $4")), key);
        put.bind(anew).bind(name.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

const ONE: &str = "SELECT sources.* FROM installations JOIN sources ON sources.stay = installations.stay AND sources.name = $3
    WHERE installations.addon = $1 AND installations.workspace = $2";

const ALL: &str = "SELECT sources.* FROM installations JOIN sources ON sources.stay = installations.stay
    WHERE installations.addon = $1 AND installations.workspace = $2 ORDER BY sources.name";

impl Postgres {
    async fn one_source(&self, key: Key, name: &SourceName) -> Result<Option<CustomSource>, Failure> {
        let row = about(ONE, key).bind(name.as_str()).fetch_optional(&self.readers).await?;
        row.as_ref().map(|row| source(row, key, &self.keyring)).transpose()
    }

    async fn all_sources(&self, key: Key) -> Result<Vec<CustomSource>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(|row| source(row, key, &self.keyring)).collect()
    }
}

#[async_trait]
impl Sources for Postgres {
    async fn create_source(&self, key: Key, source: &CustomSource, sources_max: u32) -> Result<SourceSaved, Error> {
        let (source, secrets) = (source.clone(), self.keyring.seal_source(&source.secrets, key, &source.name)?);
        self.transact(move |connection| Box::pin(create(connection, key, source, secrets, sources_max))).await
    }

    async fn update_source(&self, key: Key, source: &CustomSource) -> Result<bool, Error> {
        let (source, secrets) = (source.clone(), self.keyring.seal_source(&source.secrets, key, &source.name)?);
        self.transact(move |connection| Box::pin(update(connection, key, source, secrets))).await
    }

    async fn delete_source(&self, key: Key, name: &SourceName) -> Result<bool, Error> {
        let name = name.clone();
        self.transact(move |connection| Box::pin(delete(connection, key, name))).await
    }

    async fn source(&self, key: Key, name: &SourceName) -> Result<Option<CustomSource>, Error> {
        Ok(self.one_source(key, name).await?)
    }

    async fn sources(&self, key: Key) -> Result<Vec<CustomSource>, Error> {
        Ok(self.all_sources(key).await?)
    }
}
