//! Accepted events, as they came: `/ui/webhooks` in the words of the reference.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Json;
use actors::clock::Timestamp;
use actors::event::{Event, EventType, Source};
use actors::ids::{EventId, WorkspaceId};
use actors::port::store::events::EventFilter;
use actors::port::store::{Page, Slice};
use serde::Serialize;
use serde_json::value::RawValue;

use super::caller::Admin;
use super::error::{Error, Kind};
use super::query::Query;

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
    webhooks: Vec<Line>,
}

/// An event in a list: without its payload.
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
    fn of(event: &Event) -> Self {
        let (source, custom_source) = match &event.source {
            Source::Clockify => ("CLOCKIFY", None),
            Source::Custom(name) => ("CUSTOM", Some(Arc::clone(name))),
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
        }
    }
}

/// `GET /ui/webhooks`, with `event_type` and `source` (`CLOCKIFY`, `CUSTOM`, or `CUSTOM` with `custom_source`) as filters.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let event_type = query.parsed("event_type", EventType::parse);
    let custom: Arc<str> = query.text("custom_source").unwrap_or_default().into();
    let source = query.parsed("source", |text| match text.to_ascii_uppercase().as_str() {
        "CLOCKIFY" => Ok(Source::Clockify),
        "CUSTOM" => Ok(Source::Custom(custom)),
        _ => Err("expected CLOCKIFY or CUSTOM"),
    });
    let slice = query.slice();
    query.checked()?;
    let filter = EventFilter { event_type, source };
    let Page { total, items } = caller.service.store.events(caller.key, &filter, slice).await?;
    let webhooks = items.iter().map(Line::of).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, pagination: Pagination::of(total, slice), webhooks }))
}

/// `GET /ui/webhooks/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let id = request.match_info().get("id").and_then(|id| EventId::parse(id).ok()).ok_or(Kind::WebhookNotFound)?;
    let event = caller.service.store.event(caller.key, id).await?.ok_or(Kind::WebhookNotFound)?;
    // Both were JSON when they were stored, so what is not is damage.
    let raw = |text: String| RawValue::from_string(text).map_err(|error| Error::because(Kind::Internal, error));
    let headers = raw(event.headers.clone().unwrap_or_else(|| "{}".into()))?;
    let payload = raw(String::from_utf8_lossy(&event.payload).into_owned())?;
    Ok(Json(Shown { line: Line::of(&event), workspace_id: caller.key.workspace, headers, payload }))
}
