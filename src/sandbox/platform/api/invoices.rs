//! Invoices, in hundredths of the currency, the quantity of an item too. What is paid makes them paid.

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{File, Outcome, Refusal, Reply};
use super::super::call::{Scene, given, ids, moment, required, time_of};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, object, text, wire_time};
use super::{document, payments};

const STATUSES: [&str; 6] = ["UNSENT", "SENT", "PAID", "PARTIALLY_PAID", "VOID", "OVERDUE"];
const LISTED: [&str; 11] =
    ["id", "number", "status", "issuedDate", "dueDate", "amount", "balance", "paid", "currency", "clientId", "clientName"];
const DAY_SECONDS: u64 = 86_400;

/// An invoice before anybody has filled it in.
pub fn blank(workspace: &WorkspaceId, id: &str, user: &str, now: Timestamp) -> Value {
    let at = wire_time(now);
    json!({
        "id": id, "workspaceId": workspace, "number": "", "status": "UNSENT", "issuedDate": at, "dueDate": at, "subtotal": 0, "discount": 0, "tax": 0, "tax2": 0,
        "taxType": "SIMPLE", "discountAmount": 0, "taxAmount": 0, "tax2Amount": 0, "amount": 0, "balance": 0, "paid": 0, "currency": "EUR", "subject": "", "note": "",
        "clientId": null, "clientName": "", "clientAddress": "", "companyId": null, "billFrom": "Lighthouse Studio", "calculationType": "INVOICE_BASED",
        "containsImportedExpenses": false, "containsImportedTimes": false, "userId": user, "visibleZeroFields": null, "items": [],
    })
}

/// How invoices are made in a fresh workspace.
pub fn settings() -> Value {
    json!({
        "defaults": {
            "companyId": null, "defaultImportExpenseItemTypeId": null, "defaultImportTimeItemTypeId": null, "dueDays": 14, "itemType": null, "itemTypeId": null,
            "notes": "", "subject": "", "tax": 0, "tax2": 0, "taxPercent": 0, "tax2Percent": 0, "taxType": "SIMPLE",
        },
        "exportFields": {"RTL": false, "itemType": true, "quantity": true, "rtl": false, "tax": true, "tax2": false, "unitPrice": true},
        "labels": {
            "amount": "Amount", "billFrom": "Bill from", "billTo": "Bill to", "description": "Description", "discount": "Discount", "dueDate": "Due date",
            "issueDate": "Issue date", "itemType": "Item type", "notes": "Notes", "paid": "Paid", "quantity": "Quantity", "subtotal": "Subtotal", "tax": "Tax",
            "tax2": "Tax 2", "total": "Total", "totalAmount": "Total amount", "unitPrice": "Unit price",
        },
    })
}

/// Lists invoices by status.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let statuses = scene.call.listed("statuses");
    let found = sorted(scene, scene.call.query("sort-column"), scene.call.query("sort-order"), |invoice| {
        statuses.is_empty() || statuses.contains(&text(invoice, "status"))
    });
    scene.call.cut(found)?.wrap(|invoice| picked(invoice, &LISTED), |invoices, total| json!({"invoices": invoices, "total": total}))
}

/// Finds invoices by a filter in the body.
pub fn search(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let (statuses, clients) = (ids(&body, "statuses"), ids(&body, "clients"));
    let part = body.get("invoiceNumber").and_then(Value::as_str).unwrap_or_default();
    let bound = |name: &str| body.get(name).and_then(Value::as_f64);
    let range = body.get("issueDate").cloned().unwrap_or_default();
    let (from, until) = (time_of(text(&range, "issue-date-start")), time_of(text(&range, "issue-date-end")));
    let fits = |invoice: &Value| {
        let number = |name: &str| invoice.at(name).as_f64().unwrap_or(0.0);
        let issued = Timestamp::parse(text(invoice, "issuedDate"));
        (statuses.is_empty() || statuses.contains(&text(invoice, "status")))
            && (clients.is_empty() || clients.contains(&text(invoice, "clientId")))
            && text(invoice, "number").contains(part)
            && bound("exactAmount").is_none_or(|exact| number("amount") == exact)
            && bound("greaterThanAmount").is_none_or(|least| number("amount") > least)
            && bound("lessThanAmount").is_none_or(|most| number("amount") < most)
            && bound("exactBalance").is_none_or(|exact| number("balance") == exact)
            && bound("greaterThanBalance").is_none_or(|least| number("balance") > least)
            && bound("lessThanBalance").is_none_or(|most| number("balance") < most)
            && from.is_none_or(|from| issued.is_some_and(|issued| issued >= from))
            && until.is_none_or(|until| issued.is_some_and(|issued| issued <= until))
    };
    let found = sorted(scene, body.get("sortColumn").and_then(Value::as_str), body.get("sortOrder").and_then(Value::as_str), fits);
    let now = scene.call.now;
    let view = |invoice: &Value| {
        let mut shown = picked(invoice, &LISTED);
        let due = Timestamp::parse(text(invoice, "dueDate")).unwrap_or(now);
        let over = if invoice.at("balance").as_f64() > Some(0.0) && now > due { now.since(due).as_secs() / DAY_SECONDS } else { 0 };
        shown.set("daysOverdue", json!(over));
        shown.set("billFrom", invoice.at("billFrom").clone());
        shown.set("visibleZeroFields", invoice.at("visibleZeroFields").clone());
        shown
    };
    scene.call.cut(found)?.wrap(view, |invoices, total| json!({"invoices": invoices, "total": total}))
}

