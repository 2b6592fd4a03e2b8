//! Approval of a member's week, half month or month. What is approved is locked, and what is withdrawn or rejected is free again.

use std::time::Duration;

use actors::clock::Timestamp;
use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, moment, required};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, object, text, wire_duration, wire_time};
use super::expenses::{hydrated, project_info, task_info};
use super::reports::{entry_money, entry_seconds};

const DAY_SECONDS: u64 = 86_400;
const STATES: [&str; 5] = ["PENDING", "APPROVED", "WITHDRAWN_SUBMISSION", "WITHDRAWN_APPROVAL", "REJECTED"];

/// A request for a range of a member's time.
pub fn blank(workspace: &Workspace, id: &str, user: &str, range: (Timestamp, Timestamp), now: Timestamp) -> Value {
    let person = workspace.get(Shelf::Users, user).cloned().unwrap_or_else(|| json!({"name": "Add-on", "email": ""}));
    let settings = person.at("settings");
    let zone = settings.at("timeZone");
    json!({
        "id": id, "workspaceId": workspace.id, "dateRange": {"start": wire_time(range.0), "end": wire_time(range.1)},
        // The REST API writes the zone's name one way, webhooks the other.
        "owner": {"userId": user, "userName": person.at("name"), "timeZone": zone, "timezone": zone, "startOfWeek": settings.at("weekStart")},
        "creator": {"userId": user, "userName": person.at("name"), "userEmail": person.at("email")},
        "status": {"state": "PENDING", "updatedBy": user, "updatedByUserName": person.at("name"), "updatedAt": wire_time(now), "note": ""},
    })
}

/// Lists requests by state, each with what it is about. Members and times are ignored, as on the platform.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let state = scene.call.query("status");
    let mut found: Vec<&Value> = scene.workspace.all(Shelf::Approvals).collect();
    found.retain(|request| state.is_none_or(|state| request.pointer("/status/state") == Some(&json!(state))));
    match scene.call.query("sort-column") {
        Some("START") => found.sort_by_key(|request| text(request.at("dateRange"), "start")),
        Some("UPDATED_AT") => found.sort_by_key(|request| text(request.at("status"), "updatedAt")),
        _ => {}
    }
    if scene.call.query("sort-order") == Some("DESCENDING") {
        found.reverse();
    }
    scene.call.cut(found)?.show(|request| details(scene.workspace, request))
}

/// Asks for approval, for the caller or for the member in the path.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let range = range(scene)?;
    let owner = owner(scene)?;
    if waiting(scene.workspace, &owner, range.0).is_some() {
        return Err(Refusal::rule("The period is submitted already"));
    }
    let id = scene.fresh_id();
    let request = blank(scene.workspace, &id, &owner, range, scene.call.now);
    scene.keep(Shelf::Approvals, &request);
    scene.fire("NEW_APPROVAL_REQUEST", payload(&request));
    Ok(Reply::created(shown(&request)))
}

/// Asks again for what was rejected or withdrawn.
pub fn resubmit(scene: &mut Scene<'_>) -> Outcome {
    let range = range(scene)?;
    let owner = owner(scene)?;
    let former = scene.workspace.all(Shelf::Approvals).find(|request| of(request, &owner, range.0)).cloned();
    let mut request = match former {
        Some(former) => former,
        None => {
            let id = scene.fresh_id();
            blank(scene.workspace, &id, &owner, range, scene.call.now)
        }
    };
    set_state(scene, &mut request, json!("PENDING"), json!(""));
    scene.keep(Shelf::Approvals, &request);
    scene.fire("NEW_APPROVAL_REQUEST", payload(&request));
    Ok(Reply::ok(shown(&request)))
}

/// Approves, rejects or withdraws.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let state = required(&body, "state")?.clone();
    if !STATES.iter().any(|known| state == *known) {
        return Err(Refusal::body("state is not known"));
    }
    let mut request = scene.one(Shelf::Approvals, "approvalRequestId")?;
    set_state(scene, &mut request, state.clone(), body.get("note").cloned().unwrap_or_else(|| json!("")));
    scene.keep(Shelf::Approvals, &request);
    let approved = state == "APPROVED";
    for mut entry in entries(scene.workspace, &request).into_iter().cloned().collect::<Vec<_>>() {
        entry.set("isLocked", json!(approved));
        scene.keep(Shelf::TimeEntries, &entry);
    }
    scene.fire("APPROVAL_REQUEST_STATUS_UPDATED", payload(&request));
    Ok(Reply::ok(shown(&request)))
}

/// Whether an entry is within something that was approved.
pub fn is_approved(workspace: &Workspace, entry: &Value) -> bool {
    let approved = |request: &&Value| request.pointer("/status/state") == Some(&json!("APPROVED"));
    entry.at("isLocked") == true && workspace.all(Shelf::Approvals).filter(approved).any(|request| holds(request, entry))
}

/// A request as webhooks show it.
pub fn payload(request: &Value) -> Value {
    let mut payload = object(request);
    payload.shift_remove("creator");
    let mut payload = Value::Object(payload);
    without(&mut payload, "timeZone");
    payload
}

fn shown(request: &Value) -> Value {
    let mut shown = request.clone();
    without(&mut shown, "timezone");
    shown
}

fn without(request: &mut Value, spelling: &str) {
    if let Some(owner) = request.get_mut("owner").and_then(Value::as_object_mut) {
        owner.shift_remove(spelling);
    }
}

fn set_state(scene: &Scene<'_>, request: &mut Value, state: Value, note: Value) {
    let by = &scene.call.pass.user;
    let name = scene.workspace.name_of(Shelf::Users, by);
    for (member, value) in [
        ("state", state),
        ("note", note),
        ("updatedBy", json!(by)),
        ("updatedByUserName", json!(name)),
        ("updatedAt", json!(wire_time(scene.call.now))),
    ] {
        request.set_in("status", member, value);
    }
}

