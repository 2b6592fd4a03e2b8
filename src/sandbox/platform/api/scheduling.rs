//! Assignments: who is planned for what. A recurring one is a series of weeks, each an assignment of its own; drafts become visible when published.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use actors::limits::sandbox as limits;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given, ids, moment, number, required};
use super::super::members::Members;
use super::super::payload;
use super::super::workspace::{Shelf, Workspace, text, wire_time};

const WEEK: Duration = Duration::from_secs(604_800);

/// An assignment before anybody has filled it in.
pub fn blank(workspace: &WorkspaceId, id: &str, user: &str, period: (Timestamp, Timestamp)) -> Value {
    json!({
        "id": id, "workspaceId": workspace, "userId": user, "projectId": null, "period": {"start": wire_time(period.0), "end": wire_time(period.1)},
        "hoursPerDay": 8, "published": false, "billable": true, "includeNonWorkingDays": false, "note": "", "startTime": null,
        "recurring": {"repeat": false, "seriesId": null, "weeks": 0}, "excludeDays": [],
    })
}

/// Lists the assignments between two times.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let (from, until) = between(scene)?;
    let part = scene.call.query("name").map(str::to_lowercase);
    let mut found: Vec<Value> = scene
        .workspace
        .all(Shelf::Assignments)
        .filter(|assignment| meets(assignment, from, until))
        .map(|assignment| hydrated(scene.workspace, assignment))
        .filter(|shown| part.as_ref().is_none_or(|part| text(shown, "projectName").to_lowercase().contains(part)))
        .collect();
    match scene.call.query("sort-column") {
        Some("PROJECT") => found.sort_by_cached_key(|shown| text(shown, "projectName").to_lowercase()),
        Some("USER") => found.sort_by_cached_key(|shown| text(shown, "userName").to_lowercase()),
        _ => {}
    }
    if scene.call.query("sort-order") == Some("DESCENDING") {
        found.reverse();
    }
    scene.call.cut(found)?.show(|shown| shown)
}

/// Adds one, or a series of them.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let project = scene.needed(Shelf::Projects, &body, "projectId")?.at("id").clone();
    let user = text(scene.needed(Shelf::Users, &body, "userId")?, "id").to_owned();
    let period = period(&body)?;
    number(&body, "hoursPerDay")?;
    let mut assignment = blank(&scene.workspace.id, "", &user, period);
    assignment.set("projectId", project);
    fill(&mut assignment, &body);
    let made = series(scene, &assignment, body.get("recurringAssignment").unwrap_or(&Value::Null))?;
    Ok(Reply { status: 201, ..told(scene, "ASSIGNMENT_CREATED", made) })
}

/// Changes one, with the rest of its series if `seriesUpdateOption` says so.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let one = scene.one(Shelf::Assignments, "assignmentId")?;
    let (start, end) = period(&body)?;
    let (was, _) = span(&one);
    let option = body.get("seriesUpdateOption").and_then(Value::as_str);
    let changed: Vec<Value> = chosen(scene.workspace, &one, option)
        .into_iter()
        .map(|mut other| {
            let (began, _) = span(&other);
            let begins = if began >= was { start + began.since(was) } else { start - was.since(began) };
            other.set("period", json!({"start": wire_time(begins), "end": wire_time(begins + end.since(start))}));
            fill(&mut other, &body);
            other
        })
        .collect();
    changed.iter().for_each(|other| scene.keep(Shelf::Assignments, other));
    Ok(told(scene, "ASSIGNMENT_UPDATED", changed))
}

/// Changes for how many weeks one is repeated: the series starts anew from it.
pub fn repeat(scene: &mut Scene<'_>) -> Outcome {
    let body = Value::Object(scene.call.object()?);
    let one = scene.one(Shelf::Assignments, "assignmentId")?;
    let made = series(scene, &one, &body)?;
    let former = chosen(scene.workspace, &one, Some("THIS_AND_FOLLOWING"));
    former.iter().for_each(|other| scene.discard(Shelf::Assignments, other));
    Ok(told(scene, "ASSIGNMENT_UPDATED", made))
}

/// Deletes one, with the rest of its series if the query says so.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let one = scene.one(Shelf::Assignments, "assignmentId")?;
    let gone = chosen(scene.workspace, &one, scene.call.query("seriesUpdateOption"));
    gone.iter().for_each(|other| scene.discard(Shelf::Assignments, other));
    Ok(told(scene, "ASSIGNMENT_DELETED", gone))
}

/// Copies one for another member.
pub fn copy(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let user = scene.needed(Shelf::Users, &body, "userId")?.at("id").clone();
    let one = scene.one(Shelf::Assignments, "assignmentId")?;
    let option = body.get("seriesUpdateOption").and_then(Value::as_str);
    let mut copies = chosen(scene.workspace, &one, option);
    for copy in &mut copies {
        copy.set("id", json!(scene.fresh_id()));
        copy.set("userId", user.clone());
        copy.set("published", json!(false));
        scene.keep(Shelf::Assignments, copy);
    }
    Ok(told(scene, "ASSIGNMENT_CREATED", copies))
}

