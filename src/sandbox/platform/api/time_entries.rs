//! Time entries and timers. PUT replaces, a body without `end` starts a timer, `customFieldValues` is dropped silently, `<` and `>` are refused.

use actors::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, given, ids};
use super::super::members::Members;
use super::super::payload;
use super::super::seed;
use super::super::workspace::{Shelf, object, text, wire_duration, wire_time};
use super::approvals;

/// Lists a member's entries, latest start first.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let call = scene.call;
    let user = text(scene.entity(Shelf::Users, "userId")?, "id");
    let (from, until, running) = (call.moment("start")?, call.moment("end")?, call.flag("in-progress")?);
    let (project, task, tags) = (call.query("project"), call.query("task"), call.listed("tags"));
    let (needs_project, needs_task) = (call.flag("project-required")? == Some(true), call.flag("task-required")? == Some(true));
    let tagged =
        |entry: &Value| entry.at("tagIds").as_array().is_some_and(|held| held.iter().any(|tag| tags.iter().any(|wanted| tag == wanted)));
    let fits = |entry: &&Value| {
        let start = start_of(entry);
        text(entry, "userId") == user
            && from.is_none_or(|from| start.is_some_and(|start| start >= from))
            && until.is_none_or(|until| start.is_some_and(|start| start <= until))
            && running.is_none_or(|running| runs(entry) == running)
            && project.is_none_or(|project| text(entry, "projectId") == project)
            && task.is_none_or(|task| text(entry, "taskId") == task)
            && (tags.is_empty() || tagged(entry))
            && !(needs_project && entry.at("projectId").is_null())
            && !(needs_task && entry.at("taskId").is_null())
            && call.query("description").is_none_or(|part| text(entry, "description").contains(part))
    };
    let mut found: Vec<&Value> = scene.workspace.all(Shelf::TimeEntries).filter(fits).collect();
    found.sort_by_cached_key(|entry| std::cmp::Reverse(start_of(entry)));
    let hydrated = call.flag("hydrated")? == Some(true);
    call.cut(found)?.show(|entry| if hydrated { payload::hydrated(scene.workspace, entry) } else { entry.clone() })
}

/// Lists the timers that run.
pub fn in_progress(scene: &Scene<'_>) -> Outcome {
    scene.call.page(scene.workspace.all(Shelf::TimeEntries).filter(|entry| runs(entry)).collect())
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    let entry = scene.entity(Shelf::TimeEntries, "id")?;
    let hydrated = scene.call.flag("hydrated")? == Some(true);
    Ok(Reply::ok(if hydrated { payload::hydrated(scene.workspace, entry) } else { entry.clone() }))
}

/// Adds one for the caller, or for the member in the path.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let user = match scene.call.id("userId") {
        "" => scene.call.pass.user.clone(),
        id => scene.workspace.get(Shelf::Users, id).map(|_| id.to_owned()).ok_or_else(|| foreign(id))?,
    };
    let id = scene.fresh_id();
    let body = match scene.call.query("from-entry") {
        Some(from) => again(scene.workspace.get(Shelf::TimeEntries, from).ok_or_else(|| foreign(from))?, body),
        None => body,
    };
    let entry = filled(scene, &id, &user, &body)?;
    scene.keep(Shelf::TimeEntries, &entry);
    // Starting a timer was seen to send both.
    if runs(&entry) {
        scene.fire("NEW_TIMER_STARTED", payload::time_entry(scene.workspace, &entry));
    }
    scene.fire("NEW_TIME_ENTRY", payload::time_entry(scene.workspace, &entry));
    Ok(Reply::created(entry))
}

/// A body over what an entry says, but for its time.
fn again(entry: &Value, body: Map<String, Value>) -> Map<String, Value> {
    let mut whole: Map<String, Value> = ["description", "tagIds", "billable", "taskId", "projectId", "type"]
        .map(|name| (name.to_owned(), entry.at(name).clone()))
        .into_iter()
        .collect();
    whole.extend(body);
    whole
}