/// Reads one.
pub fn get(scene: &Scene<'_>) -> Outcome {
    scene.entity(Shelf::Invoices, "invoiceId").map(|invoice| Reply::ok(overview(invoice)))
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let number = free_number(scene, &body, "")?;
    let client = scene.needed(Shelf::Clients, &body, "clientId")?.clone();
    let (issued, due) = (moment(&body, "issuedDate")?, moment(&body, "dueDate")?);
    let id = scene.fresh_id();
    let mut invoice = blank(&scene.workspace.id, &id, &scene.call.pass.user, scene.call.now);
    for (name, value) in [
        ("number", number),
        ("currency", required(&body, "currency")?.clone()),
        ("issuedDate", json!(wire_time(issued))),
        ("dueDate", json!(wire_time(due))),
    ] {
        invoice.set(name, value);
    }
    bill_to(&mut invoice, &client);
    scene.keep(Shelf::Invoices, &invoice);
    scene.fire("NEW_INVOICE", payload(&invoice));
    Ok(Reply::created(picked(&invoice, &["id", "number", "issuedDate", "dueDate", "currency", "clientId", "billFrom"])))
}

/// Replaces one; its items stay.
pub fn update(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut invoice = scene.one(Shelf::Invoices, "invoiceId")?;
    let number = free_number(scene, &body, text(&invoice, "id"))?;
    if let Some(client) = scene.referred(Shelf::Clients, &body, "clientId")?.cloned() {
        bill_to(&mut invoice, &client);
    }
    invoice.set("number", number);
    invoice.set("issuedDate", json!(wire_time(moment(&body, "issuedDate")?)));
    invoice.set("dueDate", json!(wire_time(moment(&body, "dueDate")?)));
    for (name, field) in [("currency", "currency"), ("discountPercent", "discount"), ("taxPercent", "tax"), ("tax2Percent", "tax2")] {
        invoice.set(field, required(&body, name)?.clone());
    }
    for (name, default) in [("note", json!("")), ("subject", json!("")), ("companyId", Value::Null), ("visibleZeroFields", Value::Null)] {
        invoice.set(name, given(&body, name, default));
    }
    invoice.set("taxType", given(&body, "taxType", invoice.at("taxType").clone()));
    add_up(&mut invoice);
    changed(scene, invoice)
}

/// Copies one under a number of its own.
pub fn duplicate(scene: &mut Scene<'_>) -> Outcome {
    let mut copy = scene.one(Shelf::Invoices, "invoiceId")?;
    copy.set("id", json!(scene.fresh_id()));
    copy.set("number", json!(format!("{} copy {}", text(&copy, "number"), scene.workspace.count(Shelf::Invoices))));
    copy.set("status", json!("UNSENT"));
    copy.set("paid", json!(0));
    add_up(&mut copy);
    scene.keep(Shelf::Invoices, &copy);
    scene.fire("NEW_INVOICE", payload(&copy));
    Ok(Reply::created(overview(&copy)))
}

/// Changes the status.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let status = given(&scene.call.object()?, "invoiceStatus", Value::Null);
    if !STATUSES.iter().any(|known| status == *known) {
        return Err(Refusal::body("invoiceStatus is not known"));
    }
    let mut invoice = scene.one(Shelf::Invoices, "invoiceId")?;
    invoice.set("status", status);
    changed(scene, invoice).map(|_| Reply::done())
}

/// Deletes one, and its payments.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let invoice = scene.one(Shelf::Invoices, "invoiceId")?;
    payments::of(scene.workspace, text(&invoice, "id")).into_iter().for_each(|payment| scene.discard(Shelf::Payments, &payment));
    scene.discard(Shelf::Invoices, &invoice);
    Ok(Reply::done())
}

