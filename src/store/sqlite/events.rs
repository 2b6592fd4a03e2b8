//! Events as they are read; [`super::journal`] writes them.

use actors::clock::Timestamp;
use actors::event::{Event, EventType};
use actors::flow::run::RunState;
use actors::ids::{EventId, Key};
use actors::limits::store::{EVENTS_SEARCHED_MAX, ID_AHEAD_MS, PAGE_ROWS_MAX};
use actors::port::store::events::{EventFilter, Fingerprint, Reach, Sought};
use actors::port::store::{Error, Events, Page, Slice};
use async_trait::async_trait;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};
use uuid::Uuid;

use super::super::columns;
use super::super::failure::unreadable;
use super::super::ids::{aged, first_id_at, span_of};
use super::parts::{Counted, Listed, Part};
use super::row::{about, bytes, time};
use super::{Failure, Sqlite, chapters};

/// What an index tells of a filter; wants five parameters behind the key's two.
const FITTING: &str = "AND events.id >= ?6 AND events.id < ?7 AND (?3 IS NULL OR events.event_type = ?3)
    AND CASE ?4 WHEN 'any' THEN true WHEN 'clockify' THEN events.source IS NULL WHEN 'custom' THEN events.source NOT GLOB ':*'
        ELSE events.source = ?5 END";

/// How many events fit that, by chapter, until as many are counted as the eighth parameter says.
pub(super) fn count() -> String {
    Listed { table: "events", index: "events_by_stay", fitting: FITTING.into() }.counted("?8")
}

/// Those of a part, newest first; wants the limit and the offset as well.
fn part(columns: &str) -> String {
    format!(
        "{} SELECT {columns} FROM chapters
        CROSS JOIN events INDEXED BY events_by_stay ON events.chapter = chapters.chapter
            AND events.stay = (SELECT stay FROM installations WHERE addon = ?1 AND workspace = ?2)
        WHERE true {FITTING} ORDER BY events.id DESC LIMIT ?8 OFFSET ?9",
        chapters::OF_EVENTS
    )
}

/// A part of the list.
pub(super) fn page() -> String {
    format!(
        "SELECT events.* FROM ({}) AS page CROSS JOIN events ON events.number = page.number ORDER BY events.id DESC",
        part("events.number")
    )
}

/// The id with which a part begins.
pub(super) fn first() -> String {
    part("events.id")
}

/// Looks for what no index tells in a part, at no more than that takes; wants three parameters more.
fn found(columns: &str, sought: &Sought) -> String {
    let looks = sought.entity.is_some() || sought.text.is_some();
    let demands = [
        (sought.entity.is_some(), "AND events.entity = ?10"),
        (sought.text.is_some(), "AND instr(events.payload, ?12) > 0"),
        (
            sought.run_state.is_some(),
            "AND EXISTS (SELECT 1 FROM runs INDEXED BY runs_by_event WHERE runs.event = newest.id AND runs.stay = newest.stay AND runs.state = ?11)",
        ),
    ];
    let demanded: Vec<_> = demands.into_iter().filter(|(wanted, _)| *wanted).map(|(_, demand)| demand).collect();
    format!(
        "SELECT {columns} FROM ({}) AS newest {} WHERE true {}",
        part("events.number, events.id, events.stay"),
        if looks { "CROSS JOIN events ON events.number = newest.number" } else { "" },
        demanded.join(" ")
    )
}

/// How many a search finds.
pub(super) fn count_found(sought: &Sought) -> String {
    found("count(*)", sought)
}

/// A page of these, and how many they are: each is looked at once. Wants its limit and its offset, too.
pub(super) fn page_found(sought: &Sought) -> String {
    format!(
        "SELECT events.*, page.total FROM ({} ORDER BY newest.id DESC LIMIT ?13 OFFSET ?14) AS page
        CROSS JOIN events ON events.number = page.number ORDER BY events.id DESC",
        found("newest.number, count(*) OVER () AS total", sought)
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

/// A statement with what an index tells of a filter, for the events of a span of ids.
fn fitting(sql: String, key: Key, filter: &EventFilter, (first, next): (Uuid, Uuid)) -> Query {
    let (kind, name) = columns::source_filter(filter.source.as_ref());
    let event_type = filter.event_type.as_ref().map(|wanted| wanted.as_str().to_owned());
    about(AssertSqlSafe(sql), key).bind(event_type).bind(kind).bind(name).bind(first).bind(next)
}

/// The same, for a part of the list.
fn within(sql: String, key: Key, filter: &EventFilter, part: Part) -> Query {
    let (first, next) = span_of(filter);
    fitting(sql, key, filter, (first.max(part.from), next.min(part.to))).bind(part.limit).bind(part.offset)
}

/// The same with what is sought in it.
fn sought(sql: String, key: Key, filter: &EventFilter, part: Part) -> Query {
    let sought = &filter.sought;
    within(sql, key, filter, part)
        .bind(sought.entity.as_deref().map(str::to_owned))
        .bind(sought.run_state.map(RunState::as_str))
        .bind(sought.text.as_ref().map(|text| text.clone().into_bytes()))
}

async fn count_events(connection: &mut SqliteConnection, key: Key, filter: &EventFilter, wanted: i64) -> Result<Counted, Failure> {
    let query = fitting(count(), key, filter, span_of(filter)).bind(wanted);
    Counted::read(&query.fetch_all(connection).await?)
}

/// The events in which is looked for what no index tells.
const SEARCHED: Slice = Slice { limit: EVENTS_SEARCHED_MAX, offset: 0 };

impl Sqlite {
    async fn list_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let mut reading = self.reading().await?;
        let counted = count_events(&mut reading, key, filter, i64::MAX).await?;
        let part = counted.part(Slice { limit: slice.limit.min(PAGE_ROWS_MAX), ..slice });
        let page = within(page(), key, filter, part);
        let items = page.fetch_all(&mut *reading).await?.iter().map(event).collect::<Result<_, _>>()?;
        Ok(Page { total: counted.total, items })
    }

    async fn search_events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Failure> {
        let mut reading = self.reading().await?;
        let newest = count_events(&mut reading, key, filter, EVENTS_SEARCHED_MAX.into()).await?.part(SEARCHED);
        let page = sought(page_found(&filter.sought), key, filter, newest).bind(slice.limit.min(PAGE_ROWS_MAX)).bind(slice.offset);
        let rows = page.fetch_all(&mut *reading).await?;
        let total: i64 = match rows.first() {
            Some(row) => row.try_get("total")?,
            None if slice.offset == 0 && slice.limit > 0 => 0,
            None => sought(count_found(&filter.sought), key, filter, newest).fetch_one(&mut *reading).await?.try_get(0)?,
        };
        Ok(Page { total: u64::try_from(total).unwrap_or(0), items: rows.iter().map(event).collect::<Result<_, _>>()? })
    }

    async fn reach_of(&self, key: Key, filter: &EventFilter) -> Result<Reach, Failure> {
        let mut reading = self.reading().await?;
        let most = u64::from(EVENTS_SEARCHED_MAX);
        let counted = count_events(&mut reading, key, filter, i64::from(EVENTS_SEARCHED_MAX) + 1).await?;
        if counted.total <= most {
            return Ok(Reach { events: counted.total, oldest: None });
        }
        let last = counted.part(Slice { limit: 1, offset: EVENTS_SEARCHED_MAX - 1 });
        let oldest: Uuid = within(first(), key, filter, last).fetch_one(&mut *reading).await?.try_get(0)?;
        Ok(Reach { events: most, oldest: Some(EventId::from(oldest)) })
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
