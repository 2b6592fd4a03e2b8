//! Rates, balances, invoice settings and reports: answers of the right shape over little data.

use actors::clock::Timestamp;
use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::Scene;
use super::super::members::Members;
use super::super::workspace::{Shelf, membership, text};

/// Sets a rate of the workspace, a member, a project's member or a task.
pub fn set_rate(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let amount = body.get("amount").and_then(Value::as_i64).ok_or_else(|| Refusal::body("amount has to be a number"))?;
    let id = scene.call.operation.id.clone();
    let (field, event) = if id.contains("Cost") { ("costRate", "COST_RATE_UPDATED") } else { ("hourlyRate", "BILLABLE_RATE_UPDATED") };
    let rate = json!({"amount": amount, "currency": "EUR"});
    let (source, answer, modified) = match id.as_str() {
        "setTaskCostRate" | "setTaskHourlyRate" => {
            let mut task = scene.entity(Shelf::Tasks, "id")?.clone();
            task.set(field, rate);
            scene.workspace.put(Shelf::Tasks, task.clone());
            ("TASK", task.clone(), task)
        }
        "addUsersCostRate" | "addUsersHourlyRate" => {
            let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
            let mut project = scene.entity(Shelf::Projects, "projectId")?.clone();
            let members = project.list_mut("memberships");
            let member = members.and_then(|members| members.iter_mut().find(|member| text(member, "userId") == user));
            let member = member.ok_or_else(|| Refusal::rule("The person is not a member of the project"))?;
            member.set(field, rate);
            let member = member.clone();
            scene.workspace.put(Shelf::Projects, project.clone());
            ("PROJECT_MEMBER", project, member)
        }
        "setCostRateForUser" | "setHourlyRateForUser" => {
            let user = text(scene.entity(Shelf::Users, "userId")?, "id").to_owned();
            let mut member = membership(&user, &scene.workspace.id.to_string(), "WORKSPACE");
            member.set(field, rate);
            ("WORKSPACE_MEMBER", scene.workspace.document(), member)
        }
        _ => ("WORKSPACE", scene.workspace.document(), scene.workspace.document()),
    };
    let since = body.get("since").cloned().unwrap_or_default();
    let payload = rate_payload(&scene.workspace.id.to_string(), source, modified, amount, since);
    scene.fire(event, payload);
    Ok(Reply::ok(answer))
}

/// A changed rate as webhooks show it.
pub fn rate_payload(workspace: &str, source: &str, modified: Value, amount: i64, since: Value) -> Value {
    json!({
        "workspaceId": workspace, "rateChangeSource": source, "modifiedEntity": modified,
        "currency": {"id": "64b641568b07987035750e00", "code": "EUR"}, "amount": amount, "since": since,
    })
}

/// Lists balances: by policy everybody's, by member theirs.
pub fn balances(scene: &Scene<'_>) -> Outcome {
    let (policy, user) = (scene.call.id("policyId"), scene.call.id("userId"));
    let mut balances = Vec::new();
    for person in scene.workspace.all(Shelf::Users).filter(|person| user.is_empty() || text(person, "id") == user) {
        for rule in scene.workspace.all(Shelf::Policies).filter(|rule| policy.is_empty() || text(rule, "id") == policy) {
            balances.push(json!({
                "id": format!("{}{}", text(rule, "id").get(..12).unwrap_or_default(), text(person, "id").get(12..).unwrap_or_default()),
                "userId": person.at("id"), "userName": person.at("name"), "policyId": rule.at("id"), "policyName": rule.at("name"), "policyTimeUnit": rule.at("timeUnit"),
                "policyArchived": rule.at("archived"), "balance": 24, "used": 0, "total": 24, "negativeBalanceAmount": 0, "negativeBalanceLimit": false,
                "workspaceId": scene.workspace.id,
            }));
        }
    }
    let page = scene.call.page(balances)?;
    let count = page.body.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
    Ok(Reply { body: Some(json!({"balances": page.body, "count": count})), ..page })
}

/// Changes balances.
pub fn set_balance(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    scene.entity(Shelf::Policies, "policyId")?;
    let value = body.get("value").cloned().unwrap_or_default();
    for user in body.get("userIds").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        let note = body.get("note").cloned().unwrap_or_default();
        let (workspace, by) = (scene.workspace.id, scene.call.pass.user.clone());
        scene.fire("BALANCE_UPDATED", json!({"workspaceId": workspace, "userId": user, "value": value, "note": note, "updatedBy": by}));
    }
    Ok(Reply::empty())
}

/// Says how invoices are made.
pub fn invoice_settings() -> Outcome {
    Ok(Reply::ok(json!({
        "defaults": {"companyId": null, "dueDays": 14, "notes": "", "subject": "", "tax": 0, "tax2": 0},
        "exportFields": {"itemType": true, "quantity": true, "rtl": false, "unitPrice": true}, "labels": {"amount": "Amount", "quantity": "Quantity"},
    })))
}

/// A report over the tracked time, in seconds.
pub fn report(scene: &Scene<'_>) -> Outcome {
    let seconds = |entry: &Value| {
        let moment = |name: &str| Timestamp::parse(text(&entry["timeInterval"], name));
        moment("start").and_then(|start| moment("end").map(|end| end.since(start).as_secs())).unwrap_or(0)
    };
    let entries: Vec<Value> = scene.workspace.all(Shelf::TimeEntries).filter(|entry| seconds(entry) > 0).cloned().collect();
    let total: u64 = entries.iter().map(seconds).sum();
    let totals = json!([{"_id": "", "totalTime": total, "totalBillableTime": total, "entriesCount": entries.len(), "totalAmount": 0, "amounts": []}]);
    let shown: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let (user, interval) = (&entry["userId"], &entry["timeInterval"]);
            json!({
                "_id": entry.at("id"), "description": entry.at("description"), "userId": user, "projectId": entry.at("projectId"), "billable": entry.at("billable"),
                "timeInterval": {"start": interval.at("start"), "end": interval.at("end"), "duration": seconds(entry)},
            })
        })
        .collect();
    Ok(Reply::ok(match scene.call.operation.id.as_str() {
        "generateDetailedReportV1" => json!({"totals": {"totalAmount": 0, "expensesCount": 0}, "expenses": []}),
        "generateDetailedReport" => json!({"totals": totals, "timeentries": shown}),
        "generateAttendanceReport" => json!({"entities": [], "totals": totals}),
        "generateWeeklyReport" => json!({"totals": totals, "totalsByDay": [], "groupOne": []}),
        _ => json!({"totals": totals, "groupOne": [], "chart": []}),
    }))
}

/// The planned hours of one project or member: nothing is planned.
pub fn planned(scene: &Scene<'_>) -> Outcome {
    let call = scene.call;
    Ok(Reply::ok(json!({
        "workspaceId": scene.workspace.id, "projectId": call.id("projectId"), "userId": call.id("userId"), "totalHours": 0, "totalHoursPerDay": [], "assignments": [],
    })))
}

/// Says that a report is shared now. It is not remembered.
pub fn shared_report(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let id = Some(scene.call.id("id").to_owned()).filter(|id| !id.is_empty()).unwrap_or_else(|| scene.fresh_id());
    Ok(Reply::ok(json!({"id": id, "name": body.get("name"), "workspaceId": scene.workspace.id, "filter": body.get("filter")})))
}
