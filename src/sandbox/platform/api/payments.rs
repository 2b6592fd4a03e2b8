//! Payments of an invoice. Each changes what the invoice says is paid, and its status with it.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, number, time_of};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text, wire_time};
use super::invoices;

/// Lists an invoice's payments.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let invoice = text(scene.entity(Shelf::Invoices, "invoiceId")?, "id");
    scene.call.cut(of(scene.workspace, invoice))?.show(|payment| invoices::picked(&payment, &["id", "amount", "author", "date", "note"]))
}

/// Adds one.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let amount = number(&body, "amount")?.round() as i64;
    if amount <= 0 {
        return Err(Refusal::rule("A payment is more than nothing"));
    }
    let invoice = scene.one(Shelf::Invoices, "invoiceId")?;
    let date = body.get("paymentDate").and_then(Value::as_str).and_then(time_of).unwrap_or(scene.call.now);
    let author = scene.workspace.name_of(Shelf::Users, &scene.call.pass.user).to_owned();
    let note = body.get("note").cloned().unwrap_or_else(|| json!(""));
    let payment = json!({
        "id": scene.fresh_id(), "invoiceId": invoice.at("id"), "amount": amount, "author": author, "date": wire_time(date), "note": note,
    });
    scene.keep(Shelf::Payments, &payment);
    settle(scene, invoice, 201)
}

/// Deletes one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let invoice = scene.one(Shelf::Invoices, "invoiceId")?;
    let payment = scene.one(Shelf::Payments, "paymentId")?;
    if payment.at("invoiceId") != invoice.at("id") {
        return Err(foreign(text(&payment, "id")));
    }
    scene.discard(Shelf::Payments, &payment);
    settle(scene, invoice, 200)
}

/// The payments of an invoice.
pub fn of(workspace: &Workspace, invoice: &str) -> Vec<Value> {
    workspace.all(Shelf::Payments).filter(|payment| text(payment, "invoiceId") == invoice).cloned().collect()
}

fn settle(scene: &mut Scene<'_>, mut invoice: Value, status: u16) -> Outcome {
    let paid: i64 = of(scene.workspace, text(&invoice, "id")).iter().filter_map(|payment| payment.at("amount").as_i64()).sum();
    invoice.set("paid", json!(paid));
    invoices::add_up(&mut invoice);
    let state = match (paid, invoice.at("balance").as_i64()) {
        (0, _) => "SENT",
        (_, Some(left)) if left > 0 => "PARTIALLY_PAID",
        _ => "PAID",
    };
    invoice.set("status", json!(state));
    Ok(Reply { status, ..invoices::changed(scene, invoice)? })
}
