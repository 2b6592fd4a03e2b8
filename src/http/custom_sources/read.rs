//! A source as it is sent: every fault by its field, all at once.

use actix_web::http::header::HeaderName;
use actors::clock::Timestamp;
use actors::event::EventType;
use actors::flow::read::{Faults, FieldError};
use actors::jsonpath::Path;
use actors::limits::flow::NAME_SHOWN_CHARS_MAX;
use actors::limits::source::HEADER_NAME_BYTES_MAX;
use actors::source::{CustomSource, Scheme, SourceName, TypeFrom};
use serde_json::Value;

use crate::auth::signature;

const FIELDS: [&str; 5] = ["name", "scheme", "signature_header", "type_from", "entity_path"];
/// What the name of a header that carries a proof or a secret has in it. The one that names the type is kept with the event and shown (I7).
const SECRETIVE: [&str; 7] = ["authorization", "cookie", "signature", "token", "secret", "password", "api-key"];

/// A new source, still without a secret.
pub(super) fn new(sent: &Value, now: Timestamp) -> Result<CustomSource, Vec<FieldError>> {
    let mut faults = Faults::default();
    refuse_unknown(&mut faults, sent, &FIELDS);
    let name = sent.get("name").and_then(Value::as_str).map(SourceName::parse);
    let name = match name {
        Some(Ok(name)) => Some(name),
        Some(Err(invalid)) => {
            faults.add("name", "invalid_value", invalid.to_string());
            None
        }
        None => {
            faults.add("name", "required", "a source needs a name");
            None
        }
    };
    let scheme = scheme(&mut faults, sent).unwrap_or_default();
    let (signature_header, type_from, entity_path) = rest(&mut faults, sent, scheme);
    let source = name.map(|name| CustomSource {
        name,
        scheme,
        signature_header,
        type_from,
        entity_path,
        secrets: Vec::new(),
        created_at: now,
        updated_at: now,
    });
    faults.into_result(source)
}

/// A stored source with everything replaced that can be.
pub(super) fn replacement(sent: &Value, stored: CustomSource, now: Timestamp) -> Result<CustomSource, Vec<FieldError>> {
    let mut faults = Faults::default();
    refuse_unknown(&mut faults, sent, &FIELDS);
    if sent.get("name").is_some_and(|name| name.as_str() != Some(stored.name.as_str())) {
        faults.add("name", "immutable", "a source keeps its name");
    }
    if scheme(&mut faults, sent).is_some_and(|scheme| scheme != stored.scheme) {
        faults.add("scheme", "immutable", "a source keeps its scheme, because its secrets belong to it: make another source");
    }
    let (signature_header, type_from, entity_path) = rest(&mut faults, sent, stored.scheme);
    faults.into_result(Some(CustomSource { signature_header, type_from, entity_path, updated_at: now, ..stored }))
}

fn rest(faults: &mut Faults, sent: &Value, scheme: Scheme) -> (Option<String>, TypeFrom, Option<String>) {
    let signature_header = signature_header(faults, sent, scheme);
    let own = signature::signature_header(scheme, signature_header.as_deref()).to_owned();
    let type_from = type_from(faults, sent, scheme, &own);
    (signature_header, type_from, entity_path(faults, sent))
}

fn scheme(faults: &mut Faults, sent: &Value) -> Option<Scheme> {
    let sent = sent.get("scheme").filter(|scheme| !scheme.is_null())?;
    let scheme = serde_json::from_value(sent.clone()).ok();
    if scheme.is_none() {
        faults.add("scheme", "invalid_value", "expected standard, github, hmac or bearer");
    }
    scheme
}

fn signature_header(faults: &mut Faults, sent: &Value, scheme: Scheme) -> Option<String> {
    let default = || (scheme == Scheme::Hmac).then(|| signature::DEFAULT_HMAC_HEADER.to_owned());
    let Some(sent) = sent.get("signature_header").filter(|name| !name.is_null()) else { return default() };
    let own = signature::signature_header(scheme, None);
    if scheme != Scheme::Hmac {
        // What a list shows may be sent back.
        if sent.as_str() != Some(own) {
            faults.add("signature_header", "not_of_this_scheme", format!("this scheme has its own header, {own}"));
        }
        return None;
    }
    let name = header_name(faults, "signature_header", Some(sent));
    if name.as_deref().is_some_and(|name| ["authorization", "cookie", "x-addon-token", "x-workspace-id", "content-type"].contains(&name)) {
        faults.add("signature_header", "invalid_value", "this header means something else");
    }
    name.or_else(default)
}

fn type_from(faults: &mut Faults, sent: &Value, scheme: Scheme, own: &str) -> TypeFrom {
    let default = match scheme {
        Scheme::Github => TypeFrom::Header { name: "x-github-event".into() },
        Scheme::Standard | Scheme::Hmac | Scheme::Bearer => TypeFrom::Body,
    };
    let Some(sent) = sent.get("type_from").filter(|type_from| !type_from.is_null()) else { return default };
    match sent.get("from").and_then(Value::as_str) {
        Some("body") => TypeFrom::Body,
        Some("header") => match header_name(faults, "type_from.name", sent.get("name")) {
            Some(name) if name == own || SECRETIVE.iter().any(|word| name.contains(word)) => {
                faults.add("type_from.name", "invalid_value", "this header may carry a secret, and the one that names the type is kept");
                default
            }
            Some(name) => TypeFrom::Header { name },
            None => default,
        },
        Some("fixed") => match sent.get("event_type").and_then(Value::as_str).map(EventType::parse) {
            Some(Ok(event_type)) => TypeFrom::Fixed { event_type },
            Some(Err(invalid)) => {
                faults.add("type_from.event_type", "invalid_value", invalid.to_string());
                default
            }
            None => {
                faults.add("type_from.event_type", "required", "the type that every event has");
                default
            }
        },
        _ => {
            faults.add("type_from.from", "invalid_value", "expected body, header or fixed");
            default
        }
    }
}

fn header_name(faults: &mut Faults, field: &str, sent: Option<&Value>) -> Option<String> {
    let name = sent.and_then(Value::as_str).filter(|name| name.len() <= HEADER_NAME_BYTES_MAX);
    let name = name.and_then(|name| HeaderName::try_from(name.trim()).ok()).map(|name| name.as_str().to_owned());
    if name.is_none() {
        faults.add(field, "invalid_value", format!("expected the name of a header, at most {HEADER_NAME_BYTES_MAX} characters"));
    }
    name
}

fn entity_path(faults: &mut Faults, sent: &Value) -> Option<String> {
    let sent = sent.get("entity_path").filter(|path| !path.is_null())?;
    let Some(path) = sent.as_str() else {
        faults.add("entity_path", "invalid_type", "expected a JSONPath, as $.invoice.id");
        return None;
    };
    match Path::parse(path) {
        Ok(path) => Some(path.text().to_owned()),
        Err(refused) => {
            faults.add("entity_path", "invalid_path", refused.to_string());
            None
        }
    }
}

/// Notes what is no object, and fields that mean nothing here.
pub(in crate::http) fn refuse_unknown(faults: &mut Faults, sent: &Value, fields: &[&str]) {
    match sent.as_object() {
        Some(sent) => {
            let unknown = sent.keys().filter(|field| !fields.contains(&field.as_str()));
            unknown.for_each(|field| {
                faults.add(field.chars().take(NAME_SHOWN_CHARS_MAX).collect::<String>(), "unknown_field", "there is no such field")
            });
        }
        None => faults.add("", "invalid_type", "expected a JSON object"),
    }
}
