//! Categories of expenses. The list leaves archived ones out unless asked, and only an archived one can be deleted.

use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given};
use super::super::members::Members;
use super::super::workspace::{Shelf, text};

/// A category before anybody has filled it in.
pub fn blank(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    json!({"id": id, "workspaceId": workspace, "name": name, "archived": false, "hasUnitPrice": false, "priceInCents": 0, "unit": ""})
}

/// Lists categories.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let mut found = scene.named(Shelf::Categories)?;
    if scene.call.query("archived").is_none() {
        found.retain(|category| category.at("archived") != true);
    }
    scene.call.cut(found)?.wrap(Value::clone, |categories, count| json!({"categories": categories, "count": count}))
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = scene.free_name(Shelf::Categories, "", &body, |_| true)?;
    let id = scene.fresh_id();
    let category = filled(blank(&scene.workspace.id, &id, &name), &body);
    scene.keep(Shelf::Categories, &category);
    Ok(Reply::created(category))
}

/// Replaces one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let old = scene.one(Shelf::Categories, "categoryId")?;
    let name = scene.free_name(Shelf::Categories, text(&old, "id"), &body, |_| true)?;
    let mut category = filled(blank(&scene.workspace.id, text(&old, "id"), &name), &body);
    category.set("archived", old.at("archived").clone());
    scene.keep(Shelf::Categories, &category);
    Ok(Reply::ok(category))
}

/// Archives one or brings it back.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let archived = given(&scene.call.object()?, "archived", json!(false));
    let mut category = scene.one(Shelf::Categories, "categoryId")?;
    category.set("archived", archived);
    scene.keep(Shelf::Categories, &category);
    Ok(Reply::ok(category))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let category = scene.one(Shelf::Categories, "categoryId")?;
    if category.at("archived") != true {
        return Err(Refusal::rule("A category has to be archived before it is deleted"));
    }
    scene.discard(Shelf::Categories, &category);
    Ok(Reply::empty())
}

fn filled(mut category: Value, body: &Map<String, Value>) -> Value {
    for name in ["hasUnitPrice", "priceInCents", "unit"] {
        category.set(name, given(body, name, category.at(name).clone()));
    }
    category
}