/// Publishes what is planned between two times.
pub fn publish(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let (from, until) = period(&body)?;
    let users = ids(&body, "userFilter");
    let wanted = |assignment: &&Value| meets(assignment, from, until) && (users.is_empty() || users.contains(&text(assignment, "userId")));
    let mut published: Vec<Value> = scene.workspace.all(Shelf::Assignments).filter(wanted).cloned().collect();
    for assignment in &mut published {
        assignment.set("published", json!(true));
        scene.keep(Shelf::Assignments, assignment);
    }
    told(scene, "ASSIGNMENT_PUBLISHED", published);
    Ok(Reply::done())
}

/// An assignment with the names of its project, client and member.
pub fn hydrated(workspace: &Workspace, assignment: &Value) -> Value {
    let project = workspace.get(Shelf::Projects, text(assignment, "projectId")).cloned().unwrap_or_default();
    let mut shown: Value = ["id", "workspaceId", "userId", "projectId", "period", "hoursPerDay", "billable", "note", "startTime"]
        .iter()
        .map(|name| ((*name).to_owned(), assignment.at(name).clone()))
        .collect::<Map<_, _>>()
        .into();
    for (name, value) in [
        ("projectName", project.at("name")),
        ("projectColor", project.at("color")),
        ("projectArchived", project.at("archived")),
        ("projectBillable", project.at("billable")),
        ("clientId", project.at("clientId")),
        ("clientName", project.at("clientName")),
    ] {
        shown.set(name, value.clone());
    }
    shown.set("userName", json!(workspace.name_of(Shelf::Users, text(assignment, "userId"))));
    shown
}

/// Whether an assignment is at least partly between two times.
pub fn meets(assignment: &Value, from: Timestamp, until: Timestamp) -> bool {
    let (start, end) = span(assignment);
    start <= until && end >= from
}

/// When an assignment begins and ends.
pub fn span(assignment: &Value) -> (Timestamp, Timestamp) {
    let edge = |name: &str| Timestamp::parse(text(assignment.at("period"), name)).unwrap_or(Timestamp::from_seconds(0));
    (edge("start"), edge("end"))
}

/// The query's `start` and `end`.
pub fn between(scene: &Scene<'_>) -> Result<(Timestamp, Timestamp), Refusal> {
    let edge = |name: &str| scene.call.moment(name)?.ok_or_else(|| Refusal::parameter(name));
    Ok((edge("start")?, edge("end")?))
}

/// A body's `start` and `end`.
pub fn period(body: &Map<String, Value>) -> Result<(Timestamp, Timestamp), Refusal> {
    let (start, end) = (moment(body, "start")?, moment(body, "end")?);
    if end < start { Err(Refusal::rule("The end is before the start")) } else { Ok((start, end)) }
}

/// Makes an assignment, or as many as weeks are wanted.
fn series(scene: &mut Scene<'_>, first: &Value, recurring: &Value) -> Result<Vec<Value>, Refusal> {
    let repeats = recurring.at("repeat") == true;
    let weeks = if repeats { required(&super::super::workspace::object(recurring), "weeks")?.as_u64().unwrap_or(0) } else { 1 };
    if !(1..=limits::ASSIGNMENT_WEEKS_MAX).contains(&weeks) {
        return Err(Refusal::rule("The number of weeks is out of range"));
    }
    let series = repeats.then(|| scene.fresh_id());
    let (start, end) = span(first);
    let mut made = Vec::new();
    let (mut begins, mut ends) = (start, end);
    for _ in 0..weeks {
        let mut one = first.clone();
        one.set("id", json!(scene.fresh_id()));
        one.set("period", json!({"start": wire_time(begins), "end": wire_time(ends)}));
        one.set("recurring", json!({"repeat": repeats, "seriesId": series, "weeks": if repeats { weeks } else { 0 }}));
        scene.keep(Shelf::Assignments, &one);
        made.push(one);
        (begins, ends) = (begins + WEEK, ends + WEEK);
    }
    Ok(made)
}

/// The assignments that a change of one is about.
fn chosen(workspace: &Workspace, one: &Value, option: Option<&str>) -> Vec<Value> {
    let series = one.at("recurring").at("seriesId");
    if series.is_null() || !matches!(option, Some("ALL" | "THIS_AND_FOLLOWING")) {
        return vec![one.clone()];
    }
    let (start, _) = span(one);
    let wanted = |other: &&Value| other.at("recurring").at("seriesId") == series && (option == Some("ALL") || span(other).0 >= start);
    workspace.all(Shelf::Assignments).filter(wanted).cloned().collect()
}

fn fill(assignment: &mut Value, body: &Map<String, Value>) {
    for name in ["hoursPerDay", "billable", "includeNonWorkingDays", "note", "startTime"] {
        assignment.set(name, given(body, name, assignment.at(name).clone()));
    }
}

fn told(scene: &mut Scene<'_>, event: &'static str, assignments: Vec<Value>) -> Reply {
    for assignment in &assignments {
        scene.fire(event, payload::assignment_ids(assignment));
    }
    Reply::ok(Value::Array(assignments))
}
