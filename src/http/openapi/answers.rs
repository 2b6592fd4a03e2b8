//! Shapes of what is answered when all is well, each in a line of outline: the names of members with what they hold. A test holds real answers to them.
//!
//! `text`, `time`, `count`, `flag` and `any` are what they say; `|null` means that it may be missing a value, a `?` behind a name that the member itself
//! may be missing. Members that an outline does not name may be there as well.

use serde_json::{Map, Value, json};

use crate::http::routes::Verb;
use crate::http::routes::Verb::{Delete, Get, Patch, Post, Put};

/// The schema of a route's good answer, where one is stated.
pub(super) fn of(verb: Verb, path: &str) -> Option<Value> {
    outline(verb, path).map(|outline| schema(&outline))
}

fn schema(outline: &Value) -> Value {
    match outline {
        Value::Object(members) => object(members),
        Value::Array(items) => json!({"type": "array", "items": items.first().map_or(json!({}), schema)}),
        Value::String(kind) => {
            let (kind, or_null) = kind.strip_suffix("|null").map_or((kind.as_str(), false), |kind| (kind, true));
            let (of_type, format) = match kind {
                "text" => ("string", None),
                "time" => ("string", Some("date-time")),
                "count" => ("integer", None),
                "flag" => ("boolean", None),
                "object" => ("object", None),
                _ => return json!({}),
            };
            let of_type = if or_null { json!([of_type, "null"]) } else { json!(of_type) };
            match format {
                Some(format) => json!({"type": of_type, "format": format}),
                None => json!({ "type": of_type }),
            }
        }
        _ => json!({}),
    }
}

fn object(members: &Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, outline) in members {
        match name.strip_suffix('?') {
            Some(name) => drop(properties.insert(name.to_owned(), schema(outline))),
            None => {
                properties.insert(name.clone(), schema(outline));
                required.push(name.as_str());
            }
        }
    }
    json!({"type": "object", "required": required, "properties": properties})
}

/// One object with the members of two.
fn with(base: Value, more: Value) -> Value {
    match (base, more) {
        (Value::Object(base), Value::Object(more)) => Value::Object(base.into_iter().chain(more).collect()),
        (base, _) => base,
    }
}

fn pagination() -> Value {
    json!({"total": "count", "limit": "count", "offset": "count", "has_more": "flag"})
}

fn event() -> Value {
    json!({
        "id": "text", "source": "text", "custom_source": "text|null", "event_type": "text", "entity": "text|null", "received_at": "time",
        "deliveries": "count", "summary": "text",
    })
}

fn flow() -> Value {
    json!({
        "status?": "text", "id": "text", "workspace_id": "text", "version": "count", "name": "text", "enabled": "flag", "trigger_source": "text",
        "trigger_event_types": ["text"], "actions": ["object"], "stats": stats(), "created_at": "time", "updated_at": "time",
    })
}

fn stats() -> Value {
    json!({"runs_24h": "count", "succeeded": "count", "failed": "count"})
}

fn run() -> Value {
    json!({
        "id": "text", "flow_id": "text", "flow_version": "count", "webhook_log_id": "text", "event_type": "text", "status": "text",
        "detail": "text|null", "reason": "object|null", "steps_total": "count", "due_at": "time|null", "replay_of": "text|null",
        "created_at": "time", "started_at": "time|null", "finished_at": "time|null", "dismissed_at": "time|null",
    })
}

fn source() -> Value {
    json!({
        "name": "text", "scheme": "text", "signature_header": "text", "type_from": "object", "entity_path": "text|null", "url": "text",
        "workspace_id": "text", "secrets": [{"created_at": "time", "expires_at": "time|null"}], "created_at": "time", "updated_at": "time",
    })
}

fn settings() -> Value {
    json!({"status?": "text", "workspace_id": "text", "settings": [{"id": "text", "type": "text", "value": "any", "source": "text"}]})
}

fn subscription() -> Value {
    json!({
        "event": "text", "reaches": "flag", "by": "text|null", "path": "text", "url": "text", "since": "time|null", "last_event_at": "time|null",
    })
}

