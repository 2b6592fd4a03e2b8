//! Events as they are read; [`super::journal`] writes them.

use actors::clock::Timestamp;
use actors::event::{Event, EventType};
use actors::flow::run::RunState;
use actors::ids::{EventId, Key};
use actors::limits::store::{EVENTS_SEARCHED_MAX, ID_AHEAD_MS, PAGE_ROWS_MAX};
use actors::port::store::events::{EventFilter, Fingerprint, Sought};
use actors::port::store::{Error, Events, Page, Slice};
use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::columns;
use super::super::failure::unreadable;
use super::super::ids::{first_id_at, span};
use super::row::{about, bytes, count, text_if_any, time};
use super::{Failure, Postgres};

/// Events of a key that fit what an index tells of a filter; wants seven parameters.
const FITTING: &str = "FROM events WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
    AND ($3::TEXT IS NULL OR event_type = $3)
    AND CASE $4::TEXT WHEN 'any' THEN true WHEN 'clockify' THEN source IS NULL WHEN 'custom' THEN source NOT LIKE ':%' ELSE source = $5::TEXT END
    AND id >= $6 AND id < $7";

/// What is sought in the newest of them; wants three parameters more.
const SOUGHT: &str =
    "WHERE ($8::BYTEA IS NULL OR entity = $8) AND ($10::BYTEA IS NULL OR position($10 IN payload) > 0) AND ($9::TEXT IS NULL OR EXISTS (
        SELECT 1 FROM runs WHERE runs.event = events.id AND runs.stay = events.stay AND runs.state = $9
    ))";

/// Those that fit the whole filter; wants ten parameters.
fn fitting(sought: &Sought) -> String {
    if sought.is_anything() {
        format!("FROM (SELECT * {FITTING} ORDER BY id DESC LIMIT {EVENTS_SEARCHED_MAX}) AS events {SOUGHT}")
    } else {
        // Nothing is sought, and yet the parameters have to be there.
        format!("FROM (SELECT * {FITTING}) AS events WHERE $8::BYTEA IS NULL AND $9::TEXT IS NULL AND $10::BYTEA IS NULL")
    }
}

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
        source: columns::source(source),
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
        let (kind, name) = columns::source_filter(filter.source.as_ref());
        let event_type = filter.event_type.as_ref().map(|wanted| wanted.as_str().to_owned());
        let (from, to) = span(filter.from, filter.to);
        let sought = &filter.sought;
        let bound = |sql: String| {
            about(AssertSqlSafe(sql), key)
                .bind(event_type.clone())
                .bind(kind)
                .bind(name.clone())
                .bind(from)
                .bind(to)
                .bind(sought.entity.as_deref().map(|entity| entity.as_bytes().to_vec()))
                .bind(sought.run_state.map(RunState::as_str))
                .bind(sought.text.as_ref().map(|text| text.clone().into_bytes()))
        };
        let fitting = fitting(sought);
        let mut reading = self.reading().await?;
        let total: i64 = bound(format!("SELECT count(*) {fitting}")).fetch_one(&mut *reading).await?.try_get(0)?;
        let part = bound(format!("SELECT * {fitting} ORDER BY id DESC LIMIT $11 OFFSET $12"));
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
