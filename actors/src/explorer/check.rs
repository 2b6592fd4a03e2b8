//! A value against the schema of the catalogue. Dates are taken a little more widely than described, because the platform does as well.

use serde_json::Value;

use crate::clock::Timestamp;
use crate::flow::read::Faults;
use crate::operation::{Kind, Schema};

/// A parameter of the query, as texts: forms send texts for numbers and flags. A list is the same name several times; a single value is a
/// list of one.
pub fn query(schema: &Schema, value: &Value, field: &str, faults: &mut Faults) -> Vec<String> {
    match (schema.kind, value) {
        (Kind::Array, Value::Array(elements)) => {
            let element = |(index, value): (usize, &Value)| one(items(schema), value, &format!("{field}[{index}]"), faults);
            elements.iter().enumerate().filter_map(element).collect()
        }
        (Kind::Array, single) => one(items(schema), single, field, faults).into_iter().collect(),
        (_, single) => one(Some(schema), single, field, faults).into_iter().collect(),
    }
}

fn items(schema: &Schema) -> Option<&Schema> {
    schema.items.as_deref()
}

fn one(schema: Option<&Schema>, value: &Value, field: &str, faults: &mut Faults) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            faults.add(field, "invalid_type", "expected a text, a number, true or false");
            return None;
        }
    };
    if let Some(schema) = schema {
        // A number or a flag is as good as its text here, whichever of them the operation wants.
        let meant = match (schema.kind, value) {
            (Kind::Integer | Kind::Number | Kind::Boolean, Value::String(text)) => {
                serde_json::from_str(text).unwrap_or_else(|_| value.clone())
            }
            (Kind::String, _) => Value::String(text.clone()),
            _ => value.clone(),
        };
        body(schema, &meant, field, faults);
    }
    Some(text)
}

/// A body, or a part of one.
pub fn body(schema: &Schema, value: &Value, field: &str, faults: &mut Faults) {
    match (schema.kind, value) {
        (Kind::Any, _) => {}
        (Kind::String, Value::String(text)) => string(schema, text, field, faults),
        (Kind::Integer, Value::Number(number)) => {
            if number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|number| number.fract() == 0.0) {
                bounds(schema, number.as_f64(), field, faults);
            } else {
                faults.add(field, "invalid_type", "expected a whole number");
            }
        }
        (Kind::Number, Value::Number(number)) => bounds(schema, number.as_f64(), field, faults),
        (Kind::Boolean, Value::Bool(_)) => {}
        (Kind::Array, Value::Array(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                if let Some(items) = items(schema) {
                    body(items, element, &format!("{field}[{index}]"), faults);
                }
            }
        }
        (Kind::Object, Value::Object(members)) => {
            let missing = |name: &&String| members.get(*name).is_none_or(Value::is_null);
            for name in schema.required.iter().filter(missing) {
                faults.add(format!("{field}.{name}"), "required", "this operation needs it");
            }
            for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
                if let Some(described) = schema.properties.get(name) {
                    body(described, value, &format!("{field}.{name}"), faults);
                }
            }
        }
        (kind, _) => faults.add(field, "invalid_type", format!("expected {}", words(kind))),
    }
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "a text",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "true or false",
        Kind::Array => "a list",
        Kind::Object => "an object",
        Kind::Any => "a value",
    }
}

fn bounds(schema: &Schema, number: Option<f64>, field: &str, faults: &mut Faults) {
    let Some(number) = number else { return };
    let (low, high) = (schema.minimum.is_some_and(|least| number < least), schema.maximum.is_some_and(|most| number > most));
    if low || high {
        let least = schema.minimum.map(|least| format!(" from {least}")).unwrap_or_default();
        let most = schema.maximum.map(|most| format!(" to {most}")).unwrap_or_default();
        faults.add(field, "out_of_range", format!("expected a number{least}{most}"));
    }
}

fn string(schema: &Schema, text: &str, field: &str, faults: &mut Faults) {
    if !schema.choices.is_empty() && !schema.choices.iter().any(|choice| choice == text) {
        faults.add(field, "invalid_value", format!("expected one of {}", schema.choices.join(", ")));
    }
    let chars = text.chars().count();
    let (short, long) = (schema.min_length.map_or(0, |least| least as usize), schema.max_length.map_or(usize::MAX, |most| most as usize));
    if chars < short {
        faults.add(field, "too_short", format!("expected at least {short} characters"));
    } else if chars > long {
        faults.add(field, "too_long", format!("expected at most {long} characters"));
    }
    match schema.format.as_deref() {
        Some("date") if !is_moment(text) => faults.add(field, "invalid_value", "expected a date such as 2026-01-31"),
        Some("date-time") if !is_moment(text) => faults.add(field, "invalid_value", "expected a time such as 2026-01-31T08:00:00Z"),
        _ => {}
    }
}

/// A day, or a time with or without a zone.
fn is_moment(text: &str) -> bool {
    let at_midnight = |date: &str| Timestamp::parse(&format!("{date}T00:00:00Z")).is_some();
    Timestamp::parse(text).is_some() || (text.len() == 10 && at_midnight(text)) || Timestamp::parse(&format!("{text}Z")).is_some()
}