fn outline(verb: Verb, path: &str) -> Option<Value> {
    let done = |more| with(json!({"status": "text"}), more);
    Some(match (verb, path) {
        (Get, "/ui/about") => json!({
            "addon": "text", "name": "text", "version": "text", "workspace_id": "text", "user_id": "text|null", "role": "text|null",
            "features": "object", "actions": ["text"], "flow_events": ["text"], "events": [{"name": "text", "entity": "text"}],
        }),
        (Get, "/ui/dashboard") => json!({
            "workspace_id": "text",
            "installation": {"addon_id": "text", "status": "text", "health": "object", "installed_at": "time", "updated_at": "time"},
            "workspace": {
                "installed": "flag", "running": "flag", "quarantined": "flag", "platform_down": "flag", "runs_active": "count",
                "runs_held": "count", "runs_waiting": "count", "more_in_store": "flag",
            },
            "bootstrap": {"status": "text", "progress": "count", "total": "count", "last_error": "text|null", "updated_at": "time|null"},
            "entity_counts": {"by_type": "object", "total": "count", "summary": "text"},
            "flows": {"total": "count", "enabled": "count", "summary": "text"},
            "runs": {
                "total": "count", "runs_24h": "count", "waiting": "count", "failed": "count", "uncertain": "count",
                "attention": {"total": "count", "failed": "count", "uncertain": "count"},
            },
            "recent_activity": {"webhooks_total": "count", "webhooks_24h": "count", "flow_executions_24h": "count", "summary": "text"},
            "activity": [{"hour": "time", "events": "count", "runs": "count", "failed": "count"}],
        }),
        (Post, "/ui/quarantine/lift") => done(json!({"lifted": "flag"})),
        (Get, "/ui/webhooks") => {
            json!({"workspace_id": "text", "pagination": pagination(), "searched?": {"events": "count", "complete": "flag", "oldest": "text|null"}, "webhooks": [event()]})
        }
        (Post, "/ui/webhooks/{id}/replay") => done(json!({"id": "text", "runs": ["text"]})),
        (Get, "/ui/webhooks/{id}") => with(event(), json!({"workspace_id": "text", "payload": "object"})),
        (Get, "/ui/flows") => json!({
            "workspace_id": "text", "total": "count", "enabled": "count", "summary": "text",
            "flows": [{"id": "text", "version": "count", "name": "text", "enabled": "flag", "stats": stats(), "created_at": "time", "updated_at": "time"}],
        }),
        (Post, "/ui/flows") | (Get | Put, "/ui/flows/{id}") => flow(),
        (Post, "/ui/flows/{id}/enable" | "/ui/flows/{id}/disable" | "/ui/flows/{id}/duplicate") => flow(),
        (Post, "/ui/flows/{id}/versions/{version}/restore") => flow(),
        (Post, "/ui/flows/dry-run") => json!({
            "matches": "flag",
            "trigger": {"enabled": "flag", "source_fits": "flag", "event_type_fits": "flag", "conditions_hold": "flag"},
            "conditions": ["object"], "actions": [{"index": "count", "type": "text", "outcome": "text", "request?": "object", "reason?": "object"}],
        }),
        (Get, "/ui/flows/{id}/versions") => json!({
            "flow_id": "text", "pagination": pagination(),
            "versions": [{"version": "count", "name": "text", "enabled": "flag", "actions_total": "count", "updated_at": "time"}],
        }),
        (Get, "/ui/flows/{id}/versions/{version}") => {
            json!({"flow_id": "text", "version": "count", "name": "text", "enabled": "flag", "actions": ["object"], "updated_at": "time"})
        }
        (Get, "/ui/flow-export") => json!({"format": "text", "version": "count", "flows": ["object"]}),
        (Post, "/ui/flow-import") => json!({"created": [{"id": "text", "name": "text"}]}),
        (Get, "/ui/flow-templates") => json!({
            "templates": [{
                "id": "text", "name": "text", "description": "text", "category": "text", "definition": "object",
                "parameters": [{"name": "text", "label": "text", "type": "text", "required": "flag", "default": "any"}],
            }],
        }),
        (Post, "/ui/flow-templates/{id}") => flow(),
        (Post, "/ui/jsonpath") => json!({"values": ["any"], "count": "count", "truncated": "flag"}),
        (Delete, "/ui/flows/{id}") => done(json!({"id": "text"})),
        (Get, "/ui/flows/{id}/executions") => {
            json!({"flow_id": "text", "total": "count", "pagination": pagination(), "executions": [run()]})
        }
        (Get, "/ui/runs") => json!({"workspace_id": "text", "pagination": pagination(), "runs": [run()]}),
        (Get, "/ui/runs/{id}") => with(run(), json!({"workspace_id": "text", "entity": "text|null", "steps": ["object"]})),
        (Post, "/ui/runs/replay" | "/ui/runs/dismiss") => json!({"count": "count", "more": "flag"}),
        (Post, "/ui/runs/{id}/dismiss") => done(json!({"id": "text"})),
        (Post, "/ui/runs/{id}/replay") => done(json!({"id": "text", "replay_of": "text"})),
        (Get, "/ui/custom-sources") => json!({"workspace_id": "text", "total": "count", "sources": [source()]}),
        (Post, "/ui/custom-sources") | (Post, "/ui/custom-sources/{name}/rotate") => with(source(), json!({"secret": "text"})),
        (Get | Put, "/ui/custom-sources/{name}") => source(),
        (Delete, "/ui/custom-sources/{name}") => done(json!({"name": "text"})),
        (Get | Patch, "/ui/settings") => settings(),
        (Get, "/ui/activity") => json!({
            "pagination": pagination(),
            "activities": [{"id": "text", "at": "time", "user_id": "text|null", "what": "text", "subject": "text|null", "detail": "text|null"}],
        }),
        (Get, "/ui/subscriptions") => json!({
            "workspace_id": "text", "events": [subscription()], "plan_limits": ["text"],
            "platform": {"compared": "flag", "reason": "text|null", "asked_at": "time|null", "age_seconds": "count|null"},
        }),
        (Post, "/ui/subscriptions") | (Put, "/ui/subscriptions/{event}/token") => done(subscription()),
        (Delete, "/ui/subscriptions/{event}") => done(with(subscription(), json!({"left_to_do?": "text"}))),
        (Post, path) if path.starts_with("/lifecycle/") => json!("object"),
        (Post, "/webhooks/clockify/{event}" | "/webhooks/clockify") => json!({"status": "text", "duplicate?": "flag"}),
        (Post, "/webhooks/custom/{source}") => json!({"status": "text", "duplicate?": "flag"}),
        (Post, "/webhooks/{category}" | "/webhooks/{category}/{change}") => {
            json!({"received": "flag", "event_id?": "text", "timestamp": "time", "duplicate?": "flag"})
        }
        (Get, "/") => json!({"name": "text", "version": "text", "status": "text", "endpoints": "object"}),
        (Get, "/manifest") => json!({
            "schemaVersion": "text", "key": "text", "name": "text", "baseUrl": "text", "scopes": ["text"], "webhooks": ["object"],
        }),
        (Get, "/openapi.json") => json!({"openapi": "text", "info": "object", "paths": "object", "components": "object"}),
        (Get, "/healthz" | "/health" | "/ui/health" | "/livez") => json!({"status": "text"}),
        (Get, "/ready") => json!({"ready": "flag", "checks": "object"}),
        _ => return None,
    })
}
