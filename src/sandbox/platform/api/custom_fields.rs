//! Custom fields. Lists ignore paging, creating one is refused to add-on tokens in practice, and none of it sends a webhook.

use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given, required};
use super::super::members::Members;
use super::super::seed;
use super::super::workspace::{Shelf, text};

/// Lists the workspace's fields, or those that a project shows.
pub fn list(scene: &Scene<'_>) -> Outcome {
    if !scene.call.id("projectId").is_empty() {
        scene.entity(Shelf::Projects, "projectId")?;
    }
    let (status, kind) = (scene.call.query("status"), scene.call.query("entity-type"));
    let mut found = scene.named(Shelf::CustomFields)?;
    found.retain(|field| {
        status.is_none_or(|status| text(field, "status") == status) && kind.is_none_or(|kind| text(field, "entityType") == kind)
    });
    scene.call.page(found)
}

/// Adds a field.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = scene.free_name(Shelf::CustomFields, "", &body, |_| true)?;
    let kind = required(&body, "type")?.clone();
    let id = scene.fresh_id();
    let mut field = seed::custom_field(&scene.workspace.id, &id, &name, given(&body, "entityType", json!("TIMEENTRY")));
    field.set("type", kind);
    for name in ["allowedValues", "description", "placeholder", "status", "onlyAdminCanEdit", "workspaceDefaultValue"] {
        field.set(name, given(&body, name, field.at(name).clone()));
    }
    scene.keep(Shelf::CustomFields, &field);
    Ok(Reply::created(field))
}

/// Replaces a field's definition.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut field = scene.one(Shelf::CustomFields, "customFieldId")?;
    field.set("name", json!(scene.free_name(Shelf::CustomFields, text(&field, "id"), &body, |_| true)?));
    for (name, default) in
        [("allowedValues", json!([])), ("description", json!("")), ("placeholder", json!("")), ("required", json!(false))]
    {
        field.set(name, given(&body, name, default));
    }
    for name in ["status", "type", "onlyAdminCanEdit", "workspaceDefaultValue"] {
        field.set(name, given(&body, name, field.at(name).clone()));
    }
    scene.keep(Shelf::CustomFields, &field);
    Ok(Reply::ok(field))
}

/// Deletes a field.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let field = scene.one(Shelf::CustomFields, "customFieldId")?;
    scene.discard(Shelf::CustomFields, &field);
    Ok(Reply::empty())
}

/// Sets the default that a project gives a field.
pub fn set_default(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    change_default(scene, Some(&body))
}

/// Takes the default of a project away.
pub fn remove_default(scene: &mut Scene<'_>) -> Outcome {
    change_default(scene, None)
}

fn change_default(scene: &mut Scene<'_>, body: Option<&Map<String, Value>>) -> Outcome {
    let project = text(scene.entity(Shelf::Projects, "projectId")?, "id").to_owned();
    let mut field = scene.one(Shelf::CustomFields, "customFieldId")?;
    let defaults = field.list_mut("projectDefaultValues").ok_or_else(|| Refusal::rule("The field has no defaults"))?;
    defaults.retain(|default| text(default, "projectId") != project);
    if let Some(body) = body {
        defaults.push(json!({"projectId": project, "status": given(body, "status", json!("VISIBLE")), "value": given(body, "defaultValue", Value::Null)}));
    }
    scene.keep(Shelf::CustomFields, &field);
    Ok(Reply::ok(field))
}
