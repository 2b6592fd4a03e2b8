//! Values of an action: literals, JSONPath with the type kept, and texts with placeholders. One pass, no evaluator, nothing
//! rendered twice.
//!
//! `"$.webhook.projectId"` is the value found there; `"Hello {{ $.webhook.user.name }}"` fills it in as text; either may name a
//! default: `"$.webhook.taskId ?? null"`. `"$$"` at the start is a plain `$`, `"\{{"` a plain `{{`. `{{ secret.NAME }}` is a secret of the
//! workspace, where the action's place for the value admits one; what is kept and shown has the placeholder in its stead (I7).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::read::Faults;
use super::run::Reason;
use crate::jsonpath::Path;
use crate::limits::flow as limits;
use crate::secret::{Secret, SecretName};

/// The workspace's secrets that a step needs.
pub type Secrets = BTreeMap<SecretName, Secret>;

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
    /// A secret of the workspace.
    Secret(SecretName),
}

/// A path into the context, and what stands in where it finds nothing.
#[derive(Clone, Debug)]
pub struct Reference {
    path: Path,
    default: Option<Value>,
}

/// Where an action stands, and so which names its values may refer to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scope {
    /// Index of the action, or of the `FOR_EACH` that it is in; it sees the answers of those before it.
    pub action: usize,
    /// Its index within the `FOR_EACH`; it sees the item, and the answers of those before it for the same item.
    pub inner: Option<usize>,
}

impl Scope {
    /// An action that stands by itself.
    pub const fn of(action: usize) -> Self {
        Self { action, inner: None }
    }

    fn knows(self, name: &str) -> bool {
        let earlier = |prefix: &str, end: usize| {
            let index = name.strip_prefix(prefix).map(|rest| rest.strip_suffix("_result").unwrap_or(rest));
            index.and_then(|index| index.parse().ok()).is_some_and(|index: usize| index < end)
        };
        match (name, self.inner) {
            ("webhook" | "event" | "workspace", _) | ("item" | "index", Some(_)) => true,
            (_, inner) => earlier("action_", self.action) || inner.is_some_and(|inner| earlier("each_", inner)),
        }
    }

    const fn words(self) -> &'static str {
        match self.inner {
            None => "a path begins with $.webhook, $.event, $.workspace or $.action_<index> of an earlier action",
            Some(_) => {
                "a path begins with $.item, $.index, $.each_<index> of an earlier action for the same item, $.webhook, $.event, $.workspace or $.action_<index>"
            }
        }
    }
}

/// Compiles templates of one action: knows which names its context will have.
pub struct Compiler<'f> {
    /// Where the action stands.
    pub scope: Scope,
    /// Where faults are noted.
    pub faults: &'f mut Faults,
    /// Values seen so far.
    pub values: usize,
    /// Whether secrets may stand here.
    pub secrets: bool,
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
        match self.parts(text, field).as_deref() {
            None => Template::Literal(Value::Null),
            Some([]) => Template::Literal(Value::String(String::new())),
            Some([Part::Plain(plain)]) => Template::Literal(Value::String(plain.clone())),
            Some(parts) => Template::Text(parts.to_vec()),
        }
    }

    /// A text's plain parts and its holes. `None`: it is no template, which has been noted.
    pub fn parts(&mut self, text: &str, field: &str) -> Option<Vec<Part>> {
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
                return None;
            };
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            match inner.trim().strip_prefix("secret.") {
                Some(name) => parts.extend(self.secret(name, field).map(Part::Secret)),
                None => parts.extend(self.reference(inner.trim(), field).map(Part::Hole)),
            }
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        if parts.len() > 2 * limits::PLACEHOLDERS_MAX {
            self.faults.add(field, "too_many", format!("at most {} placeholders in a text", limits::PLACEHOLDERS_MAX));
        }
        Some(parts)
    }

    fn secret(&mut self, name: &str, field: &str) -> Option<SecretName> {
        if !self.secrets {
            let words = "a secret stands in the headers and the body of GENERIC_HTTP and nowhere else";
            self.faults.add(field, "secret_not_allowed", words);
            return None;
        }
        SecretName::parse(name).map_err(|error| self.faults.add(field, "invalid_template", error.to_string())).ok()
    }

    /// A path into the context, with its default.
    pub fn reference(&mut self, text: &str, field: &str) -> Option<Reference> {
        match Reference::parse(text) {
            Ok(reference) => {
                self.known_root(&reference.path, field);
                Some(reference)
            }
            Err((code, words)) => {
                self.faults.add(field, code, words);
                None
            }
        }
    }

    /// A path that begins with a plain name must begin with one that the context has.
    fn known_root(&mut self, path: &Path, field: &str) {
        let Some(rest) = path.text().strip_prefix("$.") else { return };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !name.is_empty() && !self.scope.knows(&name) {
            self.faults.add(field, "unknown_reference", self.scope.words());
        }
    }
}

