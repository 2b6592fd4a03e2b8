//! Events as they are read; [`super::journal`] writes them.

use actors::clock::Timestamp;
use actors::event::{Event, EventType};
use actors::flow::run::RunState;
use actors::ids::{EventId, Key};
use actors::limits::store::{EVENTS_SEARCHED_MAX, ID_AHEAD_MS, PAGE_ROWS_MAX};
use actors::port::store::events::{EventFilter, Fingerprint, Reach};
use actors::port::store::{Error, Events, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::columns;
use super::super::failure::unreadable;
use super::super::ids::{aged, first_id_at, span_of};
use super::order::Order;
use super::row::{about, bytes, time};
use super::{Failure, Sqlite, chapters};

/// Events of a key that fit what an index tells of a filter; wants seven parameters.
const FITTING: &str = "FROM chapters
    CROSS JOIN events INDEXED BY events_by_stay ON events.chapter = chapters.chapter
        AND events.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2) AND events.id >= ?6 AND events.id < ?7
    WHERE (?3 IS NULL OR events.event_type = ?3)
        AND CASE ?4 WHEN 'any' THEN true WHEN 'clockify' THEN events.source IS NULL WHEN 'custom' THEN events.source NOT GLOB ':*'
            ELSE events.source = ?5 END";

/// The newest of them, in which it is looked for what no index tells; wants seven parameters.
fn newest(columns: &str, rows_max: u32) -> String {
    format!("{} SELECT {columns} {FITTING} ORDER BY events.id DESC LIMIT {rows_max}", chapters::OF_EVENTS)
}

/// What fits a filter by an index alone, counted.
pub(super) fn count() -> String {
    format!("{} SELECT count(*) {FITTING}", chapters::OF_EVENTS)
}

/// A part of these. Whatever lies in the further half is counted from the end, because what is skipped has to be sorted.
pub(super) fn page(order: Order) -> String {
    format!(
        "SELECT events.* FROM ({} SELECT events.number {FITTING} ORDER BY events.id {order} LIMIT ?8 OFFSET ?9) AS page
        CROSS JOIN events ON events.number = page.number ORDER BY events.id DESC",
        chapters::OF_EVENTS
    )
}

/// Looks for the rest in the newest of them; wants ten parameters.
fn found(columns: &str) -> String {
    format!(
        "SELECT {columns} FROM ({}) AS newest CROSS JOIN events ON events.number = newest.number
        WHERE (?8 IS NULL OR events.entity = ?8) AND (?10 IS NULL OR instr(events.payload, ?10) > 0) AND (?9 IS NULL OR EXISTS (
            SELECT 1 FROM runs INDEXED BY runs_by_event WHERE runs.event = events.id AND runs.stay = events.stay AND runs.state = ?9
        ))",
        newest("events.number", EVENTS_SEARCHED_MAX)
    )
}

/// How many a search finds.
pub(super) fn count_found() -> String {
    found("count(*)")
}

/// A part of these, and how many they are: each is looked at once.
pub(super) fn page_found() -> String {
    format!(
        "SELECT events.*, page.total FROM ({} ORDER BY events.id DESC LIMIT ?11 OFFSET ?12) AS page
        CROSS JOIN events ON events.number = page.number ORDER BY events.id DESC",
        found("events.number, count(*) OVER () AS total")
    )
}

/// How many a search looks at, and the last of them; one more if there are more.
pub(super) fn reach() -> String {
    format!(
        "SELECT count(*), min(iif(place <= {EVENTS_SEARCHED_MAX}, id, NULL)) FROM (
            SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM ({})
        )",
        newest("events.id", EVENTS_SEARCHED_MAX + 1)
    )
}

/// Looks into the chapters back to the one that holds the first id since then, and no further.
pub(super) fn recent() -> String {
    format!(
        "SELECT events.* FROM ({} SELECT events.number FROM chapters
            CROSS JOIN events INDEXED BY events_by_stay ON events.chapter = chapters.chapter
                AND events.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)
            WHERE events.source IS NULL ORDER BY events.id DESC LIMIT ?5) AS recent
        CROSS JOIN events ON events.number = recent.number WHERE events.received_at >= ?4 ORDER BY events.id",
        chapters::OF_RECENT_EVENTS
    )
}

