//! Reports over the tracked time. Durations are seconds, the entries of the detailed one are called `timeentries`, the weekly one is of seven days.

use std::collections::BTreeMap;

use actors::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::super::answer::{File, Outcome, Refusal, Reply};
use super::super::call::{Scene, moment, required};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text};
use super::document;

const HOUR_SECONDS: f64 = 3_600.0;
const WEEK_SECONDS: u64 = 604_800;
const CAPACITY_SECONDS: i64 = 8 * 3_600;
/// Groups within groups within groups are as deep as the platform goes.
const GROUPS_MAX: usize = 3;

/// The report that an operation asks for.
pub fn generate(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    match scene.call.operation.id.as_str() {
        "generateDetailedReport" => required(&body, "detailedFilter").and_then(|_| detailed(scene, &body)),
        "generateWeeklyReport" => required(&body, "weeklyFilter").and_then(|_| weekly(scene, &body)),
        "generateAttendanceReport" => required(&body, "attendanceFilter").and_then(|_| attendance(scene, &body)),
        _ => required(&body, "summaryFilter").and_then(|_| summary(scene, &body)),
    }
}

/// Totals by up to three groups.
pub fn summary(scene: &Scene<'_>, body: &Map<String, Value>) -> Outcome {
    let entries = entries(scene.workspace, body)?;
    let groups = body.get("summaryFilter").and_then(|filter| filter.at("groups").as_array()).into_iter().flatten();
    let groups: Vec<&str> = groups.filter_map(Value::as_str).collect();
    let groups = if groups.is_empty() { vec!["PROJECT"] } else { groups };
    let report = json!({
        "totals": totals(scene.workspace, &entries), "groupOne": grouped(scene.workspace, &entries, groups.get(..groups.len().min(GROUPS_MAX)).unwrap_or_default()),
        "chart": [chart(scene.workspace, &entries)],
    });
    exported(body, report, &entries)
}

/// Every entry.
pub fn detailed(scene: &Scene<'_>, body: &Map<String, Value>) -> Outcome {
    let entries = entries(scene.workspace, body)?;
    let totals = totals(scene.workspace, &entries);
    let page = scene.call.cut(entries.clone())?.items;
    let shown: Vec<Value> = page.iter().map(|entry| row(scene.workspace, entry)).collect();
    exported(body, json!({"totals": totals, "timeentries": shown}), &entries)
}

/// Totals by day over a week.
pub fn weekly(scene: &Scene<'_>, body: &Map<String, Value>) -> Outcome {
    let (start, end) = range(body)?;
    if end.since(start).as_secs() / 60 != (WEEK_SECONDS - 1) / 60 && end.since(start).as_secs() != WEEK_SECONDS {
        return Err(Refusal::rule("A weekly report is of seven days"));
    }
    let entries = entries(scene.workspace, body)?;
    let group = body.get("weeklyFilter").map(|filter| text(filter, "group")).filter(|group| !group.is_empty()).unwrap_or("PROJECT");
    let idle = scene.workspace.all(Shelf::Users).filter(|user| !entries.iter().any(|entry| entry.at("userId") == user.at("id")));
    let idle: Vec<Value> = idle
        .map(|user| {
            let settings = user.at("settings");
            json!({
                "id": user.at("id"), "name": user.at("name"), "email": user.at("email"), "dateFormat": settings.at("dateFormat"),
                "timeFormat": settings.at("timeFormat"), "timeZone": settings.at("timeZone"), "weekStart": settings.at("weekStart"),
            })
        })
        .collect();
    let report = json!({
        "totals": totals(scene.workspace, &entries), "groupOne": grouped(scene.workspace, &entries, &[group]), "totalsByDay": days(scene.workspace, &entries),
        "decimalFormat": false, "includeUsersWithoutTime": true, "trackTimeDownToSeconds": true, "usersWithoutTime": idle,
    });
    exported(body, report, &entries)
}

