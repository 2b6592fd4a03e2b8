//! Installations, and what lifecycle calls do to them. The installation token is sealed; of webhook tokens only hashes are kept (I7).

use actors::bootstrap::record::Record;
use actors::clock::Timestamp;
use actors::ids::{AddonId, Key};
use actors::installation::{Health, Installation, Mark, Proof, Status, Step, Verdict};
use actors::port::store::{Error, Installations};
use actors::secret::Secret;
use async_trait::async_trait;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::super::columns::{broken, health, status, status_text, to_json, webhooks_from_json, webhooks_to_json};
use super::super::sealing::{Keyring, TOKEN};
use super::erase::INSTALLATIONS;
use super::row::{about, bytes, json, time, time_if_any};
use super::{Failure, Sqlite, activities, bootstraps, secrets, sources, standings, subscriptions};

fn installation(row: &SqliteRow, key: Key, token: Secret) -> Result<Installation, Failure> {
    Ok(Installation {
        key,
        addon_id: AddonId::from_bytes(bytes(row, "addon_id")?),
        addon_user: row.try_get("addon_user")?,
        as_user: row.try_get("as_user")?,
        urls: json(row, "urls")?,
        token,
        webhooks: webhooks_from_json(row.try_get("webhooks")?)?.into(),
        status: status(row.try_get("status")?)?,
        health: health(time_if_any(row, "broken_at")?, row.try_get("broken_reason")?),
        settings: json(row, "settings")?,
        installed_at: time(row, "installed_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

/// Judges a call, in the transaction of what it does, and notes it if it is to be applied.
async fn judge(connection: &mut SqliteConnection, key: Key, step: Step, addon_id: AddonId, proof: Proof) -> Result<Verdict, Failure> {
    let stored = about("SELECT mark FROM marks WHERE addon = ? AND workspace = ?", key).fetch_optional(&mut *connection).await?;
    let mark: Option<Mark> = stored.map(|row| json(&row, "mark")).transpose()?;
    let verdict = Mark::judge(mark.as_ref(), step, addon_id, proof);
    if verdict == Verdict::Apply {
        let put = "INSERT INTO marks (addon, workspace, mark) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET mark = excluded.mark";
        about(put, key).bind(to_json(&Mark::after(mark.as_ref(), step, addon_id, proof))?).execute(connection).await?;
    }
    Ok(verdict)
}

/// Writes an installation. One that was there before is replaced and its stay goes on.
async fn put(connection: &mut SqliteConnection, installation: &Installation, token: Vec<u8>) -> Result<(), Failure> {
    let (broken_at, broken_reason) = broken(&installation.health);
    let query =
        "INSERT INTO installations (addon, workspace, addon_id, status, broken_at, broken_reason, addon_user, as_user, installed_at,
            updated_at, urls, settings, token, webhooks)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (addon, workspace) DO UPDATE SET addon_id = excluded.addon_id, status = excluded.status, broken_at = excluded.broken_at,
            broken_reason = excluded.broken_reason, addon_user = excluded.addon_user, as_user = excluded.as_user,
            installed_at = excluded.installed_at, updated_at = excluded.updated_at, urls = excluded.urls, settings = excluded.settings,
            token = excluded.token, webhooks = excluded.webhooks";
    about(query, installation.key)
        .bind(installation.addon_id.as_bytes().to_vec())
        .bind(status_text(installation.status))
        .bind(broken_at)
        .bind(broken_reason)
        .bind(installation.addon_user.clone())
        .bind(installation.as_user.clone())
        .bind(installation.installed_at.millis())
        .bind(installation.updated_at.millis())
        .bind(to_json(&installation.urls)?)
        .bind(to_json(&installation.settings)?)
        .bind(token)
        .bind(webhooks_to_json(&installation.webhooks)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes the installation and with it the token, the hashes, the secrets and the sources; everything else of its stay is invisible from now on, and left to
/// [`super::purge`].
async fn remove(connection: &mut SqliteConnection, key: Key) -> Result<(), Failure> {
    let ended =
        "INSERT INTO purges (stay, addon, workspace) SELECT stay, addon, workspace FROM installations WHERE addon = ? AND workspace = ?";
    about(ended, key).execute(&mut *connection).await?;
    sources::remove_all(connection, key).await?;
    subscriptions::remove_all(connection, key).await?;
    activities::remove_all(connection, key).await?;
    secrets::remove_all(connection, key).await?;
    standings::remove_all(connection, key, None).await?;
    INSTALLATIONS.erase_of(connection, key, "WHERE addon = ? AND workspace = ?", |query| query).await.map(drop)
}

/// After a change of keys: whatever writes an installation seals its token, its secrets and its sources' secrets anew.
async fn seal_anew(connection: &mut SqliteConnection, key: Key, keyring: &Keyring) -> Result<(), Failure> {
    let stored = about("SELECT token FROM installations WHERE addon = ? AND workspace = ?", key).fetch_optional(&mut *connection).await?;
    let sealed: Option<Vec<u8>> = stored.map(|row| row.try_get("token")).transpose()?;
    if let Some(anew) = sealed.and_then(|sealed| keyring.anew(&sealed, key, TOKEN)) {
        about("UPDATE installations SET token = ?3 WHERE addon = ?1 AND workspace = ?2", key).bind(anew).execute(&mut *connection).await?;
    }
    secrets::seal_anew(connection, key, keyring).await?;
    sources::seal_anew(connection, key, keyring).await
}

async fn put_status(connection: &mut SqliteConnection, key: Key, status: Status, now: Timestamp) -> Result<(), Failure> {
    let query = "UPDATE installations SET status = ?3, updated_at = ?4 WHERE addon = ?1 AND workspace = ?2";
    about(query, key).bind(status_text(status)).bind(now.millis()).execute(connection).await?;
    Ok(())
}

async fn merge_settings(connection: &mut SqliteConnection, key: Key, chosen: Map<String, Value>, now: Timestamp) -> Result<(), Failure> {
    let stored =
        about("SELECT settings FROM installations WHERE addon = ? AND workspace = ?", key).fetch_optional(&mut *connection).await?;
    let Some(stored) = stored else { return Ok(()) };
    let mut settings: Map<String, Value> = json(&stored, "settings")?;
    settings.extend(chosen);
    let query = "UPDATE installations SET settings = ?3, updated_at = ?4 WHERE addon = ?1 AND workspace = ?2";
    about(query, key).bind(to_json(&settings)?).bind(now.millis()).execute(connection).await?;
    Ok(())
}

async fn put_health(connection: &mut SqliteConnection, key: Key, addon_id: AddonId, health: Health) -> Result<bool, Failure> {
    let (broken_at, broken_reason) = broken(&health);
    let query = "UPDATE installations SET broken_at = ?4, broken_reason = ?5 WHERE addon = ?1 AND workspace = ?2 AND addon_id = ?3";
    let query = about(query, key).bind(addon_id.as_bytes().to_vec()).bind(broken_at).bind(broken_reason);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

impl Sqlite {
    /// Says so at start if secrets are sealed under a key that is not here. A reinstall mends it, so it is no reason not to start.
    pub(super) async fn warn_of_missing_key(&self) -> Result<(), Error> {
        let latest = sqlx::query_scalar("SELECT token FROM installations ORDER BY stay DESC LIMIT 1");
        let token: Option<Vec<u8>> = latest.fetch_optional(&self.readers).await.map_err(Failure::from)?;
        if token.is_some_and(|token| !self.keyring.knows(&token)) {
            log::error!(
                "installation tokens of this database are sealed under a key that was not given; give it as ENCRYPTION_KEY_PREVIOUS"
            );
        }
        Ok(())
    }

    async fn present(&self, key: Key) -> Result<Option<Installation>, Failure> {
        let row = about("SELECT * FROM installations WHERE addon = ? AND workspace = ?", key).fetch_optional(&self.readers).await?;
        let Some(row) = row else { return Ok(None) };
        let token = self.keyring.open(row.try_get("token")?, key, TOKEN).map_err(Failure::Not)?;
        installation(&row, key, token).map(Some)
    }

    /// Does to an installation what a call wants, if it is to be applied.
    async fn apply(
        &self,
        (key, step, addon_id, proof): (Key, Step, AddonId, Proof),
        change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<(), Failure>> + Send + 'static,
    ) -> Result<Verdict, Error> {
        let keyring = self.keyring.clone();
        self.transact(move |connection| {
            Box::pin(async move {
                let verdict = judge(connection, key, step, addon_id, proof).await?;
                if verdict == Verdict::Apply {
                    change(connection).await?;
                    seal_anew(connection, key, &keyring).await?;
                }
                Ok(verdict)
            })
        })
        .await
    }
}

#[async_trait]
impl Installations for Sqlite {
    async fn install_with(&self, installation: &Installation, proof: Proof, bootstrap: Option<&Record>) -> Result<Verdict, Error> {
        let token = self.keyring.seal(&installation.token, installation.key, TOKEN)?;
        let call = (installation.key, Step::Install, installation.addon_id, proof);
        let (installation, bootstrap) = (installation.clone(), bootstrap.cloned());
        let change = async move |connection: &mut SqliteConnection| {
            put(connection, &installation, token).await?;
            match bootstrap {
                Some(asked) => bootstraps::put_asked(connection, installation.key, &asked).await,
                None => Ok(()),
            }
        };
        self.apply(call, move |connection| Box::pin(async move { change(connection).await })).await
    }

    async fn uninstall(&self, key: Key, addon_id: AddonId, proof: Proof) -> Result<Verdict, Error> {
        let verdict = self.apply((key, Step::Delete, addon_id, proof), move |connection| Box::pin(remove(connection, key))).await;
        self.uninstalls.note();
        verdict
    }

    async fn set_status(&self, key: Key, addon_id: AddonId, status: Status, proof: Proof, now: Timestamp) -> Result<Verdict, Error> {
        let call = (key, Step::Status, addon_id, proof);
        self.apply(call, move |connection| Box::pin(put_status(connection, key, status, now))).await
    }

    async fn set_settings(
        &self,
        key: Key,
        addon_id: AddonId,
        settings: &Map<String, Value>,
        proof: Proof,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        let (call, chosen) = ((key, Step::Settings, addon_id, proof), settings.clone());
        self.apply(call, move |connection| Box::pin(merge_settings(connection, key, chosen, now))).await
    }

    async fn set_health(&self, key: Key, addon_id: AddonId, health: &Health) -> Result<bool, Error> {
        let health = health.clone();
        self.transact(move |connection| Box::pin(put_health(connection, key, addon_id, health))).await
    }

    async fn installation(&self, key: Key) -> Result<Option<Installation>, Error> {
        Ok(self.present(key).await?)
    }

    async fn installation_count(&self) -> Result<u64, Error> {
        let count = sqlx::query_scalar("SELECT count(*) FROM installations").fetch_one(&self.readers).await;
        let count: i64 = count.map_err(Failure::from)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
