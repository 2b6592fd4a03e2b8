//! Accepted events, as they came: `/ui/webhooks` in the words of the reference.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpRequest, Responder};
use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::event::{Event, EventType, Source};
use actors::ids::{EventId, RunId, WorkspaceId};
use actors::limits::http::{LISTED_PAYLOAD_BYTES_MAX, SOUGHT_BYTES_MAX};
use actors::port::store::events::{EventFilter, Reach, Sought};
use actors::port::store::{Page, Slice};
use actors::workspace::replay_event::EventReplayed;
use serde::Serialize;
use serde_json::value::RawValue;

use super::caller::Admin;
use super::error::{Error, Kind};
use super::query::Query;
use super::runs;

/// Which part of a list this is.
#[derive(Serialize, Clone, Copy, Debug)]
pub struct Pagination {
    /// How many there are in all.
    pub total: u64,
    limit: u32,
    offset: u32,
    has_more: bool,
}

impl Pagination {
    /// The place of a slice in a list of `total`.
    pub fn of(total: u64, slice: Slice) -> Self {
        let Slice { limit, offset } = slice;
        Self { total, limit, offset, has_more: u64::from(offset) + u64::from(limit) < total }
    }
}

/// A list of events, newest first.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    pagination: Pagination,
    /// How far it was looked for what no index tells, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    searched: Option<Searched>,
    webhooks: Vec<Line>,
}

/// What a search has looked at.
#[derive(Serialize, Debug)]
struct Searched {
    /// So many events, the newest that fit the rest of the filter.
    events: u64,
    /// Whether those are all of them.
    complete: bool,
    /// The oldest of them, if there are older ones: with it as `before` the search goes on.
    oldest: Option<EventId>,
}

/// An event that has been matched again.
#[derive(Serialize, Debug)]
pub struct Replayed {
    status: &'static str,
    id: EventId,
    /// The runs that it started.
    runs: Vec<RunId>,
}

/// An event in a list: without its payload, but for users of API Studio, who find a short one there.
#[derive(Serialize, Debug)]
pub struct Line {
    id: EventId,
    source: &'static str,
    custom_source: Option<Arc<str>>,
    event_type: EventType,
    entity: Option<Arc<str>>,
    received_at: Timestamp,
    deliveries: u32,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
}

/// A whole event.
#[derive(Serialize, Debug)]
pub struct Shown {
    #[serde(flatten)]
    line: Line,
    workspace_id: WorkspaceId,
    headers: Box<RawValue>,
    payload: Box<RawValue>,
}

impl Line {
    /// Without its payload.
    pub fn of(event: &Event) -> Self {
        let (source, custom_source) = match &event.source {
            Source::Clockify => ("CLOCKIFY", None),
            Source::Custom(name) => ("CUSTOM", Some(Arc::clone(name))),
            Source::Flow => ("FLOW", None),
            Source::Schedule => ("SCHEDULE", None),
        };
        Self {
            id: event.id,
            source,
            custom_source,
            event_type: event.event_type.clone(),
            entity: event.entity.clone(),
            received_at: event.received_at,
            deliveries: event.deliveries,
            summary: format!("{} received {}", event.event_type, event.received_at),
            payload: None,
        }
    }
}

/// `GET /ui/webhooks`, with `event_type`, `source` (`CLOCKIFY`, `FLOW`, `SCHEDULE`, `CUSTOM`, or `CUSTOM` with `custom_source`), `from`, `to` and `before`
/// (an event) as filters; `entity`, `run_status` and `text` are looked for in the newest events that fit those.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let event_type = query.parsed("event_type", EventType::parse);
    let custom: Arc<str> = query.text("custom_source").unwrap_or_default().into();
    let source = query.parsed("source", |text| match text.to_ascii_uppercase().as_str() {
        "CLOCKIFY" => Ok(Source::Clockify),
        "CUSTOM" => Ok(Source::Custom(custom)),
        "FLOW" => Ok(Source::Flow),
        "SCHEDULE" => Ok(Source::Schedule),
        _ => Err("expected CLOCKIFY, CUSTOM, FLOW or SCHEDULE"),
    });
    let sought = Sought {
        entity: query.bounded("entity", SOUGHT_BYTES_MAX).map(Into::into),
        run_state: runs::state(&mut query, "run_status"),
        text: query.bounded("text", SOUGHT_BYTES_MAX),
    };
    let (from, to) = (query.time("from"), query.time("to"));
    let before = query.parsed("before", EventId::parse);
    let slice = query.slice();
    query.checked()?;
    let filter = EventFilter { event_type, source, from, to, before, sought };
    let Page { total, items } = caller.service.store.events(caller.key, &filter, slice).await?;
    let searched = if filter.sought.is_anything() { Some(searched(&caller, &filter).await?) } else { None };
    let with_payload = |event: &Event| event.payload.len() <= LISTED_PAYLOAD_BYTES_MAX && caller.key.addon == Addon::ApiStudio;
    let line = |event: &Event| -> Result<Line, Error> {
        let payload = with_payload(event).then(|| payload(event)).transpose()?;
        Ok(Line { payload, ..Line::of(event) })
    };
    let webhooks = items.iter().map(line).collect::<Result<_, _>>()?;
    Ok(Json(Listed { workspace_id: caller.key.workspace, pagination: Pagination::of(total, slice), searched, webhooks }))
}

async fn searched(caller: &Admin, filter: &EventFilter) -> Result<Searched, Error> {
    let Reach { events, oldest } = caller.service.store.reach(caller.key, filter).await?;
    Ok(Searched { events, complete: oldest.is_none(), oldest })
}

/// `GET /ui/webhooks/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let id = id(&request)?;
    let event = caller.service.store.event(caller.key, id).await?.ok_or(Kind::WebhookNotFound)?;
    let headers = raw(event.headers.clone().unwrap_or_else(|| "{}".into()))?;
    let payload = payload(&event)?;
    Ok(Json(Shown { line: Line::of(&event), workspace_id: caller.key.workspace, headers, payload }))
}

/// `POST /ui/webhooks/{id}/replay`: the event is matched against the flows of now and starts those that apply to it.
pub async fn replay(caller: Admin, request: HttpRequest) -> Result<impl Responder, Error> {
    let id = id(&request)?;
    match caller.service.registry.replay_event(caller.key, id).await? {
        EventReplayed::Started(runs) => Ok((Json(Replayed { status: "matched", id, runs }), StatusCode::ACCEPTED)),
        EventReplayed::Absent => Err(Kind::WebhookNotFound.into()),
    }
}

fn id(request: &HttpRequest) -> Result<EventId, Error> {
    request.match_info().get("id").and_then(|id| EventId::parse(id).ok()).ok_or_else(|| Kind::WebhookNotFound.into())
}

fn payload(event: &Event) -> Result<Box<RawValue>, Error> {
    raw(String::from_utf8_lossy(&event.payload).into_owned())
}

/// What was JSON when it was stored; if it is not, that is damage.
fn raw(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text).map_err(|error| Error::because(Kind::Internal, error))
}
