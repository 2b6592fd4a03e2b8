//! One call to the simulated REST API, read: which operation, whose, with what.

use std::sync::Arc;

use actors::clock::Timestamp;
use actors::operation::Operation;
use serde_json::{Map, Value};

use super::answer::{File, Refusal};
use super::token::Pass;
use super::workspace::{ObjectIds, Shelf, Workspace, text};

/// A call whose token, path and query are in order.
pub struct Call {
    /// What is called.
    pub operation: Arc<Operation>,
    /// Path parameters.
    pub path: Vec<(String, String)>,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// JSON body, or the fields of a form; null without one.
    pub body: Value,
    /// Files of a form, by field.
    pub files: Vec<(String, File)>,
    /// Who calls.
    pub pass: Pass,
    /// Now.
    pub now: Timestamp,
}

impl Call {
    /// A path parameter.
    pub fn id(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that says yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.query(name).map(|value| value.parse().map_err(|_| Refusal::parameter(name))).transpose()
    }

    /// A query parameter that is a time.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        self.query(name).map(|value| Timestamp::parse(value).ok_or_else(|| Refusal::parameter(name))).transpose()
    }

    /// A query parameter that is a list: given several times, or with commas.
    pub fn listed<'c>(&'c self, name: &str) -> Vec<&'c str> {
        let same = self.query.iter().filter(|(known, _)| known == name);
        same.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    /// The body, which is to be an object. No body counts as an empty one.
    pub fn object(&self) -> Result<Map<String, Value>, Refusal> {
        match &self.body {
            Value::Object(members) => Ok(members.clone()),
            Value::Null => Ok(Map::new()),
            _ => Err(Refusal::body("The body has to be an object")),
        }
    }
}

/// Everything that an operation works on.
pub struct Scene<'w> {
    /// The caller's workspace.
    pub workspace: &'w mut Workspace,
    /// Makes ids.
    pub ids: &'w mut ObjectIds,
    /// The call.
    pub call: &'w Call,
    /// What happened: event type and payload.
    pub events: Vec<(&'static str, Value)>,
}

