//! Members of the workspace, their roles, profiles and custom values.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, given, ids};
use super::super::members::Members;
use super::super::seed;
use super::super::workspace::{Shelf, text};
use super::workspaces;

/// Who the token speaks for.
pub fn me(scene: &Scene<'_>) -> Outcome {
    let user = &scene.call.pass.user;
    let document = scene.workspace.get(Shelf::Users, user).cloned();
    Ok(Reply::ok(document.map_or_else(|| seed::user(&scene.workspace.id, user, "Add-on"), |user| shown(scene, &user))))
}

/// Lists members.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let project = scene.call.query("project-id");
    let (mail, status) = (scene.call.query("email").map(str::to_lowercase), scene.call.query("status").filter(|status| *status != "ALL"));
    let mut found = scene.named(Shelf::Users)?;
    found.retain(|user| {
        mail.as_ref().is_none_or(|mail| text(user, "email").contains(mail.as_str()))
            && status.is_none_or(|status| membership_status(user) == status)
            && project.is_none_or(|project| works_on(scene, project, user))
    });
    scene.call.cut(found)?.show(|user| shown(scene, user))
}

/// A member with the values of their custom fields.
fn shown(scene: &Scene<'_>, user: &Value) -> Value {
    let mut shown = user.clone();
    let own = scene.workspace.user_values.iter().filter(|((owner, _), _)| owner == text(user, "id"));
    let values = own.filter_map(|((_, field), value)| Some(value_of(user, scene.workspace.get(Shelf::CustomFields, field)?, value)));
    shown.set("customFields", values.collect());
    shown
}

fn value_of(user: &Value, field: &Value, value: &Value) -> Value {
    json!({
        "userId": user.at("id"), "customFieldId": field.at("id"), "customFieldName": field.at("name"), "customFieldType": field.at("type"), "value": value,
    })
}

/// Finds members by a filter in the body.
pub fn filter(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let part = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let (name, mail) = (part("name"), part("email"));
    let status = body.get("status").and_then(Value::as_str).filter(|status| *status != "ALL");
    let project = body.get("projectId").and_then(Value::as_str).filter(|project| !project.is_empty());
    let groups = ids(&body, "userGroups");
    let in_group = |user: &Value| {
        let mut groups = groups.iter().filter_map(|group| scene.workspace.get(Shelf::Groups, group));
        groups.any(|group| group.at("userIds").as_array().is_some_and(|users| users.contains(user.at("id"))))
    };
    let fits = |user: &&Value| {
        text(user, "name").to_lowercase().contains(&name)
            && text(user, "email").contains(&mail)
            && status.is_none_or(|status| membership_status(user) == status)
            && project.is_none_or(|project| works_on(scene, project, user))
            && (groups.is_empty() || in_group(user))
    };
    scene.call.cut(scene.workspace.all(Shelf::Users).filter(fits).collect())?.show(|user| shown(scene, user))
}

/// Lists who manages a member: the workspace's admins.
pub fn managers(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Users, "userId")?;
    let admin = |user: &&Value| scene.workspace.roles.get(text(user, "id")).is_some_and(|role| role != "MEMBER");
    scene.call.cut(scene.workspace.all(Shelf::Users).filter(admin).collect())?.show(|user| shown(scene, user))
}

/// Reads a profile.
pub fn profile(scene: &Scene<'_>) -> Outcome {
    let user = scene.entity(Shelf::Users, "userId")?;
    let values = scene.workspace.user_values.iter().filter(|((owner, _), _)| owner == text(user, "id"));
    let values: Vec<Value> = values
        .filter_map(|((owner, field), value)| Some((owner, scene.workspace.get(Shelf::CustomFields, field)?, value)))
        .map(|(owner, field, value)| {
            json!({
                "customFieldId": field.at("id"), "customField": field, "name": field.at("name"), "type": field.at("type"), "userId": owner, "value": value,
                "sourceType": "USER",
            })
        })
        .collect();
    let work = scene.workspace.work.get(text(user, "id")).unwrap_or(&Value::Null);
    Ok(Reply::ok(json!({
        "email": user.at("email"), "name": user.at("name"), "imageUrl": "", "hasPassword": true, "hasPendingApprovalRequest": false,
        "userCustomFieldValues": values, "weekStart": user.at("settings").at("weekStart"), "workspaceNumber": 1,
        "workCapacity": work.get("workCapacity").cloned().unwrap_or_else(|| json!("PT8H")),
        "workingDays": work.get("workingDays").cloned().unwrap_or_else(|| json!(["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"])),
    })))
}

/// Changes a profile.
pub fn update_profile(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut user = scene.one(Shelf::Users, "userId")?;
    if let Some(name) = body.get("name") {
        user.set("name", name.clone());
    }
    if let Some(start) = body.get("weekStart") {
        user.set_in("settings", "weekStart", start.clone());
    }
    let id = text(&user, "id").to_owned();
    for name in ["workCapacity", "workingDays"] {
        if let Some(value) = body.get(name) {
            scene.workspace.work.entry(id.clone()).or_insert_with(|| json!({})).set(name, value.clone());
        }
    }
    for value in body.get("userCustomFields").and_then(Value::as_array).into_iter().flatten() {
        let field = text(value, "customFieldId");
        scene.workspace.get(Shelf::CustomFields, field).ok_or_else(|| foreign(field))?;
        scene.workspace.user_values.insert((id.clone(), field.to_owned()), value.at("value").clone());
    }
    scene.keep(Shelf::Users, &user);
    scene.fire("USER_UPDATED", payload(&user));
    profile(scene)
}

