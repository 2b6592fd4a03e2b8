//! Projects. PUT replaces (rates survive being left out), estimates and memberships have their own PATCH, only an archived one can be deleted.

use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, given};
use super::super::members::Members;
use super::super::payload;
use super::super::seed;
use super::super::workspace::{Shelf, membership, text};

/// Lists projects.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let call = scene.call;
    let (billable, clients) = (call.flag("billable")?, call.query("clients").map(|ids| ids.split(',').collect::<Vec<_>>()));
    let mut found = scene.named(Shelf::Projects)?;
    found.retain(|project| {
        billable.is_none_or(|billable| project.at("billable") == billable)
            && clients.as_ref().is_none_or(|clients| clients.contains(&text(project, "clientId")))
    });
    if call.flag("hydrated")? == Some(true) {
        found.iter_mut().for_each(|project| hydrate(scene, project));
    }
    call.page(found)
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    let mut project = scene.entity(Shelf::Projects, "projectId")?.clone();
    if scene.call.flag("hydrated")? == Some(true) {
        hydrate(scene, &mut project);
    }
    Ok(Reply::ok(project))
}

fn hydrate(scene: &Scene<'_>, project: &mut Value) {
    let id = text(project, "id").to_owned();
    let tasks: Vec<Value> = scene.workspace.all(Shelf::Tasks).filter(|task| text(task, "projectId") == id).cloned().collect();
    let client = scene.workspace.get(Shelf::Clients, text(project, "clientId")).cloned();
    project.set("tasks", Value::Array(tasks));
    project.set("client", client.unwrap_or_default());
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let client = client_of(scene, &body)?;
    let name = free_name(scene, "", &body)?;
    let id = scene.fresh_id();
    let members = [scene.call.pass.user.clone()];
    let mut project = seed::project(&scene.workspace.id, &id, &name, client.as_ref(), "#03A9F4", &members);
    fill(&mut project, &body);
    for name in body.get("tasks").and_then(Value::as_array).into_iter().flatten().map(|task| text(task, "name").to_owned()) {
        let task = seed::task(&scene.fresh_id(), &id, &name);
        scene.workspace.put(Shelf::Tasks, task);
    }
    scene.workspace.put(Shelf::Projects, project.clone());
    scene.fire("NEW_PROJECT", payload::project(scene.workspace, &project));
    Ok(Reply::created(project))
}

/// Replaces one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let old = scene.entity(Shelf::Projects, "projectId")?.clone();
    let client = client_of(scene, &body)?;
    let name = free_name(scene, text(&old, "id"), &body)?;
    let mut project = seed::project(&scene.workspace.id, text(&old, "id"), &name, client.as_ref(), text(&old, "color"), &[]);
    for kept in ["memberships", "estimate", "timeEstimate", "budgetEstimate", "estimateReset", "template", "hourlyRate", "costRate"] {
        project.set(kept, old.at(kept).clone());
    }
    project.set("archived", given(&body, "archived", json!(false)));
    fill(&mut project, &body);
    keep(scene, project)
}

/// Deletes one, and its tasks.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let project = scene.entity(Shelf::Projects, "projectId")?.clone();
    if project.at("archived") != true {
        return Err(Refusal::rule("A project has to be archived before it is deleted"));
    }
    let id = text(&project, "id");
    scene.fire("PROJECT_DELETED", payload::project(scene.workspace, &project));
    let tasks: Vec<String> =
        scene.workspace.all(Shelf::Tasks).filter(|task| text(task, "projectId") == id).map(|task| text(task, "id").to_owned()).collect();
    tasks.iter().for_each(|task| drop(scene.workspace.remove(Shelf::Tasks, task)));
    scene.workspace.remove(Shelf::Projects, id);
    Ok(Reply::ok(project))
}

/// Changes the estimates.
pub fn estimate(scene: &mut Scene<'_>) -> Outcome {
    merge(scene, &["timeEstimate", "budgetEstimate", "estimateReset"])
}

/// Makes it a template or not.
pub fn template(scene: &mut Scene<'_>) -> Outcome {
    let wanted = scene.call.object()?.get("isTemplate").cloned().unwrap_or(json!(false));
    let mut project = scene.entity(Shelf::Projects, "projectId")?.clone();
    project.set("template", wanted);
    keep(scene, project)
}

/// Replaces the memberships.
pub fn memberships(scene: &mut Scene<'_>) -> Outcome {
    merge(scene, &["memberships"])
}

/// Adds members, or takes them away with `remove`.
pub fn members(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut project = scene.entity(Shelf::Projects, "projectId")?.clone();
    let users: Vec<&str> = body.get("userIds").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    if let Some(stranger) = users.iter().find(|user| scene.workspace.get(Shelf::Users, user).is_none()) {
        return Err(foreign(stranger));
    }
    let id = text(&project, "id").to_owned();
    if let Some(members) = project.list_mut("memberships") {
        members.retain(|member| !users.contains(&text(member, "userId")));
        if body.get("remove") != Some(&json!(true)) {
            members.extend(users.iter().map(|user| membership(user, &id, "PROJECT")));
        }
    }
    keep(scene, project)
}

fn merge(scene: &mut Scene<'_>, names: &[&str]) -> Outcome {
    let body = scene.call.object()?;
    let mut project = scene.entity(Shelf::Projects, "projectId")?.clone();
    for name in names {
        if let Some(value) = body.get(*name) {
            project.set(name, value.clone());
        }
    }
    keep(scene, project)
}

fn keep(scene: &mut Scene<'_>, project: Value) -> Outcome {
    scene.workspace.put(Shelf::Projects, project.clone());
    scene.fire("PROJECT_UPDATED", payload::project(scene.workspace, &project));
    Ok(Reply::ok(project))
}

fn free_name(scene: &Scene<'_>, own_id: &str, body: &Map<String, Value>) -> Result<String, Refusal> {
    let client = body.get("clientId").and_then(Value::as_str).unwrap_or_default();
    scene.free_name(Shelf::Projects, own_id, body, |project| text(project, "clientId") == client)
}

fn client_of(scene: &Scene<'_>, body: &Map<String, Value>) -> Result<Option<Value>, Refusal> {
    match body.get("clientId").and_then(Value::as_str).filter(|id| !id.is_empty()) {
        None => Ok(None),
        Some(id) => scene.workspace.get(Shelf::Clients, id).cloned().map(Some).ok_or_else(|| foreign(id)),
    }
}

fn fill(project: &mut Value, body: &Map<String, Value>) {
    for name in ["billable", "color", "note", "estimate", "hourlyRate", "costRate"] {
        if let Some(value) = body.get(name) {
            project.set(name, value.clone());
        }
    }
    if let Some(public) = body.get("isPublic") {
        project.set("public", public.clone());
    }
}
