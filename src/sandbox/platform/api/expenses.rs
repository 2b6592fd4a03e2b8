//! Expenses and their receipts. They are written as forms, with the amount in whole units of the currency and read with the total in hundredths;
//! the amount of a category with a unit price is a number of units. The list ignores times.

use std::collections::BTreeMap;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{File, Outcome, Refusal, Reply};
use super::super::call::{Scene, moment, number};
use super::super::members::Members;
use super::super::payload;
use super::super::workspace::{Shelf, Workspace, object, text, wire_time};

const WEEK_DAYS: i64 = 7;
const DAY_SECONDS: i64 = 86_400;

/// An expense before anybody has filled it in.
pub fn blank(workspace: &WorkspaceId, id: &str, user: &str, now: Timestamp) -> Value {
    json!({
        "id": id, "workspaceId": workspace, "userId": user, "date": wire_time(now), "projectId": null, "taskId": null, "categoryId": null, "notes": "",
        "quantity": 1, "billable": true, "fileId": "", "total": 0, "locked": false, "isLocked": false,
    })
}

/// Lists expenses, of everybody or of one member, with totals by day and week.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let user = scene.call.query("user-id");
    let mut found: Vec<&Value> =
        scene.workspace.all(Shelf::Expenses).filter(|expense| user.is_none_or(|user| text(expense, "userId") == user)).collect();
    found.sort_by_key(|expense| std::cmp::Reverse(text(expense, "date")));
    let (mut days, mut weeks) = (BTreeMap::new(), BTreeMap::new());
    for expense in &found {
        let total = expense.at("total").as_f64().unwrap_or(0.0);
        *days.entry(day(expense)).or_insert(0.0) += total;
        *weeks.entry(monday(expense)).or_insert(0.0) += total;
    }
    let days: Vec<Value> =
        days.iter().map(|(day, total)| json!({"date": day, "dateAsInstant": format!("{day}T00:00:00Z"), "total": total})).collect();
    let weeks: Vec<Value> = weeks.iter().map(|(week, total)| json!({"date": week, "total": total})).collect();
    scene.call.cut(found)?.wrap(
        |expense| hydrated(scene.workspace, expense),
        |expenses, count| json!({"expenses": {"expenses": expenses, "count": count}, "dailyTotals": days, "weeklyTotals": weeks}),
    )
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    scene.one(Shelf::Expenses, "expenseId").map(Reply::ok)
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    scene.needed(Shelf::Projects, &body, "projectId")?;
    let user = text(scene.needed(Shelf::Users, &body, "userId")?, "id").to_owned();
    let id = scene.fresh_id();
    let mut expense = blank(&scene.workspace.id, &id, &user, scene.call.now);
    fill(scene, &mut expense, &body, |_| true)?;
    scene.keep(Shelf::Expenses, &expense);
    scene.fire("EXPENSE_CREATED", payload(&expense));
    Ok(Reply::created(expense))
}

/// Changes what `changeFields` names, and nothing else.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let named: Vec<&str> = match body.get("changeFields") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(names)) => names.split(',').map(str::trim).collect(),
        _ => return Err(Refusal::body("changeFields is required")),
    };
    let mut expense = scene.one(Shelf::Expenses, "expenseId")?;
    fill(scene, &mut expense, &body, |name| named.contains(&name))?;
    scene.keep(Shelf::Expenses, &expense);
    scene.fire("EXPENSE_UPDATED", payload::expense_ids(&expense));
    Ok(Reply::ok(expense))
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let expense = scene.one(Shelf::Expenses, "expenseId")?;
    scene.discard(Shelf::Expenses, &expense);
    scene.fire("EXPENSE_DELETED", payload::expense_ids(&expense));
    Ok(Reply::done())
}

/// Sends a receipt.
pub fn receipt(scene: &Scene<'_>) -> Outcome {
    let expense = scene.entity(Shelf::Expenses, "expenseId")?;
    let id = scene.call.id("fileId");
    let file = scene.workspace.files.get(id).filter(|_| text(expense, "fileId") == id).ok_or_else(Refusal::missing)?;
    Ok(Reply::file(file.clone()))
}

