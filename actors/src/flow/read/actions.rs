//! The actions of a flow, by their JSON type. Paths, operations and addresses are checked later, by [`crate::flow::action`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Faults;
use super::conditions::group;
use super::field::{at, map, number, present, refuse_unknown};
use crate::flow::model::{Action, ActionKind, BodyKind, Expected, HttpBody, HttpCall, OnMissing, OnUncertain, Params, Retry};
use crate::limits::flow as limits;
use crate::port::clockify::Method;

pub(super) fn actions(faults: &mut Faults, object: &Map<String, Value>) -> Vec<Action> {
    let Some(listed) = object.get("actions").and_then(Value::as_array) else {
        faults.add("actions", "required", "expected a list of actions");
        return Vec::new();
    };
    if listed.is_empty() || listed.len() > limits::ACTIONS_MAX {
        faults.add("actions", "out_of_range", format!("expected 1 to {} actions", limits::ACTIONS_MAX));
        return Vec::new();
    }
    listed.iter().enumerate().filter_map(|(index, sent)| action(faults, &format!("actions[{index}]"), sent, true)).collect()
}

/// Reads an action; only an outer one may be a `FOR_EACH`.
fn action(faults: &mut Faults, field: &str, sent: &Value, outer: bool) -> Option<Action> {
    let Some(object) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object");
        return None;
    };
    let kind = match present(object, "type").map(Value::as_str) {
        None | Some(Some("CLOCKIFY_API")) => clockify_api(faults, field, object),
        Some(Some("GENERIC_HTTP")) => generic_http(faults, field, object),
        Some(Some("CACHE_LOOKUP")) => cache_lookup(faults, field, object),
        Some(Some("FOR_EACH")) if outer => for_each(faults, field, object),
        Some(Some("FOR_EACH")) => {
            faults.add(at(field, "type"), "too_deep", "a FOR_EACH does not stand within another");
            None
        }
        Some(Some("STOP_IF")) => {
            refuse_unknown(faults, field, object, &["type", "conditions", "retry", "on_uncertain"]);
            match object.get("conditions") {
                Some(sent) => group(faults, &at(field, "conditions"), sent, 1, &mut 0).map(|conditions| ActionKind::StopIf { conditions }),
                None => {
                    faults.add(at(field, "conditions"), "required", "STOP_IF needs conditions");
                    None
                }
            }
        }
        Some(_) => {
            faults.add(at(field, "type"), "unknown_action", "expected CLOCKIFY_API, GENERIC_HTTP, CACHE_LOOKUP, FOR_EACH or STOP_IF");
            None
        }
    };
    let on_uncertain = match present(object, "on_uncertain").map(Value::as_str) {
        None | Some(Some("stop")) => OnUncertain::Stop,
        Some(Some("retry")) => OnUncertain::Retry,
        Some(_) => {
            faults.add(at(field, "on_uncertain"), "invalid_value", "expected stop or retry");
            OnUncertain::Stop
        }
    };
    Some(Action { kind: kind?, retry: retry(faults, field, object), on_uncertain })
}

fn clockify_api(faults: &mut Faults, field: &str, object: &Map<String, Value>) -> Option<ActionKind> {
    let flat = object.contains_key("path_params") || object.contains_key("query_params");
    let (params, parent) = match present(object, "params") {
        Some(Value::Object(params)) => {
            refuse_unknown(faults, field, object, &["type", "operation_id", "params", "retry", "on_uncertain"]);
            refuse_unknown(faults, &at(field, "params"), params, &["path", "query", "body"]);
            (Some((params, "path", "query")), at(field, "params"))
        }
        Some(_) => {
            faults.add(at(field, "params"), "invalid_type", "expected an object with path, query and body");
            (None, field.to_owned())
        }
        None => {
            let known = ["type", "operation_id", "path_params", "query_params", "body", "params", "retry", "on_uncertain"];
            refuse_unknown(faults, field, object, &known);
            (Some((object, "path_params", "query_params")), field.to_owned())
        }
    };
    if flat && present(object, "params").is_some() {
        faults.add(field, "ambiguous", "use either params or path_params and query_params, not both");
    }
    let Some(operation_id) = object.get("operation_id").and_then(Value::as_str) else {
        faults.add(at(field, "operation_id"), "required", "expected the id of an operation of the catalogue");
        return None;
    };
    let (params, path, query) = params?;
    let mut map = |name: &str| map(faults, &parent, params, name);
    let params = Params { path: map(path), query: map(query), body: present(params, "body").cloned() };
    Some(ActionKind::ClockifyApi { operation_id: operation_id.to_owned(), params: Box::new(params) })
}

fn cache_lookup(faults: &mut Faults, field: &str, object: &Map<String, Value>) -> Option<ActionKind> {
    refuse_unknown(faults, field, object, &["type", "entity_type", "id", "on_missing", "retry", "on_uncertain"]);
    let entity_type = object.get("entity_type").and_then(Value::as_str);
    if entity_type.is_none() {
        faults.add(at(field, "entity_type"), "required", "expected a type of entity, such as projects");
    }
    let id = present(object, "id").filter(|id| id.is_string() || id.is_number());
    if id.is_none() {
        faults.add(at(field, "id"), "required", "expected the id of an entity, such as $.webhook.projectId");
    }
    let on_missing = match present(object, "on_missing").map(Value::as_str) {
        None | Some(Some("fail")) => OnMissing::Fail,
        Some(Some("null")) => OnMissing::Null,
        Some(Some("stop")) => OnMissing::Stop,
        Some(_) => {
            faults.add(at(field, "on_missing"), "invalid_value", "expected fail, null or stop");
            OnMissing::Fail
        }
    };
    Some(ActionKind::CacheLookup { entity_type: entity_type?.to_owned(), id: id?.clone(), on_missing })
}

