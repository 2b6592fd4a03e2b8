//! Events as they are read; [`super::journal`] writes them.

use actors::clock::Timestamp;
use actors::event::{Event, EventType, Source};
use actors::ids::{EventId, Key};
use actors::limits::store::PAGE_ROWS_MAX;
use actors::port::store::events::{EventFilter, Fingerprint};
use actors::port::store::{Error, Events, Page, Slice};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::failure::unreadable;
use super::super::ids::{ID_AHEAD_MS, first_id_at};
use super::row::{about, bytes, count, text_if_any, time};
use super::{Failure, Postgres};

/// Events of a key that fit a filter; wants five parameters.
const FITTING: &str = "FROM events WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
    AND ($3::TEXT IS NULL OR event_type = $3)
    AND CASE $4::TEXT WHEN 'any' THEN true WHEN 'clockify' THEN source IS NULL WHEN 'custom' THEN source <> ':flow' ELSE source = $5::TEXT END";

const RECENT: &str = "SELECT * FROM (
        SELECT * FROM events WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
            AND id >= $3 AND source IS NULL ORDER BY id DESC LIMIT $5
    ) AS recent WHERE received_at >= $4 ORDER BY id";

const AFTER: &str = "SELECT * FROM events WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
    AND id > $3 ORDER BY id LIMIT $4";

const ONE: &str = "SELECT events.* FROM events WHERE id = $3 AND addon = $1 AND workspace = $2
    AND stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)";

fn event_type(row: &PgRow) -> Result<EventType, Failure> {
    EventType::parse(row.try_get("event_type")?).map_err(|_| unreadable("event_type"))
}

fn event(row: &PgRow) -> Result<Event, Failure> {
    let source: Option<&str> = row.try_get("source")?;
    Ok(Event {
        id: row.try_get::<Uuid, _>("id")?.into(),
        source: super::super::columns::source(source),
        event_type: event_type(row)?,
        entity: text_if_any(row, "entity")?,
        received_at: time(row, "received_at")?,
        payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
        payload_hash: bytes(row, "payload_hash")?,
        headers: row.try_get("headers")?,
        deliveries: count(row, "deliveries")?,
        message: text_if_any(row, "message")?,
    })
}

fn fingerprint(row: &PgRow) -> Result<Fingerprint, Failure> {
    Ok(Fingerprint {
        id: row.try_get::<Uuid, _>("id")?.into(),
        event_type: event_type(row)?,
        entity: text_if_any(row, "entity")?,
        payload_hash: bytes(row, "payload_hash")?,
        received_at: time(row, "received_at")?,
    })
}

impl Postgres {
    async fn list_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let (kind, name) = match &filter.source {
            None => ("any", None),
            Some(Source::Clockify) => ("clockify", None),
            Some(Source::Custom(name)) if name.is_empty() => ("custom", None),
            Some(Source::Custom(name)) => ("named", Some(name.to_string())),
            Some(Source::Flow) => ("named", Some(super::super::columns::FLOW_SOURCE.to_owned())),
        };
        let event_type = filter.event_type.as_ref().map(|wanted| wanted.as_str().to_owned());
        let fitting = |sql: String| about(AssertSqlSafe(sql), key).bind(event_type.clone()).bind(kind).bind(name.clone());
        let mut reading = self.reading().await?;
        let total: i64 = fitting(format!("SELECT count(*) {FITTING}")).fetch_one(&mut *reading).await?.try_get(0)?;
        let part = fitting(format!("SELECT * {FITTING} ORDER BY id DESC LIMIT $6 OFFSET $7"));
        let part = part.bind(i64::from(slice.limit.min(PAGE_ROWS_MAX))).bind(i64::from(slice.offset));
        let rows = part.fetch_all(&mut *reading).await?;
        reading.commit().await?;
        let items = rows.iter().map(event).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }

    async fn recent_fingerprints(&self, key: Key, since: Timestamp, limit: u32) -> Result<Vec<Fingerprint>, Failure> {
        let from = first_id_at(Timestamp::from_millis(since.millis().saturating_sub(ID_AHEAD_MS)));
        let query = about(RECENT, key).bind(from).bind(since.millis()).bind(i64::from(limit));
        query.fetch_all(&self.readers).await?.iter().map(fingerprint).collect()
    }

    async fn later_events(&self, key: Key, after: EventId, limit: u32) -> Result<Vec<Event>, Failure> {
        let query = about(AFTER, key).bind(after.uuid()).bind(i64::from(limit.min(PAGE_ROWS_MAX)));
        query.fetch_all(&self.readers).await?.iter().map(event).collect()
    }

    async fn one_event(&self, key: Key, id: EventId) -> Result<Option<Event>, Failure> {
        about(ONE, key).bind(id.uuid()).fetch_optional(&self.readers).await?.as_ref().map(event).transpose()
    }
}

#[async_trait]
impl Events for Postgres {
    async fn event(&self, key: Key, id: EventId) -> Result<Option<Event>, Error> {
        Ok(self.one_event(key, id).await?)
    }

    async fn fingerprints(&self, key: Key, since: Timestamp, limit: u32) -> Result<Vec<Fingerprint>, Error> {
        Ok(self.recent_fingerprints(key, since, limit).await?)
    }

    async fn events_after(&self, key: Key, after: EventId, limit: u32) -> Result<Vec<Event>, Error> {
        Ok(self.later_events(key, after, limit).await?)
    }

    async fn events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Error> {
        Ok(self.list_events(key, filter, slice).await?)
    }
}
