//! From a schema of an OpenAPI document to the part of it that the catalogue keeps: references resolved, texts left out, depth and size bounded.

use actors::limits::catalogue as limits;
use actors::operation::{Kind, Schema};
use serde_json::Value;

/// Formats that say more than the type does.
const FORMATS: [&str; 4] = ["date-time", "date", "binary", "byte"];
const REFERENCE: &str = "#/components/schemas/";

/// Resolves the schemas of one document.
pub struct Resolver<'d> {
    document: &'d Value,
    /// Schemas that may still be made for this operation.
    left: usize,
}

impl<'d> Resolver<'d> {
    /// For one operation of a document.
    pub fn new(document: &'d Value) -> Self {
        Self { document, left: limits::SCHEMA_NODES_MAX }
    }

    /// A schema with everything that it refers to.
    pub fn resolve(&mut self, schema: &'d Value) -> Schema {
        self.within(schema, &mut Vec::new(), 0)
    }

    fn within(&mut self, schema: &'d Value, open: &mut Vec<&'d str>, depth: usize) -> Schema {
        let before = open.len();
        let room = self.left > 0;
        self.left = self.left.saturating_sub(1);
        let resolved = self.target(schema, open);
        let made = match resolved {
            Some(target) if depth < limits::SCHEMA_LEVELS_MAX && room => self.one(target, open, depth),
            // A schema inside itself, or more of it than anybody fills in.
            _ => Schema { kind: Kind::Any, ..Schema::default() },
        };
        open.truncate(before);
        made
    }

    /// Follows references; `None` where one leads back into a schema that is being read.
    fn target(&self, mut schema: &'d Value, open: &mut Vec<&'d str>) -> Option<&'d Value> {
        loop {
            if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
                if open.contains(&name) {
                    return None;
                }
                open.push(name);
                schema = self.document.get("components")?.get("schemas")?.get(name.strip_prefix(REFERENCE)?)?;
            } else if let Some(only) = alternative(schema) {
                schema = only;
            } else {
                return Some(schema);
            }
        }
    }

    fn one(&mut self, schema: &'d Value, open: &mut Vec<&'d str>, depth: usize) -> Schema {
        let kind = kind(schema);
        let number = |name: &str| schema.get(name).and_then(Value::as_f64);
        let length = |name: &str| schema.get(name).and_then(Value::as_u64).and_then(|length| u32::try_from(length).ok());
        let texts = |name: &str| -> Vec<String> {
            let listed = schema.get(name).and_then(Value::as_array).into_iter().flatten();
            listed.filter_map(|value| value.as_str().map(str::to_owned).or_else(|| value.as_i64().map(|value| value.to_string()))).collect()
        };
        let mut made = Schema {
            kind,
            format: format(schema, kind),
            choices: texts("enum"),
            default: schema.get("default").filter(|value| !value.is_null()).map(|value| as_kind(value.clone(), kind)),
            minimum: number("minimum"),
            maximum: number("maximum"),
            min_length: length("minLength").filter(|length| *length > 0),
            max_length: length("maxLength").filter(|length| *length < i32::MAX as u32),
            ..Schema::default()
        };
        match kind {
            Kind::Array => made.items = schema.get("items").map(|items| Box::new(self.within(items, open, depth + 1))),
            Kind::Object => {
                let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
                for (name, value) in properties {
                    if self.left == 0 {
                        break;
                    }
                    made.properties.insert(name.clone(), self.within(value, open, depth + 1));
                }
                made.required = texts("required");
                made.required.retain(|name| made.properties.contains_key(name));
                made.required.sort_unstable();
            }
            _ => {}
        }
        made
    }
}

/// What a schema with one alternative stands for. The official file writes its enumerations so, with the values as properties beside it.
fn alternative(schema: &Value) -> Option<&Value> {
    match ["oneOf", "anyOf", "allOf"].iter().find_map(|name| schema.get(*name))?.as_array()?.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

fn kind(schema: &Value) -> Kind {
    let named = match schema.get("type") {
        Some(Value::Array(several)) => several.iter().find(|one| *one != "null"),
        one => one,
    };
    match named.and_then(Value::as_str) {
        Some("string") => Kind::String,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("array") => Kind::Array,
        // An object of which nothing is said is Java's: any value.
        Some("object") if schema.get("properties").or_else(|| schema.get("additionalProperties")).is_none() => Kind::Any,
        Some("object") => Kind::Object,
        _ if schema.get("properties").is_some() => Kind::Object,
        _ if schema.get("items").is_some() => Kind::Array,
        _ if schema.get("enum").is_some() => Kind::String,
        _ => Kind::Any,
    }
}

/// The stated format, or the one that the example of a text shows: the official file leaves it out for most dates.
fn format(schema: &Value, kind: Kind) -> Option<String> {
    if kind != Kind::String {
        return None;
    }
    let stated = schema.get("format").and_then(Value::as_str).filter(|format| FORMATS.contains(format));
    stated.or_else(|| schema.get("example").and_then(Value::as_str).and_then(shown)).map(str::to_owned)
}

/// The format of a text that shows a date.
pub fn shown(example: &str) -> Option<&'static str> {
    let date =
        example.get(..10)?.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    match example.get(10..)? {
        "" if date => Some("date"),
        time if date && time.starts_with('T') => Some("date-time"),
        _ => None,
    }
}

/// A value as its type wants it: defaults of numbers and flags are written as texts at times.
pub fn as_kind(value: Value, kind: Kind) -> Value {
    match (&value, kind) {
        (Value::String(text), Kind::Integer) => text.parse::<i64>().map_or(value.clone(), Value::from),
        (Value::String(text), Kind::Number) => text.parse::<f64>().map_or(value.clone(), Value::from),
        (Value::String(text), Kind::Boolean) => text.parse::<bool>().map_or(value.clone(), Value::from),
        _ => value,
    }
}
