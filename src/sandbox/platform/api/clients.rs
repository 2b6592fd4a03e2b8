//! Clients. PUT replaces, and only an archived client can be deleted.

use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given};
use super::super::members::Members;
use super::super::seed;
use super::super::workspace::{Shelf, text};

/// Lists clients.
pub fn list(scene: &Scene<'_>) -> Outcome {
    scene.call.page(scene.named(Shelf::Clients)?)
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Clients, "id").cloned().map(Reply::ok)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = scene.free_name(Shelf::Clients, "", &body, |_| true)?;
    let id = scene.fresh_id();
    let blank = seed::client(&scene.workspace.id, &id, &name);
    let client = filled(blank, &body);
    scene.keep(Shelf::Clients, &client);
    scene.fire("NEW_CLIENT", payload(&client));
    Ok(Reply::created(client))
}

/// Replaces one: what the body leaves out is cleared.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let id = text(scene.entity(Shelf::Clients, "id")?, "id").to_owned();
    let name = scene.free_name(Shelf::Clients, &id, &body, |_| true)?;
    let mut client = filled(seed::client(&scene.workspace.id, &id, &name), &body);
    client.set("archived", given(&body, "archived", json!(false)));
    put_away(scene, &id)?;
    scene.keep(Shelf::Clients, &client);
    scene.fire("CLIENT_UPDATED", payload(&client));
    Ok(Reply::ok(client))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let client = scene.one(Shelf::Clients, "id")?;
    if client.at("archived") != true {
        return Err(Refusal::rule("A client has to be archived before it is deleted"));
    }
    scene.discard(Shelf::Clients, &client);
    scene.fire("CLIENT_DELETED", payload(&client));
    Ok(Reply::ok(client))
}

/// Archives the client's projects and ends their tasks, if the query says so.
fn put_away(scene: &mut Scene<'_>, client: &str) -> Result<(), Refusal> {
    let (archive, end) = (scene.call.flag("archive-projects")? == Some(true), scene.call.flag("mark-tasks-as-done")? == Some(true));
    let projects: Vec<Value> =
        scene.workspace.all(Shelf::Projects).filter(|project| text(project, "clientId") == client).cloned().collect();
    for mut project in projects.into_iter().filter(|_| archive) {
        project.set("archived", json!(true));
        scene.keep(Shelf::Projects, &project);
        let tasks = scene.workspace.all(Shelf::Tasks).filter(|task| end && task.at("projectId") == project.at("id"));
        for mut task in tasks.cloned().collect::<Vec<_>>() {
            task.set("status", json!("DONE"));
            scene.keep(Shelf::Tasks, &task);
        }
    }
    Ok(())
}

fn filled(mut client: Value, body: &Map<String, Value>) -> Value {
    for name in ["email", "address", "note", "ccEmails", "currencyId"] {
        if let Some(value) = body.get(name) {
            client.set(name, value.clone());
        }
    }
    client
}

/// A client as webhooks show it.
pub fn payload(client: &Value) -> Value {
    json!({"id": client.at("id"), "name": client.at("name"), "workspaceId": client.at("workspaceId"), "archived": client.at("archived")})
}