/// Likewise; the chapters go back some way behind the id, because ids of other workspaces' events may have been written earlier or later.
pub(super) fn after() -> String {
    format!(
        "SELECT events.* FROM ({} SELECT events.number FROM chapters
            CROSS JOIN events INDEXED BY events_by_stay ON events.chapter = chapters.chapter
                AND events.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)
            WHERE events.id > ?4 ORDER BY events.id LIMIT ?5) AS later
        CROSS JOIN events ON events.number = later.number ORDER BY events.id",
        chapters::OF_RECENT_EVENTS
    )
}

pub(super) const ONE: &str = "SELECT events.* FROM events WHERE id = ?3 AND addon = ?1 AND workspace = ?2
    AND stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)";

fn event_type(row: &SqliteRow) -> Result<EventType, Failure> {
    EventType::parse(row.try_get("event_type")?).map_err(|_| unreadable("event_type"))
}

fn event(row: &SqliteRow) -> Result<Event, Failure> {
    let source: Option<&str> = row.try_get("source")?;
    Ok(Event {
        id: row.try_get::<Uuid, _>("id")?.into(),
        source: columns::source(source),
        event_type: event_type(row)?,
        entity: row.try_get::<Option<&str>, _>("entity")?.map(Into::into),
        received_at: time(row, "received_at")?,
        payload: row.try_get::<Vec<u8>, _>("payload")?.into(),
        payload_hash: bytes(row, "payload_hash")?,
        headers: row.try_get("headers")?,
        deliveries: row.try_get("deliveries")?,
        message: row.try_get::<Option<&str>, _>("message")?.map(Into::into),
    })
}

fn fingerprint(row: &SqliteRow) -> Result<Fingerprint, Failure> {
    Ok(Fingerprint {
        id: row.try_get::<Uuid, _>("id")?.into(),
        event_type: event_type(row)?,
        entity: row.try_get::<Option<&str>, _>("entity")?.map(Into::into),
        payload_hash: bytes(row, "payload_hash")?,
        received_at: time(row, "received_at")?,
    })
}

type Query = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

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
        .bind(sought.entity.as_deref().map(str::to_owned))
        .bind(sought.run_state.map(RunState::as_str))
        .bind(sought.text.as_ref().map(|text| text.clone().into_bytes()))
}

impl Sqlite {
    async fn list_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let mut reading = self.reading().await?;
        let total: i64 = fitting(count(), key, filter).fetch_one(&mut *reading).await?.try_get(0)?;
        let total = u64::try_from(total).unwrap_or(0);
        let (order, limit, offset) = Order::from_nearer_end(slice, total);
        let part = fitting(page(order), key, filter).bind(limit).bind(offset);
        let items = part.fetch_all(&mut *reading).await?.iter().map(event).collect::<Result<_, _>>()?;
        Ok(Page { total, items })
    }

    async fn search_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let mut reading = self.reading().await?;
        let part = sought(page_found(), key, filter).bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset);
        let rows = part.fetch_all(&mut *reading).await?;
        let total: i64 = match rows.first() {
            Some(row) => row.try_get("total")?,
            None if slice.offset == 0 && slice.limit > 0 => 0,
            None => sought(count_found(), key, filter).fetch_one(&mut *reading).await?.try_get(0)?,
        };
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
        let query = about(AssertSqlSafe(recent()), key).bind(from).bind(since.millis()).bind(limit);
        query.fetch_all(&self.readers).await?.iter().map(fingerprint).collect()
    }

    async fn later_events(&self, key: Key, after: EventId, limit: u32) -> Result<Vec<Event>, Failure> {
        let from = aged(after);
        let query = about(AssertSqlSafe(self::after()), key).bind(from).bind(after.uuid()).bind(limit.min(PAGE_ROWS_MAX));
        query.fetch_all(&self.readers).await?.iter().map(event).collect()
    }

    async fn one_event(&self, key: Key, id: EventId) -> Result<Option<Event>, Failure> {
        about(ONE, key).bind(id.uuid()).fetch_optional(&self.readers).await?.as_ref().map(event).transpose()
    }
}

#[async_trait]
impl Events for Sqlite {
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
