//! What the simulator keeps in outline only: expenses, invoices, approvals, time off, holidays and scheduling. Answers have the platform's shape
//! and wrappers, changes are remembered and fire their webhooks, but none of the platform's rules about them are played.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Reply};
use super::super::call::Scene;
use super::super::members::Members;
use super::super::payload;
use super::super::workspace::{Shelf, text, wire_time};

/// What an operation does with its shelf.
enum Verb {
    List(fn(Vec<Value>) -> Value),
    Get,
    Create {
        status: u16,
        listed: bool,
    },
    Copy {
        status: u16,
        listed: bool,
    },
    Replace {
        listed: bool,
    },
    /// Changes an entity by a body and says which event that is.
    Change(fn(&mut Value, &Map<String, Value>) -> &'static str),
    Delete {
        status: u16,
        shown: bool,
    },
}

struct Rule {
    operation: &'static str,
    shelf: Shelf,
    verb: Verb,
    event: &'static str,
}

const fn rule(operation: &'static str, shelf: Shelf, verb: Verb, event: &'static str) -> Rule {
    Rule { operation, shelf, verb, event }
}

const CREATED: Verb = Verb::Create { status: 201, listed: false };
const REPLACED: Verb = Verb::Replace { listed: false };
const DELETED: Verb = Verb::Delete { status: 200, shown: true };
const GONE: Verb = Verb::Delete { status: 200, shown: false };

const RULES: [Rule; 49] = [
    rule("getExpenses", Shelf::Expenses, Verb::List(expenses), ""),
    rule("getExpense", Shelf::Expenses, Verb::Get, ""),
    rule("createExpense", Shelf::Expenses, CREATED, "EXPENSE_CREATED"),
    rule("updateExpense", Shelf::Expenses, REPLACED, "EXPENSE_UPDATED"),
    rule("deleteExpense", Shelf::Expenses, GONE, "EXPENSE_DELETED"),
    rule("getCategories", Shelf::Categories, Verb::List(categories), ""),
    rule("createExpenseCategory", Shelf::Categories, CREATED, ""),
    rule("updateCategory", Shelf::Categories, REPLACED, ""),
    rule("updateExpenseCategoryStatus", Shelf::Categories, Verb::Change(archived), ""),
    rule("deleteCategory", Shelf::Categories, Verb::Delete { status: 204, shown: false }, ""),
    rule("getInvoices", Shelf::Invoices, Verb::List(invoices), ""),
    rule("getInvoicesInfo", Shelf::Invoices, Verb::List(invoices), ""),
    rule("getInvoice", Shelf::Invoices, Verb::Get, ""),
    rule("createInvoice", Shelf::Invoices, CREATED, "NEW_INVOICE"),
    rule("updateInvoice", Shelf::Invoices, REPLACED, "INVOICE_UPDATED"),
    rule("duplicateInvoice", Shelf::Invoices, Verb::Copy { status: 201, listed: false }, "NEW_INVOICE"),
    rule("changeInvoiceStatus", Shelf::Invoices, Verb::Change(invoice_status), ""),
    rule("deleteInvoice", Shelf::Invoices, GONE, ""),
    rule("getPaymentsForInvoice", Shelf::Payments, Verb::List(Value::Array), ""),
    rule("createInvoicePayment", Shelf::Payments, CREATED, ""),
    rule("deletePaymentById", Shelf::Payments, DELETED, ""),
    rule("getApprovalRequests", Shelf::Approvals, Verb::List(approvals), ""),
    rule("createApprrovalRequest", Shelf::Approvals, CREATED, "NEW_APPROVAL_REQUEST"),
    rule("createApprovalForOther", Shelf::Approvals, CREATED, "NEW_APPROVAL_REQUEST"),
    rule("resubmitApprovalRequest", Shelf::Approvals, Verb::Create { status: 200, listed: false }, "NEW_APPROVAL_REQUEST"),
    rule("resubmitApprovalRequestForOther", Shelf::Approvals, Verb::Create { status: 200, listed: false }, "NEW_APPROVAL_REQUEST"),
    rule("updateApprovalStatus", Shelf::Approvals, Verb::Change(approval_state), ""),
    rule("getTimeOffRequest", Shelf::TimeOffRequests, Verb::List(requests), ""),
    rule("createTimeOffRequest", Shelf::TimeOffRequests, Verb::Create { status: 200, listed: false }, "TIME_OFF_REQUESTED"),
    rule("createTimeOffRequestForOther", Shelf::TimeOffRequests, Verb::Create { status: 200, listed: false }, "TIME_OFF_REQUESTED"),
    rule("changeTimeOffRequestStatus", Shelf::TimeOffRequests, Verb::Change(request_status), ""),
    rule("deleteTimeOffRequest", Shelf::TimeOffRequests, DELETED, "TIME_OFF_REQUEST_WITHDRAWN"),
    rule("findPoliciesForWorkspace", Shelf::Policies, Verb::List(Value::Array), ""),
    rule("getPolicy", Shelf::Policies, Verb::Get, ""),
    rule("createPolicy", Shelf::Policies, CREATED, ""),
    rule("updatePolicy", Shelf::Policies, REPLACED, ""),
    rule("updatePolicyStatus", Shelf::Policies, Verb::Change(policy_status), ""),
    rule("deletePolicy", Shelf::Policies, GONE, ""),
    rule("getHolidays", Shelf::Holidays, Verb::List(Value::Array), ""),
    rule("getHolidaysInPeriod", Shelf::Holidays, Verb::List(Value::Array), ""),
    rule("createHoliday", Shelf::Holidays, Verb::Create { status: 200, listed: false }, ""),
    rule("updateHoliday", Shelf::Holidays, REPLACED, ""),
    rule("deleteHoliday", Shelf::Holidays, DELETED, ""),
    rule("getAllAssignments", Shelf::Assignments, Verb::List(Value::Array), ""),
    rule("createRecurring", Shelf::Assignments, Verb::Create { status: 201, listed: true }, "ASSIGNMENT_CREATED"),
    rule("editRecurring", Shelf::Assignments, Verb::Replace { listed: true }, "ASSIGNMENT_UPDATED"),
    rule("editRecurringPeriod", Shelf::Assignments, Verb::Replace { listed: true }, "ASSIGNMENT_UPDATED"),
    rule("copyAssignment", Shelf::Assignments, Verb::Copy { status: 200, listed: true }, "ASSIGNMENT_CREATED"),
    rule("deleteRRecurringAssignment", Shelf::Assignments, DELETED, "ASSIGNMENT_DELETED"),
];

/// The answer to an operation that is kept in outline. `None`: it is not one of them.
pub fn answer(scene: &mut Scene<'_>) -> Option<Outcome> {
    let operation = scene.call.operation.id.as_str();
    let rule = RULES.iter().find(|rule| rule.operation == operation)?;
    Some(rule.play(scene))
}

impl Rule {
    fn play(&self, scene: &mut Scene<'_>) -> Outcome {
        let entity = |scene: &Scene<'_>| {
            let operation = std::sync::Arc::clone(&scene.call.operation);
            scene.entity(self.shelf, operation.path_parameters().last().unwrap_or_default()).cloned()
        };
        match &self.verb {
            Verb::List(wrap) => {
                let page = scene.call.page(scene.named(self.shelf)?)?;
                Ok(Reply { body: page.body.map(|body| wrap(body.as_array().cloned().unwrap_or_default())), ..page })
            }
            Verb::Get => entity(scene).map(Reply::ok),
            Verb::Create { status, listed } => {
                let made = self.made(scene)?;
                Ok(self.kept(scene, made, *status, *listed))
            }
            Verb::Copy { status, listed } => {
                let mut copy = entity(scene)?;
                copy.set("id", json!(scene.fresh_id()));
                Ok(self.kept(scene, copy, *status, *listed))
            }
            Verb::Replace { listed } => {
                let mut replaced = entity(scene)?;
                merge(&mut replaced, &scene.call.object()?);
                Ok(self.kept(scene, replaced, 200, *listed))
            }
            Verb::Change(change) => {
                let mut changed = entity(scene)?;
                let event = change(&mut changed, &scene.call.object()?);
                scene.workspace.put(self.shelf, changed.clone());
                if !event.is_empty() {
                    scene.fire(event, payload::outlined(event, &changed));
                }
                Ok(Reply::ok(changed))
            }
            Verb::Delete { status, shown } => {
                let gone = entity(scene)?;
                scene.workspace.remove(self.shelf, text(&gone, "id"));
                if !self.event.is_empty() {
                    scene.fire(self.event, payload::outlined(self.event, &gone));
                }
                Ok(Reply { status: *status, body: shown.then_some(gone), ..Reply::empty() })
            }
        }
    }

