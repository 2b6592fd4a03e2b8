//! Deliveries of the platform: proved, read once without a tree, and acknowledged only when they are durable (I1).
//!
//! This is the hot path: nothing of the body is cloned, nothing is rendered that has to be measured first, nothing is logged above `debug`.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use actors::addon::Addon;
use actors::clock::Clock;
use actors::event::{EventType, Facts, KNOWN, Known};
use actors::ids::Key;
use actors::limits::http::HEADER_KEPT_BYTES_MAX;
use actors::registry;
use actors::webhook;
use actors::workspace::deliver::{Accepted, Delivery, Sender};
use aws_lc_rs::digest;

use super::body;
use super::caller::Webhook;
use super::caller::webhook::Sent;
use super::error::{Error, Kind};

const EVENT_TYPE: HeaderName = HeaderName::from_static("clockify-webhook-event-type");

/// Headers that are kept with an event, if they are short. None that could carry a proof is among them (I7).
const KEPT: [HeaderName; 5] = [
    header::CONTENT_TYPE,
    header::USER_AGENT,
    EVENT_TYPE,
    HeaderName::from_static("clockify-webhook-workspace-id"),
    HeaderName::from_static("idempotency-key"),
];

/// A known event with its name as deliveries carry it.
type Expected = (&'static Known, EventType);

/// Every known event, made once.
static EXPECTED: LazyLock<Vec<Expected>> =
    LazyLock::new(|| KNOWN.iter().filter_map(|known| Some((known, EventType::parse(known.name).ok()?))).collect());

/// `POST` to a path of the manifest: the path ties the token to its events. Where it carries one, the header may only repeat it; where it carries
/// several, the header says which.
pub async fn to_path(caller: Webhook, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let path = manifest_path(&request);
    let mut carried = EXPECTED.iter().filter(|(known, _)| webhook::carries(caller.key.addon, &path, known));
    let first = carried.next().ok_or(Kind::EventUnknown)?;
    let expected = match stated_event(request.headers())? {
        Some(stated) => std::iter::once(first).chain(carried).find(|(known, _)| known.name == stated).ok_or(Kind::EventMismatch)?,
        None if carried.next().is_some() => return Err(Kind::EventMissing.into()),
        None => first,
    };
    accept(&caller, &request, payload, expected, path).await
}

/// `POST /webhooks/clockify`: the header names the event, and any of the installation's tokens for that event counts.
pub async fn by_header(caller: Webhook, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let stated = stated_event(request.headers())?.ok_or(Kind::EventMissing)?;
    let expected = EXPECTED.iter().find(|(known, _)| known.name == stated).ok_or(Kind::AmbiguousEvent)?;
    accept(&caller, &request, payload, expected, webhook::BARE.to_owned()).await
}

/// The path as the manifest names it: what the route matched, however it was spelled.
fn manifest_path(request: &HttpRequest) -> String {
    let part = |name| request.match_info().get(name);
    match (part("event"), part("category"), part("change")) {
        (Some(event), ..) => format!("{}/{event}", webhook::BARE),
        (None, Some(category), Some(change)) => format!("/webhooks/{category}/{change}"),
        (None, category, _) => format!("/webhooks/{}", category.unwrap_or_default()),
    }
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
    (known, event_type): &Expected,
    path: String,
) -> Result<HttpResponse, Error> {
    let service = &*caller.service;
    let stated = body::stated_length(request).min(service.webhook_body_bytes_max);
    let mut paid = service.registry.admit(caller.key, stated).await?;
    let payload = body::read(request, payload, service.webhook_body_bytes_max, &*service.clock).await?;
    if let Some(unstated) = payload.len().checked_sub(stated).filter(|bytes| *bytes > 0) {
        paid = paid.and(service.registry.admit(caller.key, unstated).await?);
    }
    let facts = Facts::read(&payload, known.entity).map_err(|error| Error::saying(Kind::InvalidJson, error.to_string()))?;
    if !facts.agrees_with(caller.key.workspace) {
        return Err(Kind::WorkspaceMismatch.into());
    }
    let delivery = Delivery {
        sender: sender(&caller.sent, path),
        event_type: event_type.clone(),
        entity: facts.entity_id.as_deref().map(|id| entity(known, id)),
        payload_hash: digest::digest(&digest::SHA256, &payload).as_ref().try_into().map_err(|_| Kind::Internal)?,
        payload,
        headers: Some(kept(request.headers())),
        paid,
    };
    let accepted = match service.registry.deliver(caller.key, delivery).await {
        Ok(accepted) => accepted,
        Err(error) => return Err(refused(caller, error)),
    };
    Ok(received(accepted, known, caller.key, &*service.clock))
}

/// The reference answers 403 where nothing is installed; a 404 would mean that the path is wrong.
fn refused(caller: &Webhook, error: registry::Error) -> Error {
    if let (Sent::Plain(hash), registry::Error::NotInstalled | registry::Error::WrongToken) = (&caller.sent, &error) {
        // It may be another workspace's by now.
        caller.service.plain_tokens.forget(caller.key.addon, *hash);
    }
    match error {
        registry::Error::NotInstalled => Kind::NotInstalledHere.into(),
        other => other.into(),
    }
}

fn sender(sent: &Sent, path: String) -> Sender {
    match sent {
        Sent::Signed(verified) => Sender::Clockify { token: verified.hash, addon_id: verified.addon_id, path },
        Sent::Plain(hash) => Sender::Subscribed { token: *hash, path },
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

/// The answer, in the words that users of each add-on rely on.
fn received(accepted: Accepted, known: &Known, key: Key, clock: &dyn Clock) -> HttpResponse {
    let (id, repeated) = match accepted {
        Accepted::New(id) => (Some(id), ""),
        Accepted::Duplicate(id) => (Some(id), ",\"duplicate\":true"),
        Accepted::Repeated => (None, ",\"duplicate\":true"),
    };
    let mut answer = String::with_capacity(192);
    let (start, name) = match key.addon {
        Addon::ApiStudio => (r#"{"status":"received""#, "webhook_id"),
        Addon::UniversalWebhook => (r#"{"status":"received""#, "webhookId"),
        Addon::ClockifyAddon => (r#"{"received":true"#, "event_id"),
    };
    answer.push_str(start);
    if let Some(id) = id {
        let _ = write!(answer, r#","{name}":"{id}""#);
    }
    let _ = match key.addon {
        Addon::ApiStudio => write!(answer, "{repeated}}}"),
        Addon::UniversalWebhook => {
            write!(answer, r#","eventType":"{}","workspaceId":"{}"{repeated}}}"#, known.name, key.workspace)
        }
        Addon::ClockifyAddon => write!(answer, r#","timestamp":"{}"{repeated}}}"#, clock.now()),
    };
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
