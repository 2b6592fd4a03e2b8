//! Members of JSON entities without panics: what is not there reads as null, and what is not an object takes no members.

use serde_json::Value;

const NULL: Value = Value::Null;

/// Members by name.
pub trait Members {
    /// A member, or null.
    fn at(&self, name: &str) -> &Value;
    /// Sets a member of an object.
    fn set(&mut self, name: &str, value: Value);
    /// Sets a member of the object that is the member `outer`.
    fn set_in(&mut self, outer: &str, name: &str, value: Value);
    /// A member that is a list.
    fn list_mut(&mut self, name: &str) -> Option<&mut Vec<Value>>;
}

impl Members for Value {
    fn at(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NULL)
    }

    fn set(&mut self, name: &str, value: Value) {
        if let Some(members) = self.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }

    fn set_in(&mut self, outer: &str, name: &str, value: Value) {
        if let Some(inner) = self.get_mut(outer) {
            inner.set(name, value);
        }
    }

    fn list_mut(&mut self, name: &str) -> Option<&mut Vec<Value>> {
        self.get_mut(name)?.as_array_mut()
    }
}
