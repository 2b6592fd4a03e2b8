//! Projects. PUT replaces (rates survive being left out), estimates and memberships have their own PATCH, only an archived one can be deleted.

use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, given, ids, required};
use super::super::members::Members;
use super::super::payload;
use super::super::seed;
use super::super::workspace::{Shelf, membership, text, wire_duration};

/// Lists projects.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let call = scene.call;
    let (billable, template) = (call.flag("billable")?, call.flag("is-template")?);
    let (clients, with) = (call.listed("clients"), call.flag("contains-client")?.unwrap_or(true));
    let (users, among) = (call.listed("users"), call.flag("contains-user")?.unwrap_or(true));
    let public = call.query("access").map(|access| access == "PUBLIC");
    let has_member = |project: &Value| {
        let members = project.at("memberships").as_array();
        members.is_some_and(|members| members.iter().any(|member| users.contains(&text(member, "userId"))))
    };
    let mut found = scene.named(Shelf::Projects)?;
    found.retain(|project| {
        billable.is_none_or(|billable| *project.at("billable") == billable)
            && template.is_none_or(|template| *project.at("template") == template)
            && public.is_none_or(|public| *project.at("public") == public)
            && (clients.is_empty() || clients.contains(&text(project, "clientId")) == with)
            && (users.is_empty() || has_member(project) == among)
    });
    let hydrated = call.flag("hydrated")? == Some(true);
    call.cut(found)?.show(|project| {
        let mut shown = project.clone();
        if hydrated {
            hydrate(scene, &mut shown);
        }
        shown
    })
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    let mut project = scene.one(Shelf::Projects, "projectId")?;
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
        scene.keep(Shelf::Tasks, &task);
    }
    scene.keep(Shelf::Projects, &project);
    scene.fire("NEW_PROJECT", payload::project(scene.workspace, &project));
    Ok(Reply::created(project))
}

/// Replaces one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let old = scene.one(Shelf::Projects, "projectId")?;
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
    let project = scene.one(Shelf::Projects, "projectId")?;
    if project.at("archived") != true {
        return Err(Refusal::rule("A project has to be archived before it is deleted"));
    }
    let id = text(&project, "id");
    scene.fire("PROJECT_DELETED", payload::project(scene.workspace, &project));
    let tasks: Vec<Value> = scene.workspace.all(Shelf::Tasks).filter(|task| text(task, "projectId") == id).cloned().collect();
    tasks.iter().for_each(|task| scene.discard(Shelf::Tasks, task));
    scene.discard(Shelf::Projects, &project);
    Ok(Reply::ok(project))
}

/// Changes the estimates.
pub fn estimate(scene: &mut Scene<'_>) -> Outcome {
    merge(scene, &["timeEstimate", "budgetEstimate", "estimateReset"])
}

/// Makes it a template or not.
pub fn template(scene: &mut Scene<'_>) -> Outcome {
    let wanted = scene.call.object()?.get("isTemplate").cloned().unwrap_or(json!(false));
    let mut project = scene.one(Shelf::Projects, "projectId")?;
    project.set("template", wanted);
    keep(scene, project)
}

/// Replaces the memberships.
pub fn memberships(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut project = scene.one(Shelf::Projects, "projectId")?;
    let id = text(&project, "id").to_owned();
    let wanted = required(&body, "memberships")?.as_array().ok_or_else(|| Refusal::body("memberships has to be a list"))?;
    let mut members = Vec::new();
    for one in wanted {
        let user = scene.workspace.get(Shelf::Users, text(one, "userId")).ok_or_else(|| foreign(text(one, "userId")))?;
        let mut member = membership(text(user, "id"), &id, "PROJECT");
        for rate in ["hourlyRate", "costRate"] {
            member.set(rate, money(one.at(rate)));
        }
        members.push(member);
    }
    project.set("memberships", Value::Array(members));
    keep(scene, project)
}

/// Adds members, or takes them away with `remove`.
pub fn members(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut project = scene.one(Shelf::Projects, "projectId")?;
    let users = ids(&body, "userIds");
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
    let mut project = scene.one(Shelf::Projects, "projectId")?;
    for name in names {
        if let Some(value) = body.get(*name).filter(|value| !value.is_null()) {
            project.set(name, value.clone());
        }
    }
    keep(scene, project)
}

fn keep(scene: &mut Scene<'_>, project: Value) -> Outcome {
    scene.keep(Shelf::Projects, &project);
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

/// A rate as it is read: without since when it counts.
fn money(rate: &Value) -> Value {
    rate.get("amount").map_or(Value::Null, |amount| json!({"amount": amount, "currency": "EUR"}))
}

fn fill(project: &mut Value, body: &Map<String, Value>) {
    for name in ["billable", "color", "note"] {
        if let Some(value) = body.get(name) {
            project.set(name, value.clone());
        }
    }
    for name in ["hourlyRate", "costRate"] {
        if let Some(rate) = body.get(name) {
            project.set(name, money(rate));
        }
    }
    // Written as text or as what Java makes of a duration; read as text.
    if let Some(estimate) = body.get("estimate").filter(|estimate| estimate.is_object()) {
        let seconds = estimate.at("estimate").at("seconds").as_u64();
        let time = seconds.map_or_else(|| json!(text(estimate, "estimate")), |seconds| json!(wire_duration(seconds)));
        project.set("estimate", json!({"estimate": time, "type": estimate.get("type").cloned().unwrap_or_else(|| json!("AUTO"))}));
    }
    if let Some(public) = body.get("isPublic") {
        project.set("public", public.clone());
    }
}
