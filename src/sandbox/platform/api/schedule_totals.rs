//! How much is planned, by project and by member, day by day.

use std::time::Duration;

use actors::clock::Timestamp;
use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, ids};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text, wire_time};
use super::scheduling::{between, period, span};

const DAY: Duration = Duration::from_secs(86_400);
/// More than any page of the schedule shows.
const DAYS_MAX: usize = 366;

type Range = (Timestamp, Timestamp);

/// Totals of all projects, with the range in the query.
pub fn projects(scene: &Scene<'_>) -> Outcome {
    by_project(scene, between(scene)?, scene.call.query("search"), None)
}

/// Totals of projects, with the range and more in the body.
pub fn projects_filtered(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    by_project(scene, period(&body)?, body.get("search").and_then(Value::as_str), published(&Value::Object(body.clone())))
}

/// Totals of one project.
pub fn project(scene: &Scene<'_>) -> Outcome {
    let range = bounded(between(scene)?)?;
    Ok(Reply::ok(project_totals(scene.workspace, scene.entity(Shelf::Projects, "projectId")?, range, None)))
}

/// Totals of members, with the range and more in the body.
pub fn users(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let range = bounded(period(&body)?)?;
    let (part, wanted) = (body.get("search").and_then(Value::as_str).unwrap_or_default().to_lowercase(), ids(&body, "userFilter"));
    let status = published(&Value::Object(body.clone()));
    let fits =
        |user: &&Value| text(user, "name").to_lowercase().contains(&part) && (wanted.is_empty() || wanted.contains(&text(user, "id")));
    let found: Vec<&Value> = scene.workspace.all(Shelf::Users).filter(fits).collect();
    scene.call.cut(found)?.show(|user| user_totals(scene.workspace, user, range, status))
}

/// Totals of one member.
pub fn user(scene: &Scene<'_>) -> Outcome {
    let range = bounded(between(scene)?)?;
    Ok(Reply::ok(user_totals(scene.workspace, scene.entity(Shelf::Users, "userId")?, range, None)))
}

fn by_project(scene: &Scene<'_>, range: Range, part: Option<&str>, status: Option<bool>) -> Outcome {
    let range = bounded(range)?;
    let part = part.unwrap_or_default().to_lowercase();
    let fits =
        |project: &&Value| [text(project, "name"), text(project, "clientName")].iter().any(|name| name.to_lowercase().contains(&part));
    let found: Vec<&Value> = scene.workspace.all(Shelf::Projects).filter(fits).collect();
    scene.call.cut(found)?.show(|project| project_totals(scene.workspace, project, range, status))
}

fn published(body: &Value) -> Option<bool> {
    match text(body, "statusFilter") {
        "PUBLISHED" => Some(true),
        "UNPUBLISHED" => Some(false),
        _ => None,
    }
}

fn bounded(range: Range) -> Result<Range, Refusal> {
    let days = range.1.since(range.0).as_secs() / DAY.as_secs();
    if days as usize >= DAYS_MAX { Err(Refusal::rule("The range is too long")) } else { Ok(range) }
}

fn days((from, until): Range) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(from), |day| Some(*day + DAY)).take_while(move |day| *day <= until).take(DAYS_MAX)
}

/// Hours planned on a day, of those assignments that `own` picks.
fn hours(workspace: &Workspace, day: Timestamp, status: Option<bool>, own: impl Fn(&Value) -> bool) -> f64 {
    let on = |assignment: &&Value| {
        let (start, end) = span(assignment);
        start < day + DAY && end >= day && own(assignment) && status.is_none_or(|status| *assignment.at("published") == status)
    };
    workspace.all(Shelf::Assignments).filter(on).filter_map(|assignment| assignment.at("hoursPerDay").as_f64()).sum()
}

fn project_totals(workspace: &Workspace, project: &Value, range: Range, status: Option<bool>) -> Value {
    let own = |assignment: &Value| assignment.at("projectId") == project.at("id");
    let planned: Vec<(Timestamp, f64)> = days(range).map(|day| (day, hours(workspace, day, status, own))).collect();
    let assignments = planned.iter().map(|(day, hours)| json!({"date": wire_time(*day), "hasAssignment": *hours > 0.0}));
    json!({
        "projectId": project.at("id"), "projectName": project.at("name"), "projectColor": project.at("color"), "projectArchived": project.at("archived"),
        "projectBillable": project.at("billable"), "clientName": project.at("clientName"), "workspaceId": workspace.id, "milestones": [],
        "assignments": assignments.collect::<Vec<_>>(), "totalHours": planned.iter().map(|(_, hours)| hours).sum::<f64>(),
    })
}

fn user_totals(workspace: &Workspace, user: &Value, range: Range, status: Option<bool>) -> Value {
    let own = |assignment: &Value| assignment.at("userId") == user.at("id");
    let planned = days(range).map(|day| json!({"date": wire_time(day), "totalHours": hours(workspace, day, status, own)}));
    json!({
        "userId": user.at("id"), "userName": user.at("name"), "userImage": user.at("profilePicture"), "userStatus": user.at("status"),
        "workspaceId": workspace.id, "capacityPerDay": 8, "workingDays": ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"],
        "totalHoursPerDay": planned.collect::<Vec<_>>(),
    })
}
