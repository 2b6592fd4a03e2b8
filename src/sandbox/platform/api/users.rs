//! Members of the workspace, their roles, profiles and custom values.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign};
use super::super::members::Members;
use super::super::seed;
use super::super::workspace::{Shelf, text};

/// Who the token speaks for.
pub fn me(scene: &Scene<'_>) -> Outcome {
    let user = &scene.call.pass.user;
    let document = scene.workspace.get(Shelf::Users, user).cloned();
    Ok(Reply::ok(document.unwrap_or_else(|| seed::user(&scene.workspace.id, user, "Add-on"))))
}

/// Lists members.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let (mail, status) = (scene.call.query("email").map(str::to_lowercase), scene.call.query("status").filter(|status| *status != "ALL"));
    let mut found = scene.named(Shelf::Users)?;
    found.retain(|user| {
        mail.as_ref().is_none_or(|mail| text(user, "email").contains(mail.as_str()))
            && status.is_none_or(|status| membership_status(user) == status)
    });
    scene.call.page(found)
}

/// Finds members by a filter in the body.
pub fn filter(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let part = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let (name, mail) = (part("name"), part("email"));
    let fits = |user: &&Value| text(user, "name").to_lowercase().contains(&name) && text(user, "email").contains(&mail);
    scene.call.page(scene.workspace.all(Shelf::Users).filter(fits).cloned().collect())
}

/// Lists who manages a member: the workspace's admins.
pub fn managers(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Users, "userId")?;
    let admin = |user: &&Value| scene.workspace.roles.get(text(user, "id")).is_some_and(|role| role != "MEMBER");
    scene.call.page(scene.workspace.all(Shelf::Users).filter(admin).cloned().collect())
}

/// Reads a profile.
pub fn profile(scene: &Scene<'_>) -> Outcome {
    let user = scene.entity(Shelf::Users, "userId")?;
    let values = scene.workspace.user_values.iter().filter(|((owner, _), _)| owner == text(user, "id"));
    let values: Vec<Value> = values.map(|((_, field), value)| json!({"customFieldId": field, "value": value})).collect();
    Ok(Reply::ok(json!({
        "email": user.at("email"), "name": user.at("name"), "imageUrl": "", "hasPassword": true, "hasPendingApprovalRequest": false,
        "userCustomFieldValues": values, "weekStart": user.at("settings").at("weekStart"), "workCapacity": "PT8H",
        "workingDays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"], "workspaceNumber": 1,
    })))
}

/// Changes a profile.
pub fn update_profile(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut user = scene.entity(Shelf::Users, "userId")?.clone();
    if let Some(name) = body.get("name") {
        user.set("name", name.clone());
    }
    if let Some(start) = body.get("weekStart") {
        user.set_in("settings", "weekStart", start.clone());
    }
    scene.workspace.put(Shelf::Users, user.clone());
    scene.fire("USER_UPDATED", payload(&user));
    profile(scene)
}

/// Sets the value of a member's custom field.
pub fn set_value(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
    let field = scene.entity(Shelf::CustomFields, "customFieldId")?.clone();
    let value = scene.call.object()?.get("value").cloned().unwrap_or_default();
    scene.workspace.user_values.insert((user.clone(), text(&field, "id").to_owned()), value.clone());
    Ok(Reply::created(
        json!({"userId": user, "customFieldId": field.at("id"), "customFieldName": field.at("name"), "customFieldType": field.at("type"), "value": value}),
    ))
}

/// Gives a role.
pub fn give_role(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
    let role =
        scene.call.object()?.get("role").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::body("role is required"))?;
    scene.workspace.roles.insert(user, role.clone());
    Ok(Reply::created(json!([{"role": role, "entities": []}])))
}

/// Takes a role.
pub fn take_role(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
    scene.workspace.roles.insert(user, "MEMBER".into());
    Ok(Reply::empty())
}

/// Invites somebody.
pub fn invite(scene: &mut Scene<'_>) -> Outcome {
    let mail =
        scene.call.object()?.get("email").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::body("email is required"))?;
    let name = mail.split('@').next().unwrap_or_default().to_owned();
    let id = scene.fresh_id();
    let mut user = seed::user(&scene.workspace.id, &id, &name);
    user.set("email", json!(mail));
    user.set("status", json!("PENDING_EMAIL_VERIFICATION"));
    scene.workspace.roles.insert(text(&user, "id").to_owned(), "MEMBER".into());
    scene.workspace.put(Shelf::Users, user);
    let inviter = scene.workspace.owner().and_then(|owner| scene.workspace.get(Shelf::Users, owner)).cloned().unwrap_or_default();
    scene.fire("USERS_INVITED_TO_WORKSPACE", json!({"workspaceId": scene.workspace.id, "inviter": inviter, "invitedUserEmails": [mail]}));
    Ok(Reply::ok(scene.workspace.document()))
}

/// Activates or deactivates a member.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let status =
        scene.call.object()?.get("status").and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::body("status is required"))?;
    let mut user = scene.entity(Shelf::Users, "userId")?.clone();
    if let Some(membership) = user.list_mut("memberships").and_then(|all| all.first_mut()) {
        membership.set("membershipStatus", json!(status));
    }
    scene.workspace.put(Shelf::Users, user.clone());
    let event = if status == "ACTIVE" { "USER_ACTIVATED_ON_WORKSPACE" } else { "USER_DEACTIVATED_ON_WORKSPACE" };
    scene.fire(event, with_settings(&user));
    Ok(Reply::ok(scene.workspace.document()))
}

/// Takes a person out of the workspace.
pub fn remove(scene: &mut Scene<'_>) -> Outcome {
    let user = scene.entity(Shelf::Users, "userId")?.clone();
    scene.workspace.remove(Shelf::Users, text(&user, "id"));
    scene.workspace.roles.remove(text(&user, "id"));
    scene.fire("USER_DELETED_FROM_WORKSPACE", with_settings(&user));
    Ok(Reply::ok(scene.workspace.document()))
}

/// A person as most webhooks show them: without their workspace.
pub fn payload(user: &Value) -> Value {
    json!({"id": user.at("id"), "email": user.at("email"), "name": user.at("name")})
}

/// A person as those webhooks show them that carry their settings.
pub fn with_settings(user: &Value) -> Value {
    json!({"id": user.at("id"), "email": user.at("email"), "name": user.at("name"), "profilePicture": "", "settings": user.at("settings")})
}

fn membership_status(user: &Value) -> &str {
    user.pointer("/memberships/0/membershipStatus").and_then(Value::as_str).unwrap_or("ACTIVE")
}

/// Members of a group: who is named has to be a member of the workspace.
pub fn member(scene: &Scene<'_>, id: &str) -> Result<String, Refusal> {
    scene.workspace.get(Shelf::Users, id).map(|user| text(user, "id").to_owned()).ok_or_else(|| foreign(id))
}