    fn made(&self, scene: &mut Scene<'_>) -> Result<Value, super::super::answer::Refusal> {
        let id = scene.fresh_id();
        let user = Some(scene.call.id("userId")).filter(|id| !id.is_empty()).unwrap_or(&scene.call.pass.user);
        let mut made = blank(self.shelf, &scene.workspace.id, &id, user, scene.call.now);
        merge(&mut made, &scene.call.object()?);
        for (name, value) in scene.call.path.iter().filter(|(name, _)| matches!(name.as_str(), "policyId" | "invoiceId")) {
            made.set(name, json!(value));
        }
        Ok(made)
    }

    fn kept(&self, scene: &mut Scene<'_>, entity: Value, status: u16, listed: bool) -> Reply {
        scene.workspace.put(self.shelf, entity.clone());
        if !self.event.is_empty() {
            scene.fire(self.event, payload::outlined(self.event, &entity));
        }
        Reply { status, ..Reply::ok(if listed { json!([entity]) } else { entity }) }
    }
}

/// A body's members over an entity's; its identity stays.
fn merge(entity: &mut Value, body: &Map<String, Value>) {
    for (name, value) in body.iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "workspaceId")) {
        entity.set(name, value.clone());
    }
}

fn expenses(items: Vec<Value>) -> Value {
    json!({"expenses": {"expenses": items, "count": items.len()}, "dailyTotals": [], "weeklyTotals": []})
}

