//! Custom sources as admins see and change them. A secret is shown once, when it is made; afterwards only when it was made and when it ends.

pub(super) mod read;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actors::clock::Timestamp;
use actors::flow::read::Faults;
use actors::ids::WorkspaceId;
use actors::limits::setting::CHANGE_BYTES_MAX;
use actors::limits::source::{ROTATION_SECONDS_DEFAULT, ROTATION_SECONDS_MAX};
use actors::secret::Secret;
use actors::source::{CustomSource, Scheme, SourceName, SourceSecret, TypeFrom};
use actors::workspace::sources::{SourceChange, SourceChanged};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::caller::Admin;
use super::error::{Error, Kind};
use super::{activity, body, request_id};
use crate::auth::signature;

/// Every source, by name.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    total: usize,
    sources: Vec<Shown>,
}

/// A source without its secrets.
#[derive(Serialize, Debug)]
pub struct Shown {
    name: SourceName,
    scheme: Scheme,
    /// Where its messages carry their proof.
    signature_header: String,
    type_from: TypeFrom,
    entity_path: Option<String>,
    /// Where its messages go, with the workspace in `X-Workspace-Id`.
    url: String,
    workspace_id: WorkspaceId,
    secrets: Vec<Term>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// When a secret is good.
#[derive(Serialize, Debug)]
struct Term {
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
}

/// A source with the secret that was just made.
#[derive(Serialize, Debug)]
struct Revealed {
    #[serde(serialize_with = "exposed")]
    secret: Secret,
    #[serde(flatten)]
    source: Shown,
}

fn exposed<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// A source that is no more.
#[derive(Serialize, Debug)]
pub struct Deleted {
    status: &'static str,
    name: SourceName,
}

impl Shown {
    fn of(source: &CustomSource, caller: &Admin) -> Self {
        Self {
            url: format!("{}/webhooks/custom/{}", caller.service.manifests.base_url(caller.key.addon), source.name),
            name: source.name.clone(),
            scheme: source.scheme,
            signature_header: signature::signature_header(source.scheme, source.signature_header.as_deref()).to_owned(),
            type_from: source.type_from.clone(),
            entity_path: source.entity_path.clone(),
            workspace_id: caller.key.workspace,
            secrets: source.secrets.iter().map(|secret| Term { created_at: secret.created_at, expires_at: secret.expires_at }).collect(),
            created_at: source.created_at,
            updated_at: source.updated_at,
        }
    }
}

/// `GET /ui/custom-sources`.
pub async fn list(caller: Admin) -> Result<Json<Listed>, Error> {
    let sources = caller.service.store.sources(caller.key).await?;
    let sources: Vec<Shown> = sources.iter().map(|source| Shown::of(source, &caller)).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, total: sources.len(), sources }))
}

/// `GET /ui/custom-sources/{name}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    Ok(Json(Shown::of(&stored(&caller, &name(&request)?).await?, &caller)))
}

