//! What starts a flow: whose events, which of them, or a schedule.

use serde_json::{Map, Value};

use super::Faults;
use super::field::{present, refuse_unknown};
use crate::event::{EventType, FLOW_EVENTS};
use crate::flow::model::TriggerSource;
use crate::limits::flow as limits;
use crate::schedule::{Refused, Schedule};

pub(super) fn trigger_source(faults: &mut Faults, object: &Map<String, Value>) -> TriggerSource {
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
pub(super) fn schedule(faults: &mut Faults, object: &Map<String, Value>) -> Option<Schedule> {
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

pub(super) fn event_types(faults: &mut Faults, object: &Map<String, Value>) -> Vec<EventType> {
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