fn categories(items: Vec<Value>) -> Value {
    json!({"categories": items, "count": items.len()})
}

fn invoices(items: Vec<Value>) -> Value {
    json!({"invoices": items, "total": items.len()})
}

fn requests(items: Vec<Value>) -> Value {
    json!({"requests": items, "count": items.len()})
}

fn approvals(items: Vec<Value>) -> Value {
    let wrapped = items.into_iter().map(|request| json!({"approvalRequest": request, "entries": [], "expenses": [], "trackedTime": "PT0S", "approvedTime": "PT0S", "billableTime": "PT0S", "pendingTime": "PT0S", "breakTime": "PT0S", "billableAmount": 0, "costAmount": 0, "expenseTotal": 0}));
    Value::Array(wrapped.collect())
}

fn archived(entity: &mut Value, body: &Map<String, Value>) -> &'static str {
    entity.set("archived", body.get("archived").cloned().unwrap_or(json!(false)));
    ""
}

fn policy_status(entity: &mut Value, body: &Map<String, Value>) -> &'static str {
    entity.set("archived", json!(body.get("status") == Some(&json!("ARCHIVED"))));
    ""
}

fn invoice_status(entity: &mut Value, body: &Map<String, Value>) -> &'static str {
    entity.set("status", body.get("invoiceStatus").cloned().unwrap_or_default());
    "INVOICE_UPDATED"
}

fn approval_state(entity: &mut Value, body: &Map<String, Value>) -> &'static str {
    entity.set_in("status", "state", body.get("state").cloned().unwrap_or_default());
    entity.set_in("status", "note", body.get("note").cloned().unwrap_or(json!("")));
    "APPROVAL_REQUEST_STATUS_UPDATED"
}

fn request_status(entity: &mut Value, body: &Map<String, Value>) -> &'static str {
    let status = body.get("status").cloned().unwrap_or_default();
    entity.set_in("status", "statusType", status.clone());
    entity.set_in("status", "note", body.get("note").cloned().unwrap_or_default());
    match status.as_str() {
        Some("APPROVED") => "TIME_OFF_REQUEST_APPROVED",
        Some("REJECTED") => "TIME_OFF_REQUEST_REJECTED",
        _ => "TIME_OFF_REQUEST_UPDATED",
    }
}

