//! Webhooks that the manifest does not declare: a hash each, which goes in the transaction of the uninstall.

use actors::addon::Addon;
use actors::event::EventType;
use actors::ids::Key;
use actors::installation::TokenHash;
use actors::port::store::subscriptions::SubscriptionSaved;
use actors::port::store::{Error, Subscriptions};
use actors::subscription::{Origin, Subscription, WebhookId};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::super::columns::addon_number;
use super::super::failure::unreadable;
use super::flows::stay;
use super::row::{about, bytes, key, time};
use super::{Failure, Sqlite};

fn subscription(row: &SqliteRow) -> Result<Subscription, Failure> {
    let webhook: Option<&str> = row.try_get("webhook")?;
    Ok(Subscription {
        event: EventType::parse(row.try_get("event")?).map_err(|_| unreadable("event"))?,
        origin: match webhook {
            None => Origin::Manual,
            Some(webhook) => Origin::Api { webhook: WebhookId::parse(webhook).ok_or_else(|| unreadable("webhook"))? },
        },
        hash: bytes(row, "hash")?,
        since: time(row, "since")?,
    })
}

async fn put(connection: &mut SqliteConnection, key: Key, subscription: Subscription) -> Result<SubscriptionSaved, Failure> {
    let Some(stay) = stay(connection, key).await? else { return Ok(SubscriptionSaved::Absent) };
    let (event, hash) = (subscription.event.as_str(), subscription.hash.to_vec());
    let query = about(TAKEN, key).bind(hash.clone()).bind(stay).bind(event.to_owned());
    if query.fetch_optional(&mut *connection).await?.is_some() {
        return Ok(SubscriptionSaved::Taken);
    }
    let replaced = remove(connection, key, Some(&subscription.event)).await?;
    let put = "INSERT INTO subscriptions (addon, workspace, stay, event, webhook, hash, since) VALUES (?, ?, ?, ?, ?, ?, ?)";
    about(put, key)
        .bind(stay)
        .bind(event.to_owned())
        .bind(subscription.webhook().map(|webhook| webhook.as_str().to_owned()))
        .bind(hash)
        .bind(subscription.since.millis())
        .execute(connection)
        .await?;
    Ok(if replaced { SubscriptionSaved::Replaced } else { SubscriptionSaved::Done })
}

/// Whether another subscription of the add-on has a token. The workspace is named as well, since a token that it has for another event is taken too.
pub(super) const TAKEN: &str =
    "SELECT 1 FROM subscriptions WHERE addon = ?1 AND hash = ?3 AND NOT (workspace = ?2 AND stay = ?4 AND event = ?5)";

pub(super) const ALL: &str = "SELECT subscriptions.* FROM installations CROSS JOIN subscriptions ON subscriptions.stay = installations.stay
    WHERE installations.addon = ?1 AND installations.workspace = ?2 ORDER BY subscriptions.event";

pub(super) const BY_TOKEN: &str = "SELECT subscriptions.addon, subscriptions.workspace FROM subscriptions
    CROSS JOIN installations ON installations.stay = subscriptions.stay
    WHERE subscriptions.addon = ?1 AND subscriptions.hash = ?2";

async fn remove(connection: &mut SqliteConnection, key: Key, event: Option<&EventType>) -> Result<bool, Failure> {
    let statement = "DELETE FROM subscriptions
        WHERE stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2) AND (?3 IS NULL OR event = ?3)";
    let query = about(statement, key).bind(event.map(|event| event.as_str().to_owned()));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Removes all subscriptions of a key, while its installation is still there.
pub(super) async fn remove_all(connection: &mut SqliteConnection, key: Key) -> Result<(), Failure> {
    remove(connection, key, None).await.map(drop)
}

impl Sqlite {
    async fn all_subscriptions(&self, key: Key) -> Result<Vec<Subscription>, Failure> {
        about(ALL, key).fetch_all(&self.readers).await?.iter().map(subscription).collect()
    }

    async fn whose_token(&self, addon: Addon, hash: TokenHash) -> Result<Option<Key>, Failure> {
        let query = sqlx::query(BY_TOKEN).bind(addon_number(addon)).bind(hash.to_vec());
        query.fetch_optional(&self.readers).await?.as_ref().map(key).transpose()
    }
}

#[async_trait]
impl Subscriptions for Sqlite {
    async fn put_subscription(&self, key: Key, subscription: &Subscription) -> Result<SubscriptionSaved, Error> {
        let subscription = subscription.clone();
        self.transact(move |connection| Box::pin(put(connection, key, subscription))).await
    }

    async fn delete_subscription(&self, key: Key, event: &EventType) -> Result<bool, Error> {
        let event = event.clone();
        self.transact(move |connection| Box::pin(async move { remove(connection, key, Some(&event)).await })).await
    }

    async fn subscriptions(&self, key: Key) -> Result<Vec<Subscription>, Error> {
        Ok(self.all_subscriptions(key).await?)
    }

    async fn subscriber(&self, addon: Addon, hash: &TokenHash) -> Result<Option<Key>, Error> {
        Ok(self.whose_token(addon, *hash).await?)
    }
}
