//! The report over expenses.

use actors::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal};
use super::super::call::Scene;
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text};
use super::reports::{exported, passes, range};

/// Every expense within a range that passes the filters.
pub fn generate(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let expenses = expenses(scene.workspace, &body)?;
    let sum = |billable: bool| {
        let counted = expenses.iter().filter(|expense| !billable || expense.at("billable") == true);
        counted.filter_map(|expense| expense.at("total").as_f64()).sum::<f64>()
    };
    let totals = json!({"expensesCount": expenses.len(), "totalAmount": sum(false), "totalAmountBillable": sum(true)});
    let page = scene.call.cut(expenses.clone())?.items;
    let rows: Vec<Value> = page.iter().map(|expense| row(scene.workspace, expense)).collect();
    exported(&body, json!({"totals": totals, "expenses": rows}), &expenses)
}

fn expenses<'w>(workspace: &'w Workspace, body: &Map<String, Value>) -> Result<Vec<&'w Value>, Refusal> {
    let (from, until) = range(body)?;
    let note = body.get("note").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let passes = |filter: &str, id: &str| passes(body.get(filter), |wanted| wanted == id);
    let fits = |expense: &&Value| {
        let date = Timestamp::parse(text(expense, "date"));
        date.is_some_and(|date| date >= from && date <= until)
            && passes("projects", text(expense, "projectId"))
            && passes("users", text(expense, "userId"))
            && passes("categories", text(expense, "categoryId"))
            && body.get("billable").and_then(Value::as_bool).is_none_or(|billable| *expense.at("billable") == billable)
            && text(expense, "notes").to_lowercase().contains(&note)
    };
    Ok(workspace.all(Shelf::Expenses).filter(fits).collect())
}

fn row(workspace: &Workspace, expense: &Value) -> Value {
    let kept = |shelf: Shelf, name: &str| workspace.get(shelf, text(expense, name)).cloned().unwrap_or_default();
    let (project, category, user) =
        (kept(Shelf::Projects, "projectId"), kept(Shelf::Categories, "categoryId"), kept(Shelf::Users, "userId"));
    let file = workspace.files.get(text(expense, "fileId"));
    json!({
        "id": expense.at("id"), "workspaceId": workspace.id, "userId": expense.at("userId"), "userName": user.at("name"), "userEmail": user.at("email"),
        "userStatus": user.at("status"), "projectId": expense.at("projectId"), "projectName": project.at("name"), "projectColor": project.at("color"),
        "categoryId": expense.at("categoryId"), "categoryName": category.at("name"), "categoryHasUnitPrice": category.at("hasUnitPrice"),
        "categoryUnit": category.at("unit"), "amount": expense.at("total"), "quantity": expense.at("quantity"), "billable": expense.at("billable"),
        "date": text(expense, "date").get(..10), "time": text(expense, "date").get(11..19), "notes": expense.at("notes"), "fileId": expense.at("fileId"),
        "fileName": file.map_or("", |file| file.name.as_str()), "locked": expense.at("locked"), "approvalRequestId": null, "exportFields": [],
        "invoicingInfo": {"invoiceId": null, "manuallyInvoiced": false}, "reportName": "Expenses",
    })
}
