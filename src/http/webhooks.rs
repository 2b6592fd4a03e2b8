//! Deliveries of the platform: proved, read once without a tree, and acknowledged only when they are durable (I1).
//!
//! This is the hot path: nothing of the body is cloned, nothing is rendered that has to be measured first, nothing is logged above `debug`.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use actors::event::{EventType, Facts, KNOWN, Known};
use actors::ids::WorkspaceId;
use actors::limits::http::HEADER_KEPT_BYTES_MAX;
use actors::registry;
use actors::workspace::deliver::{Accepted, Delivery, Sender};
use aws_lc_rs::digest;

use super::body;
use super::caller::Webhook;
use super::error::{Error, Kind};

/// Below which the manifest declares one path for each event.
const BASE: &str = "/webhooks/clockify";
const EVENT_TYPE: HeaderName = HeaderName::from_static("clockify-webhook-event-type");

/// Headers that are kept with an event, if they are short. None that could carry a proof is among them (I7).
const KEPT: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::USER_AGENT,
    EVENT_TYPE,
    HeaderName::from_static("clockify-webhook-workspace-id"),
    HeaderName::from_static("idempotency-key"),
];

/// What a delivery of a known event needs and what is the same for all of them.
struct Expected {
    known: &'static Known,
    event_type: EventType,
    /// The manifest's path.
    path: String,
}

/// Every known event, made once.
static EXPECTED: LazyLock<Vec<Expected>> = LazyLock::new(|| {
    let expected = |known: &'static Known| {
        let event_type = EventType::parse(known.name).ok()?;
        Some(Expected { known, event_type, path: format!("{BASE}/{}", known.slug()) })
    };
    KNOWN.iter().filter_map(expected).collect()
});

/// `POST /webhooks/clockify/{event}`: the path ties the token to the event; the header may only repeat it.
pub async fn to_path(caller: Webhook, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let known = request.match_info().get("event").and_then(Known::from_slug).ok_or(Kind::EventUnknown)?;
    if stated_event(request.headers())?.is_some_and(|stated| stated != known.name) {
        return Err(Kind::EventMismatch.into());
    }
    let expected = EXPECTED.iter().find(|expected| expected.known == known).ok_or(Kind::EventUnknown)?;
    accept(&caller, &request, payload, expected, &expected.path).await
}

/// `POST /webhooks/clockify`: the header names the event, and any of the installation's tokens for that event counts.
pub async fn by_header(caller: Webhook, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let stated = stated_event(request.headers())?.ok_or(Kind::EventMissing)?;
    let expected = EXPECTED.iter().find(|expected| expected.known.name == stated).ok_or(Kind::AmbiguousEvent)?;
    accept(&caller, &request, payload, expected, BASE).await
}

/// The event type of the header, if there is one; two are refused, whatever they say.
fn stated_event(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let mut stated = headers.get_all(&EVENT_TYPE);
    match (stated.next(), stated.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => only.to_str().map(|text| Some(text.trim())).map_err(|_| Kind::AmbiguousEvent.into()),
        (Some(_), Some(_)) => Err(Kind::AmbiguousEvent.into()),
    }
}

async fn accept(
    caller: &Webhook,
    request: &HttpRequest,
    payload: Payload,
    Expected { known, event_type, .. }: &Expected,
    path: &str,
) -> Result<HttpResponse, Error> {
    let service = &*caller.service;
    let payload = body::read(request, payload, service.webhook_body_bytes_max, &*service.clock).await?;
    let facts = Facts::read(&payload, known.entity).map_err(|error| Error::saying(Kind::InvalidJson, error.to_string()))?;
    if !facts.agrees_with(caller.key.workspace) {
        return Err(Kind::WorkspaceMismatch.into());
    }
    let delivery = Delivery {
        sender: Sender::Clockify { token: caller.verified.hash, addon_id: caller.verified.addon_id, path: path.to_owned() },
        event_type: event_type.clone(),
        entity: facts.entity_id.as_deref().map(|id| entity(known, id)),
        payload_hash: digest::digest(&digest::SHA256, &payload).as_ref().try_into().map_err(|_| Kind::Internal)?,
        payload,
        headers: Some(kept(request.headers())),
    };
    let accepted = service.registry.deliver(caller.key, delivery).await.map_err(refused)?;
    Ok(received(accepted, known, caller.key.workspace))
}

/// The reference answers 403 where nothing is installed; a 404 would mean that the path is wrong.
fn refused(error: registry::Error) -> Error {
    match error {
        registry::Error::NotInstalled => Kind::NotInstalledHere.into(),
        other => other.into(),
    }
}

fn entity(known: &Known, id: &str) -> Arc<str> {
    let mut entity = String::with_capacity(known.entity.len() + 1 + id.len());
    entity.push_str(known.entity);
    entity.push(':');
    entity.push_str(id);
    entity.into()
}

/// The kept headers as a JSON object.
fn kept(headers: &HeaderMap) -> String {
    let mut object = String::with_capacity(192);
    object.push('{');
    for name in &KEPT {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| value.len() <= HEADER_KEPT_BYTES_MAX);
        let Some(value) = value else { continue };
        let comma = if object.len() > 1 { "," } else { "" };
        // Header values that are text have no control characters, so only these two need an escape.
        let _ = write!(object, "{comma}\"{name}\":\"");
        for character in value.chars() {
            match character {
                '"' | '\\' => object.extend(['\\', character]),
                '\t' => object.push_str("\\t"),
                plain => object.push(plain),
            }
        }
        object.push('"');
    }
    object.push('}');
    object
}

fn received(accepted: Accepted, known: &Known, workspace: WorkspaceId) -> HttpResponse {
    let (id, repeated) = match accepted {
        Accepted::New(id) => (id, ""),
        Accepted::Duplicate(id) => (id, ",\"duplicate\":true"),
    };
    let mut answer = String::with_capacity(192);
    let _ =
        write!(answer, r#"{{"status":"received","webhookId":"{id}","eventType":"{}","workspaceId":"{workspace}"{repeated}}}"#, known.name);
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, HeaderValue::from_static("application/json"))).body(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_headers_are_json_whatever_stands_in_them_and_never_a_token() {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        };
        put("user-agent", "a\"b\\c\td");
        put("content-type", "application/json");
        put("idempotency-key", &"x".repeat(HEADER_KEPT_BYTES_MAX + 1));
        for secret in ["clockify-signature", "authorization", "x-addon-token", "cookie"] {
            put(secret, "secret");
        }
        let object: serde_json::Value = serde_json::from_str(&kept(&headers)).unwrap();
        assert_eq!(object, serde_json::json!({"user-agent": "a\"b\\c\td", "content-type": "application/json"}));
        assert_eq!(kept(&HeaderMap::new()), "{}");
    }
}
