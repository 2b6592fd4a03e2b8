//! What was changed, by whom: every change of the route table that went well leaves a line, so that none can be forgotten.
//!
//! A change is a request of an admin or of the platform that is no reading; [`described`] says which of those change nothing. The line is
//! written after the change and before its answer. A store that fails in between costs the line and not the change.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Json;
use actix_web::{HttpMessage, HttpRequest};
use actors::activity::Activity;
use actors::clock::Timestamp;
use actors::ids::{ActivityId, Key, WorkspaceId};
use actors::limits::activity as limits;
use serde::Serialize;

use super::caller::{Admin, Mount, Proof};
use super::error::Error;
use super::events::Pagination;
use super::openapi::described;
use super::query::Query;
use super::routes::{Endpoint, Matched};

/// Changes of a workspace, the latest first.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    pagination: Pagination,
    activities: Vec<Line>,
}

/// A change.
#[derive(Serialize, Debug)]
struct Line {
    id: ActivityId,
    at: Timestamp,
    /// None: the platform.
    user_id: Option<String>,
    /// Method and path of the endpoint.
    what: String,
    subject: Option<String>,
    detail: Option<String>,
}

/// `GET /ui/activity`.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let slice = query.slice();
    query.checked()?;
    let page = caller.service.store.activities(caller.key, slice).await?;
    let line = |Activity { id, at, user, what, subject, detail }| Line { id, at, user_id: user, what, subject, detail };
    let activities = page.items.into_iter().map(line).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, pagination: Pagination::of(page.total, slice), activities }))
}

/// Who has proved to be the caller; extractors leave it with the request.
#[derive(Clone)]
pub struct Who {
    /// Where.
    pub key: Key,
    /// The platform's id of the person. `None`: the platform.
    pub user: Option<String>,
}

/// What a handler says of its change.
#[derive(Clone, Default)]
struct Told {
    subject: Option<String>,
    detail: Option<String>,
}

/// Names what a request has made or changed: its id where the path does not have it, and words for people.
pub fn tell(request: &HttpRequest, subject: Option<String>, detail: impl Into<String>) {
    request.extensions_mut().insert(Told { subject, detail: Some(detail.into()).filter(|detail: &String| !detail.is_empty()) });
}

/// Whether requests of this route leave a line.
pub fn leaves_a_line(endpoint: &Endpoint) -> bool {
    let reading = endpoint.verb == super::routes::Verb::Get;
    !reading && matches!(endpoint.proof, Proof::Admin | Proof::Lifecycle) && described::of(endpoint.verb, endpoint.path).changes
}

/// Goes around the routes that leave a line.
pub async fn record<B: MessageBody + 'static>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, actix_web::Error> {
    let response = next.call(request).await?;
    if response.status().is_success() {
        note(response.request()).await;
    }
    Ok(response)
}

async fn note(request: &HttpRequest) {
    let Some(Who { key, user }) = request.extensions().get::<Who>().cloned() else { return };
    let (Some(mount), Some(Matched(path))) = (request.app_data::<Mount>(), request.app_data::<Matched>()) else { return };
    let what = format!("{} {path}", request.method());
    let changes = super::ROUTES.iter().any(|endpoint| {
        endpoint.path == *path
            && endpoint.verb.as_str() == request.method().as_str()
            && endpoint.is_of(key.addon)
            && leaves_a_line(endpoint)
    });
    if !changes {
        return;
    }
    let service = &mount.service;
    let told = request.extensions().get::<Told>().cloned().unwrap_or_default();
    let in_path: Vec<&str> = request.match_info().iter().map(|(_, value)| value).collect();
    let subject = told.subject.or_else(|| (!in_path.is_empty()).then(|| in_path.join("/")));
    let activity =
        Activity { id: service.clock.fresh_id().into(), at: service.clock.now(), user, what, subject, detail: told.detail }.cut();
    if let Err(error) = service.store.record_activity(key, &activity, limits::KEPT_MAX).await {
        log::warn!(workspace:% = key.workspace, what = activity.what.as_str(); "a change was not written down: {error}");
    }
}
