//! An add-on's settings as the platform keeps them: the manifest's tree of tabs, groups and settings, with the chosen values in it.

use serde_json::{Value, json};

use super::members::Members;

/// A change of one setting.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// Its id.
    pub id: String,
    /// What it is now.
    pub value: Value,
}

/// Reads `[{"id": …, "value": …}]`.
pub fn changes(body: &Value) -> Option<Vec<Change>> {
    let read = |change: &Value| Some(Change { id: change.get("id")?.as_str()?.to_owned(), value: change.get("value")?.clone() });
    body.as_array()?.iter().map(read).collect()
}

/// Writes changes into a tree.
///
/// # Errors
///
/// The id of a setting that the tree does not have; what came before it has been written.
pub fn apply(tree: &mut Value, changes: &[Change]) -> Result<(), String> {
    for change in changes {
        let setting = find(tree, &change.id).ok_or_else(|| change.id.clone())?;
        setting.set("value", change.value.clone());
    }
    Ok(())
}

/// All settings of a tree as SETTINGS_UPDATED lists them.
pub fn listed(tree: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    walk(tree, &mut |setting| found.push(json!({"id": setting.at("id"), "name": setting.at("name"), "value": setting.at("value")})));
    found
}

fn walk(tree: &Value, visit: &mut impl FnMut(&Value)) {
    for name in ["tabs", "groups"] {
        tree.get(name).and_then(Value::as_array).into_iter().flatten().for_each(|inner| walk(inner, visit));
    }
    tree.get("settings").and_then(Value::as_array).into_iter().flatten().for_each(visit);
}

fn find<'t>(tree: &'t mut Value, id: &str) -> Option<&'t mut Value> {
    let members = tree.as_object_mut()?;
    for (name, inner) in members.iter_mut() {
        let Some(items) = inner.as_array_mut() else { continue };
        for item in items {
            let found = match name.as_str() {
                "settings" => (item.at("id") == id).then_some(item),
                "tabs" | "groups" => find(item, id),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_in_tabs_and_in_their_groups() {
        let mut tree = json!({"tabs": [{
            "id": "t", "settings": [{"id": "a", "name": "A", "value": 1}],
            "groups": [{"id": "g", "settings": [{"id": "b", "name": "B", "value": true}]}],
        }]});
        let change = |id: &str, value: Value| Change { id: id.into(), value };
        apply(&mut tree, &[change("b", json!(false)), change("a", json!(2))]).unwrap();
        assert_eq!(listed(&tree), [json!({"id": "b", "name": "B", "value": false}), json!({"id": "a", "name": "A", "value": 2})]);
        assert_eq!(apply(&mut tree, &[change("c", json!(0))]).unwrap_err(), "c");
    }
}
