//! Secrets of a workspace. Their values are sealed, each to its name (I7), and go in the transaction of the uninstall.

use std::collections::BTreeSet;

use actors::clock::Timestamp;
use actors::flow::template::Secrets as Revealed;
use actors::ids::Key;
use actors::port::store::secrets::{KeptSecret, SecretSaved};
use actors::port::store::{Error, Secrets};
use actors::secret::{Secret, SecretName};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::super::failure::unreadable;
use super::super::sealing::{Keyring, secret_column};
use super::erase::SECRETS;
use super::flows::stay;
use super::row::{about, time};
use super::{Failure, Sqlite};

fn name(row: &SqliteRow) -> Result<SecretName, Failure> {
    SecretName::parse(row.try_get("name")?).map_err(|_| unreadable("name"))
}

fn kept(row: &SqliteRow) -> Result<KeptSecret, Failure> {
    Ok(KeptSecret { name: name(row)?, created_at: time(row, "created_at")?, updated_at: time(row, "updated_at")? })
}

async fn put(
    connection: &mut SqliteConnection,
    key: Key,
    name: SecretName,
    value: Vec<u8>,
    secrets_max: u32,
    now: Timestamp,
) -> Result<SecretSaved, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(SecretSaved::Absent) };
    let query = sqlx::query_as("SELECT count(*), coalesce(max(name = ?2), false) FROM secrets WHERE stay = ?1");
    let (count, there): (i64, bool) = query.bind(stay).bind(name.as_str()).fetch_one(&mut *connection).await?;
    if !there && count >= i64::from(secrets_max) {
        return Ok(SecretSaved::TooMany);
    }
    let put = "INSERT INTO secrets (addon, workspace, stay, name, created_at, updated_at, value) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)
        ON CONFLICT (stay, name) DO UPDATE SET updated_at = excluded.updated_at, value = excluded.value RETURNING name, created_at, updated_at";
    let row = about(put, key).bind(stay).bind(name.as_str().to_owned()).bind(now.millis()).bind(value).fetch_one(connection).await?;
    let kept = kept(&row)?;
    Ok(if there { SecretSaved::Replaced(kept) } else { SecretSaved::New(kept) })
}

const OF_KEY: &str = "WHERE stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)";

/// Removes secrets of a key: one, or all.
async fn remove(connection: &mut SqliteConnection, key: Key, name: Option<&SecretName>) -> Result<bool, Failure> {
    let which = format!("{OF_KEY} AND (?3 IS NULL OR name = ?3)");
    let erased = SECRETS.erase_of(connection, key, &which, |query| query.bind(name.map(|name| name.as_str().to_owned()))).await?;
    Ok(erased > 0)
}

/// Removes all secrets of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut SqliteConnection, key: Key) -> Result<(), Failure> {
    remove(connection, key, None).await.map(drop)
}

/// After a change of keys.
pub(super) async fn seal_anew(connection: &mut SqliteConnection, key: Key, keyring: &Keyring) -> Result<(), Failure> {
    let stored = about(AssertSqlSafe(format!("SELECT name, value FROM secrets {OF_KEY}")), key).fetch_all(&mut *connection).await?;
    for row in stored {
        let name = name(&row)?;
        let Some(anew) = keyring.anew(row.try_get("value")?, key, &secret_column(&name)) else { continue };
        let put = about(AssertSqlSafe(format!("UPDATE secrets SET value = ?3 {OF_KEY} AND name = ?4")), key);
        put.bind(anew).bind(name.as_str().to_owned()).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) const ALL: &str = "SELECT secrets.name, secrets.created_at, secrets.updated_at FROM installations
    CROSS JOIN secrets ON secrets.stay = installations.stay
    WHERE installations.addon = ?1 AND installations.workspace = ?2 ORDER BY secrets.name";

pub(super) const ONE: &str = "SELECT secrets.value FROM installations
    CROSS JOIN secrets ON secrets.stay = installations.stay AND secrets.name = ?3
    WHERE installations.addon = ?1 AND installations.workspace = ?2";

impl Sqlite {
    async fn all_secrets(&self, key: Key) -> Result<Vec<KeptSecret>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(kept).collect()
    }

    async fn revealed(&self, key: Key, names: &BTreeSet<SecretName>) -> Result<Revealed, Failure> {
        let mut revealed = Revealed::new();
        for name in names {
            let Some(row) = about(ONE, key).bind(name.as_str().to_owned()).fetch_optional(&self.readers).await? else { continue };
            let value = self.keyring.open(row.try_get("value")?, key, &secret_column(name)).map_err(Failure::Not)?;
            revealed.insert(name.clone(), value);
        }
        Ok(revealed)
    }
}

#[async_trait]
impl Secrets for Sqlite {
    async fn put_secret(
        &self,
        key: Key,
        name: &SecretName,
        value: &Secret,
        secrets_max: u32,
        now: Timestamp,
    ) -> Result<SecretSaved, Error> {
        let (name, sealed) = (name.clone(), self.keyring.seal(value, key, &secret_column(name))?);
        self.transact(move |connection| Box::pin(put(connection, key, name, sealed, secrets_max, now))).await
    }

    async fn delete_secret(&self, key: Key, name: &SecretName) -> Result<bool, Error> {
        let name = name.clone();
        self.transact(move |connection| Box::pin(async move { remove(connection, key, Some(&name)).await })).await
    }

    async fn secrets(&self, key: Key) -> Result<Vec<KeptSecret>, Error> {
        Ok(self.all_secrets(key).await?)
    }

    async fn reveal_secrets(&self, key: Key, names: &BTreeSet<SecretName>) -> Result<Revealed, Error> {
        Ok(self.revealed(key, names).await?)
    }
}
