//! Single fields of what a client sent, whatever they mean. A field that is null counts as absent.

use serde_json::{Map, Value};

use super::Faults;
use crate::limits::flow as limits;

pub(super) fn present<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}

pub(super) fn at(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

pub(super) fn refuse_unknown(faults: &mut Faults, parent: &str, object: &Map<String, Value>, known: &[&str]) {
    for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
        let shown: String = name.chars().take(limits::NAME_SHOWN_CHARS_MAX).collect();
        faults.add(at(parent, &shown), "unknown_field", format!("expected one of: {}", known.join(", ")));
    }
}

pub(super) fn text(faults: &mut Faults, object: &Map<String, Value>, name: &str, chars_max: usize) -> Option<String> {
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

pub(super) fn boolean(faults: &mut Faults, object: &Map<String, Value>, name: &str) -> Option<bool> {
    let value = present(object, name)?;
    if value.as_bool().is_none() {
        faults.add(name, "invalid_type", "expected true or false");
    }
    value.as_bool()
}

pub(super) fn number(faults: &mut Faults, object: &Map<String, Value>, parent: &str, name: &str, least: u64, most: u64) -> Option<u64> {
    let value = present(object, name)?;
    let number = value.as_u64().filter(|number| (least..=most).contains(number));
    if number.is_none() {
        faults.add(at(parent, name), "out_of_range", format!("expected a whole number from {least} to {most}"));
    }
    number
}

pub(super) fn map(faults: &mut Faults, parent: &str, object: &Map<String, Value>, name: &str) -> Map<String, Value> {
    match present(object, name) {
        None => Map::new(),
        Some(Value::Object(map)) => map.clone(),
        Some(_) => {
            faults.add(at(parent, name), "invalid_type", "expected an object");
            Map::new()
        }
    }
}
