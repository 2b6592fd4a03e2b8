//! Messages of custom senders: proved by a source's secret, read for their type and entity, and acknowledged only when they are durable (I1).

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Json;
use actors::event::{EventType, Facts};
use actors::ids::{EventId, WorkspaceId};
use actors::jsonpath::Path;
use actors::limits::http::HEADER_KEPT_BYTES_MAX;
use actors::limits::source::ENTITY_ID_BYTES_MAX;
use actors::registry;
use actors::source::{CustomSource, SourceName, TypeFrom};
use actors::workspace::deliver::{Accepted, Delivery, Sender};
use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::caller::Custom;
use super::error::{Error, Kind};
use super::twins;

/// The type of what names none.
const UNTYPED: &str = "CUSTOM_EVENT";

/// Headers that are kept with an event, if they are short. None that could carry a proof is among them (I7).
const KEPT: [&str; 6] = ["content-type", "user-agent", "webhook-id", "webhook-timestamp", "x-github-event", "x-github-delivery"];

/// The answer, in the reference's shape.
#[derive(Serialize, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    status: &'static str,
    /// Missing where the sender repeats a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<EventId>,
    source: SourceName,
    event_type: EventType,
    workspace_id: WorkspaceId,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    duplicate: bool,
}

/// `POST /webhooks/custom/{source}`.
pub async fn receive(caller: Custom, request: HttpRequest) -> Result<Json<Received>, Error> {
    let Custom { service, key, source, message, body } = caller;
    // Before this the sender was nobody, whose message a workspace does not pay for.
    let paid = service.registry.admit(key, body.len()).await?;
    let unreadable = |error: &dyn std::fmt::Display| Error::saying(Kind::InvalidJson, error.to_string());
    Facts::read(&body, "custom").map_err(|error| unreadable(&error))?;
    let event_type = event_type(&source, request.headers(), &body)?;
    let delivery = Delivery {
        sender: Sender::Custom { source: source.name.clone(), message },
        event_type: event_type.clone(),
        entity: entity(&source, &body)?,
        payload_hash: digest::digest(&digest::SHA256, &body).as_ref().try_into().map_err(|_| Kind::Internal)?,
        payload: body,
        headers: Some(kept(&source, request.headers())),
        paid,
    };
    let accepted = service.registry.deliver(key, delivery).await.map_err(refused)?;
    let (webhook_id, duplicate) = match accepted {
        Accepted::New(id) => (Some(id), false),
        Accepted::Duplicate(id) => (Some(id), true),
        Accepted::Repeated => (None, true),
    };
    let source = source.name.clone();
    Ok(Json(Received { status: "received", webhook_id, source, event_type, workspace_id: key.workspace, duplicate }))
}

/// A source that has just gone is like one that never was.
fn refused(error: registry::Error) -> Error {
    match error {
        registry::Error::WrongToken | registry::Error::NotInstalled => Kind::SourceUnproved.into(),
        other => other.into(),
    }
}

/// Where a body may state its type, the first that is a text counts.
#[derive(Deserialize)]
struct Stated {
    event_type: Option<Value>,
    #[serde(rename = "eventType")]
    camel: Option<Value>,
    #[serde(rename = "type")]
    bare: Option<Value>,
}

fn event_type(source: &CustomSource, headers: &HeaderMap, body: &[u8]) -> Result<EventType, Error> {
    let unusable =
        |place: &str| Error::saying(Kind::AmbiguousEvent, format!("{place} is no event type: expected 1 to 64 of A-Z a-z 0-9 _ . : -"));
    match &source.type_from {
        TypeFrom::Fixed { event_type } => Ok(event_type.clone()),
        TypeFrom::Header { name } => {
            let mut sent = headers.get_all(name.as_str());
            let missing = || Error::saying(Kind::EventMissing, format!("The header {name} must be there once: it names the event type."));
            let (Some(only), None) = (sent.next(), sent.next()) else { return Err(missing()) };
            only.to_str().ok().and_then(|text| EventType::parse(text.trim()).ok()).ok_or_else(|| unusable(&format!("The header {name}")))
        }
        TypeFrom::Body => {
            // The body is one object; what is left to go wrong is one of these fields there twice.
            let stated: Stated = serde_json::from_slice(body)
                .map_err(|_| Error::saying(Kind::InvalidJson, "A field that names the event type is there twice."))?;
            let text = [stated.event_type, stated.camel, stated.bare].into_iter().flatten().find_map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            });
            EventType::parse(text.as_deref().unwrap_or(UNTYPED)).map_err(|_| unusable("What the body names"))
        }
    }
}

/// `custom:<source>:<id>`; what has no id at the path is about no entity.
fn entity(source: &CustomSource, body: &[u8]) -> Result<Option<Arc<str>>, Error> {
    let Some(path) = &source.entity_path else { return Ok(None) };
    // It was checked when it was saved.
    let path = Path::parse(path).map_err(|error| Error::because(Kind::Internal, error))?;
    twins::refuse(body)
        .map_err(|_| Error::saying(Kind::InvalidJson, "A member is there twice, and which of them names the entity nobody can tell."))?;
    let body: Value = serde_json::from_slice(body).map_err(|error| super::body::invalid_json(&error))?;
    let id = match path.first(&body) {
        Ok(Some(Value::String(id))) => id.clone(),
        Ok(Some(Value::Number(id))) => id.to_string(),
        Ok(_) | Err(_) => return Ok(None),
    };
    let fits = (1..=ENTITY_ID_BYTES_MAX).contains(&id.len());
    Ok(fits.then(|| format!("custom:{}:{id}", source.name).into()))
}

/// The kept headers as a JSON object, with the one that names the type.
fn kept(source: &CustomSource, headers: &HeaderMap) -> String {
    let chosen = match &source.type_from {
        TypeFrom::Header { name } => Some(name.as_str()),
        TypeFrom::Body | TypeFrom::Fixed { .. } => None,
    };
    let text = |name: &str| {
        let name = HeaderName::try_from(name).ok()?;
        let value = headers.get(&name)?.to_str().ok().filter(|value| value.len() <= HEADER_KEPT_BYTES_MAX)?;
        Some((name.as_str().to_owned(), Value::from(value)))
    };
    let object: Map<String, Value> = KEPT.into_iter().chain(chosen).filter_map(text).collect();
    Value::Object(object).to_string()
}