impl Scene<'_> {
    /// A fresh id.
    pub fn fresh_id(&mut self) -> String {
        self.ids.next(self.call.now)
    }

    /// Notes what happened, for those who subscribed to it.
    pub fn fire(&mut self, event: &'static str, payload: Value) {
        self.events.push((event, payload));
    }

    /// The entity that a path parameter names. As on the platform, an id that is not of this workspace breaks a rule of the domain.
    pub fn entity(&self, shelf: Shelf, parameter: &str) -> Result<&Value, Refusal> {
        let id = self.call.id(parameter);
        self.workspace.get(shelf, id).ok_or_else(|| foreign(id))
    }

    /// A copy of the entity that a path parameter names, to be changed.
    pub fn one(&self, shelf: Shelf, parameter: &str) -> Result<Value, Refusal> {
        self.entity(shelf, parameter).cloned()
    }

    /// The entity that a member of a body names; `None` if it names none.
    pub fn referred(&self, shelf: Shelf, body: &Map<String, Value>, name: &str) -> Result<Option<&Value>, Refusal> {
        match body.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(id)) if id.is_empty() => Ok(None),
            Some(Value::String(id)) => self.workspace.get(shelf, id).map(Some).ok_or_else(|| foreign(id)),
            Some(_) => Err(Refusal::body(format!("{name} has to be an id"))),
        }
    }

    /// The entity that a member of a body has to name.
    pub fn needed(&self, shelf: Shelf, body: &Map<String, Value>, name: &str) -> Result<&Value, Refusal> {
        self.referred(shelf, body, name)?.ok_or_else(|| Refusal::body(format!("{name} is required")))
    }

    /// Puts an entity in its place, and notes for the feeds of changes that it is another one now.
    pub fn keep(&mut self, shelf: Shelf, entity: &Value) {
        let is_new = self.workspace.get(shelf, text(entity, "id")).is_none();
        if !is_new {
            self.workspace.changes.updated(shelf, text(entity, "id"), self.call.now);
        }
        self.workspace.put(shelf, entity.clone());
    }

    /// Takes an entity out, and notes it for the feeds of changes.
    pub fn discard(&mut self, shelf: Shelf, entity: &Value) {
        self.workspace.remove(shelf, text(entity, "id"));
        self.workspace.changes.deleted(shelf, entity, self.call.now);
    }

    /// A list by name: `name` (part of it, or all with `strict-name-search`), `archived`, `sort-column`, `sort-order`.
    pub fn named(&self, shelf: Shelf) -> Result<Vec<&Value>, Refusal> {
        let call = self.call;
        let (wanted, strict) = (call.query("name").map(str::to_lowercase), call.flag("strict-name-search")?.unwrap_or(false));
        let archived = call.flag("archived")?;
        let fits = |entity: &&Value| {
            let named = |wanted: &String| {
                let name = text(entity, "name").to_lowercase();
                if strict { name == *wanted } else { name.contains(wanted.as_str()) }
            };
            wanted.as_ref().is_none_or(named)
                && archived.is_none_or(|archived| entity.get("archived").and_then(Value::as_bool).unwrap_or(false) == archived)
        };
        let mut found: Vec<&Value> = self.workspace.all(shelf).filter(fits).collect();
        if matches!(call.query("sort-column"), Some("NAME" | "NAME_LOWERCASE")) {
            found.sort_by_cached_key(|entity| text(entity, "name").to_lowercase());
        }
        if call.query("sort-order") == Some("DESCENDING") {
            found.reverse();
        }
        Ok(found)
    }

    /// A name for a new or renamed entity: there, not blank, and of no other entity that `rival` picks.
    pub fn free_name(
        &self,
        shelf: Shelf,
        own_id: &str,
        body: &Map<String, Value>,
        rival: impl Fn(&Value) -> bool,
    ) -> Result<String, Refusal> {
        let name = body.get("name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Refusal::rule("A name is required"))?;
        let taken = |entity: &Value| text(entity, "id") != own_id && text(entity, "name").eq_ignore_ascii_case(name) && rival(entity);
        if self.workspace.all(shelf).any(taken) {
            return Err(Refusal::rule(format!("The name {name} is taken")));
        }
        Ok(name.to_owned())
    }
}

/// What is said of an id that is not one of the workspace's, wherever it stands.
pub fn foreign(id: &str) -> Refusal {
    Refusal::rule(format!("{id} does not belong to this workspace"))
}

/// A member of a body, or what it is without one.
pub fn given(body: &Map<String, Value>, name: &str, default: Value) -> Value {
    body.get(name).cloned().unwrap_or(default)
}

/// A member of a body that has to be there.
pub fn required<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b Value, Refusal> {
    body.get(name).filter(|value| !value.is_null()).ok_or_else(|| Refusal::body(format!("{name} is required")))
}

/// A member of a body that has to be a number; forms write it as text.
pub fn number(body: &Map<String, Value>, name: &str) -> Result<f64, Refusal> {
    let value = required(body, name)?;
    let read = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()).filter(|number: &f64| number.is_finite()));
    read.ok_or_else(|| Refusal::body(format!("{name} has to be a number")))
}

/// A member of a body that has to be a time, or a day.
pub fn moment(body: &Map<String, Value>, name: &str) -> Result<Timestamp, Refusal> {
    let value = required(body, name)?.as_str().unwrap_or_default();
    time_of(value).ok_or_else(|| Refusal::body(format!("{name} has to be a time")))
}

/// A time as clients write it: with or without fractions, or a day alone.
pub fn time_of(value: &str) -> Option<Timestamp> {
    Timestamp::parse(value).or_else(|| Timestamp::parse(&format!("{value}T00:00:00Z"))).or_else(|| Timestamp::parse(&format!("{value}Z")))
}

/// Ids in a member of a body: a list, or an object with `ids`.
pub fn ids<'b>(body: &'b Map<String, Value>, name: &str) -> Vec<&'b str> {
    let list = body.get(name).map(|value| value.get("ids").unwrap_or(value));
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}
