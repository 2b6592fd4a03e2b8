//! Secrets of a workspace, for its flows: they are written, named and removed here, and never shown (I7).

use actix_web::http::StatusCode;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actors::clock::Timestamp;
use actors::flow::read::Faults;
use actors::ids::WorkspaceId;
use actors::limits::flow::NAME_SHOWN_CHARS_MAX;
use actors::limits::secret as limits;
use actors::port::store::secrets::{KeptSecret, SecretSaved};
use actors::secret::{Secret, SecretName};
use serde::Serialize;
use serde_json::Value;

use super::body;
use super::caller::Admin;
use super::error::{Error, Kind};

/// Every secret, by name.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    total: usize,
    secrets: Vec<Shown>,
}

/// A secret without its value.
#[derive(Serialize, Debug)]
pub struct Shown {
    name: SecretName,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A secret that is no more.
#[derive(Serialize, Debug)]
pub struct Deleted {
    status: &'static str,
    name: SecretName,
}

impl From<KeptSecret> for Shown {
    fn from(KeptSecret { name, created_at, updated_at }: KeptSecret) -> Self {
        Self { name, created_at, updated_at }
    }
}

/// `GET /ui/secrets`.
pub async fn list(caller: Admin) -> Result<Json<Listed>, Error> {
    let secrets: Vec<Shown> = caller.service.store.secrets(caller.key).await?.into_iter().map(Shown::from).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, total: secrets.len(), secrets }))
}

/// `PUT /ui/secrets/{name}`, with `{"value": …}`: stores it, or another value in its place.
pub async fn put(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let sent = body::json(&request, payload, limits::BODY_BYTES_MAX, &*caller.service.clock).await?;
    let mut faults = Faults::default();
    let name = request.match_info().get("name").and_then(|name| SecretName::parse(name).ok());
    if name.is_none() {
        faults.add("name", "invalid_value", "expected a capital letter, then at most 63 capital letters, digits or '_'");
    }
    let value = value(&sent, &mut faults);
    let (name, value) = faults.into_result(name.zip(value)).map_err(Error::fields)?;
    let now = caller.service.clock.now();
    match caller.service.store.put_secret(caller.key, &name, &value, limits::SECRETS_MAX, now).await? {
        SecretSaved::New(kept) => Ok(HttpResponse::build(StatusCode::CREATED).json(Shown::from(kept))),
        SecretSaved::Replaced(kept) => Ok(HttpResponse::Ok().json(Shown::from(kept))),
        SecretSaved::TooMany => Err(Kind::TooManySecrets.into()),
        SecretSaved::Absent => Err(Kind::NotInstalled.into()),
    }
}

/// `DELETE /ui/secrets/{name}`. Flows that name it fail from then on, and say so.
pub async fn delete(caller: Admin, request: HttpRequest) -> Result<Json<Deleted>, Error> {
    let name = request.match_info().get("name").and_then(|name| SecretName::parse(name).ok()).ok_or(Kind::SecretNotFound)?;
    if !caller.service.store.delete_secret(caller.key, &name).await? {
        return Err(Kind::SecretNotFound.into());
    }
    Ok(Json(Deleted { status: "deleted", name }))
}

/// The value, which no fault repeats.
fn value(sent: &Value, faults: &mut Faults) -> Option<Secret> {
    let Some(object) = sent.as_object() else {
        faults.add("", "invalid_type", "expected a JSON object");
        return None;
    };
    for name in object.keys().filter(|name| *name != "value" && *name != "workspace_id") {
        faults.add(name.chars().take(NAME_SHOWN_CHARS_MAX).collect::<String>(), "unknown_field", "expected value");
    }
    let Some(value) = object.get("value").and_then(Value::as_str) else {
        faults.add("value", "required", "expected a text");
        return None;
    };
    if !(limits::VALUE_BYTES_MIN..=limits::VALUE_BYTES_MAX).contains(&value.len()) {
        let words = format!("expected {} to {} bytes", limits::VALUE_BYTES_MIN, limits::VALUE_BYTES_MAX);
        faults.add("value", "out_of_range", words);
        return None;
    }
    Some(Secret::new(value))
}