/// `POST /ui/custom-sources`.
pub async fn create(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let sent = body::json(&request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await?;
    let now = caller.service.clock.now();
    let mut source = read::new(&sent, now).map_err(Error::fields)?;
    let secret = fresh(source.scheme)?;
    source.secrets.push(SourceSecret { secret: secret.clone(), created_at: now, expires_at: None });
    match caller.service.registry.change_source(caller.key, SourceChange::Create(Box::new(source.clone()))).await? {
        SourceChanged::Done => {}
        SourceChanged::Taken => return Err(Kind::SourceTaken.into()),
        SourceChanged::TooMany => return Err(Kind::TooManySources.into()),
        SourceChanged::Absent => return Err(Kind::NotInstalled.into()),
    }
    noted(&caller, &request, &source.name, "created");
    activity::tell(&request, Some(source.name.to_string()), "");
    Ok(HttpResponse::build(StatusCode::CREATED).json(Revealed { secret, source: Shown::of(&source, &caller) }))
}

/// `PUT /ui/custom-sources/{name}`: replaces all but name, scheme and secrets.
pub async fn replace(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<Shown>, Error> {
    let name = name(&request)?;
    let sent = body::json(&request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await?;
    let stored = stored(&caller, &name).await?;
    let source = read::replacement(&sent, stored, caller.service.clock.now()).map_err(Error::fields)?;
    done(caller.service.registry.change_source(caller.key, SourceChange::Update(Box::new(source.clone()))).await?)?;
    noted(&caller, &request, &name, "changed");
    Ok(Json(Shown::of(&source, &caller)))
}

/// `DELETE /ui/custom-sources/{name}`. Its events and runs stay.
pub async fn delete(caller: Admin, request: HttpRequest) -> Result<Json<Deleted>, Error> {
    let name = name(&request)?;
    done(caller.service.registry.change_source(caller.key, SourceChange::Delete(name.clone())).await?)?;
    noted(&caller, &request, &name, "deleted");
    Ok(Json(Deleted { status: "deleted", name }))
}

/// `POST /ui/custom-sources/{name}/rotate`, with `{"keep_old_seconds": …}` or without a body.
pub async fn rotate(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<impl Serialize>, Error> {
    let name = name(&request)?;
    let keep = keep_old_seconds(&optional(&caller, &request, payload).await?)?;
    let scheme = stored(&caller, &name).await?.scheme;
    let fresh = fresh(scheme)?;
    let old_until = caller.service.clock.now() + Duration::from_secs(keep);
    let change = SourceChange::Rotate { name: name.clone(), fresh: fresh.clone(), old_until };
    done(caller.service.registry.change_source(caller.key, change).await?)?;
    noted(&caller, &request, &name, "rotated");
    Ok(Json(Revealed { secret: fresh, source: Shown::of(&stored(&caller, &name).await?, &caller) }))
}

async fn stored(caller: &Admin, name: &SourceName) -> Result<CustomSource, Error> {
    caller.service.store.source(caller.key, name).await?.ok_or_else(|| Kind::SourceNotFound.into())
}

fn done(changed: SourceChanged) -> Result<(), Error> {
    match changed {
        SourceChanged::Done => Ok(()),
        SourceChanged::Absent | SourceChanged::Taken | SourceChanged::TooMany => Err(Kind::SourceNotFound.into()),
    }
}

/// The source that a path names. What is no name names no source.
fn name(request: &HttpRequest) -> Result<SourceName, Error> {
    request.match_info().get("name").and_then(|name| SourceName::parse(name).ok()).ok_or_else(|| Kind::SourceNotFound.into())
}

fn fresh(scheme: Scheme) -> Result<Secret, Error> {
    signature::fresh(scheme).map_err(|error| Error::because(Kind::Unavailable, error))
}

/// A JSON body, or an empty object where there is none.
async fn optional(caller: &Admin, request: &HttpRequest, payload: Payload) -> Result<Value, Error> {
    if request.headers().contains_key(CONTENT_TYPE) {
        return body::json(request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await;
    }
    let body = body::read(request, payload, CHANGE_BYTES_MAX, &*caller.service.clock).await?;
    if body.is_empty() { Ok(json!({})) } else { Err(Kind::MediaType.into()) }
}

fn keep_old_seconds(sent: &Value) -> Result<u64, Error> {
    let mut faults = Faults::default();
    read::refuse_unknown(&mut faults, sent, &["keep_old_seconds"]);
    let seconds = match sent.get("keep_old_seconds") {
        None | Some(Value::Null) => Some(ROTATION_SECONDS_DEFAULT),
        Some(value) => value.as_u64().filter(|seconds| *seconds <= ROTATION_SECONDS_MAX),
    };
    if seconds.is_none() {
        faults.add("keep_old_seconds", "out_of_range", format!("expected a whole number from 0 to {ROTATION_SECONDS_MAX}"));
    }
    faults.into_result(seconds).map_err(Error::fields)
}

fn noted(caller: &Admin, request: &HttpRequest, name: &SourceName, done: &str) {
    log::info!(addon = caller.key.addon.slug(), workspace:% = caller.key.workspace, request = request_id::of(request), source:% = name;
        "a custom source is {done} by an admin");
}