/// Copies one.
pub fn duplicate(scene: &mut Scene<'_>) -> Outcome {
    let mut entry = scene.one(Shelf::TimeEntries, "id")?;
    entry.set("id", json!(scene.fresh_id()));
    scene.keep(Shelf::TimeEntries, &entry);
    scene.fire("NEW_TIME_ENTRY", payload::time_entry(scene.workspace, &entry));
    Ok(Reply::created(entry))
}

/// Replaces one: what the body leaves out is cleared.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    if !body.contains_key("start") {
        return Err(Refusal::body("start is required"));
    }
    let old = scene.one(Shelf::TimeEntries, "id")?;
    let entry = replaced(scene, &old, &body)?;
    Ok(Reply::ok(keep(scene, &old, entry)))
}

/// Replaces several of one member.
pub fn replace_many(scene: &mut Scene<'_>) -> Outcome {
    let bodies = scene.call.body.as_array().cloned().ok_or_else(|| Refusal::body("The body has to be a list"))?;
    let mut changes = Vec::new();
    for body in &bodies {
        let old = scene.workspace.get(Shelf::TimeEntries, text(body, "id")).cloned().ok_or_else(|| foreign(text(body, "id")))?;
        let entry = replaced(scene, &old, &object(body))?;
        changes.push((old, entry));
    }
    let hydrated = scene.call.flag("hydrated")? == Some(true);
    let entries: Vec<Value> = changes.into_iter().map(|(old, entry)| keep(scene, &old, entry)).collect();
    let show = |entry: Value| if hydrated { payload::hydrated(scene.workspace, &entry) } else { entry };
    Ok(Reply::ok(entries.into_iter().map(show).collect()))
}

/// An entry made anew by a body; what is approved stays as it is.
fn replaced(scene: &Scene<'_>, old: &Value, body: &Map<String, Value>) -> Result<Value, Refusal> {
    if approvals::is_approved(scene.workspace, old) {
        return Err(Refusal::approved());
    }
    let mut entry = filled(scene, text(old, "id"), text(old, "userId"), body)?;
    if let Some(invoiced) = old.get("invoiced") {
        entry.set("invoiced", invoiced.clone());
    }
    Ok(entry)
}

/// Stops a member's timer.
pub fn stop(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
    let end = scene.call.object()?.get("end").and_then(Value::as_str).and_then(Timestamp::parse);
    let end = end.ok_or_else(|| Refusal::body("end has to be a time"))?;
    let running = scene.workspace.all(Shelf::TimeEntries).find(|entry| text(entry, "userId") == user && runs(entry)).cloned();
    let old = running.ok_or_else(|| Refusal::rule("No timer runs"))?;
    let start = start_of(&old).unwrap_or(end);
    let mut entry = old.clone();
    entry.set("timeInterval", interval(start, Some(end))?);
    Ok(Reply::ok(keep(scene, &old, entry)))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let entry = scene.one(Shelf::TimeEntries, "id")?;
    if approvals::is_approved(scene.workspace, &entry) {
        return Err(Refusal::approved());
    }
    scene.fire("TIME_ENTRY_DELETED", payload::deleted_time_entry(scene.workspace, &entry));
    scene.discard(Shelf::TimeEntries, &entry);
    Ok(Reply::empty())
}

/// Deletes several. What the platform sends for it is not documented; here it is one event for each and one for all.
pub fn delete_many(scene: &mut Scene<'_>) -> Outcome {
    let user = text(scene.entity(Shelf::Users, "userId")?, "id");
    let ids = scene.call.listed("time-entry-ids");
    let mut deleted = Vec::new();
    for id in &ids {
        let entry = scene.workspace.get(Shelf::TimeEntries, id).filter(|entry| text(entry, "userId") == user).ok_or_else(|| foreign(id))?;
        if approvals::is_approved(scene.workspace, entry) {
            return Err(Refusal::approved());
        }
        deleted.push(entry.clone());
    }
    for entry in &deleted {
        scene.fire("TIME_ENTRY_DELETED", payload::deleted_time_entry(scene.workspace, entry));
        scene.discard(Shelf::TimeEntries, entry);
    }
    scene.fire("TIME_ENTRY_BATCH_DELETED", json!({"timeEntryIds": ids}));
    Ok(Reply::ok(Value::Array(deleted)))
}

