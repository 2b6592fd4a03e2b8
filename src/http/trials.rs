//! Flows and paths tried on an event or a payload: what they would do and find. Nothing is sent and nothing is stored.

use actix_web::HttpRequest;
use actix_web::web::{Json, Payload};
use actors::event::{EventType, Source};
use actors::flow::compiled::Compiled;
use actors::flow::context::Context;
use actors::flow::dry_run::{DryRun, Trial, dry_run};
use actors::flow::model::{Definition, Flow, TriggerSource};
use actors::flow::read::{Faults, FieldError};
use actors::ids::{EventId, FlowId};
use actors::jsonpath::Path;
use actors::limits::flow::NAME_SHOWN_CHARS_MAX;
use actors::limits::http::{TRIAL_BYTES_MAX, VALUES_SHOWN_BYTES_MAX, VALUES_SHOWN_MAX};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body;
use super::caller::Admin;
use super::error::{Error, Kind};
use super::flows;

/// What a path finds.
#[derive(Serialize, Debug)]
pub struct Found {
    /// As many of them as are shown.
    values: Vec<Value>,
    /// How many it finds.
    count: usize,
    /// Whether some are left out.
    truncated: bool,
}

/// What something is tried on.
struct Subject {
    source: Option<Source>,
    event_type: Option<EventType>,
    /// `$.event` of the context.
    event: Value,
    payload: Value,
}

/// `POST /ui/flows/dry-run`.
pub async fn flow(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<DryRun>, Error> {
    const KNOWN: [&str; 6] = ["definition", "flow_id", "event_id", "payload", "event_type", "samples"];
    let sent = sent(&caller, &request, payload, &KNOWN).await?;
    let definition = match (sent.get("definition"), sent.get("flow_id")) {
        (Some(definition), None) => *flows::checked(&caller, definition).map_err(|error| error.below("definition"))?,
        (None, Some(id)) => {
            let id = id.as_str().and_then(|id| FlowId::parse(id).ok()).ok_or(Kind::FlowNotFound)?;
            caller.service.store.flow(caller.key, id).await?.ok_or(Kind::FlowNotFound)?.definition
        }
        _ => return Err(fault("", "required", "expected either definition or flow_id")),
    };
    let now = caller.service.clock.now();
    let flow = Flow { id: Uuid::nil().into(), version: 1, definition: definition.clone(), created_at: now, updated_at: now };
    let compiled = Compiled::compile(&flow, caller.key.workspace, &caller.service.catalogue).map_err(Error::fields)?;
    let subject = subject(&caller, &sent).await?;
    let none = Map::new();
    let samples = match sent.get("samples") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(samples)) => samples,
        Some(_) => return Err(fault("samples", "invalid_type", "expected an object, such as {\"action_0\": {}}")),
    };
    let source = subject.source.unwrap_or_else(|| source_of(&definition));
    let event_type = subject.event_type.or_else(|| definition.trigger_event_types.first().cloned());
    let event_type = event_type.map_or_else(|| EventType::parse("SAMPLE"), Ok).map_err(|error| Error::because(Kind::Internal, error))?;
    let trial = Trial { source: &source, event_type: &event_type, event: subject.event, payload: subject.payload, samples };
    Ok(Json(dry_run(&definition, &compiled, caller.key.workspace, trial)))
}

/// Where an event would come from that starts such a flow.
fn source_of(definition: &Definition) -> Source {
    match definition.trigger_source {
        TriggerSource::Clockify => Source::Clockify,
        TriggerSource::Flow => Source::Flow,
        TriggerSource::Schedule => Source::Schedule,
        TriggerSource::Custom => Source::Custom(definition.custom_source.as_deref().unwrap_or("sample").into()),
    }
}

/// `POST /ui/jsonpath`: a path over a payload, as conditions see it, or over the context of an action with `over: "context"`.
pub async fn path(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<Found>, Error> {
    let sent = sent(&caller, &request, payload, &["path", "event_id", "payload", "over"]).await?;
    let path =
        sent.get("path").and_then(Value::as_str).ok_or_else(|| fault("path", "required", "expected a JSONPath, such as $.projectId"))?;
    let path = Path::parse(path).map_err(|refused| fault("path", "invalid_jsonpath", refused.to_string()))?;
    let subject = subject(&caller, &sent).await?;
    let document = match sent.get("over").map(Value::as_str) {
        None | Some(Some("payload")) => subject.payload,
        Some(Some("context")) => Context::new(subject.payload, subject.event, caller.key.workspace).value().clone(),
        Some(_) => return Err(fault("over", "invalid_value", "expected payload or context")),
    };
    let found = path.select(&document).map_err(|error| fault("path", "path_not_evaluated", error.to_string()))?;
    let (mut values, mut bytes) = (Vec::new(), 0);
    for value in found.iter().take(VALUES_SHOWN_MAX) {
        bytes += value.to_string().len();
        if bytes > VALUES_SHOWN_BYTES_MAX {
            break;
        }
        values.push((*value).clone());
    }
    Ok(Json(Found { truncated: values.len() < found.len(), count: found.len(), values }))
}

async fn sent(caller: &Admin, request: &HttpRequest, payload: Payload, known: &[&str]) -> Result<Map<String, Value>, Error> {
    let Value::Object(sent) = body::json(request, payload, TRIAL_BYTES_MAX, &*caller.service.clock).await? else {
        return Err(fault("", "invalid_type", "expected a JSON object"));
    };
    let mut faults = Faults::default();
    for name in sent.keys().filter(|name| !known.contains(&name.as_str())) {
        let shown: String = name.chars().take(NAME_SHOWN_CHARS_MAX).collect();
        faults.add(shown, "unknown_field", format!("expected one of: {}", known.join(", ")));
    }
    faults.into_result(Some(sent)).map_err(Error::fields)
}

async fn subject(caller: &Admin, sent: &Map<String, Value>) -> Result<Subject, Error> {
    match (sent.get("event_id"), sent.get("payload")) {
        (Some(id), None) => {
            let id = id.as_str().and_then(|id| EventId::parse(id).ok()).ok_or(Kind::WebhookNotFound)?;
            let event = caller.service.store.event(caller.key, id).await?.ok_or(Kind::WebhookNotFound)?;
            let payload =
                serde_json::from_slice(&event.payload).map_err(|error| fault("event_id", "payload_unreadable", error.to_string()))?;
            Ok(Subject {
                event: json!({"id": event.id, "type": event.event_type, "entity": event.entity, "received_at": event.received_at}),
                source: Some(event.source),
                event_type: Some(event.event_type),
                payload,
            })
        }
        (None, Some(payload @ Value::Object(_))) => {
            let event_type = match sent.get("event_type") {
                None | Some(Value::Null) => None,
                Some(given) => Some(
                    given
                        .as_str()
                        .and_then(|text| EventType::parse(text).ok())
                        .ok_or_else(|| fault("event_type", "invalid_value", "expected an event type"))?,
                ),
            };
            let event = json!({"id": Uuid::nil(), "type": event_type, "entity": null, "received_at": caller.service.clock.now()});
            Ok(Subject { source: None, event_type, event, payload: payload.clone() })
        }
        (None, Some(_)) => Err(fault("payload", "invalid_type", "expected a JSON object")),
        _ => Err(fault("", "required", "expected either event_id or payload")),
    }
}

fn fault(field: &str, code: &'static str, message: impl Into<String>) -> Error {
    Error::fields(vec![FieldError { field: field.to_owned(), code, message: message.into() }])
}
