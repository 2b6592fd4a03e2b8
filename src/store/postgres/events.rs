//! Events as they are read; [`super::journal`] writes them.

use actors::clock::Timestamp;
use actors::event::{Event, EventType};
use actors::flow::run::RunState;
use actors::ids::{EventId, Key};
use actors::limits::store::{EVENTS_SEARCHED_MAX, ID_AHEAD_MS, PAGE_ROWS_MAX};
use actors::port::store::events::{EventFilter, Fingerprint, Reach};
use actors::port::store::{Error, Events, Page, Slice};
use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::columns;
use super::super::failure::unreadable;
use super::super::ids::{first_id_at, span_of};
use super::row::{about, bytes, count, text_if_any, time};
use super::{Failure, Postgres};

/// Events of a key that fit what an index tells of a filter; wants seven parameters.
const FITTING: &str = "FROM events WHERE stay = (SELECT stay FROM installations WHERE addon = $1 AND workspace = $2)
    AND ($3::TEXT IS NULL OR event_type = $3)
    AND CASE $4::TEXT WHEN 'any' THEN true WHEN 'clockify' THEN source IS NULL WHEN 'custom' THEN source NOT LIKE ':%' ELSE source = $5::TEXT END
    AND id >= $6 AND id < $7";

// What is skipped and counted is read out of the index alone. The rows themselves are fetched one by one: a join of their number, which the planner
// does not know, would be made by reading the whole table.

fn count_fitting() -> String {
    format!("SELECT count(*) {FITTING}")
}

/// A part of these.
fn page() -> String {
    format!(
        "SELECT events.* FROM (SELECT id {FITTING} ORDER BY id DESC LIMIT $8 OFFSET $9) AS page
        CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = page.id LIMIT 1) AS events ORDER BY events.id DESC"
    )
}

/// Looks for the rest in the newest of them; wants ten parameters.
fn found(columns: &str) -> String {
    format!(
        "SELECT {columns} FROM (SELECT id {FITTING} ORDER BY id DESC LIMIT {EVENTS_SEARCHED_MAX}) AS newest
        CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = newest.id LIMIT 1) AS events
        WHERE ($8::BYTEA IS NULL OR entity = $8) AND ($10::BYTEA IS NULL OR position($10 IN payload) > 0) AND ($9::TEXT IS NULL OR EXISTS (
            SELECT 1 FROM runs WHERE runs.event = events.id AND runs.stay = events.stay AND runs.state = $9
        ))"
    )
}

/// A part of these, and how many they are: each is looked at once.
fn page_found() -> String {
    format!(
        "SELECT events.*, page.total FROM ({} ORDER BY events.id DESC LIMIT $11 OFFSET $12) AS page
        CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = page.id LIMIT 1) AS events ORDER BY events.id DESC",
        found("events.id, count(*) OVER () AS total")
    )
}

/// How many a search looks at, and the last of them; one more if there are more.
fn reach() -> String {
    format!(
        "SELECT count(*), (array_agg(id ORDER BY id DESC))[{EVENTS_SEARCHED_MAX}] FROM (
            SELECT id {FITTING} ORDER BY id DESC LIMIT {EVENTS_SEARCHED_MAX} + 1
        ) AS newest"
    )
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

type Query = sqlx::query::Query<'static, sqlx::Postgres, PgArguments>;

/// A statement with what an index tells of a filter.
fn fitting(sql: String, key: Key, filter: &EventFilter) -> Query {
    let (kind, name) = columns::source_filter(filter.source.as_ref());
    let (first, next) = span_of(filter);
    let event_type = filter.event_type.as_ref().map(|wanted| wanted.as_str().to_owned());
    about(AssertSqlSafe(sql), key).bind(event_type).bind(kind).bind(name).bind(first).bind(next)
}

/// The same with what is sought.
fn sought(sql: String, key: Key, filter: &EventFilter) -> Query {
    let sought = &filter.sought;
    fitting(sql, key, filter)
        .bind(sought.entity.as_deref().map(|entity| entity.as_bytes().to_vec()))
        .bind(sought.run_state.map(RunState::as_str))
        .bind(sought.text.as_ref().map(|text| text.clone().into_bytes()))
}

fn part(query: Query, slice: Slice) -> Query {
    query.bind(i64::from(slice.limit.min(PAGE_ROWS_MAX))).bind(i64::from(slice.offset))
}

impl Postgres {
    async fn list_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let mut reading = self.reading().await?;
        let total: i64 = fitting(count_fitting(), key, filter).fetch_one(&mut *reading).await?.try_get(0)?;
        let rows = part(fitting(page(), key, filter), slice).fetch_all(&mut *reading).await?;
        reading.commit().await?;
        let items = rows.iter().map(event).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
    }

    async fn search_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let mut reading = self.reading().await?;
        let rows = part(sought(page_found(), key, filter), slice).fetch_all(&mut *reading).await?;
        let total: i64 = match rows.first() {
            Some(row) => row.try_get("total")?,
            None if slice.offset == 0 && slice.limit > 0 => 0,
            None => sought(found("count(*)"), key, filter).fetch_one(&mut *reading).await?.try_get(0)?,
        };
        reading.commit().await?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items: rows.iter().map(event).collect::<Result<_, _>>()? })
    }

    async fn reach_of(&self, key: Key, filter: &EventFilter) -> Result<Reach, Failure> {
        let row = fitting(reach(), key, filter).fetch_one(&self.readers).await?;
        let (events, most) = (u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0), u64::from(EVENTS_SEARCHED_MAX));
        let oldest: Option<Uuid> = row.try_get(1)?;
        Ok(Reach { events: events.min(most), oldest: oldest.filter(|_| events > most).map(EventId::from) })
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

    async fn reach(&self, key: Key, filter: &EventFilter) -> Result<Reach, Error> {
        Ok(self.reach_of(key, filter).await?)
    }

    async fn events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Error> {
        match filter.sought.is_anything() {
            true => Ok(self.search_events(key, filter, slice).await?),
            false => Ok(self.list_events(key, filter, slice).await?),
        }
    }
}
