//! What values of an action may refer to: the payload, the event, the workspace, and the answers so far. It is built from the record, so that a run
//! that goes on in another life sees what it saw in this one (I2).

use serde_json::{Map, Value, json};

use super::compiled::Compiled;
use super::extent;
use super::run::{Each, Place, Reason, Step};
use crate::ids::WorkspaceId;
use crate::limits::run::ITEM_ANSWER_BYTES_MAX;

/// The context of a run.
#[derive(Clone, Debug)]
pub struct Context {
    value: Value,
    /// The list of the `FOR_EACH` that the run is in.
    list: Option<List>,
}

#[derive(Clone, Debug)]
struct List {
    index: u16,
    items: Vec<Value>,
    /// Which item the names `item` and `index` are of.
    at: Option<u16>,
    /// The last answer for each item, as far as it is kept.
    answers: Vec<Value>,
}

impl Context {
    /// What the first step sees.
    pub fn new(payload: Value, event: Value, workspace: WorkspaceId) -> Self {
        let mut value = Map::new();
        value.insert("webhook".into(), payload);
        value.insert("event".into(), event);
        value.insert("workspace".into(), json!({ "id": workspace }));
        Self { value: Value::Object(value), list: None }
    }

    /// Takes in the steps of an earlier life.
    pub fn replay(&mut self, steps: &[Step], flow: &Compiled) -> Result<(), Reason> {
        for step in steps {
            self.enter(step.place());
            if let Some(list) = flow.list_of(step.place()) {
                let items = list.list(&self.value)?;
                self.list(step.index, items);
            }
            self.answered(step);
        }
        Ok(())
    }

    /// The document.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// A `FOR_EACH` has found its items.
    pub fn list(&mut self, index: u16, items: Vec<Value>) {
        self.list = Some(List { index, items, at: None, answers: Vec::new() });
    }

    /// A step is about to be made: its item is named, or the `FOR_EACH` before it is over.
    pub fn enter(&mut self, place: Place) {
        let Some(object) = self.value.as_object_mut() else { return };
        match (place.each, &mut self.list) {
            (Some(Each { item, .. }), Some(list)) if list.at != Some(item) => {
                object.retain(|name, _| !name.starts_with("each_"));
                object.insert("item".into(), list.items.get(usize::from(item)).cloned().unwrap_or(Value::Null));
                object.insert("index".into(), item.into());
                list.at = Some(item);
                list.answers.push(Value::Null);
            }
            (None, Some(list)) if list.index != place.index => {
                object.retain(|name, _| !name.starts_with("each_") && name != "item" && name != "index");
                let data = json!({ "count": list.items.len(), "items": std::mem::take(&mut list.answers) });
                object.insert(format!("action_{}_result", list.index), json!({ "status_code": null, "data": data }));
                object.insert(format!("action_{}", list.index), data);
                self.list = None;
            }
            _ => {}
        }
    }

    /// Adds the answer of a step.
    pub fn answered(&mut self, step: &Step) {
        if step.each.is_some()
            && let Some(answer) = self.list.as_mut().and_then(|list| list.answers.last_mut())
        {
            // As the record keeps it once the item is done, so that a later life finds the same.
            let kept = step.data.as_ref().filter(|data| extent::fits(data, ITEM_ANSWER_BYTES_MAX));
            *answer = kept.cloned().unwrap_or(Value::Null);
        }
        let Some(data) = &step.data else { return };
        let name = match step.each {
            None => format!("action_{}", step.index),
            Some(each) => format!("each_{}", each.action),
        };
        self.put(name, &step.action, step.status, data);
    }

    /// Adds an answer that nobody has given: a sample of what the action of that name and JSON type might find.
    pub fn assume(&mut self, name: &str, action: &str, data: &Value) {
        self.put(name.to_owned(), action, Some(200), data);
    }

    /// Names the item of a trial.
    pub fn assume_item(&mut self, item: Value) {
        if let Some(object) = self.value.as_object_mut() {
            object.insert("item".into(), item);
            object.insert("index".into(), 0.into());
        }
    }

    fn put(&mut self, name: String, action: &str, status: Option<u16>, data: &Value) {
        let Some(object) = self.value.as_object_mut() else { return };
        // Of another server the data stand beside status and headers.
        let body = if action == "GENERIC_HTTP" { data.get("data").unwrap_or(&Value::Null) } else { data };
        object.insert(format!("{name}_result"), json!({ "status_code": status, "data": body }));
        object.insert(name, data.clone());
    }
}
