//! Policies of time off.

use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given, ids, required};
use super::super::members::Members;
use super::super::workspace::{Shelf, text};

/// A policy before anybody has filled it in.
pub fn blank(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    json!({
        "id": id, "workspaceId": workspace, "name": name, "archived": false, "timeUnit": "DAYS", "allowHalfDay": true, "allowNegativeBalance": false,
        "everyoneIncludingNew": true, "userIds": [], "userGroupIds": [], "automaticAccrual": null, "automaticTimeEntryCreation": null,
        "negativeBalance": null, "projectId": null,
        "approve": {"requiresApproval": true, "teamManagers": false, "specificMembers": false, "userIds": []},
    })
}

/// Lists policies by name and status.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let mut found = scene.named(Shelf::Policies)?;
    found.retain(|policy| match scene.call.query("status") {
        Some("ARCHIVED") => policy.at("archived") == true,
        Some("ALL") => true,
        _ => policy.at("archived") != true,
    });
    scene.call.page(found)
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    scene.one(Shelf::Policies, "id").map(Reply::ok)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    required(&body, "approve")?;
    let name = scene.free_name(Shelf::Policies, "", &body, |_| true)?;
    let id = scene.fresh_id();
    let mut policy = blank(&scene.workspace.id, &id, &name);
    policy.set("timeUnit", given(&body, "timeUnit", json!("DAYS")));
    fill(&mut policy, &body);
    scene.keep(Shelf::Policies, &policy);
    Ok(Reply::created(policy))
}

/// Replaces one; its unit of time stays.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let old = scene.one(Shelf::Policies, "id")?;
    let name = scene.free_name(Shelf::Policies, text(&old, "id"), &body, |_| true)?;
    let mut policy = blank(&scene.workspace.id, text(&old, "id"), &name);
    policy.set("timeUnit", old.at("timeUnit").clone());
    fill(&mut policy, &body);
    scene.keep(Shelf::Policies, &policy);
    Ok(Reply::ok(policy))
}

/// Archives one or brings it back.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let archived = match required(&body, "status")?.as_str() {
        Some("ARCHIVED") => true,
        Some("ACTIVE") => false,
        _ => return Err(Refusal::body("status has to be ACTIVE or ARCHIVED")),
    };
    let mut policy = scene.one(Shelf::Policies, "id")?;
    policy.set("archived", json!(archived));
    scene.keep(Shelf::Policies, &policy);
    Ok(Reply::ok(policy))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let policy = scene.one(Shelf::Policies, "id")?;
    scene.discard(Shelf::Policies, &policy);
    Ok(Reply::done())
}

fn fill(policy: &mut Value, body: &Map<String, Value>) {
    for name in
        ["allowHalfDay", "allowNegativeBalance", "archived", "everyoneIncludingNew", "approve", "automaticAccrual", "negativeBalance"]
    {
        policy.set(name, given(body, name, policy.at(name).clone()));
    }
    policy.set("userIds", json!(ids(body, "users")));
    policy.set("userGroupIds", json!(ids(body, "userGroups")));
    policy.set("automaticTimeEntryCreation", given(body, "automaticTimeEntryCreation", Value::Null));
    policy.set("projectId", policy.pointer("/automaticTimeEntryCreation/defaultEntities/projectId").cloned().unwrap_or_default());
}