/// Sets the value of a member's custom field.
pub fn set_value(scene: &mut Scene<'_>) -> Outcome {
    let user = scene.one(Shelf::Users, "userId")?;
    let field = scene.one(Shelf::CustomFields, "customFieldId")?;
    let value = scene.call.object()?.get("value").cloned().unwrap_or_default();
    scene.workspace.user_values.insert((text(&user, "id").to_owned(), text(&field, "id").to_owned()), value.clone());
    Ok(Reply::created(value_of(&user, &field, &value)))
}

/// Gives a role.
pub fn give_role(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
    let role =
        scene.call.object()?.get("role").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::body("role is required"))?;
    if !["WORKSPACE_ADMIN", "TEAM_MANAGER", "PROJECT_MANAGER"].contains(&role.as_str()) {
        return Err(Refusal::body("role is not known"));
    }
    let source = given(&scene.call.object()?, "entityId", Value::Null);
    // Managers are members everywhere but where they manage.
    if role == "WORKSPACE_ADMIN" {
        scene.workspace.roles.insert(user.clone(), role.clone());
    }
    let details = json!({"id": scene.fresh_id(), "name": role, "source": {"id": source, "type": "USER_GROUP"}});
    Ok(Reply::created(json!([{"role": details, "userId": user, "workspaceId": scene.workspace.id}])))
}

/// Takes a role.
pub fn take_role(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
    if scene.workspace.owner() != Some(user.as_str()) {
        scene.workspace.roles.insert(user, "MEMBER".into());
    }
    Ok(Reply::empty())
}

/// Invites somebody.
pub fn invite(scene: &mut Scene<'_>) -> Outcome {
    let mail =
        scene.call.object()?.get("email").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::body("email is required"))?;
    let name = mail.split('@').next().unwrap_or_default().to_owned();
    let id = scene.fresh_id();
    if scene.workspace.all(Shelf::Users).any(|user| text(user, "email").eq_ignore_ascii_case(&mail)) {
        return Err(Refusal::rule("The person is a member already"));
    }
    let mut user = seed::user(&scene.workspace.id, &id, &name);
    user.set("email", json!(mail));
    user.set("status", json!("PENDING_EMAIL_VERIFICATION"));
    scene.workspace.roles.insert(text(&user, "id").to_owned(), "MEMBER".into());
    scene.keep(Shelf::Users, &user);
    let inviter = scene.workspace.owner().and_then(|owner| scene.workspace.get(Shelf::Users, owner)).map(with_settings).unwrap_or_default();
    scene.fire("USERS_INVITED_TO_WORKSPACE", json!({"workspaceId": scene.workspace.id, "inviter": inviter, "invitedUserEmails": [mail]}));
    workspaces::get(scene)
}

/// Activates or deactivates a member.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let status =
        scene.call.object()?.get("status").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::body("status is required"))?;
    let mut user = scene.one(Shelf::Users, "userId")?;
    if let Some(membership) = user.list_mut("memberships").and_then(|all| all.first_mut()) {
        membership.set("membershipStatus", json!(status));
    }
    scene.keep(Shelf::Users, &user);
    let event = if status == "ACTIVE" { "USER_ACTIVATED_ON_WORKSPACE" } else { "USER_DEACTIVATED_ON_WORKSPACE" };
    scene.fire(event, with_settings(&user));
    workspaces::get(scene)
}

/// Takes a member out of the workspace.
pub fn remove(scene: &mut Scene<'_>) -> Outcome {
    let user = scene.one(Shelf::Users, "userId")?;
    if scene.workspace.owner() == Some(text(&user, "id")) {
        return Err(Refusal::rule("The owner cannot be removed"));
    }
    scene.workspace.roles.remove(text(&user, "id"));
    scene.discard(Shelf::Users, &user);
    scene.fire("USER_DELETED_FROM_WORKSPACE", payload(&user));
    workspaces::get(scene)
}

/// A person as most webhooks show them: without their workspace.
pub fn payload(user: &Value) -> Value {
    json!({"id": user.at("id"), "email": user.at("email"), "name": user.at("name")})
}

/// A person as those webhooks show them that carry their settings.
pub fn with_settings(user: &Value) -> Value {
    json!({"id": user.at("id"), "email": user.at("email"), "name": user.at("name"), "profilePicture": "", "settings": user.at("settings")})
}

fn works_on(scene: &Scene<'_>, project: &str, user: &Value) -> bool {
    let members = scene.workspace.get(Shelf::Projects, project).and_then(|project| project.at("memberships").as_array());
    members.is_some_and(|members| members.iter().any(|member| member.at("userId") == user.at("id")))
}

fn membership_status(user: &Value) -> &str {
    user.pointer("/memberships/0/membershipStatus").and_then(Value::as_str).unwrap_or("ACTIVE")
}

/// Members of a group: who is named has to be a member of the workspace.
pub fn member(scene: &Scene<'_>, id: &str) -> Result<String, Refusal> {
    scene.workspace.get(Shelf::Users, id).map(|user| text(user, "id").to_owned()).ok_or_else(|| foreign(id))
}
