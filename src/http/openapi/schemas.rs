//! Shapes of what is sent, in JSON Schema; those of settings come from the one list of settings, bounds from `limits`.

use actors::addon::Addon;
use actors::event::KNOWN;
use actors::limits::flow::RUNS_PER_REQUEST_MAX;
use actors::limits::{http, secret, source, subscription, token};
use actors::settings::{self, Takes};
use serde_json::{Map, Value, json};

use super::described::Body;

/// The one shape of a refusal.
pub(super) fn error() -> Value {
    let text = json!({"type": "string"});
    let fault =
        json!({"type": "object", "required": ["field", "code", "message"], "properties": {"field": text, "code": text, "message": text}});
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "request_id"],
            "properties": {"code": text, "message": text, "request_id": text, "details": {"oneOf": [{"type": "array", "items": fault}, {"type": "object"}]}},
        }},
    })
}

/// What is sent, if something is.
pub(super) fn body(body: Body, addon: Addon) -> Option<Value> {
    Some(match body {
        Body::None => return None,
        Body::Payload | Body::Told => json!({"type": "object"}),
        Body::Flow => flow(),
        Body::Secret => {
            let value = json!({"type": "string", "minLength": 1, "maxLength": secret::VALUE_BYTES_MAX, "writeOnly": true});
            strict(json!({ "value": value }), &["value"])
        }
        Body::Flows => {
            let flows = json!({"type": "array", "minItems": 1, "items": flow()});
            strict(
                json!({"format": {"const": "clockify-addons/flows"}, "version": {"const": 1}, "flows": flows}),
                &["format", "version", "flows"],
            )
        }
        Body::Choice => strict(json!({"parameters": {"type": ["object", "null"]}}), &[]),
        Body::Trial => {
            let mut properties = subject();
            properties.insert("definition".into(), flow());
            properties.insert("flow_id".into(), json!({"type": "string", "format": "uuid"}));
            properties.insert("event_type".into(), json!({"type": ["string", "null"]}));
            properties.insert("samples".into(), json!({"type": ["object", "null"], "description": "Answers by the name of their action."}));
            strict(properties.into(), &[])
        }
        Body::PathTrial => {
            let mut properties = subject();
            properties.insert("path".into(), json!({"type": "string"}));
            properties.insert("over".into(), json!({"type": "string", "enum": ["payload", "context"], "default": "payload"}));
            strict(properties.into(), &["path"])
        }
        Body::Runs => {
            let ids = json!({"type": "array", "maxItems": RUNS_PER_REQUEST_MAX, "items": {"type": "string", "format": "uuid"}});
            let filter = strict(json!({"flow_id": {"type": "string"}, "status": {"type": "string", "enum": ["FAILED", "UNCERTAIN"]}}), &[]);
            json!({"oneOf": [strict(json!({ "ids": ids }), &["ids"]), strict(json!({ "filter": filter }), &["filter"])]})
        }
        Body::Source => strict(custom_source(true), &["name"]),
        Body::SourceChange => strict(custom_source(false), &[]),
        Body::Rotation => {
            let seconds = json!({"type": "integer", "minimum": 0, "maximum": source::ROTATION_SECONDS_MAX, "default": source::ROTATION_SECONDS_DEFAULT});
            strict(json!({ "keep_old_seconds": seconds }), &[])
        }
        Body::Again => strict(json!({ "operation_id": {"type": ["string", "null"]} }), &[]),
        Body::Call => {
            let params = strict(json!({"path": {"type": "object"}, "query": {"type": "object"}, "body": {}}), &[]);
            let bearer = json!({"type": "string", "enum": ["viewer", "addon"], "default": "viewer"});
            strict(json!({"params": params, "as": bearer, "confirm": {"type": "boolean"}, "workspace_id": {"type": "string"}}), &[])
        }
        Body::ReferenceCall => json!({"type": "object"}),
        Body::Subscription => strict(json!({"event": {"type": "string", "enum": KNOWN.map(|known| known.name).to_vec()}}), &["event"]),
        Body::WebhookToken => {
            let token = json!({"type": "string", "minLength": subscription::TOKEN_CHARS_MIN, "maxLength": token::TEXT_BYTES_MAX, "pattern": "^[!-~]+$"});
            strict(json!({ "token": token }), &["token"])
        }
        Body::Settings => {
            let properties: Map<String, Value> =
                settings::of(addon).map(|setting| (setting.id.to_owned(), takes(&setting.takes))).collect();
            let mut schema = strict(Value::Object(properties), &[]);
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("minProperties".into(), 1.into());
            }
            schema
        }
    })
}

