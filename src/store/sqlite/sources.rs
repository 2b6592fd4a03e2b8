//! Custom sources. Their secrets are sealed, all of a source's as one value (I7), and go in the transaction of the uninstall.

use actors::ids::Key;
use actors::port::store::sources::SourceSaved;
use actors::port::store::{Error, Sources};
use actors::source::{CustomSource, SourceName};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::super::columns::{SourceDefinition, source_to_json};
use super::super::failure::unreadable;
use super::super::sealing::Keyring;
use super::erase::SOURCES;
use super::flows::stay;
use super::row::{about, json, time};
use super::{Failure, Sqlite};

fn name(row: &SqliteRow) -> Result<SourceName, Failure> {
    SourceName::parse(row.try_get("name")?).map_err(|_| unreadable("name"))
}

fn source(row: &SqliteRow, key: Key, keyring: &Keyring) -> Result<CustomSource, Failure> {
    let (name, definition): (_, SourceDefinition) = (name(row)?, json(row, "definition")?);
    let secrets = keyring.open_source(row.try_get("secrets")?, key, &name).map_err(Failure::Not)?;
    Ok(definition.of(name, secrets, time(row, "created_at")?, time(row, "updated_at")?))
}

async fn create(
    connection: &mut SqliteConnection,
    key: Key,
    source: CustomSource,
    secrets: Vec<u8>,
    sources_max: u32,
) -> Result<SourceSaved, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(SourceSaved::Absent) };
    let query = sqlx::query_as("SELECT count(*), coalesce(max(name = ?2), false) FROM sources WHERE stay = ?1");
    let (count, taken): (i64, bool) = query.bind(stay).bind(source.name.as_str()).fetch_one(&mut *connection).await?;
    if taken {
        return Ok(SourceSaved::Taken);
    }
    if count >= i64::from(sources_max) {
        return Ok(SourceSaved::TooMany);
    }
    let put =
        "INSERT INTO sources (addon, workspace, stay, name, created_at, updated_at, definition, secrets) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    about(put, key)
        .bind(stay)
        .bind(source.name.as_str().to_owned())
        .bind(source.created_at.millis())
        .bind(source.updated_at.millis())
        .bind(source_to_json(&source)?)
        .bind(secrets)
        .execute(connection)
        .await?;
    Ok(SourceSaved::Done)
}

async fn update(connection: &mut SqliteConnection, key: Key, source: CustomSource, secrets: Vec<u8>) -> Result<bool, Failure> {
    let query = "UPDATE sources SET updated_at = ?4, definition = ?5, secrets = ?6
        WHERE stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2) AND name = ?3";
    let query = about(query, key).bind(source.name.as_str().to_owned()).bind(source.updated_at.millis());
    Ok(query.bind(source_to_json(&source)?).bind(secrets).execute(connection).await?.rows_affected() > 0)
}

const OF_KEY: &str = "WHERE stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)";

/// Removes sources of a key: one, or all.
async fn remove(connection: &mut SqliteConnection, key: Key, name: Option<&SourceName>) -> Result<bool, Failure> {
    let which = format!("{OF_KEY} AND (?3 IS NULL OR name = ?3)");
    let erased = SOURCES.erase_of(connection, key, &which, |query| query.bind(name.map(|name| name.as_str().to_owned()))).await?;
    Ok(erased > 0)
}

/// Removes all sources of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut SqliteConnection, key: Key) -> Result<(), Failure> {
    remove(connection, key, None).await.map(drop)
}

/// After a change of keys.
pub(super) async fn seal_anew(connection: &mut SqliteConnection, key: Key, keyring: &Keyring) -> Result<(), Failure> {
    let stored = about(AssertSqlSafe(format!("SELECT name, secrets FROM sources {OF_KEY}")), key).fetch_all(&mut *connection).await?;
    for row in stored {
        let name = name(&row)?;
        let Some(anew) = keyring.source_anew(row.try_get("secrets")?, key, &name) else { continue };
        let put = about(AssertSqlSafe(format!("UPDATE sources SET secrets = ?3 {OF_KEY} AND name = ?4")), key);
        put.bind(anew).bind(name.as_str().to_owned()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) const ONE: &str = "SELECT sources.* FROM installations
    CROSS JOIN sources ON sources.stay = installations.stay AND sources.name = ?3
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

pub(super) const ALL: &str = "SELECT sources.* FROM installations CROSS JOIN sources ON sources.stay = installations.stay
    WHERE installations.addon = ?1 AND installations.workspace = ?2 ORDER BY sources.name";

impl Sqlite {
    async fn one_source(&self, key: Key, name: &SourceName) -> Result<Option<CustomSource>, Failure> {
        let row = about(ONE, key).bind(name.as_str().to_owned()).fetch_optional(&self.readers).await?;
        row.as_ref().map(|row| source(row, key, &self.keyring)).transpose()
    }

    async fn all_sources(&self, key: Key) -> Result<Vec<CustomSource>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(|row| source(row, key, &self.keyring)).collect()
    }
}

#[async_trait]
impl Sources for Sqlite {
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
        self.transact(move |connection| Box::pin(async move { remove(connection, key, Some(&name)).await })).await
    }

    async fn source(&self, key: Key, name: &SourceName) -> Result<Option<CustomSource>, Error> {
        Ok(self.one_source(key, name).await?)
    }

    async fn sources(&self, key: Key) -> Result<Vec<CustomSource>, Error> {
        Ok(self.all_sources(key).await?)
    }
}
