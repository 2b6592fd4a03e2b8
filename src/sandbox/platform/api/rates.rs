//! What an hour costs and what it is billed at: of the workspace, a member, a project's member or a task.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, required};
use super::super::members::Members;
use super::super::workspace::{CURRENCY_ID, Shelf, text, wire_time};
use super::workspaces;

/// Sets a rate, and tells of it.
pub fn set(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let amount = required(&body, "amount")?.as_i64().ok_or_else(|| Refusal::body("amount has to be a number"))?;
    let id = scene.call.operation.id.clone();
    let costs = id.contains("Cost");
    let (field, event) = if costs { ("costRate", "COST_RATE_UPDATED") } else { ("hourlyRate", "BILLABLE_RATE_UPDATED") };
    let rate = json!({"amount": amount, "currency": "EUR"});
    let (source, answer, modified) = match id.as_str() {
        "setTaskCostRate" | "setTaskHourlyRate" => {
            let mut task = scene.one(Shelf::Tasks, "id")?;
            task.set(field, rate);
            scene.keep(Shelf::Tasks, &task);
            ("TASK", task.clone(), task)
        }
        "addUsersCostRate" | "addUsersHourlyRate" => {
            let (user, mut project) = (scene.one(Shelf::Users, "userId")?, scene.one(Shelf::Projects, "projectId")?);
            let members = project.list_mut("memberships");
            let member = members.and_then(|members| members.iter_mut().find(|member| member.at("userId") == user.at("id")));
            let member = member.ok_or_else(|| Refusal::rule("The person is not a member of the project"))?;
            member.set(field, rate);
            let member = member.clone();
            scene.keep(Shelf::Projects, &project);
            ("PROJECT_MEMBER", project, member)
        }
        "setCostRateForUser" | "setHourlyRateForUser" => {
            let mut user = scene.one(Shelf::Users, "userId")?;
            let member = user.list_mut("memberships").and_then(|all| all.first_mut()).ok_or_else(|| Refusal::rule("Not a member"))?;
            member.set(field, rate);
            let member = member.clone();
            scene.keep(Shelf::Users, &user);
            ("WORKSPACE_MEMBER", workspaces::document(scene.workspace), member)
        }
        _ => {
            *(if costs { &mut scene.workspace.rates.0 } else { &mut scene.workspace.rates.1 }) = rate;
            let document = workspaces::document(scene.workspace);
            ("WORKSPACE", document.clone(), document)
        }
    };
    let since = body.get("since").cloned().unwrap_or_else(|| json!(wire_time(scene.call.now)));
    let payload = payload(&scene.workspace.id.to_string(), source, &modified, amount, since);
    scene.fire(event, payload);
    Ok(Reply::ok(answer))
}

/// A changed rate as webhooks show it: the rates of what was changed without their currency, which stands beside them.
pub fn payload(workspace: &str, source: &str, modified: &Value, amount: i64, since: Value) -> Value {
    let mut modified = modified.clone();
    for field in ["hourlyRate", "costRate"] {
        modified.set(field, json!({"amount": modified.at(field).at("amount").as_i64().unwrap_or(0)}));
    }
    if text(&modified, "userId").is_empty() {
        modified = json!({"id": modified.at("id"), "name": modified.at("name"), "hourlyRate": modified.at("hourlyRate"), "costRate": modified.at("costRate")});
    }
    json!({
        "workspaceId": workspace, "rateChangeSource": source, "modifiedEntity": modified, "currency": {"id": CURRENCY_ID, "code": "EUR"},
        "amount": amount, "since": since,
    })
}
