//! Parameters that an operation takes, made of its schema: what a description shows, and what every test of the catalogue goes through.

use serde_json::{Map, Value, json};

use crate::flow::model::Params;
use crate::operation::{Kind, Operation, Place, Schema};

/// Stands in the place of an id.
pub const ID: &str = "64b641568b07987035750fff";

/// Everything that a call needs and no more; of a body without needs, all of its first level.
pub fn sample(operation: &Operation) -> Params {
    let of = |place: Place| -> Map<String, Value> {
        let wanted = operation.parameters.iter().filter(|one| one.place == place && one.required && one.name != "workspaceId");
        wanted.map(|one| (one.name.clone(), if place == Place::Path { json!(ID) } else { value(&one.name, &one.schema) })).collect()
    };
    let body = operation.body.as_ref().map(|body| value("", &body.schema));
    Params { path: of(Place::Path), query: of(Place::Query), body }
}

/// A value that a schema takes.
fn value(name: &str, schema: &Schema) -> Value {
    if let Some(default) = &schema.default {
        return default.clone();
    }
    match schema.kind {
        Kind::Any => json!("value"),
        Kind::Boolean => json!(true),
        Kind::Integer | Kind::Number => match (schema.minimum, schema.maximum) {
            (Some(least), _) if least > 1.0 => json!(least.ceil()),
            (_, Some(most)) if most < 1.0 => json!(most.floor()),
            _ => json!(1),
        },
        Kind::String => json!(text(name, schema)),
        Kind::Array => Value::Array(schema.items.iter().map(|items| value(name, items)).collect()),
        Kind::Object => {
            let needed = |name: &String| schema.required.is_empty() || schema.required.contains(name);
            let wanted = schema.properties.iter().filter(|(name, _)| needed(name) && *name != "workspaceId");
            Value::Object(wanted.map(|(name, schema)| (name.clone(), value(name, schema))).collect())
        }
    }
}

fn text(name: &str, schema: &Schema) -> String {
    if let Some(first) = schema.choices.first() {
        return first.clone();
    }
    let text = match schema.format.as_deref() {
        Some("date") => "2026-01-31",
        Some("date-time") => "2026-01-31T08:00:00Z",
        Some("binary" | "byte") => "aGVsbG8=",
        _ if name.ends_with("Id") || name.ends_with("-id") || name.ends_with("Ids") || name.ends_with("-ids") => ID,
        _ if name.ends_with("olor") => "#03A9F4",
        _ if name.to_ascii_lowercase().contains("email") => "name@example.com",
        _ => "text",
    };
    let (least, most) = (schema.min_length.map_or(0, |least| least as usize), schema.max_length.map_or(usize::MAX, |most| most as usize));
    let padded = text.chars().chain(std::iter::repeat('x')).take(text.chars().count().max(least).min(most));
    padded.collect()
}