/// Sends one as a document.
pub fn export(scene: &Scene<'_>) -> Outcome {
    let invoice = scene.entity(Shelf::Invoices, "invoiceId")?;
    let (number, amount) = (text(invoice, "number"), invoice.at("amount").as_f64().unwrap_or(0.0) / 100.0);
    let lines =
        [format!("Invoice {number}"), format!("To {}", text(invoice, "clientName")), format!("{amount:.2} {}", text(invoice, "currency"))];
    Ok(Reply::file(File { name: format!("{number}.pdf"), media_type: "application/pdf".into(), bytes: document::pdf(&lines) }))
}

/// Says how invoices are made.
pub fn get_settings(scene: &Scene<'_>) -> Outcome {
    Ok(Reply::ok(scene.workspace.invoice_settings.clone()))
}

/// Changes how invoices are made.
pub fn set_settings(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    required(&body, "labels")?;
    for (group, values) in &body {
        for (name, value) in values.as_object().into_iter().flatten() {
            // The total's label is written under another name than it is read by.
            let name = if name == "totalAmountDue" { "totalAmount" } else { name };
            scene.workspace.invoice_settings.set_in(group, name, value.clone());
        }
    }
    Ok(Reply::done())
}

/// Keeps an invoice that has changed, and tells of it.
pub fn changed(scene: &mut Scene<'_>, invoice: Value) -> Outcome {
    scene.keep(Shelf::Invoices, &invoice);
    scene.fire("INVOICE_UPDATED", payload(&invoice));
    Ok(Reply::ok(overview(&invoice)))
}

/// Sums items, discount and taxes up, and takes off what is paid.
pub fn add_up(invoice: &mut Value) {
    let number = |invoice: &Value, name: &str| invoice.at(name).as_f64().unwrap_or(0.0);
    let items = invoice.at("items").as_array().into_iter().flatten();
    let subtotal: f64 = items.map(|item| number(item, "amount")).sum();
    let discount = (subtotal * number(invoice, "discount") / 100.0).round();
    let taxed = subtotal - discount;
    let (tax, tax2) = ((taxed * number(invoice, "tax") / 100.0).round(), (taxed * number(invoice, "tax2") / 100.0).round());
    let amount = taxed + tax + tax2;
    let paid = number(invoice, "paid");
    for (name, value) in [
        ("subtotal", subtotal),
        ("discountAmount", discount),
        ("taxAmount", tax),
        ("tax2Amount", tax2),
        ("amount", amount),
        ("balance", amount - paid),
    ] {
        invoice.set(name, json!(value as i64));
    }
}

/// An invoice as the REST API shows it whole.
pub fn overview(invoice: &Value) -> Value {
    let mut shown = object(invoice);
    shown.shift_remove("workspaceId");
    Value::Object(shown)
}

/// An invoice as webhooks show it.
pub fn payload(invoice: &Value) -> Value {
    let names = [
        "id",
        "number",
        "status",
        "issuedDate",
        "dueDate",
        "subtotal",
        "discount",
        "tax",
        "tax2",
        "discountAmount",
        "taxAmount",
        "tax2Amount",
        "amount",
        "currency",
        "subject",
        "note",
        "clientId",
        "clientName",
        "clientAddress",
        "userId",
        "items",
    ];
    picked(invoice, &names)
}

/// Those members of an entity.
pub fn picked(entity: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), entity.at(name).clone())).collect()
}

fn bill_to(invoice: &mut Value, client: &Value) {
    invoice.set("clientId", client.at("id").clone());
    invoice.set("clientName", client.at("name").clone());
    invoice.set("clientAddress", json!(text(client, "address")));
}

fn free_number(scene: &Scene<'_>, body: &Map<String, Value>, own_id: &str) -> Result<Value, Refusal> {
    let number = required(body, "number")?.clone();
    let taken =
        |workspace: &Workspace| workspace.all(Shelf::Invoices).any(|other| *other.at("number") == number && text(other, "id") != own_id);
    if taken(scene.workspace) { Err(Refusal::rule("The invoice's number is taken")) } else { Ok(number) }
}

fn sorted<'s>(scene: &'s Scene<'_>, column: Option<&str>, order: Option<&str>, fits: impl Fn(&Value) -> bool) -> Vec<&'s Value> {
    let mut found: Vec<&Value> = scene.workspace.all(Shelf::Invoices).filter(|invoice| fits(invoice)).collect();
    match column {
        Some("CLIENT") => found.sort_by_key(|invoice| text(invoice, "clientName")),
        Some("DUE_ON") => found.sort_by_key(|invoice| text(invoice, "dueDate")),
        Some("ISSUE_DATE") => found.sort_by_key(|invoice| text(invoice, "issuedDate")),
        Some(name @ ("AMOUNT" | "BALANCE")) => found.sort_by_key(|invoice| invoice.at(&name.to_lowercase()).as_i64()),
        _ => {}
    }
    if order == Some("DESCENDING") {
        found.reverse();
    }
    found
}
