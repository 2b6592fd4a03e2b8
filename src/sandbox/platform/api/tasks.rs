//! Tasks of a project. PUT replaces, and only a task that is done can be deleted.

use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, given};
use super::super::members::Members;
use super::super::seed;
use super::super::workspace::{Shelf, text};

/// Lists a project's tasks.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let project = text(scene.entity(Shelf::Projects, "projectId")?, "id");
    let active = scene.call.flag("is-active")?;
    let mut found = scene.named(Shelf::Tasks)?;
    found.retain(|task| text(task, "projectId") == project && active.is_none_or(|active| (text(task, "status") == "ACTIVE") == active));
    scene.call.page(found)
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    one(scene).cloned().map(Reply::ok)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let project = text(scene.entity(Shelf::Projects, "projectId")?, "id").to_owned();
    let name = scene.free_name(Shelf::Tasks, "", &body, |task| text(task, "projectId") == project)?;
    let task = filled(seed::task(&scene.fresh_id(), &project, &name), &body);
    scene.keep(Shelf::Tasks, &task);
    scene.fire("NEW_TASK", payload(&task));
    Ok(Reply::created(task))
}

/// Replaces one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let old = one(scene)?.clone();
    let project = text(&old, "projectId").to_owned();
    let name = scene.free_name(Shelf::Tasks, text(&old, "id"), &body, |task| text(task, "projectId") == project)?;
    let mut task = seed::task(text(&old, "id"), &project, &name);
    task.set("hourlyRate", old.at("hourlyRate").clone());
    task.set("costRate", old.at("costRate").clone());
    let task = filled(task, &body);
    scene.keep(Shelf::Tasks, &task);
    scene.fire("TASK_UPDATED", payload(&task));
    Ok(Reply::ok(task))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let task = one(scene)?.clone();
    if task.at("status") != "DONE" {
        return Err(Refusal::rule("A task has to be done before it is deleted"));
    }
    scene.discard(Shelf::Tasks, &task);
    scene.fire("TASK_DELETED", payload(&task));
    Ok(Reply::ok(task))
}

fn one<'s>(scene: &'s Scene<'_>) -> Result<&'s Value, Refusal> {
    let task = scene.entity(Shelf::Tasks, "taskId")?;
    let project = scene.call.id("projectId");
    if text(task, "projectId") == project { Ok(task) } else { Err(foreign(scene.call.id("taskId"))) }
}

fn filled(mut task: Value, body: &Map<String, Value>) -> Value {
    for name in ["assigneeIds", "userGroupIds", "estimate", "status", "billable", "budgetEstimate"] {
        task.set(name, given(body, name, task.at(name).clone()));
    }
    // The older member counts where the newer one is not written.
    if let (None, Some(one)) = (body.get("assigneeIds"), body.get("assigneeId").filter(|one| !one.is_null())) {
        task.set("assigneeIds", json!([one]));
    }
    task.set("assigneeId", task.at("assigneeIds").get(0).cloned().unwrap_or_default());
    task
}

/// A task as webhooks show it: without its workspace.
pub fn payload(task: &Value) -> Value {
    json!({
        "id": task.at("id"), "name": task.at("name"), "projectId": task.at("projectId"), "assigneeIds": task.at("assigneeIds"), "assigneeId": task.at("assigneeId"),
        "userGroupIds": task.at("userGroupIds"), "estimate": task.at("estimate"), "status": task.at("status"), "duration": task.at("duration"),
    })
}
