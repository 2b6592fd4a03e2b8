//! Values of an action: literals, JSONPath with the type kept, and texts with placeholders. One pass, no evaluator, nothing
//! rendered twice.
//!
//! `"$.webhook.projectId"` is the value found there; `"Hello {{ $.webhook.user.name }}"` fills it in as text; either may name a
//! default: `"$.webhook.taskId ?? null"`. `"$$"` at the start is a plain `$`, `"\{{"` a plain `{{`.

use serde_json::{Map, Value};

use super::read::Faults;
use super::run::Reason;
use crate::jsonpath::Path;
use crate::limits::flow as limits;

/// A value with its references found, ready to be filled in.
#[derive(Clone, Debug)]
pub enum Template {
    /// Stays as it is.
    Literal(Value),
    /// Becomes what is found there.
    Reference(Reference),
    /// A text with holes.
    Text(Vec<Part>),
    /// A list of templates.
    List(Vec<Template>),
    /// An object of templates.
    Object(Vec<(String, Template)>),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// Stays as it is.
    Plain(String),
    /// Is filled in.
    Hole(Reference),
}

/// A path into the context, and what stands in where it finds nothing.
#[derive(Clone, Debug)]
pub struct Reference {
    path: Path,
    default: Option<Value>,
}

/// Compiles templates of one action: knows which names its context will have.
pub struct Compiler<'f> {
    /// Index of the action; it sees the answers of those before it.
    pub action: usize,
    /// Where faults are noted.
    pub faults: &'f mut Faults,
    /// Values seen so far.
    pub values: usize,
}

impl Compiler<'_> {
    /// Compiles the value at `field`.
    pub fn value(&mut self, value: &Value, field: &str, depth: usize) -> Template {
        self.values += 1;
        if depth > limits::BODY_DEPTH_MAX || self.values > limits::BODY_VALUES_MAX {
            let bounds = format!("at most {} deep and {} values", limits::BODY_DEPTH_MAX, limits::BODY_VALUES_MAX);
            self.faults.add(field, "too_large", bounds);
            return Template::Literal(Value::Null);
        }
        match value {
            Value::String(text) => self.text(text, field),
            Value::Array(items) => Template::List(
                items.iter().enumerate().map(|(index, item)| self.value(item, &format!("{field}[{index}]"), depth + 1)).collect(),
            ),
            Value::Object(fields) => Template::Object(
                fields.iter().map(|(name, value)| (name.clone(), self.value(value, &format!("{field}.{name}"), depth + 1))).collect(),
            ),
            other => Template::Literal(other.clone()),
        }
    }

    fn text(&mut self, text: &str, field: &str) -> Template {
        if let Some(rest) = text.strip_prefix("$$") {
            return Template::Literal(Value::String(format!("${rest}")));
        }
        if text.starts_with('$') {
            return match self.reference(text, field) {
                Some(reference) => Template::Reference(reference),
                None => Template::Literal(Value::Null),
            };
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let (before, behind) = rest.split_at(start);
            let behind = behind.strip_prefix("{{").unwrap_or_default();
            if let Some(before) = before.strip_suffix('\\') {
                plain.push_str(before);
                plain.push_str("{{");
                rest = behind;
                continue;
            }
            plain.push_str(before);
            let Some((inner, after)) = behind.split_once("}}") else {
                self.faults.add(field, "invalid_template", "a {{ is not closed by }}; write \\{{ for a plain one");
                return Template::Literal(Value::Null);
            };
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            parts.extend(self.reference(inner.trim(), field).map(Part::Hole));
            rest = after;
        }
        plain.push_str(rest);
        if parts.is_empty() {
            return Template::Literal(Value::String(plain));
        }
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        if parts.len() > 2 * limits::PLACEHOLDERS_MAX {
            self.faults.add(field, "too_many", format!("at most {} placeholders in a text", limits::PLACEHOLDERS_MAX));
        }
        Template::Text(parts)
    }

    fn reference(&mut self, text: &str, field: &str) -> Option<Reference> {
        let (path, default) = match text.rsplit_once("??") {
            Some((path, default)) => match serde_json::from_str(default.trim()) {
                Ok(default) => (path.trim(), Some(default)),
                Err(_) => {
                    self.faults.add(field, "invalid_template", "behind ?? stands a JSON value, such as \"none\", 0 or null");
                    return None;
                }
            },
            None => (text.trim(), None),
        };
        match Path::parse(path) {
            Ok(path) => {
                self.known_root(&path, field);
                Some(Reference { path, default })
            }
            Err(refused) => {
                self.faults.add(field, "invalid_jsonpath", format!("{refused}; write $$ for a plain $ at the start"));
                None
            }
        }
    }

    /// A path that begins with a plain name must begin with one that the context has.
    fn known_root(&mut self, path: &Path, field: &str) {
        let Some(rest) = path.text().strip_prefix("$.") else { return };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() || matches!(name.as_str(), "webhook" | "event" | "workspace") {
            return;
        }
        let earlier =
            name.strip_prefix("action_").map(|rest| rest.strip_suffix("_result").unwrap_or(rest)).and_then(|index| index.parse().ok());
        if earlier.is_none_or(|index: usize| index >= self.action) {
            let words = "a path begins with $.webhook, $.event, $.workspace or $.action_<index> of an earlier action";
            self.faults.add(field, "unknown_reference", words);
        }
    }
}

/// Fills templates in; counts what comes out.
pub struct Renderer<'c> {
    context: &'c Value,
    bytes: usize,
}

impl<'c> Renderer<'c> {
    /// A renderer for one step.
    pub fn new(context: &'c Value) -> Self {
        Self { context, bytes: 0 }
    }

