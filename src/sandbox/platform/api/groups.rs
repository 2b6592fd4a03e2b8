//! User groups. The platform has no way to read one by its id.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign};
use super::super::members::Members;
use super::super::workspace::{Shelf, text};
use super::users;

/// Lists groups.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let project =
        scene.call.query("project-id").map(|id| scene.workspace.get(Shelf::Projects, id).ok_or_else(|| foreign(id))).transpose()?;
    let mut found = scene.named(Shelf::Groups)?;
    if let Some(project) = project {
        let members: Vec<&Value> = project.at("memberships").as_array().into_iter().flatten().map(|member| member.at("userId")).collect();
        found.retain(|group| group.at("userIds").as_array().is_some_and(|users| users.iter().any(|user| members.contains(&user))));
    }
    scene.call.page(found)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = scene.free_name(Shelf::Groups, "", &body, |_| true)?;
    let group = json!({"id": scene.fresh_id(), "name": name, "workspaceId": scene.workspace.id, "userIds": [], "teamManagers": []});
    scene.keep(Shelf::Groups, &group);
    scene.fire("USER_GROUP_CREATED", group.clone());
    Ok(Reply::created(group))
}

/// Renames one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut group = scene.one(Shelf::Groups, "id")?;
    group.set("name", json!(scene.free_name(Shelf::Groups, text(&group, "id"), &body, |_| true)?));
    keep(scene, group)
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let group = scene.one(Shelf::Groups, "id")?;
    scene.discard(Shelf::Groups, &group);
    scene.fire("USER_GROUP_DELETED", group.clone());
    Ok(Reply::ok(group))
}

/// Puts a member in.
pub fn add_user(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let user = users::member(scene, body.get("userId").and_then(Value::as_str).ok_or_else(|| Refusal::body("userId is required"))?)?;
    let mut group = scene.one(Shelf::Groups, "userGroupId")?;
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
    let mut group = scene.one(Shelf::Groups, "userGroupId")?;
    if let Some(users) = group.list_mut("userIds") {
        users.retain(|known| *known != json!(user));
    }
    keep(scene, group)
}

fn keep(scene: &mut Scene<'_>, group: Value) -> Outcome {
    scene.keep(Shelf::Groups, &group);
    scene.fire("USER_GROUP_UPDATED", group.clone());
    Ok(Reply::ok(group))
}
