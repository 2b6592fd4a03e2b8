//! Reports that are kept with their filter, and read again by whoever has the link.

use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, given, required};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, object, text};
use super::reports;

/// Lists those of the workspace.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let found: Vec<&Value> = scene.workspace.all(Shelf::SharedReports).collect();
    scene.call.cut(found)?.wrap(|report| listed(scene.workspace, report), |reports, count| json!({"reports": reports, "count": count}))
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let name = required(&body, "name")?.clone();
    let id = scene.fresh_id();
    let filter = given(&body, "filter", json!({}));
    reports::range(&object(&filter))?;
    let mut report = json!({
        "id": id, "workspaceId": scene.workspace.id, "userId": scene.call.pass.user, "name": name, "filter": filter,
        "type": given(&body, "type", json!("SUMMARY")),
    });
    fill(&mut report, &body);
    scene.keep(Shelf::SharedReports, &report);
    Ok(Reply::ok(report))
}

/// Renames one, and says anew who sees it.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut report = scene.one(Shelf::SharedReports, "id")?;
    report.set("name", required(&body, "name")?.clone());
    fill(&mut report, &body);
    scene.keep(Shelf::SharedReports, &report);
    Ok(Reply::ok(report))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let report = scene.one(Shelf::SharedReports, "id")?;
    scene.discard(Shelf::SharedReports, &report);
    Ok(Reply::empty())
}

/// Makes one anew, over its own range or that of the query.
pub fn generate(scene: &Scene<'_>) -> Outcome {
    let report = scene.entity(Shelf::SharedReports, "id")?;
    let mut filter = object(report.at("filter"));
    for name in ["dateRangeStart", "dateRangeEnd", "sortOrder", "exportType"] {
        if let Some(value) = scene.call.query(name) {
            filter.insert(name.into(), json!(value));
        }
    }
    match text(report, "type") {
        "DETAILED" => reports::detailed(scene, &filter),
        "WEEKLY" => reports::weekly(scene, &filter),
        "ATTENDANCE" => reports::attendance(scene, &filter),
        "SUMMARY" => reports::summary(scene, &filter),
        _ => Err(Refusal::rule("The simulator does not make this kind of report")),
    }
}

fn fill(report: &mut Value, body: &Map<String, Value>) {
    for (name, default) in
        [("fixedDate", json!(false)), ("isPublic", json!(true)), ("visibleToUsers", json!([])), ("visibleToUserGroups", json!([]))]
    {
        report.set(name, given(body, name, default));
    }
}

fn listed(workspace: &Workspace, report: &Value) -> Value {
    let named = |name: &str, shelf: Shelf| -> Vec<Value> {
        let ids = report.at(name).as_array().into_iter().flatten().filter_map(Value::as_str);
        ids.map(|id| json!({"id": id, "name": workspace.name_of(shelf, id)})).collect()
    };
    json!({
        "id": report.at("id"), "name": report.at("name"), "type": report.at("type"), "fixedDate": report.at("fixedDate"), "isPublic": report.at("isPublic"),
        "link": format!("https://app.clockify.example/shared/{}", text(report, "id")),
        "reportAuthor": workspace.name_of(Shelf::Users, text(report, "userId")),
        "visibleToUsers": named("visibleToUsers", Shelf::Users), "visibleToUserGroups": named("visibleToUserGroups", Shelf::Groups),
    })
}