fn for_each(faults: &mut Faults, field: &str, object: &Map<String, Value>) -> Option<ActionKind> {
    refuse_unknown(faults, field, object, &["type", "items", "max", "actions", "retry", "on_uncertain"]);
    let items = object.get("items").and_then(Value::as_str);
    if items.is_none() {
        faults.add(at(field, "items"), "required", "expected a JSONPath to a list, such as $.webhook.tags");
    }
    let max = number(faults, object, field, "max", 1, u64::from(limits::ITEMS_MAX));
    let max = max.and_then(|max| u32::try_from(max).ok()).unwrap_or(limits::ITEMS_DEFAULT);
    let listed = object.get("actions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if listed.is_empty() || listed.len() > limits::ITEM_ACTIONS_MAX {
        faults.add(at(field, "actions"), "out_of_range", format!("expected 1 to {} actions", limits::ITEM_ACTIONS_MAX));
        return None;
    }
    let actions = listed.iter().enumerate().filter_map(|(index, sent)| action(faults, &format!("{field}.actions[{index}]"), sent, false));
    Some(ActionKind::ForEach { actions: actions.collect(), items: items?.to_owned(), max })
}

fn generic_http(faults: &mut Faults, field: &str, object: &Map<String, Value>) -> Option<ActionKind> {
    let known = ["type", "method", "url", "query", "headers", "body", "expect", "response", "retry", "on_uncertain"];
    refuse_unknown(faults, field, object, &known);
    let method = present(object, "method").and_then(|method| serde_json::from_value::<Method>(method.clone()).ok());
    if method.is_none() {
        faults.add(at(field, "method"), "invalid_value", "expected GET, POST, PUT, PATCH or DELETE");
    }
    let url = object.get("url").and_then(Value::as_str);
    if url.is_none() {
        faults.add(at(field, "url"), "required", "expected an address, such as https://hooks.example.com/{{ $.webhook.id }}");
    }
    let expect = match present(object, "expect") {
        None => Vec::new(),
        Some(listed) => match serde_json::from_value::<Vec<Expected>>(listed.clone()) {
            Ok(expect) if expect.len() <= limits::EXPECTED_MAX => expect,
            _ => {
                let words = format!("expected at most {} statuses from 200 to 599, or such as \"2xx\"", limits::EXPECTED_MAX);
                faults.add(at(field, "expect"), "invalid_value", words);
                Vec::new()
            }
        },
    };
    let response = match present(object, "response") {
        None => BTreeMap::new(),
        Some(named) => serde_json::from_value(named.clone()).unwrap_or_else(|_| {
            faults.add(at(field, "response"), "invalid_type", "expected an object of names and JSONPaths");
            BTreeMap::new()
        }),
    };
    let body = present(object, "body").and_then(|body| http_body(faults, &at(field, "body"), body));
    let (query, headers) = (map(faults, field, object, "query"), map(faults, field, object, "headers"));
    Some(ActionKind::GenericHttp(Box::new(HttpCall { method: method?, url: url?.to_owned(), query, headers, body, expect, response })))
}

fn http_body(faults: &mut Faults, field: &str, sent: &Value) -> Option<HttpBody> {
    let Some(object) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object with kind and value");
        return None;
    };
    refuse_unknown(faults, field, object, &["kind", "value"]);
    let kind = match present(object, "kind").map(Value::as_str) {
        None | Some(Some("json")) => BodyKind::Json,
        Some(Some("form")) => BodyKind::Form,
        Some(Some("text")) => BodyKind::Text,
        Some(_) => {
            faults.add(at(field, "kind"), "invalid_value", "expected json, form or text");
            return None;
        }
    };
    Some(HttpBody { kind, value: object.get("value").cloned().unwrap_or(Value::Null) })
}

fn retry(faults: &mut Faults, field: &str, object: &Map<String, Value>) -> Retry {
    let default = Retry::default();
    let field = at(field, "retry");
    let Some(sent) = present(object, "retry") else { return default };
    let Some(sent) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object");
        return default;
    };
    refuse_unknown(faults, &field, sent, &["max_attempts", "initial_ms", "max_ms", "for_seconds"]);
    let attempts = number(faults, sent, &field, "max_attempts", 1, u64::from(limits::RETRY_ATTEMPTS_MAX));
    Retry {
        max_attempts: attempts.and_then(|number| u32::try_from(number).ok()).unwrap_or(default.max_attempts),
        initial_ms: number(faults, sent, &field, "initial_ms", limits::RETRY_WAIT_MS_MIN, limits::RETRY_WAIT_MS_MAX)
            .unwrap_or(default.initial_ms),
        max_ms: number(faults, sent, &field, "max_ms", limits::RETRY_WAIT_MS_MIN, limits::RETRY_WAIT_MS_MAX).unwrap_or(default.max_ms),
        for_seconds: number(faults, sent, &field, "for_seconds", 0, limits::RETRY_FOR_SECONDS_MAX).unwrap_or(default.for_seconds),
    }
}