impl Template {
    /// Adds the secrets that it needs.
    pub fn collect_secrets(&self, names: &mut BTreeSet<SecretName>) {
        match self {
            Self::Literal(_) | Self::Reference(_) => {}
            Self::Text(parts) => names.extend(parts.iter().filter_map(|part| match part {
                Part::Secret(name) => Some(name.clone()),
                Part::Plain(_) | Part::Hole(_) => None,
            })),
            Self::List(items) => items.iter().for_each(|item| item.collect_secrets(names)),
            Self::Object(fields) => fields.iter().for_each(|(_, template)| template.collect_secrets(names)),
        }
    }
}

impl Reference {
    /// Reads a path and the default behind it; else the code and the words of the fault.
    pub fn parse(text: &str) -> Result<Self, (&'static str, String)> {
        let (path, default) = match text.rsplit_once("??") {
            Some((path, default)) => match serde_json::from_str(default.trim()) {
                Ok(default) => (path.trim(), Some(default)),
                Err(_) => return Err(("invalid_template", "behind ?? stands a JSON value, such as \"none\", 0 or null".to_owned())),
            },
            None => (text.trim(), None),
        };
        match Path::parse(path) {
            Ok(path) => Ok(Self { path, default }),
            Err(refused) => Err(("invalid_jsonpath", format!("{refused}; write $$ for a plain $ at the start"))),
        }
    }

    /// What it finds in `document`, or its default, or nothing.
    pub fn find_in(&self, document: &Value) -> Result<Option<Value>, Reason> {
        let found = self.path.first(document).map_err(|error| not_evaluated(&self.path, error))?;
        Ok(found.cloned().or_else(|| self.default.clone()))
    }

    /// All that it finds: the elements of the one list that a path of names and indexes leads to, else every node that the path selects.
    pub fn list_in(&self, document: &Value) -> Result<Vec<Value>, Reason> {
        if !self.path.is_singular() {
            let found = self.path.select(document).map_err(|error| not_evaluated(&self.path, error))?;
            return Ok(found.into_iter().cloned().collect());
        }
        match self.find_in(document)?.ok_or_else(|| missing(self))? {
            Value::Array(items) => Ok(items),
            _ => Err(Reason::new("not_a_list", format!("{} is not a list", self.path.text()))),
        }
    }
}

fn not_evaluated(path: &Path, error: crate::jsonpath::Unevaluated) -> Reason {
    Reason::new("path_not_evaluated", format!("{}: {error}", path.text()))
}

/// Fills templates in; counts what comes out.
pub struct Renderer<'c> {
    context: &'c Value,
    /// None: the placeholders of secrets stay, for what is kept and shown.
    secrets: Option<&'c Secrets>,
    bytes: usize,
}

impl<'c> Renderer<'c> {
    /// A renderer for one step; it leaves secrets out.
    pub fn new(context: &'c Value) -> Self {
        Self { context, secrets: None, bytes: 0 }
    }

    /// One that fills secrets in: what it makes is sent, and neither kept nor shown.
    pub fn with_secrets(context: &'c Value, secrets: &'c Secrets) -> Self {
        Self { context, secrets: Some(secrets), bytes: 0 }
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

    /// The text of parts.
    pub fn text(&mut self, parts: &[Part]) -> Result<String, Reason> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Hole(reference) => text.push_str(&self.hole(reference)?),
                Part::Secret(name) => match self.secrets {
                    None => text.push_str(&name.placeholder()),
                    Some(secrets) => {
                        let missing = || Reason::new("secret_missing", format!("the workspace has no secret {name}"));
                        let secret = secrets.get(name).ok_or_else(missing)?;
                        self.count(secret.expose().len())?;
                        text.push_str(secret.expose());
                    }
                },
            }
        }
        Ok(text)
    }

    /// What is filled into a text.
    pub fn hole(&mut self, reference: &Reference) -> Result<String, Reason> {
        let found = self.find(reference)?.filter(|value| !value.is_null());
        let text = match found.or(reference.default.as_ref()).ok_or_else(|| missing(reference))? {
            Value::String(inner) => inner.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        self.count(text.len())?;
        Ok(text)
    }

    fn find(&self, reference: &Reference) -> Result<Option<&'c Value>, Reason> {
        reference.path.first(self.context).map_err(|error| not_evaluated(&reference.path, error))
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
mod tests;
