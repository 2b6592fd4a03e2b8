//! One call to the simulated REST API, read: which operation, whose, with what.

use std::sync::Arc;

use actors::clock::Timestamp;
use actors::limits::sandbox as limits;
use actors::operation::Operation;
use serde_json::{Map, Value};

use super::answer::{Outcome, Refusal, Reply};
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
    /// JSON body; null without one.
    pub body: Value,
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

    /// A query parameter that is a number of at least one.
    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let number = |value: &str| value.parse().ok().filter(|number| *number >= 1).ok_or_else(|| Refusal::parameter(name));
        self.query(name).map(number).transpose()
    }

    /// The body, which is to be an object. No body counts as an empty one.
    pub fn object(&self) -> Result<Map<String, Value>, Refusal> {
        match &self.body {
            Value::Object(members) => Ok(members.clone()),
            Value::Null => Ok(Map::new()),
            _ => Err(Refusal::body("The body has to be an object")),
        }
    }

    /// One page of a list: `page` from 1, `page-size`. Operations without a `page` parameter send all, whatever was asked for.
    pub fn page(&self, items: Vec<Value>) -> Outcome {
        if !self.operation.parameters.iter().any(|parameter| parameter.name == "page") {
            return Ok(Reply::ok(Value::Array(items)));
        }
        let (page, size) = (self.number("page")?.unwrap_or(1), self.number("page-size")?.unwrap_or(limits::PAGE_SIZE_DEFAULT));
        let size = size.min(limits::PAGE_SIZE_MAX);
        let before = (page - 1).saturating_mul(size);
        let last = before.saturating_add(size) >= items.len();
        let items: Vec<Value> = items.into_iter().skip(before).take(size).collect();
        Ok(Reply { last_page: Some(last), ..Reply::ok(Value::Array(items)) })
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

    /// A list by name: `name` (part of it, or all with `strict-name-search`), `archived`, `sort-column`, `sort-order`.
    pub fn named(&self, shelf: Shelf) -> Result<Vec<Value>, Refusal> {
        let call = self.call;
        let (wanted, strict) = (call.query("name").map(str::to_lowercase), call.flag("strict-name-search")?.unwrap_or(false));
        let archived = call.flag("archived")?;
        let fits = |entity: &&Value| {
            let name = text(entity, "name").to_lowercase();
            wanted.as_ref().is_none_or(|wanted| if strict { name == *wanted } else { name.contains(wanted.as_str()) })
                && archived.is_none_or(|archived| entity.get("archived").and_then(Value::as_bool).unwrap_or(false) == archived)
        };
        let mut found: Vec<Value> = self.workspace.all(shelf).filter(fits).cloned().collect();
        if call.query("sort-column") == Some("NAME") {
            found.sort_by_key(|entity| text(entity, "name").to_lowercase());
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
