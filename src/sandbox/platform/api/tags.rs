//! Tags. PUT replaces: it brings an archived tag back unless it says `archived`.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Reply};
use super::super::call::{Scene, given};
use super::super::workspace::{Shelf, text};

/// Lists tags.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let excluded = scene.call.listed("excluded-ids");
    let mut found = scene.named(Shelf::Tags)?;
    found.retain(|tag| !excluded.contains(&text(tag, "id")));
    scene.call.page(found)
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Tags, "id").cloned().map(Reply::ok)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = scene.free_name(Shelf::Tags, "", &body, |_| true)?;
    let tag = json!({"id": scene.fresh_id(), "name": name, "workspaceId": scene.workspace.id, "archived": false});
    Ok(Reply::created(keep(scene, "NEW_TAG", tag)))
}

/// Replaces one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let id = text(scene.entity(Shelf::Tags, "id")?, "id").to_owned();
    let name = scene.free_name(Shelf::Tags, &id, &body, |_| true)?;
    let tag = json!({"id": id, "name": name, "workspaceId": scene.workspace.id, "archived": given(&body, "archived", json!(false))});
    Ok(Reply::ok(keep(scene, "TAG_UPDATED", tag)))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let tag = scene.one(Shelf::Tags, "id")?;
    scene.discard(Shelf::Tags, &tag);
    scene.fire("TAG_DELETED", tag.clone());
    Ok(Reply::ok(tag))
}

fn keep(scene: &mut Scene<'_>, event: &'static str, tag: Value) -> Value {
    scene.keep(Shelf::Tags, &tag);
    scene.fire(event, tag.clone());
    tag
}