/// Writes those fields of a form that `wanted` names, as `changeFields` calls them.
fn fill(scene: &mut Scene<'_>, expense: &mut Value, body: &Map<String, Value>, wanted: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    for (name, field, shelf) in [
        ("USER", "userId", Shelf::Users),
        ("PROJECT", "projectId", Shelf::Projects),
        ("TASK", "taskId", Shelf::Tasks),
        ("CATEGORY", "categoryId", Shelf::Categories),
    ] {
        if wanted(name) {
            let found = scene.referred(shelf, body, field)?.map(|entity| entity.at("id").clone());
            if field == "categoryId" && found.is_none() {
                return Err(Refusal::body("categoryId is required"));
            }
            if field != "userId" || found.is_some() {
                expense.set(field, found.unwrap_or_default());
            }
        }
    }
    if wanted("DATE") {
        expense.set("date", json!(wire_time(moment(body, "date")?)));
    }
    if wanted("NOTES") {
        expense.set("notes", body.get("notes").cloned().unwrap_or_else(|| json!("")));
    }
    if wanted("BILLABLE")
        && let Some(billable) = body.get("billable")
    {
        expense.set("billable", json!(*billable == json!(true) || *billable == json!("true")));
    }
    if wanted("AMOUNT") {
        let amount = number(body, "amount")?;
        let category = scene.workspace.get(Shelf::Categories, text(expense, "categoryId"));
        let price =
            category.filter(|category| category.at("hasUnitPrice") == true).and_then(|category| category.at("priceInCents").as_f64());
        expense.set("quantity", json!(if price.is_some() { amount } else { 1.0 }));
        expense.set("total", json!((amount * price.unwrap_or(100.0)).round()));
    }
    if wanted("FILE")
        && let Some((_, file)) = scene.call.files.iter().find(|(field, _)| field == "file")
    {
        let id = scene.fresh_id();
        scene.workspace.put_file(&id, file.clone());
        expense.set("fileId", json!(id));
    }
    Ok(())
}

/// An expense with its category, project and task nested.
pub fn hydrated(workspace: &Workspace, expense: &Value) -> Value {
    let mut shown = object(expense);
    ["projectId", "taskId", "categoryId"].iter().for_each(|name| drop(shown.shift_remove(*name)));
    let mut shown = Value::Object(shown);
    let category = workspace.get(Shelf::Categories, text(expense, "categoryId"));
    shown.set("category", category.cloned().unwrap_or_default());
    shown.set("project", project_info(workspace, text(expense, "projectId")));
    shown.set("task", task_info(workspace, text(expense, "taskId")));
    shown.set("fileName", json!(workspace.files.get(text(expense, "fileId")).map_or("", |file: &File| file.name.as_str())));
    shown
}

/// A project as lists of other things show it.
pub fn project_info(workspace: &Workspace, id: &str) -> Value {
    let Some(project) = workspace.get(Shelf::Projects, id) else { return Value::Null };
    ["id", "name", "color", "clientId", "clientName"].iter().map(|name| ((*name).to_owned(), project.at(name).clone())).collect()
}

/// A task as lists of other things show it.
pub fn task_info(workspace: &Workspace, id: &str) -> Value {
    workspace.get(Shelf::Tasks, id).map_or(Value::Null, |task| json!({"id": task.at("id"), "name": task.at("name")}))
}

/// A new expense as webhooks show it.
pub fn payload(expense: &Value) -> Value {
    let mut payload = object(expense);
    ["isLocked", "locked"].iter().for_each(|name| drop(payload.shift_remove(*name)));
    Value::Object(payload)
}

fn day(expense: &Value) -> &str {
    text(expense, "date").get(..10).unwrap_or_default()
}

fn monday(expense: &Value) -> String {
    let days = Timestamp::parse(text(expense, "date")).map_or(0, |date| date.seconds().div_euclid(DAY_SECONDS));
    // The first day of the Unix epoch was a Thursday.
    let monday = days - (days + 3).rem_euclid(WEEK_DAYS);
    wire_time(Timestamp::from_seconds(monday * DAY_SECONDS)).get(..10).unwrap_or_default().to_owned()
}
