//! Events as they are read; [`super::journal`] writes them.

use actors::clock::Timestamp;
use actors::event::{Event, EventType};
use actors::flow::run::RunState;
use actors::ids::{EventId, Key};
use actors::limits::store::{EVENTS_SEARCHED_MAX, ID_AHEAD_MS, PAGE_ROWS_MAX};
use actors::port::store::events::{EventFilter, Fingerprint, Sought};
use actors::port::store::{Error, Events, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::super::columns;
use super::super::failure::unreadable;
use super::super::ids::{aged, first_id_at, span};
use super::row::{about, bytes, time};
use super::{Failure, Sqlite, chapters};

/// Events of a key that fit what an index tells of a filter; wants seven parameters.
const FITTING: &str = "FROM chapters
    CROSS JOIN events INDEXED BY events_by_stay ON events.chapter = chapters.chapter
        AND events.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2) AND events.id >= ?6 AND events.id < ?7
    WHERE (?3 IS NULL OR events.event_type = ?3)
        AND CASE ?4 WHEN 'any' THEN true WHEN 'clockify' THEN events.source IS NULL WHEN 'custom' THEN events.source NOT GLOB ':*'
            ELSE events.source = ?5 END";

/// Columns of those that fit the whole filter; wants ten parameters. What is sought is looked for in the
/// newest rows alone.
fn fitting(sought: &Sought, columns: &str) -> String {
    let chapters = chapters::OF_EVENTS;
    if !sought.is_anything() {
        return format!("{chapters} SELECT {columns} {FITTING}");
    }
    format!(
        "SELECT {columns} FROM (
            {chapters} SELECT events.number {FITTING} ORDER BY events.id DESC LIMIT {EVENTS_SEARCHED_MAX}
        ) AS newest CROSS JOIN events ON events.number = newest.number
        WHERE (?8 IS NULL OR events.entity = ?8) AND (?10 IS NULL OR instr(events.payload, ?10) > 0) AND (?9 IS NULL OR EXISTS (
            SELECT 1 FROM runs INDEXED BY runs_by_event WHERE runs.event = events.id AND runs.stay = events.stay AND runs.state = ?9
        ))"
    )
}

pub(super) fn count(sought: &Sought) -> String {
    fitting(sought, "count(*)")
}

pub(super) fn page(sought: &Sought) -> String {
    format!(
        "SELECT events.* FROM ({} ORDER BY events.id DESC LIMIT ?11 OFFSET ?12) AS page
        CROSS JOIN events ON events.number = page.number ORDER BY events.id DESC",
        fitting(sought, "events.number")
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

impl Sqlite {
    async fn list_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let (kind, name) = columns::source_filter(filter.source.as_ref());
        let event_type = filter.event_type.as_ref().map(|wanted| wanted.as_str().to_owned());
        let (from, to) = span(filter.from, filter.to);
        let sought = &filter.sought;
        let fitting = |sql: String| {
            about(AssertSqlSafe(sql), key)
                .bind(event_type.clone())
                .bind(kind)
                .bind(name.clone())
                .bind(from)
                .bind(to)
                .bind(sought.entity.as_deref().map(str::to_owned))
                .bind(sought.run_state.map(RunState::as_str))
                .bind(sought.text.as_ref().map(|text| text.clone().into_bytes()))
        };
        let mut reading = self.reading().await?;
        let total: i64 = fitting(count(sought)).fetch_one(&mut *reading).await?.try_get(0)?;
        let part = fitting(page(sought)).bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset);
        let items = part.fetch_all(&mut *reading).await?.iter().map(event).collect::<Result<_, _>>()?;
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items })
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

    async fn events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Error> {
        Ok(self.list_events(key, filter, slice).await?)
    }
}
