//! Webhook payloads: bare entities in the shapes that the platform sends, from the simulated workspace's own data.

use actors::event::{KNOWN, Known};
use serde_json::{Value, json};

use super::api::{clients, tasks};
use super::members::Members;
use super::workspace::{Shelf, Workspace, object, text};

/// A time entry: project, task, user and tags nested, the interval with its zone.
pub fn time_entry(workspace: &Workspace, entry: &Value) -> Value {
    let mut payload = hydrated(workspace, entry);
    let zone = workspace.get(Shelf::Users, text(entry, "userId")).map(|user| user.at("settings").at("timeZone").clone());
    payload.set_in("timeInterval", "timeZone", zone.unwrap_or_default());
    payload.set("currentlyRunning", json!(entry.at("timeInterval").at("end").is_null()));
    if let Some(values) = payload.list_mut("customFieldValues") {
        for value in values {
            value.as_object_mut().map(|value| value.shift_remove("type"));
        }
    }
    payload
}

/// A time entry with project, task, user and tags nested.
pub fn hydrated(workspace: &Workspace, entry: &Value) -> Value {
    let mut payload = entry.clone();
    payload.set("project", nested(workspace, Shelf::Projects, entry, "projectId", &PROJECT));
    let mut task = nested(workspace, Shelf::Tasks, entry, "taskId", &TASK);
    task.set("workspaceId", json!(workspace.id));
    payload.set("task", task);
    payload.set("user", nested(workspace, Shelf::Users, entry, "userId", &["id", "name", "status"]));
    let tags = entry.at("tagIds").as_array().into_iter().flatten().filter_map(Value::as_str);
    payload.set("tags", tags.filter_map(|tag| workspace.get(Shelf::Tags, tag)).cloned().collect());
    payload
}

/// A time entry that is gone: `userId` is its owner, and the ids of task and tags are there only nested.
pub fn deleted_time_entry(workspace: &Workspace, entry: &Value) -> Value {
    let mut payload = object(&time_entry(workspace, entry));
    payload.shift_remove("tagIds");
    payload.shift_remove("taskId");
    Value::Object(payload)
}

const PROJECT: [&str; 14] = [
    "name",
    "clientId",
    "clientName",
    "workspaceId",
    "billable",
    "estimate",
    "color",
    "archived",
    "duration",
    "note",
    "id",
    "public",
    "template",
    "hourlyRate",
];
const TASK: [&str; 9] = ["name", "projectId", "assigneeIds", "assigneeId", "userGroupIds", "estimate", "status", "duration", "id"];

fn nested(workspace: &Workspace, shelf: Shelf, entry: &Value, name: &str, members: &[&str]) -> Value {
    let Some(whole) = workspace.get(shelf, text(entry, name)) else { return Value::Null };
    members.iter().map(|member| ((*member).to_owned(), whole.at(member).clone())).collect()
}

/// A project: tasks and client nested.
pub fn project(workspace: &Workspace, project: &Value) -> Value {
    let mut payload: Value = PROJECT.iter().map(|member| ((*member).to_owned(), project.at(member).clone())).collect();
    let own = |task: &&Value| text(task, "projectId") == text(project, "id");
    let with_workspace = |task: &Value| {
        let mut task = tasks::payload(task);
        task.set("workspaceId", json!(workspace.id));
        task
    };
    payload.set("tasks", workspace.all(Shelf::Tasks).filter(own).map(with_workspace).collect());
    payload.set("client", workspace.get(Shelf::Clients, text(project, "clientId")).map_or(Value::Null, clients::payload));
    payload
}

/// An expense that has changed or is gone: no more than ids.
pub fn expense_ids(expense: &Value) -> Value {
    let mut ids = json!({"expenseId": expense.at("id")});
    ["workspaceId", "userId", "projectId", "categoryId"].iter().for_each(|name| ids.set(name, expense.at(name).clone()));
    ids
}

/// An assignment: no more than ids.
pub fn assignment_ids(assignment: &Value) -> Value {
    let mut ids = json!({"assignmentId": assignment.at("id")});
    ["workspaceId", "userId", "projectId"].iter().for_each(|name| ids.set(name, assignment.at(name).clone()));
    ids
}

/// The event type of this name.
pub fn known(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}
