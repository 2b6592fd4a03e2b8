//! From what a client sends to a [`Definition`]: both JSON shapes of the reference, every fault named by its field.
//!
//! The canonical shape is Universal Webhook's (`params: {path, query, body}`); API Studio's flat one
//! (`path_params`, `query_params`, `body`) is read as well.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::model::{
    Action, ActionKind, BodyKind, Comparison, Definition, Expected, Group, HttpBody, HttpCall, Join, OnMissing, OnUncertain, Operator,
    Params, Retry, Rule, TriggerSource,
};
use crate::event::{EventType, FLOW_EVENTS};
use crate::limits::flow as limits;
use crate::port::clockify::Method;
use crate::schedule::{Refused, Schedule};

/// What is wrong with one field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FieldError {
    /// Where, as `actions[0].params.path.id`.
    pub field: String,
    /// Stable, `snake_case`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Collects what is wrong while reading goes on, so that a client learns all of it at once.
#[derive(Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Notes a fault.
    pub fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        if self.0.len() < limits::FAULTS_MAX {
            self.0.push(FieldError { field: field.into(), code, message: message.into() });
        }
    }

    /// The value if nothing was wrong, else all that was.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.0),
        }
    }
}

/// Reads a definition. Paths, operations and patterns are checked later, by [`super::compiled`].
pub fn definition(sent: &Value) -> Result<Definition, Vec<FieldError>> {
    let mut faults = Faults::default();
    let Some(sent) = sent.as_object() else {
        faults.add("", "invalid_type", "expected a JSON object");
        return faults.into_result(None);
    };
    const FIELDS: [&str; 13] = [
        "name",
        "description",
        "enabled",
        "trigger_source",
        "trigger_event_types",
        "custom_source",
        "schedule",
        "conditions",
        "actions",
        "allow_self_trigger",
        "runs_per_entity_per_minute",
        "pause_after_failures",
        "workspace_id",
    ];
    refuse_unknown(&mut faults, "", sent, &FIELDS);
    let name = text(&mut faults, sent, "name", limits::NAME_CHARS_MAX).unwrap_or_default();
    if name.trim().is_empty() {
        faults.add("name", "required", "a flow needs a name");
    }
    let definition = Definition {
        name,
        description: text(&mut faults, sent, "description", limits::DESCRIPTION_CHARS_MAX).unwrap_or_default(),
        enabled: boolean(&mut faults, sent, "enabled").unwrap_or(true),
        trigger_source: trigger_source(&mut faults, sent),
        trigger_event_types: event_types(&mut faults, sent),
        custom_source: text(&mut faults, sent, "custom_source", 64),
        schedule: schedule(&mut faults, sent),
        conditions: match present(sent, "conditions") {
            None => None,
            Some(value) => group(&mut faults, "conditions", value, 1, &mut 0),
        },
        actions: actions(&mut faults, sent),
        allow_self_trigger: boolean(&mut faults, sent, "allow_self_trigger").unwrap_or(false),
        runs_per_entity_per_minute: number(
            &mut faults,
            sent,
            "",
            "runs_per_entity_per_minute",
            1,
            u64::from(limits::RUNS_PER_ENTITY_PER_MINUTE_MAX),
        )
        .and_then(|number| u32::try_from(number).ok()),
        pause_after_failures: number(&mut faults, sent, "", "pause_after_failures", 0, u64::from(limits::PAUSE_AFTER_FAILURES_MAX))
            .and_then(|number| u32::try_from(number).ok()),
        managed_by: None,
    };
    if definition.custom_source.is_some() && definition.trigger_source != TriggerSource::Custom {
        faults.add("custom_source", "not_applicable", "only flows with trigger_source CUSTOM have a custom_source");
    }
    faults.into_result(Some(definition))
}

fn present<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}

fn at(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

fn refuse_unknown(faults: &mut Faults, parent: &str, object: &Map<String, Value>, known: &[&str]) {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        let shown: String = name.chars().take(64).collect();
        faults.add(at(parent, &shown), "unknown_field", format!("expected one of: {}", known.join(", ")));
    }
}

