//! User groups. The platform has no way to read one by its id.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::Scene;
use super::super::members::Members;
use super::super::workspace::{Shelf, text};
use super::users;

/// Lists groups.
pub fn list(scene: &Scene<'_>) -> Outcome {
    scene.call.page(scene.named(Shelf::Groups)?)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = scene.free_name(Shelf::Groups, "", &body, |_| true)?;
    let group = json!({"id": scene.fresh_id(), "name": name, "workspaceId": scene.workspace.id, "userIds": [], "teamManagers": []});
    scene.workspace.put(Shelf::Groups, group.clone());
    scene.fire("USER_GROUP_CREATED", group.clone());
    Ok(Reply::created(group))
}

/// Renames one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut group = scene.entity(Shelf::Groups, "id")?.clone();
    group.set("name", json!(scene.free_name(Shelf::Groups, text(&group, "id"), &body, |_| true)?));
    keep(scene, group)
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let group = scene.entity(Shelf::Groups, "id")?.clone();
    scene.workspace.remove(Shelf::Groups, text(&group, "id"));
    scene.fire("USER_GROUP_DELETED", group.clone());
    Ok(Reply::ok(group))
}

/// Puts a member in.
pub fn add_user(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let user = users::member(scene, body.get("userId").and_then(Value::as_str).ok_or_else(|| Refusal::body("userId is required"))?)?;
    let mut group = scene.entity(Shelf::Groups, "userGroupId")?.clone();
    if let Some(users) = group.list_mut("userIds")
        && !users.contains(&json!(user))
    {
        users.push(json!(user));
    }
    keep(scene, group)
}

/// Takes a member out.
pub fn remove_user(scene: &mut Scene<'_>) -> Outcome {
    let user = users::member(scene, scene.call.id("userId"))?;
    let mut group = scene.entity(Shelf::Groups, "userGroupId")?.clone();
    if let Some(users) = group.list_mut("userIds") {
        users.retain(|known| *known != json!(user));
    }
    keep(scene, group)
}

fn keep(scene: &mut Scene<'_>, group: Value) -> Outcome {
    scene.workspace.put(Shelf::Groups, group.clone());
    scene.fire("USER_GROUP_UPDATED", group.clone());
    Ok(Reply::ok(group))
}
