//! Installations, and what lifecycle calls do to them. The installation token is sealed; of webhook tokens only hashes are kept (I7).

use actors::clock::Timestamp;
use actors::ids::{AddonId, Key};
use actors::installation::{Health, Installation, Mark, Proof, Status, Step, TokenHash, Verdict, WebhookToken, hex};
use actors::port::store::{Error, Installations};
use actors::secret::Secret;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::super::sealing::Keyring;
use super::failure::unreadable;
use super::row::{addon_number, bytes, json, time, time_if_any, to_json};
use super::{Failure, Sqlite};

const TOKEN: &str = "installation token";

/// A webhook token as its column holds it.
#[derive(Serialize, Deserialize)]
struct Registered<'t> {
    path: std::borrow::Cow<'t, str>,
    hash: String,
}

fn webhooks_to_json(tokens: &[WebhookToken]) -> Result<String, Failure> {
    let registered: Vec<_> = tokens.iter().map(|token| Registered { path: token.path.as_str().into(), hash: hex(&token.hash) }).collect();
    to_json(&registered)
}

fn webhook(registered: Registered<'_>) -> Option<WebhookToken> {
    let mut hash: TokenHash = [0; 32];
    let digits = registered.hash.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(WebhookToken { path: registered.path.into_owned(), hash })
}

fn status_text(status: Status) -> &'static str {
    match status {
        Status::Active => "ACTIVE",
        Status::Inactive => "INACTIVE",
    }
}

fn status(row: &SqliteRow) -> Result<Status, Failure> {
    match row.try_get("status")? {
        "ACTIVE" => Ok(Status::Active),
        "INACTIVE" => Ok(Status::Inactive),
        _ => Err(unreadable("status")),
    }
}

fn health(row: &SqliteRow) -> Result<Health, Failure> {
    Ok(match time_if_any(row, "broken_at")? {
        None => Health::Sound,
        Some(since) => Health::Broken { since, reason: row.try_get::<Option<String>, _>("broken_reason")?.unwrap_or_default() },
    })
}

/// The columns of a health.
fn broken(health: &Health) -> (Option<i64>, Option<&str>) {
    match health {
        Health::Sound => (None, None),
        Health::Broken { since, reason } => (Some(since.millis()), Some(reason)),
    }
}

fn installation(row: &SqliteRow, key: Key, token: Secret) -> Result<Installation, Failure> {
    let registered: Vec<Registered<'_>> = json(row, "webhooks")?;
    let webhooks: Option<Vec<_>> = registered.into_iter().map(webhook).collect();
    Ok(Installation {
        key,
        addon_id: AddonId::from_bytes(bytes(row, "addon_id")?),
        addon_user: row.try_get("addon_user")?,
        as_user: row.try_get("as_user")?,
        urls: json(row, "urls")?,
        token,
        webhooks: webhooks.ok_or_else(|| unreadable("webhooks"))?.into(),
        status: status(row)?,
        health: health(row)?,
        settings: json(row, "settings")?,
        installed_at: time(row, "installed_at")?,
        updated_at: time(row, "updated_at")?,
    })
}