fn text(faults: &mut Faults, object: &Map<String, Value>, name: &str, chars_max: usize) -> Option<String> {
    let value = present(object, name)?;
    match value.as_str() {
        Some(text) if text.chars().count() > chars_max => {
            faults.add(name, "too_long", format!("at most {chars_max} characters"));
            None
        }
        Some(text) if text.contains('\0') => {
            faults.add(name, "invalid_character", "a NUL character is not allowed");
            None
        }
        Some(text) => Some(text.to_owned()),
        None => {
            faults.add(name, "invalid_type", "expected a text");
            None
        }
    }
}

fn boolean(faults: &mut Faults, object: &Map<String, Value>, name: &str) -> Option<bool> {
    let value = present(object, name)?;
    if value.as_bool().is_none() {
        faults.add(name, "invalid_type", "expected true or false");
    }
    value.as_bool()
}

fn number(faults: &mut Faults, object: &Map<String, Value>, parent: &str, name: &str, least: u64, most: u64) -> Option<u64> {
    let value = present(object, name)?;
    let number = value.as_u64().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        faults.add(at(parent, name), "out_of_range", format!("expected a whole number from {least} to {most}"));
    }
    number
}

fn trigger_source(faults: &mut Faults, object: &Map<String, Value>) -> TriggerSource {
    match present(object, "trigger_source").map(Value::as_str) {
        None | Some(Some("CLOCKIFY")) => TriggerSource::Clockify,
        Some(Some("CUSTOM")) => TriggerSource::Custom,
        Some(Some("FLOW")) => TriggerSource::Flow,
        Some(Some("SCHEDULE")) => TriggerSource::Schedule,
        Some(_) => {
            faults.add("trigger_source", "invalid_value", "expected CLOCKIFY, CUSTOM, FLOW or SCHEDULE");
            TriggerSource::Clockify
        }
    }
}

/// A schedule belongs to the source of that name, and to no other.
fn schedule(faults: &mut Faults, object: &Map<String, Value>) -> Option<Schedule> {
    let wanted = present(object, "trigger_source").and_then(Value::as_str) == Some("SCHEDULE");
    let Some(sent) = present(object, "schedule") else {
        if wanted {
            faults.add("schedule", "required", "a flow with trigger_source SCHEDULE needs a schedule: {cron, time_zone}");
        }
        return None;
    };
    if !wanted {
        faults.add("schedule", "not_applicable", "only flows with trigger_source SCHEDULE have a schedule");
    }
    let Some(sent) = sent.as_object() else {
        faults.add("schedule", "invalid_type", "expected an object with cron and time_zone");
        return None;
    };
    refuse_unknown(faults, "schedule", sent, &["cron", "time_zone"]);
    let cron = present(sent, "cron").and_then(Value::as_str);
    if cron.is_none() {
        faults.add("schedule.cron", "required", "expected five fields, such as 0 9 * * mon-fri");
    }
    let time_zone = match present(sent, "time_zone") {
        None => Some("UTC"),
        Some(zone) => zone.as_str(),
    };
    match Schedule::parse(cron?, time_zone.unwrap_or_default()) {
        Ok(schedule) => Some(schedule),
        Err(refused @ Refused::Cron(_)) => {
            faults.add("schedule.cron", "invalid_cron", refused.to_string());
            None
        }
        Err(refused @ Refused::TimeZone) => {
            faults.add("schedule.time_zone", "unknown_time_zone", refused.to_string());
            None
        }
    }
}

