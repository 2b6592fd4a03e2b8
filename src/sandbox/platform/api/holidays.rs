//! Holidays. The list ignores paging, and there is no way to read one by its id.

use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given, ids, required};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text};

/// A holiday before anybody has filled it in.
pub fn blank(workspace: &WorkspaceId, id: &str, name: &str) -> Value {
    json!({
        "id": id, "workspaceId": workspace, "name": name, "datePeriod": {"startDate": "2027-01-01", "endDate": "2027-01-01"}, "occursAnnually": true,
        "everyoneIncludingNew": true, "userIds": [], "userGroupIds": [], "projectId": null, "taskId": null, "automaticTimeEntryCreation": false,
        "color": "#03A9F4",
    })
}

/// Lists holidays, all or those of a member or group.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let whom = scene.call.query("assigned-to");
    scene.call.page(scene.workspace.all(Shelf::Holidays).filter(|holiday| concerns(scene.workspace, holiday, whom)).collect())
}

/// Lists those of a member or group between two days.
pub fn in_period(scene: &Scene<'_>) -> Outcome {
    let whom = scene.call.query("assigned-to");
    let day = |name: &str| {
        let value = scene.call.query(name).and_then(|value| value.get(..10));
        value.filter(|day| day.bytes().filter(|byte| *byte == b'-').count() == 2).ok_or_else(|| Refusal::parameter(name))
    };
    let (from, until) = (day("start")?, day("end")?);
    let meets = |holiday: &&Value| {
        let period = holiday.at("datePeriod");
        // Days are written so that their texts compare as days. Those of every year fit by month and day.
        let (start, end) = (text(period, "startDate"), text(period, "endDate"));
        let inside = start <= until && end >= from;
        let yearly = holiday.at("occursAnnually") == true && within_year(start, from, until);
        concerns(scene.workspace, holiday, whom) && (inside || yearly)
    };
    scene.call.page(scene.workspace.all(Shelf::Holidays).filter(meets).collect())
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    required(&body, "datePeriod")?;
    let name = scene.free_name(Shelf::Holidays, "", &body, |_| true)?;
    let id = scene.fresh_id();
    let holiday = filled(blank(&scene.workspace.id, &id, &name), &body);
    scene.keep(Shelf::Holidays, &holiday);
    Ok(Reply::ok(holiday))
}

/// Replaces one.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    required(&body, "datePeriod")?;
    let id = text(scene.entity(Shelf::Holidays, "holidayId")?, "id").to_owned();
    let name = scene.free_name(Shelf::Holidays, &id, &body, |_| true)?;
    let holiday = filled(blank(&scene.workspace.id, &id, &name), &body);
    scene.keep(Shelf::Holidays, &holiday);
    Ok(Reply::ok(holiday))
}

/// Deletes one. What is answered says more of the entries that are made by themselves than the lists do.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let mut holiday = scene.one(Shelf::Holidays, "holidayId")?;
    scene.discard(Shelf::Holidays, &holiday);
    let defaults = json!({"projectId": holiday.at("projectId"), "taskId": holiday.at("taskId")});
    let creation = json!({"enabled": holiday.at("automaticTimeEntryCreation"), "defaultEntities": defaults});
    holiday.set("automaticTimeEntryCreation", creation);
    Ok(Reply::ok(holiday))
}

fn within_year(start: &str, from: &str, until: &str) -> bool {
    let (day, first, last) = (start.get(5..), from.get(5..), until.get(5..));
    from.get(..4) == until.get(..4) && day >= first && day <= last || from.get(..4) < until.get(..4) && (day >= first || day <= last)
}

fn concerns(workspace: &Workspace, holiday: &Value, whom: Option<&str>) -> bool {
    let Some(whom) = whom else { return true };
    let listed = |name: &str, id: &str| holiday.at(name).as_array().is_some_and(|ids| ids.contains(&json!(id)));
    let groups =
        workspace.all(Shelf::Groups).filter(|group| group.at("userIds").as_array().is_some_and(|users| users.contains(&json!(whom))));
    holiday.at("everyoneIncludingNew") == true
        || listed("userIds", whom)
        || listed("userGroupIds", whom)
        || groups.into_iter().any(|group| listed("userGroupIds", text(group, "id")))
}

fn filled(mut holiday: Value, body: &Map<String, Value>) -> Value {
    for name in ["datePeriod", "occursAnnually", "everyoneIncludingNew", "color"] {
        holiday.set(name, given(body, name, holiday.at(name).clone()));
    }
    let people = !ids(body, "users").is_empty() || !ids(body, "userGroups").is_empty();
    if people && !body.contains_key("everyoneIncludingNew") {
        holiday.set("everyoneIncludingNew", json!(false));
    }
    holiday.set("userIds", json!(ids(body, "users")));
    holiday.set("userGroupIds", json!(ids(body, "userGroups")));
    let creation = given(body, "automaticTimeEntryCreation", Value::Null);
    holiday.set("automaticTimeEntryCreation", json!(creation.at("enabled") == true));
    for name in ["projectId", "taskId"] {
        holiday.set(name, creation.at("defaultEntities").at(name).clone());
    }
    holiday
}