fn strict(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn takes(takes: &Takes) -> Value {
    match takes {
        Takes::Flag(_) => json!({"type": "boolean"}),
        Takes::Number(range, _) => json!({"type": "integer", "minimum": range.start(), "maximum": range.end()}),
        Takes::Text => json!({"type": "string"}),
        Takes::Choice(choices) => json!({"type": "string", "enum": choices}),
    }
}

/// What something is tried on.
fn subject() -> Map<String, Value> {
    let event_id = ("event_id".to_owned(), json!({"type": "string", "format": "uuid"}));
    Map::from_iter([event_id, ("payload".to_owned(), json!({"type": "object"}))])
}

/// A flow in outline; `docs/flows.md` says all of it.
fn flow() -> Value {
    json!({
        "type": "object",
        "required": ["name", "actions"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "enabled": {"type": "boolean", "default": true},
            "trigger_source": {"type": "string", "enum": ["CLOCKIFY", "CUSTOM", "FLOW", "SCHEDULE"], "default": "CLOCKIFY"},
            "trigger_event_types": {"type": "array", "items": {"type": "string"}},
            "custom_source": {"type": ["string", "null"]},
            "schedule": {"oneOf": [
                {"type": "null"},
                strict(json!({"cron": {"type": "string"}, "time_zone": {"type": "string"}}), &["cron"]),
            ]},
            "conditions": {"type": ["object", "null"]},
            "actions": {"type": "array", "minItems": 1, "items": {"type": "object"}},
        },
    })
}

fn custom_source(whole: bool) -> Value {
    let header = json!({"type": "string", "maxLength": source::HEADER_NAME_BYTES_MAX});
    let mut properties = json!({
        "scheme": {"type": "string", "enum": ["standard", "github", "hmac", "bearer"]},
        "signature_header": {"type": ["string", "null"], "maxLength": source::HEADER_NAME_BYTES_MAX},
        "type_from": {"oneOf": [
            {"type": "null"},
            strict(json!({"from": {"const": "body"}}), &["from"]),
            strict(json!({"from": {"const": "header"}, "name": header}), &["from", "name"]),
            strict(json!({"from": {"const": "fixed"}, "event_type": {"type": "string"}}), &["from", "event_type"]),
        ]},
        "entity_path": {"type": ["string", "null"], "description": "JSONPath to the id of what a message is about."},
    });
    if let (true, Some(properties)) = (whole, properties.as_object_mut()) {
        properties.insert("name".into(), json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}));
    }
    properties
}

/// The shape of a parameter.
pub(super) fn parameter(name: &str) -> Value {
    match name {
        "limit" => json!({"type": "integer", "minimum": 1, "maximum": http::PAGE_MAX, "default": http::PAGE_DEFAULT}),
        "offset" => json!({"type": "integer", "minimum": 0, "maximum": http::OFFSET_MAX, "default": 0}),
        "from" | "to" => json!({"type": "string", "format": "date-time"}),
        "attention" => json!({"type": "boolean"}),
        "source" => json!({"type": "string", "enum": ["CLOCKIFY", "CUSTOM", "FLOW", "SCHEDULE"]}),
        _ => json!({"type": "string"}),
    }
}