fn event_types(faults: &mut Faults, object: &Map<String, Value>) -> Vec<EventType> {
    let source = present(object, "trigger_source").and_then(Value::as_str).unwrap_or("CLOCKIFY");
    if source == "SCHEDULE" {
        let none = present(object, "trigger_event_types").is_none_or(|listed| listed.as_array().is_some_and(Vec::is_empty));
        if !none {
            faults.add("trigger_event_types", "not_applicable", "a flow with a schedule has no event types");
        }
        return Vec::new();
    }
    let Some(listed) = object.get("trigger_event_types").and_then(Value::as_array) else {
        faults.add("trigger_event_types", "required", "expected a list of event types; an empty one means every event of the source");
        return Vec::new();
    };
    if listed.len() > limits::EVENT_TYPES_MAX {
        faults.add("trigger_event_types", "too_many", format!("at most {}", limits::EVENT_TYPES_MAX));
        return Vec::new();
    }
    let mut types: Vec<EventType> = Vec::with_capacity(listed.len());
    for (index, value) in listed.iter().enumerate() {
        let field = format!("trigger_event_types[{index}]");
        match value.as_str().map(EventType::parse) {
            Some(Ok(event_type)) if source == "FLOW" && !FLOW_EVENTS.contains(&event_type.as_str()) => {
                faults.add(field, "unknown_event_type", format!("expected one of: {}", FLOW_EVENTS.join(", ")));
            }
            Some(Ok(event_type)) if !matches!(source, "CUSTOM" | "FLOW") && event_type.known().is_none() => {
                faults.add(field, "unknown_event_type", "Clockify has no such event");
            }
            Some(Ok(event_type)) if types.contains(&event_type) => {}
            Some(Ok(event_type)) => types.push(event_type),
            Some(Err(error)) => faults.add(field, "invalid_value", error.to_string()),
            None => faults.add(field, "invalid_type", "expected a text"),
        }
    }
    types
}

/// Reads a group of conditions at `field`.
fn group(faults: &mut Faults, field: &str, sent: &Value, depth: usize, rules_seen: &mut usize) -> Option<Group> {
    let Some(object) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object with type and rules");
        return None;
    };
    if depth > limits::CONDITION_DEPTH_MAX {
        faults.add(field, "too_deep", format!("groups nest at most {} deep", limits::CONDITION_DEPTH_MAX));
        return None;
    }
    refuse_unknown(faults, field, object, &["type", "rules"]);
    let join = match present(object, "type").map(Value::as_str) {
        None | Some(Some("ALL")) => Join::All,
        Some(Some("ANY")) => Join::Any,
        Some(Some("NONE")) => Join::None,
        Some(_) => {
            faults.add(at(field, "type"), "invalid_value", "expected ALL, ANY or NONE");
            Join::All
        }
    };
    let listed = match present(object, "rules") {
        None => &[][..],
        Some(Value::Array(listed)) => listed,
        Some(_) => {
            faults.add(at(field, "rules"), "invalid_type", "expected a list");
            &[]
        }
    };
    let mut rules = Vec::with_capacity(listed.len().min(limits::RULES_MAX));
    for (index, sent) in listed.iter().enumerate() {
        *rules_seen += 1;
        if *rules_seen > limits::RULES_MAX {
            faults.add(at(field, "rules"), "too_many", format!("at most {} rules", limits::RULES_MAX));
            return None;
        }
        let field = format!("{field}.rules[{index}]");
        if sent.get("rules").is_some() {
            rules.extend(group(faults, &field, sent, depth + 1, rules_seen).map(Rule::Group));
        } else {
            rules.extend(comparison(faults, &field, sent).map(Rule::Compare));
        }
    }
    Some(Group { join, rules })
}

fn comparison(faults: &mut Faults, field: &str, sent: &Value) -> Option<Comparison> {
    let Some(object) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object with field, operator and value");
        return None;
    };
    refuse_unknown(faults, field, object, &["field", "operator", "value"]);
    let path = object.get("field").and_then(Value::as_str);
    if path.is_none() {
        faults.add(at(field, "field"), "required", "expected a JSONPath, such as $.projectId");
    }
    let operator = object.get("operator").and_then(Value::as_str).and_then(Operator::parse);
    if operator.is_none() {
        let names: Vec<&str> = Operator::ALL.iter().map(|operator| operator.as_str()).collect();
        faults.add(at(field, "operator"), "unknown_operator", format!("expected one of: {}", names.join(" ")));
    }
    let (path, operator) = (path?, operator?);
    let value = if operator.has_operand() { object.get("value").cloned().unwrap_or(Value::Null) } else { Value::Null };
    Some(Comparison { field: path.to_owned(), operator, value })
}