/// An entity of a kind that is kept in outline, before anybody has filled it in.
pub fn blank(shelf: Shelf, workspace: &WorkspaceId, id: &str, user: &str, now: Timestamp) -> Value {
    let at = wire_time(now);
    let tomorrow = wire_time(now + Duration::from_secs(86_399));
    let shape = match shelf {
        Shelf::Expenses => json!({
            "userId": user, "date": at, "projectId": null, "taskId": null, "categoryId": null, "notes": "", "quantity": 1, "billable": true, "fileId": "",
            "total": 0, "locked": false,
        }),
        Shelf::Categories => json!({"name": "", "archived": false, "hasUnitPrice": false, "priceInCents": 0, "unit": ""}),
        Shelf::Invoices => json!({
            "number": "", "status": "UNSENT", "issuedDate": at, "dueDate": at, "subtotal": 0, "discount": 0, "tax": 0, "tax2": 0, "discountAmount": 0,
            "taxAmount": 0, "tax2Amount": 0, "amount": 0, "balance": 0, "paid": 0, "currency": "EUR", "subject": "", "note": "", "clientId": null,
            "clientName": "", "clientAddress": "", "userId": user, "items": [],
        }),
        Shelf::Payments => json!({"amount": 0, "author": user, "date": at, "note": ""}),
        Shelf::Approvals => json!({
            "dateRange": {"start": wire_time(now - Duration::from_secs(604_800)), "end": at},
            "owner": {"userId": user, "userName": "Max Member", "timezone": "Europe/Berlin", "startOfWeek": "MONDAY"},
            "creator": {"userId": user, "userName": "Max Member", "userEmail": "max.member@lighthouse.example"},
            "status": {"state": "PENDING", "updatedBy": user, "updatedByUserName": "Max Member", "updatedAt": at, "note": ""},
        }),
        Shelf::Policies => json!({
            "name": "", "archived": false, "timeUnit": "DAYS", "allowHalfDay": true, "allowNegativeBalance": false, "everyoneIncludingNew": true,
            "userIds": [], "userGroupIds": [], "automaticAccrual": null, "negativeBalance": null, "projectId": null,
            "approve": {"requiresApproval": true, "teamManagers": false, "specificMembers": false, "userIds": []},
        }),
        Shelf::TimeOffRequests => json!({
            "userId": user, "policyId": null, "timeZone": "Europe/Berlin", "halfDay": false, "timeOffPeriod": {"period": {"start": at, "end": tomorrow}},
            "note": null, "balanceDiff": 1, "createdAt": at, "requesterUserId": user, "excludeDays": [], "negativeBalanceUsed": 0, "balanceValueAtRequest": 24,
            "status": {"statusType": "PENDING", "changedByUserId": null, "changedByUserName": null, "changedAt": null, "note": null},
        }),
        Shelf::Holidays => json!({
            "name": "", "datePeriod": {"startDate": "2027-01-01", "endDate": "2027-01-01"}, "occursAnnually": true, "everyoneIncludingNew": true,
            "userIds": [], "userGroupIds": [], "projectId": null, "taskId": null, "automaticTimeEntryCreation": false,
        }),
        Shelf::Assignments => json!({
            "userId": user, "projectId": null, "period": {"start": at, "end": tomorrow}, "hoursPerDay": 8, "published": false, "billable": true,
            "includeNonWorkingDays": false, "note": "", "startTime": null, "recurring": {"repeat": false, "seriesId": null, "weeks": 0}, "excludeDays": [],
        }),
        _ => json!({"name": ""}),
    };
    let mut entity = json!({"id": id, "workspaceId": workspace});
    merge(&mut entity, &super::super::workspace::object(&shape));
    entity
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_an_operation_of_the_catalogue_and_has_it_alone() {
        let catalogue = super::super::super::catalogue::catalogue();
        let names: std::collections::BTreeSet<&str> = RULES.iter().map(|rule| rule.operation).collect();
        assert_eq!(names.len(), RULES.len());
        names.iter().for_each(|name| assert!(catalogue.get(name).is_some(), "{name}"));
    }
}
