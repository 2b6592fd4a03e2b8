//! What is known of the workspace's entities: lists, searches, one with all that the platform said of it, and those that an event names.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Json;
use actors::bootstrap::news::mentioned;
use actors::clock::Timestamp;
use actors::entity::{Entity, EntityId, EntityType};
use actors::ids::{EventId, Key, WorkspaceId};
use actors::limits::bootstrap::PAYLOAD_ENTITIES_MAX;
use actors::port::store::entities::EntityFilter;
use actors::port::store::{Page, Store};
use serde::Serialize;
use serde_json::Value;

use super::caller::Admin;
use super::error::{Error, Kind};
use super::events::Pagination;
use super::query::Query;

/// Entities of the workspace.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    types: Vec<Counted>,
    pagination: Pagination,
    entities: Vec<Line>,
}

/// How many there are of a type.
#[derive(Serialize, Debug)]
struct Counted {
    #[serde(rename = "type")]
    kind: EntityType,
    count: u64,
}

/// An entity in a list.
#[derive(Serialize, Debug)]
struct Line {
    #[serde(rename = "type")]
    kind: EntityType,
    id: EntityId,
    name: Option<Arc<str>>,
    parent: Option<EntityId>,
    fetched_at: Timestamp,
}

/// A whole entity.
#[derive(Serialize, Debug)]
pub struct Shown {
    workspace_id: WorkspaceId,
    #[serde(flatten)]
    line: Line,
    data: Value,
}

/// Entities that an event names.
#[derive(Serialize, Debug)]
pub struct Named {
    workspace_id: WorkspaceId,
    entities: Vec<Mentioned>,
}

#[derive(Serialize, Debug)]
struct Mentioned {
    #[serde(rename = "type")]
    kind: EntityType,
    id: EntityId,
    name: Option<String>,
    /// JSONPath in the payload.
    path: String,
    /// Whether the cache has it.
    cached: bool,
}

/// How many entities there are, as the dashboard says it.
#[derive(Serialize, Debug)]
pub struct Counts {
    by_type: BTreeMap<EntityType, u64>,
    total: u64,
    summary: String,
}

impl Counts {
    /// Of a workspace.
    pub async fn of(store: &dyn Store, key: Key) -> Result<Self, Error> {
        let by_type: BTreeMap<EntityType, u64> = store.entity_counts(key).await?.into_iter().collect();
        let total: u64 = by_type.values().sum();
        let summary = match (total, by_type.len()) {
            (0, _) => "No entities cached".to_owned(),
            (1, _) => "1 entity cached".to_owned(),
            (_, 1) => format!("{total} entities of 1 type cached"),
            (_, types) => format!("{total} entities of {types} types cached"),
        };
        Ok(Self { by_type, total, summary })
    }
}

/// `GET /ui/entities`, with `type` and `q` (a part of the name in any case, or an id) as filters.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let filter = EntityFilter { kind: query.parsed("type", EntityType::parse), text: query.text("q").map(str::to_owned) };
    let slice = query.slice();
    query.checked()?;
    let (store, key) = (&caller.service.store, caller.key);
    let counts = store.entity_counts(key).await?;
    let Page { total, items } = store.entities(key, &filter, slice).await?;
    let line = |listed: actors::entity::Listed| Line {
        kind: listed.kind,
        id: listed.id,
        name: listed.name,
        parent: listed.parent,
        fetched_at: listed.fetched_at,
    };
    Ok(Json(Listed {
        workspace_id: key.workspace,
        types: counts.into_iter().map(|(kind, count)| Counted { kind, count }).collect(),
        pagination: Pagination::of(total, slice),
        entities: items.into_iter().map(line).collect(),
    }))
}

/// `GET /ui/entities/{type}/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let part = |name: &str| request.match_info().get(name).unwrap_or_default().to_owned();
    let (kind, id) = (EntityType::parse(&part("type")), EntityId::parse(&part("id")));
    let (Ok(kind), Ok(id)) = (kind, id) else { return Err(Kind::EntityNotFound.into()) };
    let entity = caller.service.store.entity(caller.key, &kind, &id).await?.ok_or(Kind::EntityNotFound)?;
    let Entity { kind, id, name, parent, data, fetched_at } = entity;
    Ok(Json(Shown { workspace_id: caller.key.workspace, line: Line { kind, id, name, parent, fetched_at }, data }))
}

/// `GET /ui/webhooks/{id}/entities`.
pub async fn of_webhook(caller: Admin, request: HttpRequest) -> Result<Json<Named>, Error> {
    let id = request.match_info().get("id").and_then(|id| EventId::parse(id).ok()).ok_or(Kind::WebhookNotFound)?;
    let (store, key) = (&caller.service.store, caller.key);
    let event = store.event(key, id).await?.ok_or(Kind::WebhookNotFound)?;
    let payload: Value = serde_json::from_slice(&event.payload).map_err(|error| Error::because(Kind::Internal, error))?;
    let mut entities = Vec::new();
    for named in mentioned(&event.event_type, &payload, PAYLOAD_ENTITIES_MAX) {
        let known = store.entity(key, &named.kind, &named.id).await?;
        let cached = known.is_some();
        let name = known.and_then(|known| Some(known.name?.to_string())).or(named.name);
        entities.push(Mentioned { kind: named.kind, id: named.id, name, path: named.path, cached });
    }
    Ok(Json(Named { workspace_id: key.workspace, entities }))
}