fn actions(faults: &mut Faults, object: &Map<String, Value>) -> Vec<Action> {
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

fn map(faults: &mut Faults, parent: &str, object: &Map<String, Value>, name: &str) -> Map<String, Value> {
    match present(object, name) {
        None => Map::new(),
        Some(Value::Object(map)) => map.clone(),
        Some(_) => {
            faults.add(at(parent, name), "invalid_type", "expected an object");
            Map::new()
        }
    }
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
        initial_ms: number(faults, sent, &field, "initial_ms", 100, limits::RETRY_WAIT_MS_MAX).unwrap_or(default.initial_ms),
        max_ms: number(faults, sent, &field, "max_ms", 100, limits::RETRY_WAIT_MS_MAX).unwrap_or(default.max_ms),
        for_seconds: number(faults, sent, &field, "for_seconds", 0, limits::RETRY_FOR_SECONDS_MAX).unwrap_or(default.for_seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn minimal() -> Value {
        json!({"name": "tag it", "trigger_event_types": ["NEW_TIME_ENTRY"], "actions": [{"operation_id": "getTags"}]})
    }

    fn faults(sent: Value) -> Vec<(String, &'static str)> {
        definition(&sent).unwrap_err().into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn the_two_shapes_of_the_reference_mean_the_same() {
        let canonical = json!({"type": "CLOCKIFY_API", "operation_id": "getTag", "params": {"path": {"id": "$.webhook.id"}, "query": {"a": 1}, "body": {"b": 2}}});
        let flat = json!({"operation_id": "getTag", "path_params": {"id": "$.webhook.id"}, "query_params": {"a": 1}, "body": {"b": 2}});
        let read = |action: Value| {
            let mut sent = minimal();
            sent["actions"] = json!([action]);
            definition(&sent).unwrap()
        };
        assert_eq!(read(canonical), read(flat));
    }

    #[test]
    fn a_definition_survives_its_canonical_json() {
        let mut sent = minimal();
        sent["conditions"] = json!({"type": "ANY", "rules": [{"field": "$.a", "operator": "exists"}, {"type": "NONE", "rules": [{"field": "$.b", "operator": "in", "value": [1]}]}]});
        sent["actions"] = json!([{"type": "STOP_IF", "conditions": {"rules": []}, "retry": {"max_attempts": 3}}]);
        let read = definition(&sent).unwrap();
        let stored = serde_json::to_value(&read).unwrap();
        assert_eq!(serde_json::from_value::<Definition>(stored.clone()).unwrap(), read);
        assert_eq!(definition(&stored).unwrap(), read);
    }

    #[test]
    fn every_fault_is_named_by_its_field_and_all_at_once() {
        let sent = json!({
            "name": " ", "enabled": "yes", "trigger_source": "MARS", "trigger_event_types": ["NEW_MOON", 7],
            "conditions": {"type": "SOME", "rules": [{"field": 1, "operator": "~"}]},
            "actions": [{"type": "EXPLODE"}, {"operation_id": 1}, {"operation_id": "x", "params": {"header": {}}, "retry": {"max_attempts": 0}}],
            "colour": "red",
        });
        let found = faults(sent);
        for expected in [
            ("name", "required"),
            ("enabled", "invalid_type"),
            ("trigger_source", "invalid_value"),
            ("trigger_event_types[0]", "unknown_event_type"),
            ("trigger_event_types[1]", "invalid_type"),
            ("conditions.type", "invalid_value"),
            ("conditions.rules[0].field", "required"),
            ("conditions.rules[0].operator", "unknown_operator"),
            ("actions[0].type", "unknown_action"),
            ("actions[1].operation_id", "required"),
            ("actions[2].params.header", "unknown_field"),
            ("actions[2].retry.max_attempts", "out_of_range"),
            ("colour", "unknown_field"),
        ] {
            assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} is missing from {found:?}");
        }
    }

    #[test]
    fn sizes_and_depths_have_bounds() {
        let mut sent = minimal();
        sent["actions"] = json!(vec![json!({"operation_id": "x"}); limits::ACTIONS_MAX + 1]);
        assert_eq!(faults(sent), [("actions".to_owned(), "out_of_range")]);
        let mut sent = minimal();
        sent["conditions"] = json!({"rules": vec![json!({"field": "$.a", "operator": "exists"}); limits::RULES_MAX + 1]});
        assert_eq!(faults(sent), [("conditions.rules".to_owned(), "too_many")]);
        let mut sent = minimal();
        sent["conditions"] = (0..limits::CONDITION_DEPTH_MAX).fold(json!({"rules": []}), |inner, _| json!({"rules": [inner]}));
        assert_eq!(faults(sent)[0].1, "too_deep");
    }
}