    /// The value of a template.
    pub fn value(&mut self, template: &Template) -> Result<Value, Reason> {
        match template {
            Template::Literal(value) => Ok(value.clone()),
            Template::Reference(reference) => {
                let value = self.find(reference)?.cloned().or_else(|| reference.default.clone());
                let value = value.ok_or_else(|| missing(reference))?;
                self.count(size(&value))?;
                Ok(value)
            }
            Template::Text(parts) => Ok(Value::String(self.text(parts)?)),
            Template::List(items) => Ok(Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)),
            Template::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for (name, template) in fields {
                    object.insert(name.clone(), self.value(template)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    fn text(&mut self, parts: &[Part]) -> Result<String, Reason> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Hole(reference) => {
                    let found = self.find(reference)?.filter(|value| !value.is_null());
                    let value = found.or(reference.default.as_ref()).ok_or_else(|| missing(reference))?;
                    match value {
                        Value::String(inner) => {
                            self.count(inner.len())?;
                            text.push_str(inner);
                        }
                        Value::Null => {}
                        other => {
                            self.count(size(other))?;
                            text.push_str(&other.to_string());
                        }
                    }
                }
            }
        }
        Ok(text)
    }

    fn find(&self, reference: &Reference) -> Result<Option<&'c Value>, Reason> {
        reference.path.first(self.context).map_err(|error| Reason::new("path_not_evaluated", format!("{}: {error}", reference.path.text())))
    }

    fn count(&mut self, bytes: usize) -> Result<(), Reason> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > limits::RENDERED_BYTES_MAX {
            return Err(Reason::new("rendered_too_large", format!("the values of this step exceed {} bytes", limits::RENDERED_BYTES_MAX)));
        }
        Ok(())
    }
}

fn missing(reference: &Reference) -> Reason {
    Reason::new("path_not_found", format!("{} finds nothing and has no default", reference.path.text()))
}

/// About how many bytes a value takes as JSON; a walk without building the text.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 12,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + size(value) + 4).sum::<usize>() + 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn context() -> Value {
        json!({"webhook": {"id": "e1", "n": 7, "none": null, "list": [1, 2], "evil": "{{ $.webhook.id }} $.webhook.id"}, "event": {"type": "X"}, "workspace": {"id": "w"}, "action_0": {"a": 1}})
    }

    fn compile(value: Value) -> Result<Template, Vec<super::super::read::FieldError>> {
        let mut faults = Faults::default();
        let template = Compiler { action: 1, faults: &mut faults, values: 0 }.value(&value, "body", 1);
        faults.into_result(Some(template))
    }

    fn render(value: Value) -> Result<Value, Reason> {
        Renderer::new(&context()).value(&compile(value).unwrap())
    }

    #[test]
    fn a_reference_keeps_the_type_and_a_placeholder_becomes_text() {
        assert_eq!(
            render(json!({"a": "$.webhook.n", "b": ["$.webhook.list"], "c": "n={{ $.webhook.n }}/{{$.webhook.list}}", "d": true})),
            Ok(json!({"a": 7, "b": [[1, 2]], "c": "n=7/[1,2]", "d": true}))
        );
        assert_eq!(render(json!("$.webhook.none")), Ok(Value::Null));
        assert_eq!(render(json!("$.action_0.a")), Ok(json!(1)));
    }

    #[test]
    fn nothing_is_rendered_twice_and_nothing_is_evaluated() {
        assert_eq!(render(json!("{{ $.webhook.evil }}")), Ok(json!("{{ $.webhook.id }} $.webhook.id")));
        assert_eq!(render(json!("$.webhook.evil")), Ok(json!("{{ $.webhook.id }} $.webhook.id")));
    }

    #[test]
    fn what_is_not_found_is_an_error_unless_there_is_a_default() {
        assert_eq!(render(json!("$.webhook.gone")).unwrap_err().code, "path_not_found");
        assert_eq!(render(json!("a {{ $.webhook.none }}")).unwrap_err().code, "path_not_found");
        assert_eq!(render(json!("$.webhook.gone ?? null")), Ok(Value::Null));
        assert_eq!(render(json!("a {{ $.webhook.none ?? \"b\" }}")), Ok(json!("a b")));
        assert_eq!(render(json!("$.webhook.gone ?? [1]")), Ok(json!([1])));
    }

    #[test]
    fn dollars_and_braces_can_be_plain() {
        assert_eq!(render(json!("$$5")), Ok(json!("$5")));
        assert_eq!(render(json!("5 $")), Ok(json!("5 $")));
        assert_eq!(render(json!("\\{{ x }}")), Ok(json!("{{ x }}")));
    }

    #[test]
    fn bad_references_are_refused_when_the_flow_is_saved() {
        for (bad, code) in [
            ("$webhook", "invalid_jsonpath"),
            ("${7*7}", "invalid_jsonpath"),
            ("{{ 7*7 }}", "invalid_jsonpath"),
            ("{{ $.webhook.id", "invalid_template"),
            ("$.webhook.id ?? none", "invalid_template"),
            ("$.action_1", "unknown_reference"),
            ("$.installation.token", "unknown_reference"),
            ("{{ $.env }}", "unknown_reference"),
        ] {
            assert_eq!(compile(json!(bad)).unwrap_err()[0].code, code, "{bad}");
        }
    }

    #[test]
    fn a_small_template_cannot_grow_without_bound() {
        let context = json!({"webhook": {"big": "x".repeat(100_000)}});
        let template = compile(json!(vec!["$.webhook.big"; 5])).unwrap();
        assert_eq!(Renderer::new(&context).value(&template).unwrap_err().code, "rendered_too_large");
    }
}