/// Judges a call, in the transaction of what it does, and notes it if it is to be applied.
async fn judge(connection: &mut SqliteConnection, key: Key, step: Step, addon_id: AddonId, proof: Proof) -> Result<Verdict, Failure> {
    let stored = sqlx::query("SELECT mark FROM marks WHERE addon = ? AND workspace = ?")
        .bind(addon_number(key.addon))
        .bind(key.workspace.as_bytes().as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let mark: Option<Mark> = stored.map(|row| json(&row, "mark")).transpose()?;
    let verdict = Mark::judge(mark.as_ref(), step, addon_id, proof);
    if verdict == Verdict::Apply {
        let next = to_json(&Mark::after(mark.as_ref(), step, addon_id, proof))?;
        sqlx::query("INSERT INTO marks (addon, workspace, mark) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET mark = excluded.mark")
            .bind(addon_number(key.addon))
            .bind(key.workspace.as_bytes().as_slice())
            .bind(next)
            .execute(connection)
            .await?;
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
    sqlx::query(query)
        .bind(addon_number(installation.key.addon))
        .bind(installation.key.workspace.as_bytes().as_slice())
        .bind(installation.addon_id.as_bytes().as_slice())
        .bind(status_text(installation.status))
        .bind(broken_at)
        .bind(broken_reason)
        .bind(installation.addon_user.as_deref())
        .bind(installation.as_user.as_deref())
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

/// Removes the installation and with it the token and the hashes; everything else of its stay is invisible from now on, and left to
/// [`super::purge`].
async fn remove(connection: &mut SqliteConnection, key: Key) -> Result<(), Failure> {
    let (addon, workspace) = (addon_number(key.addon), key.workspace.as_bytes().as_slice());
    let query =
        "INSERT INTO purges (stay, addon, workspace) SELECT stay, addon, workspace FROM installations WHERE addon = ? AND workspace = ?";
    sqlx::query(query).bind(addon).bind(workspace).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM installations WHERE addon = ? AND workspace = ?").bind(addon).bind(workspace).execute(connection).await?;
    Ok(())
}

/// After a change of keys: whatever writes an installation seals its token anew.
async fn seal_anew(connection: &mut SqliteConnection, key: Key, keyring: &Keyring) -> Result<(), Failure> {
    let (addon, workspace) = (addon_number(key.addon), key.workspace.as_bytes().as_slice());
    let stored = sqlx::query_scalar("SELECT token FROM installations WHERE addon = ? AND workspace = ?").bind(addon).bind(workspace);
    let sealed: Option<Vec<u8>> = stored.fetch_optional(&mut *connection).await?;
    if let Some(anew) = sealed.and_then(|sealed| keyring.anew(&sealed, key, TOKEN)) {
        let query = sqlx::query("UPDATE installations SET token = ? WHERE addon = ? AND workspace = ?");
        query.bind(anew).bind(addon).bind(workspace).execute(connection).await?;
    }
    Ok(())
}

async fn merge_settings(connection: &mut SqliteConnection, key: Key, chosen: Map<String, Value>, now: Timestamp) -> Result<(), Failure> {
    let (addon, workspace) = (addon_number(key.addon), key.workspace.as_bytes().as_slice());
    let stored = sqlx::query("SELECT settings FROM installations WHERE addon = ? AND workspace = ?")
        .bind(addon)
        .bind(workspace)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(stored) = stored else { return Ok(()) };
    let mut settings: Map<String, Value> = json(&stored, "settings")?;
    settings.extend(chosen);
    sqlx::query("UPDATE installations SET settings = ?, updated_at = ? WHERE addon = ? AND workspace = ?")
        .bind(to_json(&settings)?)
        .bind(now.millis())
        .bind(addon)
        .bind(workspace)
        .execute(connection)
        .await?;
    Ok(())
}

impl Sqlite {
    /// Says so at start if secrets are sealed under a key that is not here. A reinstall mends it, so it is no reason not to start.
    pub(super) async fn warn_of_missing_key(&self) -> Result<(), Error> {
        let latest = sqlx::query_scalar("SELECT token FROM installations ORDER BY stay DESC LIMIT 1");
        let token: Option<Vec<u8>> = latest.fetch_optional(&self.readers).await.map_err(Failure::from)?;
        if token.is_some_and(|token| !self.keyring.knows(&token)) {
            log::error!(
                "installation tokens in this database are sealed under a key that was not given: set it as ENCRYPTION_KEY_PREVIOUS, or have the add-on reinstalled"
            );
        }
        Ok(())
    }

    async fn present(&self, key: Key) -> Result<Option<Installation>, Failure> {
        let row = sqlx::query("SELECT * FROM installations WHERE addon = ? AND workspace = ?")
            .bind(addon_number(key.addon))
            .bind(key.workspace.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let token = self.keyring.open(row.try_get("token")?, key, TOKEN).map_err(Failure::Not)?;
        installation(&row, key, token).map(Some)
    }
}

#[async_trait]
impl Installations for Sqlite {
    async fn install(&self, installation: &Installation, proof: Proof) -> Result<Verdict, Error> {
        let token = self.keyring.seal(&installation.token, installation.key, TOKEN)?;
        let installation = installation.clone();
        self.transact(move |connection| {
            Box::pin(async move {
                let verdict = judge(connection, installation.key, Step::Install, installation.addon_id, proof).await?;
                if verdict == Verdict::Apply {
                    put(connection, &installation, token).await?;
                }
                Ok(verdict)
            })
        })
        .await
    }

    async fn uninstall(&self, key: Key, addon_id: AddonId, proof: Proof) -> Result<Verdict, Error> {
        let verdict = self
            .transact(move |connection| {
                Box::pin(async move {
                    let verdict = judge(connection, key, Step::Delete, addon_id, proof).await?;
                    if verdict == Verdict::Apply {
                        remove(connection, key).await?;
                    }
                    Ok(verdict)
                })
            })
            .await;
        // Also after an error, behind which the transaction may have been done.
        self.uninstalls.send_modify(|count| *count += 1);
        verdict
    }

    async fn set_status(&self, key: Key, addon_id: AddonId, status: Status, proof: Proof, now: Timestamp) -> Result<Verdict, Error> {
        let keyring = self.keyring.clone();
        self.transact(move |connection| {
            Box::pin(async move {
                let verdict = judge(connection, key, Step::Status, addon_id, proof).await?;
                if verdict == Verdict::Apply {
                    sqlx::query("UPDATE installations SET status = ?, updated_at = ? WHERE addon = ? AND workspace = ?")
                        .bind(status_text(status))
                        .bind(now.millis())
                        .bind(addon_number(key.addon))
                        .bind(key.workspace.as_bytes().as_slice())
                        .execute(&mut *connection)
                        .await?;
                    seal_anew(connection, key, &keyring).await?;
                }
                Ok(verdict)
            })
        })
        .await
    }

    async fn set_settings(
        &self,
        key: Key,
        addon_id: AddonId,
        settings: &Map<String, Value>,
        proof: Proof,
        now: Timestamp,
    ) -> Result<Verdict, Error> {
        let (chosen, keyring) = (settings.clone(), self.keyring.clone());
        self.transact(move |connection| {
            Box::pin(async move {
                let verdict = judge(connection, key, Step::Settings, addon_id, proof).await?;
                if verdict == Verdict::Apply {
                    merge_settings(connection, key, chosen, now).await?;
                    seal_anew(connection, key, &keyring).await?;
                }
                Ok(verdict)
            })
        })
        .await
    }

    async fn set_health(&self, key: Key, addon_id: AddonId, health: &Health) -> Result<bool, Error> {
        let health = health.clone();
        self.transact(move |connection| {
            Box::pin(async move {
                let (broken_at, broken_reason) = broken(&health);
                let query = "UPDATE installations SET broken_at = ?, broken_reason = ? WHERE addon = ? AND workspace = ? AND addon_id = ?";
                let done = sqlx::query(query)
                    .bind(broken_at)
                    .bind(broken_reason)
                    .bind(addon_number(key.addon))
                    .bind(key.workspace.as_bytes().as_slice())
                    .bind(addon_id.as_bytes().as_slice())
                    .execute(connection)
                    .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    async fn installation(&self, key: Key) -> Result<Option<Installation>, Error> {
        Ok(self.present(key).await?)
    }

    async fn installation_count(&self) -> Result<u64, Error> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM installations").fetch_one(&self.readers).await.map_err(Failure::from)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
