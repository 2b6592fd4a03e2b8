//! Former versions of a flow: what they were, and the way back to one. A change never alters a version; going back makes a new one.

use actix_web::HttpRequest;
use actix_web::web::Json;
use actors::clock::Timestamp;
use actors::flow::model::{Definition, Flow};
use actors::ids::FlowId;
use actors::workspace::flows::FlowChange;
use serde::Serialize;
use serde_json::to_value;

use super::caller::Admin;
use super::error::{Error, Kind};
use super::events::Pagination;
use super::flows::{self, Shown};
use super::query::Query;

/// The stored versions of a flow, newest first.
#[derive(Serialize, Debug)]
pub struct Listed {
    flow_id: FlowId,
    pagination: Pagination,
    versions: Vec<Line>,
}

/// A version in a list.
#[derive(Serialize, Debug)]
struct Line {
    version: u32,
    name: String,
    enabled: bool,
    actions_total: usize,
    updated_at: Timestamp,
}

/// A whole version.
#[derive(Serialize, Debug)]
pub struct Version {
    flow_id: FlowId,
    version: u32,
    #[serde(flatten)]
    definition: Definition,
    updated_at: Timestamp,
}

/// `GET /ui/flows/{id}/versions`.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let flow_id = flows::id(&request)?;
    let mut query = Query::of(&request);
    let slice = query.slice();
    query.checked()?;
    let page = caller.service.store.flow_versions(caller.key, flow_id, slice).await?;
    if page.total == 0 {
        return Err(Kind::FlowNotFound.into());
    }
    let line = |flow: Flow| Line {
        version: flow.version,
        enabled: flow.definition.enabled,
        actions_total: flow.definition.actions.len(),
        name: flow.definition.name,
        updated_at: flow.updated_at,
    };
    Ok(Json(Listed { flow_id, pagination: Pagination::of(page.total, slice), versions: page.items.into_iter().map(line).collect() }))
}

/// `GET /ui/flows/{id}/versions/{version}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Version>, Error> {
    let (_, Flow { id, version, definition, updated_at, .. }) = named(&caller, &request).await?;
    Ok(Json(Version { flow_id: id, version, definition, updated_at }))
}

/// `POST /ui/flows/{id}/versions/{version}/restore`: what it was becomes the newest version, if it could still run.
pub async fn restore(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let (present, former) = named(&caller, &request).await?;
    let definition = to_value(former.definition).map_err(|error| Error::because(Kind::Internal, error))?;
    let definition = flows::checked(&caller, &definition)?;
    let change = FlowChange::Update { id: present.id, definition, after: Some(present.version) };
    flows::updated(&caller, change, "restored").await
}

/// The flow that a path names, and the version of it.
async fn named(caller: &Admin, request: &HttpRequest) -> Result<(Flow, Flow), Error> {
    let id = flows::id(request)?;
    let present = caller.service.store.flow(caller.key, id).await?.ok_or(Kind::FlowNotFound)?;
    let version = request.match_info().get("version").and_then(|text| text.parse().ok()).ok_or(Kind::VersionNotFound)?;
    let version = caller.service.store.flow_version(caller.key, id, version).await?.ok_or(Kind::VersionNotFound)?;
    Ok((present, version))
}