/// When each member came and went.
pub fn attendance(scene: &Scene<'_>, body: &Map<String, Value>) -> Outcome {
    let entries = entries(scene.workspace, body)?;
    let mut by_day: BTreeMap<(&str, &str), Vec<&Value>> = BTreeMap::new();
    for entry in &entries {
        by_day.entry((text(entry, "userId"), day(entry))).or_default().push(entry);
    }
    let rows: Vec<Value> = by_day
        .iter()
        .map(|((user, day), entries)| {
            let seconds = |kind: &str| entries.iter().filter(|entry| text(entry, "type") == kind).map(|entry| entry_seconds(entry)).sum::<u64>() as i64;
            let worked = seconds("REGULAR");
            let edge = |name: &'static str| entries.iter().map(move |entry| text(entry.at("timeInterval"), name));
            json!({
                "userId": user, "userName": scene.workspace.name_of(Shelf::Users, user), "imageUrl": "", "date": day, "startTime": edge("start").min(),
                "endTime": edge("end").max(), "break": seconds("BREAK"), "timeOff": seconds("TIME_OFF"), "totalDuration": worked, "hasRunningEntry": false,
                "capacity": CAPACITY_SECONDS, "overtime": (worked - CAPACITY_SECONDS).max(0), "remainingCapacity": (CAPACITY_SECONDS - worked).max(0),
            })
        })
        .collect();
    exported(body, json!({"entities": rows}), &entries)
}

/// The entries that a report is about: finished ones within the range that pass its filters.
fn entries<'w>(workspace: &'w Workspace, body: &Map<String, Value>) -> Result<Vec<&'w Value>, Refusal> {
    let (from, until) = range(body)?;
    let description = body.get("description").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let passes = |filter: &str, id: &str| passes(body.get(filter), |wanted| wanted == id);
    let fits = |entry: &&Value| {
        let start = Timestamp::parse(text(entry.at("timeInterval"), "start"));
        let client = workspace.get(Shelf::Projects, text(entry, "projectId")).map_or("", |project| text(project, "clientId"));
        let tags = entry.at("tagIds").as_array();
        !entry.at("timeInterval").at("end").is_null()
            && start.is_some_and(|start| start >= from && start <= until)
            && passes("projects", text(entry, "projectId"))
            && passes("users", text(entry, "userId"))
            && passes("tasks", text(entry, "taskId"))
            && passes("clients", client)
            && self::passes(body.get("tags"), |wanted| tags.is_some_and(|tags| tags.iter().any(|tag| tag == wanted)))
            && body.get("billable").and_then(Value::as_bool).is_none_or(|billable| *entry.at("billable") == billable)
            && text(entry, "description").to_lowercase().contains(&description)
    };
    let mut found: Vec<&Value> = workspace.all(Shelf::TimeEntries).filter(fits).collect();
    found.sort_by_key(|entry| std::cmp::Reverse(text(entry.at("timeInterval"), "start")));
    if body.get("sortOrder").and_then(Value::as_str) == Some("ASCENDING") {
        found.reverse();
    }
    Ok(found)
}

/// Whether something passes a filter of ids: one of them, or none of them with `DOES_NOT_CONTAIN`. A filter without ids lets everything pass.
pub fn passes(filter: Option<&Value>, is: impl Fn(&str) -> bool) -> bool {
    let Some(filter) = filter else { return true };
    let ids: Vec<&str> = filter.at("ids").as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    ids.is_empty() || ids.into_iter().any(is) != (text(filter, "contains") == "DOES_NOT_CONTAIN")
}

/// A report's range.
pub fn range(body: &Map<String, Value>) -> Result<(Timestamp, Timestamp), Refusal> {
    let (start, end) = (moment(body, "dateRangeStart")?, moment(body, "dateRangeEnd")?);
    if end < start { Err(Refusal::rule("The end is before the start")) } else { Ok((start, end)) }
}