fn owner(scene: &Scene<'_>) -> Result<String, Refusal> {
    match scene.call.id("userId") {
        "" => Ok(scene.call.pass.user.clone()),
        id => scene.workspace.get(Shelf::Users, id).map(|_| id.to_owned()).ok_or_else(|| foreign(id)),
    }
}

fn range(scene: &Scene<'_>) -> Result<(Timestamp, Timestamp), Refusal> {
    let body = scene.call.object()?;
    let start = moment(&body, "periodStart")?;
    let days = match body.get("period").and_then(Value::as_str) {
        Some("MONTHLY") => 30,
        Some("SEMI_MONTHLY") => 15,
        Some("WEEKLY") | None => 7,
        Some(_) => return Err(Refusal::body("period is not known")),
    };
    Ok((start, start + Duration::from_secs(days * DAY_SECONDS - 1)))
}

fn of(request: &Value, owner: &str, start: Timestamp) -> bool {
    text(request.at("owner"), "userId") == owner && text(request.at("dateRange"), "start") == wire_time(start)
}

fn waiting<'w>(workspace: &'w Workspace, owner: &str, start: Timestamp) -> Option<&'w Value> {
    let lives = |request: &Value| matches!(text(request.at("status"), "state"), "PENDING" | "APPROVED");
    workspace.all(Shelf::Approvals).find(|request| of(request, owner, start) && lives(request))
}

fn holds(request: &Value, entry: &Value) -> bool {
    let range = request.at("dateRange");
    // Both are written alike, so that their texts compare as times.
    let start = text(entry.at("timeInterval"), "start");
    text(entry, "userId") == text(request.at("owner"), "userId") && start >= text(range, "start") && start <= text(range, "end")
}

fn entries<'w>(workspace: &'w Workspace, request: &Value) -> Vec<&'w Value> {
    workspace.all(Shelf::TimeEntries).filter(|entry| holds(request, entry)).collect()
}

fn details(workspace: &Workspace, request: &Value) -> Value {
    let entries = entries(workspace, request);
    let seconds =
        |fits: &dyn Fn(&Value) -> bool| wire_duration(entries.iter().filter(|entry| fits(entry)).map(|entry| entry_seconds(entry)).sum());
    let state = text(request.at("status"), "state");
    let in_state = |wanted: &str| if state == wanted { seconds(&|_| true) } else { "PT0S".into() };
    let money = |rate: &str| entries.iter().map(|entry| entry_money(workspace, entry, rate)).sum::<f64>().round();
    let range = request.at("dateRange");
    let own = |expense: &&Value| {
        let date = text(expense, "date");
        text(expense, "userId") == text(request.at("owner"), "userId") && date >= text(range, "start") && date <= text(range, "end")
    };
    let expenses: Vec<Value> = workspace
        .all(Shelf::Expenses)
        .filter(own)
        .map(|expense| {
            let mut expense = hydrated(workspace, expense);
            expense.set("approvalRequestId", request.at("id").clone());
            expense.set("approvalStatus", json!(if state == "APPROVED" { "APPROVED" } else { "PENDING" }));
            expense.set("currency", json!("EUR"));
            expense
        })
        .collect();
    let spent: f64 = expenses.iter().filter_map(|expense| expense.at("total").as_f64()).sum();
    json!({
        "approvalRequest": shown(request), "entries": entries.iter().map(|entry| info(workspace, request, entry)).collect::<Vec<_>>(), "expenses": expenses,
        "trackedTime": seconds(&|_| true), "approvedTime": in_state("APPROVED"), "pendingTime": in_state("PENDING"),
        "billableTime": seconds(&|entry| entry.at("billable") == true), "breakTime": seconds(&|entry| entry.at("type") == "BREAK"),
        "billableAmount": money("hourlyRate"), "costAmount": money("costRate"), "expenseTotal": spent,
    })
}

fn info(workspace: &Workspace, request: &Value, entry: &Value) -> Value {
    let tags: Vec<&Value> =
        entry.at("tagIds").as_array().into_iter().flatten().filter_map(|tag| workspace.get(Shelf::Tags, tag.as_str()?)).collect();
    let values = entry.at("customFieldValues").as_array().into_iter().flatten();
    let values: Vec<Value> = values
        .map(|value| json!({"customFieldId": value.at("customFieldId"), "timeEntryId": entry.at("id"), "value": value.at("value"), "sourceType": "WORKSPACE"}))
        .collect();
    json!({
        "id": entry.at("id"), "approvalRequestId": request.at("id"), "billable": entry.at("billable"), "costRate": entry.at("costRate"),
        "hourlyRate": entry.at("hourlyRate"), "customFieldValues": values, "description": entry.at("description"), "isLocked": entry.at("isLocked"),
        "project": project_info(workspace, text(entry, "projectId")), "task": task_info(workspace, text(entry, "taskId")), "tags": tags,
        "timeInterval": zoned(entry.at("timeInterval")), "type": entry.at("type"),
    })
}

/// An interval with what the platform adds to it where it shows entries as documents.
pub fn zoned(interval: &Value) -> Value {
    let mut zoned = interval.clone();
    for (name, value) in [("offsetStart", json!(0)), ("offsetEnd", json!(0)), ("timeZone", json!({"id": "Z", "rules": null}))] {
        zoned.set(name, value);
    }
    zoned.set("zonedStart", interval.at("start").clone());
    zoned.set("zonedEnd", interval.at("end").clone());
    zoned
}