/// Marks entries as invoiced.
pub fn invoiced(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    for id in ids(&body, "timeEntryIds") {
        let mut entry = scene.workspace.get(Shelf::TimeEntries, id).cloned().ok_or_else(|| foreign(id))?;
        entry.set("invoiced", given(&body, "invoiced", json!(false)));
        scene.keep(Shelf::TimeEntries, &entry);
    }
    Ok(Reply::done())
}

fn keep(scene: &mut Scene<'_>, old: &Value, entry: Value) -> Value {
    scene.keep(Shelf::TimeEntries, &entry);
    if runs(old) && !runs(&entry) {
        scene.fire("TIMER_STOPPED", payload::time_entry(scene.workspace, &entry));
    }
    scene.fire("TIME_ENTRY_UPDATED", payload::time_entry(scene.workspace, &entry));
    entry
}

fn start_of(entry: &Value) -> Option<Timestamp> {
    Timestamp::parse(text(entry.get("timeInterval")?, "start"))
}

fn runs(entry: &Value) -> bool {
    entry.get("timeInterval").is_some_and(|interval| interval.at("end").is_null())
}

fn interval(start: Timestamp, end: Option<Timestamp>) -> Result<Value, Refusal> {
    if end.is_some_and(|end| end < start) {
        return Err(Refusal::rule("The end is before the start"));
    }
    let duration = end.map(|end| wire_duration(end.since(start).as_secs()));
    Ok(json!({"start": wire_time(start), "end": end.map(wire_time), "duration": duration}))
}

/// An entry made from a body alone.
fn filled(scene: &Scene<'_>, id: &str, user: &str, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let moment = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().and_then(Timestamp::parse).map(Some).ok_or_else(|| Refusal::body(format!("{name} has to be a time"))),
    };
    let description = body.get("description").and_then(Value::as_str).unwrap_or_default();
    if description.contains(['<', '>']) {
        return Err(Refusal::rule("The description has characters that are not allowed"));
    }
    let start = moment("start")?.unwrap_or(scene.call.now);
    let project = known(scene, Shelf::Projects, body, "projectId")?;
    let mut entry = seed::time_entry(&scene.workspace.id, id, user, project.as_deref(), description, start, None);
    entry.set("timeInterval", interval(start, moment("end")?)?);
    entry.set("billable", given(body, "billable", json!(false)));
    entry.set("type", given(body, "type", json!("REGULAR")));
    entry.set("taskId", json!(known(scene, Shelf::Tasks, body, "taskId")?));
    let tags = body.get("tagIds").filter(|tags| !tags.is_null()).cloned().unwrap_or_else(|| json!([]));
    for tag in tags.as_array().ok_or_else(|| Refusal::body("tagIds has to be a list"))? {
        let tag = tag.as_str().ok_or_else(|| Refusal::body("tagIds has to be a list of ids"))?;
        scene.workspace.get(Shelf::Tags, tag).ok_or_else(|| foreign(tag))?;
    }
    entry.set("tagIds", tags);
    entry.set("customFieldValues", Value::Array(custom_values(scene, id, body)?));
    Ok(entry)
}

fn known(scene: &Scene<'_>, shelf: Shelf, body: &Map<String, Value>, name: &str) -> Result<Option<String>, Refusal> {
    Ok(scene.referred(shelf, body, name)?.map(|entity| text(entity, "id").to_owned()))
}

/// Values are written as `customFields`, not under the name that they are read by.
fn custom_values(scene: &Scene<'_>, entry: &str, body: &Map<String, Value>) -> Result<Vec<Value>, Refusal> {
    let written = body.get("customFields").and_then(Value::as_array).into_iter().flatten();
    written
        .map(|value| {
            let id = text(value, "customFieldId");
            let field = scene.workspace.get(Shelf::CustomFields, id).ok_or_else(|| foreign(id))?;
            let (name, kind) = (field.at("name"), field.at("type"));
            Ok(json!({"customFieldId": id, "timeEntryId": entry, "value": value.at("value"), "type": kind, "name": name}))
        })
        .collect()
}