/// A report as JSON, or as the file that `exportType` asks for.
pub fn exported(body: &Map<String, Value>, report: Value, entries: &[&Value]) -> Outcome {
    let line = |entry: &&Value| {
        let interval = entry.at("timeInterval");
        let date = if interval.is_null() { text(entry, "date") } else { text(interval, "start") };
        let words = format!("{}{}", text(entry, "description"), text(entry, "notes")).replace('"', "\"\"");
        format!(
            "{},\"{words}\",{date},{}",
            text(entry, "id"),
            if interval.is_null() { entry.at("total").to_string() } else { entry_seconds(entry).to_string() }
        )
    };
    match body.get("exportType").and_then(Value::as_str).unwrap_or("JSON") {
        "JSON" | "JSON_V1" => Ok(Reply::ok(report)),
        "CSV" => {
            let lines: Vec<String> = std::iter::once("id,description,date,amount".to_owned()).chain(entries.iter().map(line)).collect();
            Ok(Reply::file(File {
                name: "report.csv".into(),
                media_type: "text/csv; charset=utf-8".into(),
                bytes: (lines.join("\n") + "\n").into(),
            }))
        }
        "PDF" => {
            let lines: Vec<String> = std::iter::once("Report".to_owned()).chain(entries.iter().take(30).map(line)).collect();
            Ok(Reply::file(File { name: "report.pdf".into(), media_type: "application/pdf".into(), bytes: document::pdf(&lines) }))
        }
        _ => Err(Refusal::rule("The simulator exports JSON, CSV and PDF only")),
    }
}

/// How long an entry took, in seconds; nothing while it runs.
pub fn entry_seconds(entry: &Value) -> u64 {
    let moment = |name: &str| Timestamp::parse(text(entry.at("timeInterval"), name));
    moment("start").and_then(|start| moment("end").map(|end| end.since(start).as_secs())).unwrap_or(0)
}

/// What an entry is worth, in hundredths: at the rate of the task, else of the project's member, the project, the member, the workspace.
pub fn entry_money(workspace: &Workspace, entry: &Value, rate: &str) -> f64 {
    if rate == "hourlyRate" && entry.at("billable") != true {
        return 0.0;
    }
    let project = workspace.get(Shelf::Projects, text(entry, "projectId"));
    let user = text(entry, "userId");
    let member = project.and_then(|project| project.at("memberships").as_array()?.iter().find(|member| text(member, "userId") == user));
    let person = workspace.get(Shelf::Users, user).and_then(|user| user.pointer("/memberships/0"));
    let own = if rate == "hourlyRate" { &workspace.rates.1 } else { &workspace.rates.0 };
    let amount = [workspace.get(Shelf::Tasks, text(entry, "taskId")), member, project, person]
        .into_iter()
        .flatten()
        .find_map(|owner| owner.at(rate).at("amount").as_f64())
        .or_else(|| own.at("amount").as_f64());
    entry_seconds(entry) as f64 / HOUR_SECONDS * amount.unwrap_or(0.0)
}

fn totals(workspace: &Workspace, entries: &[&Value]) -> Value {
    let earned = money(workspace, entries, "hourlyRate");
    json!([{
        "_id": "", "id": "", "totalTime": seconds(entries.iter()), "totalBillableTime": seconds(entries.iter().filter(|entry| entry.at("billable") == true)),
        "entriesCount": entries.len(), "totalAmount": earned,
        "amounts": [{"type": "EARNED", "value": earned}, {"type": "COST", "value": money(workspace, entries, "costRate")}],
    }])
}

fn chart(workspace: &Workspace, entries: &[&Value]) -> Value {
    let earned = money(workspace, entries, "hourlyRate");
    json!({
        "id": "", "totalTime": seconds(entries.iter()), "totalBillableTime": seconds(entries.iter().filter(|entry| entry.at("billable") == true)),
        "totalAmount": earned, "earned": earned,
    })
}

fn seconds<'e>(entries: impl Iterator<Item = &'e &'e Value>) -> u64 {
    entries.map(|entry| entry_seconds(entry)).sum()
}

fn money(workspace: &Workspace, entries: &[&Value], rate: &str) -> f64 {
    entries.iter().map(|entry| entry_money(workspace, entry, rate)).sum::<f64>().round()
}

fn grouped(workspace: &Workspace, entries: &[&Value], groups: &[&str]) -> Vec<Value> {
    let Some((group, inner)) = groups.split_first() else { return Vec::new() };
    let mut kinds: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
    for entry in entries {
        for kind in kinds_of(workspace, entry, group) {
            kinds.entry(kind).or_default().push(entry);
        }
    }
    let mut shown: Vec<Value> = Vec::new();
    for ((id, name), entries) in &kinds {
        let client = workspace.get(Shelf::Projects, id).map_or("", |project| text(project, "clientName"));
        shown.push(json!({
            "_id": id, "id": id, "name": name, "nameLowerCase": name.to_lowercase(), "clientName": client, "duration": seconds(entries.iter()),
            "amount": money(workspace, entries, "hourlyRate"), "days": days(workspace, entries), "children": grouped(workspace, entries, inner),
        }));
    }
    shown
}

/// The groups that an entry belongs to: id and name.
fn kinds_of(workspace: &Workspace, entry: &Value, group: &str) -> Vec<(String, String)> {
    let named = |shelf: Shelf, id: &str| (id.to_owned(), workspace.name_of(shelf, id).to_owned());
    let project = workspace.get(Shelf::Projects, text(entry, "projectId"));
    match group {
        "USER" => vec![named(Shelf::Users, text(entry, "userId"))],
        "TASK" => vec![named(Shelf::Tasks, text(entry, "taskId"))],
        "CLIENT" => vec![named(Shelf::Clients, project.map_or("", |project| text(project, "clientId")))],
        "TAG" => {
            let tags = entry.at("tagIds").as_array().into_iter().flatten().filter_map(Value::as_str);
            tags.map(|tag| named(Shelf::Tags, tag)).collect()
        }
        "DATE" | "WEEK" | "MONTH" => {
            let length = if group == "MONTH" { 7 } else { 10 };
            let date = day(entry).get(..length).unwrap_or_default().to_owned();
            vec![(date.clone(), date)]
        }
        "TIMEENTRY" => vec![(text(entry, "id").to_owned(), text(entry, "description").to_owned())],
        _ => vec![named(Shelf::Projects, text(entry, "projectId"))],
    }
}

fn days(workspace: &Workspace, entries: &[&Value]) -> Vec<Value> {
    let mut days: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for entry in entries {
        days.entry(day(entry)).or_default().push(entry);
    }
    days.iter()
        .map(|(day, entries)| json!({"date": day, "duration": seconds(entries.iter()), "amount": money(workspace, entries, "hourlyRate")}))
        .collect()
}

fn day(entry: &Value) -> &str {
    text(entry.at("timeInterval"), "start").get(..10).unwrap_or_default()
}

fn row(workspace: &Workspace, entry: &Value) -> Value {
    let project = workspace.get(Shelf::Projects, text(entry, "projectId")).cloned().unwrap_or_default();
    let user = workspace.get(Shelf::Users, text(entry, "userId")).cloned().unwrap_or_default();
    let tags = entry.at("tagIds").as_array().into_iter().flatten().filter_map(Value::as_str);
    let tags: Vec<Value> = tags.map(|tag| json!({"id": tag, "_id": tag, "name": workspace.name_of(Shelf::Tags, tag)})).collect();
    let interval = entry.at("timeInterval");
    json!({
        "_id": entry.at("id"), "description": entry.at("description"), "userId": entry.at("userId"), "userName": user.at("name"), "userEmail": user.at("email"),
        "projectId": entry.at("projectId"), "projectName": project.at("name"), "projectColor": project.at("color"), "clientId": project.at("clientId"),
        "clientName": project.at("clientName"), "taskId": entry.at("taskId"), "taskName": workspace.name_of(Shelf::Tasks, text(entry, "taskId")), "tags": tags,
        "billable": entry.at("billable"), "locked": entry.at("isLocked"), "approvalRequestId": null,
        "timeInterval": {"start": interval.at("start"), "end": interval.at("end"), "duration": entry_seconds(entry)},
    })
}
