//! Requests of time off. A policy in days counts days, one in hours hours; what is approved is taken off the balance.

use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::WorkspaceId;
use serde_json::{Map, Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::call::{Scene, foreign, ids, required, time_of};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text, wire_time};
use super::balances;

const DAY_SECONDS: u64 = 86_400;
const HOUR_SECONDS: f64 = 3_600.0;

/// A request before anybody has filled it in: for a day from now.
pub fn blank(workspace: &WorkspaceId, id: &str, user: &str, policy: &str, now: Timestamp) -> Value {
    let end = now + Duration::from_secs(DAY_SECONDS - 1);
    json!({
        "id": id, "workspaceId": workspace, "userId": user, "policyId": policy, "timeZone": "Europe/Berlin", "halfDay": false,
        "timeOffPeriod": {"period": {"start": wire_time(now), "end": wire_time(end)}, "halfDay": false, "halfDayHours": null, "halfDayPeriod": "NOT_DEFINED"},
        "note": null, "balanceDiff": 1.0, "createdAt": wire_time(now), "requesterUserId": user, "excludeDays": [], "negativeBalanceUsed": 0,
        "balanceValueAtRequest": balances::GRANTED,
        "status": {"statusType": "PENDING", "changedByUserId": null, "changedByUserName": null, "changedForUserName": null, "changedAt": null, "note": null},
    })
}

/// Finds requests by a filter in the body.
pub fn search(scene: &Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let edge = |name: &str| {
        body.get(name)
            .and_then(Value::as_str)
            .map(|text| time_of(text).ok_or_else(|| Refusal::body(format!("{name} has to be a time"))))
            .transpose()
    };
    let (from, until, users, groups) = (edge("start")?, edge("end")?, ids(&body, "users"), ids(&body, "userGroups"));
    let mut statuses = ids(&body, "statuses");
    statuses.extend(body.get("statuses").and_then(Value::as_str));
    let in_groups = |user: &str| {
        let groups = groups.iter().filter_map(|group| scene.workspace.get(Shelf::Groups, group));
        groups.into_iter().any(|group| group.at("userIds").as_array().is_some_and(|members| members.contains(&json!(user))))
    };
    let fits = |request: &&Value| {
        let period = request.at("timeOffPeriod").at("period");
        let user = text(request, "userId");
        let anybody = users.is_empty() && groups.is_empty();
        (anybody || users.contains(&user) || in_groups(user))
            && (statuses.is_empty() || statuses.contains(&"ALL") || statuses.contains(&text(request.at("status"), "statusType")))
            && from.is_none_or(|from| Timestamp::parse(text(period, "end")).is_some_and(|end| end >= from))
            && until.is_none_or(|until| Timestamp::parse(text(period, "start")).is_some_and(|start| start <= until))
    };
    let found: Vec<&Value> = scene.workspace.all(Shelf::TimeOffRequests).filter(fits).collect();
    scene.call.cut(found)?.wrap(|request| whole(scene.workspace, request), |requests, count| json!({"requests": requests, "count": count}))
}

/// Asks for time off, for the caller or for the member in the path.
pub fn create(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let policy = scene.one(Shelf::Policies, "policyId")?;
    let user = match scene.call.id("userId") {
        "" => scene.call.pass.user.clone(),
        id => scene.workspace.get(Shelf::Users, id).map(|_| id.to_owned()).ok_or_else(|| foreign(id))?,
    };
    if policy.at("archived") == true {
        return Err(Refusal::rule("The policy is archived"));
    }
    let asked = required(&body, "timeOffPeriod")?;
    let (start, end, amount) = period(asked, text(&policy, "timeUnit") == "HOURS")?;
    let half = asked.at("isHalfDay") == true;
    if half && policy.at("allowHalfDay") != true {
        return Err(Refusal::rule("The policy has no half days"));
    }
    let amount = if half { amount / 2.0 } else { amount };
    let (total, used) = balances::held(scene.workspace, text(&policy, "id"), &user);
    if total - used < amount && policy.at("allowNegativeBalance") != true {
        return Err(Refusal::rule("The balance is too small"));
    }
    let id = scene.fresh_id();
    let mut request = blank(&scene.workspace.id, &id, &user, text(&policy, "id"), scene.call.now);
    request.set("halfDay", json!(half));
    request.set(
        "timeOffPeriod",
        json!({
            "period": {"start": wire_time(start), "end": wire_time(end)}, "halfDay": half, "halfDayHours": null,
            "halfDayPeriod": asked.get("halfDayPeriod").cloned().unwrap_or_else(|| json!("NOT_DEFINED")),
        }),
    );
    request.set("note", body.get("note").cloned().unwrap_or_default());
    request.set("balanceDiff", json!(amount));
    request.set("balanceValueAtRequest", json!(total - used));
    request.set("requesterUserId", json!(scene.call.pass.user));
    scene.keep(Shelf::TimeOffRequests, &request);
    scene.fire("TIME_OFF_REQUESTED", payload(&request));
    if policy.at("approve").at("requiresApproval") == false {
        decide(scene, &mut request, "APPROVED", Value::Null);
    }
    Ok(Reply::ok(whole(scene.workspace, &request)))
}

/// Approves or rejects.
pub fn set_status(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let mut request = one(scene)?;
    let status = match body.get("status").and_then(Value::as_str) {
        Some("APPROVED") => "APPROVED",
        Some("REJECTED") => "REJECTED",
        _ => return Err(Refusal::body("status has to be APPROVED or REJECTED")),
    };
    if text(request.at("status"), "statusType") == status {
        return Err(Refusal::rule("The request has this status already"));
    }
    decide(scene, &mut request, status, body.get("note").cloned().unwrap_or_default());
    Ok(Reply::ok(short(&request)))
}

/// Withdraws one.
pub fn delete(scene: &mut Scene<'_>) -> Outcome {
    let request = one(scene)?;
    if text(request.at("status"), "statusType") == "APPROVED" {
        take(scene, &request, -1.0);
    }
    scene.discard(Shelf::TimeOffRequests, &request);
    scene.fire("TIME_OFF_REQUEST_WITHDRAWN", payload(&request));
    Ok(Reply::ok(short(&request)))
}

/// A request as webhooks show it.
pub fn payload(request: &Value) -> Value {
    let mut payload = request.clone();
    let period = request.at("timeOffPeriod").at("period").clone();
    payload.set("timeOffPeriod", json!({"period": period}));
    if let Some(status) = payload.get_mut("status").and_then(Value::as_object_mut) {
        status.shift_remove("changedForUserName");
    }
    payload
}

fn one(scene: &Scene<'_>) -> Result<Value, Refusal> {
    let (policy, request) = (scene.entity(Shelf::Policies, "policyId")?, scene.one(Shelf::TimeOffRequests, "requestId")?);
    if request.at("policyId") == policy.at("id") { Ok(request) } else { Err(foreign(text(&request, "id"))) }
}

fn decide(scene: &mut Scene<'_>, request: &mut Value, status: &'static str, note: Value) {
    let (was, is) = (text(request.at("status"), "statusType") == "APPROVED", status == "APPROVED");
    if was != is {
        take(scene, request, if is { 1.0 } else { -1.0 });
    }
    let (by, of) = (scene.call.pass.user.as_str(), text(request, "userId"));
    let (by_name, of_name) = (scene.workspace.name_of(Shelf::Users, by), scene.workspace.name_of(Shelf::Users, of));
    let state = json!({
        "statusType": status, "changedByUserId": by, "changedByUserName": by_name, "changedForUserName": of_name, "changedAt": wire_time(scene.call.now), "note": note,
    });
    request.set("status", state);
    scene.keep(Shelf::TimeOffRequests, request);
    scene.fire(if is { "TIME_OFF_REQUEST_APPROVED" } else { "TIME_OFF_REQUEST_REJECTED" }, payload(request));
}

/// Takes a request off the balance, or gives it back.
fn take(scene: &mut Scene<'_>, request: &Value, sign: f64) {
    let amount = request.at("balanceDiff").as_f64().unwrap_or(0.0);
    let key = (text(request, "policyId").to_owned(), text(request, "userId").to_owned());
    let held = scene.workspace.balances.entry(key).or_insert((balances::GRANTED, 0.0));
    held.1 += sign * amount;
}

/// When a request begins and ends, and how much it takes. A number of days does instead of an end.
fn period(asked: &Value, in_hours: bool) -> Result<(Timestamp, Timestamp, f64), Refusal> {
    let period = asked.get("period").ok_or_else(|| Refusal::body("period is required"))?;
    let edge = |name: &str| period.get(name).and_then(Value::as_str).and_then(time_of);
    let start = edge("start").ok_or_else(|| Refusal::body("period.start has to be a time"))?;
    let days = period.get("days").and_then(Value::as_u64).filter(|days| (1..=366).contains(days));
    let end = match (edge("end"), days) {
        (Some(end), _) => end,
        (None, Some(days)) => start + Duration::from_secs(days * DAY_SECONDS - 1),
        (None, None) => return Err(Refusal::body("period.end or period.days is required")),
    };
    if end < start {
        return Err(Refusal::rule("The end is before the start"));
    }
    let seconds = end.since(start).as_secs();
    let amount = if in_hours { seconds as f64 / HOUR_SECONDS } else { days.unwrap_or(seconds / DAY_SECONDS + 1) as f64 };
    Ok((start, end, amount))
}

/// A request with the names of whom and what it is about.
fn whole(workspace: &Workspace, request: &Value) -> Value {
    let (user, policy) = (text(request, "userId"), text(request, "policyId"));
    let person = workspace.get(Shelf::Users, user).cloned().unwrap_or_default();
    let rule = workspace.get(Shelf::Policies, policy).cloned().unwrap_or_default();
    let (total, used) = balances::held(workspace, policy, user);
    let requester = text(request, "requesterUserId");
    let mut shown = short(request);
    for (name, value) in [
        ("balance", json!(total - used)),
        ("policyName", rule.at("name").clone()),
        ("timeUnit", rule.at("timeUnit").clone()),
        ("requesterUserId", json!(requester)),
        ("requesterUserName", json!(workspace.name_of(Shelf::Users, requester))),
        ("userEmail", person.at("email").clone()),
        ("userName", person.at("name").clone()),
        ("userTimeZone", person.at("settings").at("timeZone").clone()),
    ] {
        shown.set(name, value);
    }
    shown
}

fn short(request: &Value) -> Value {
    let names = ["id", "workspaceId", "userId", "policyId", "timeOffPeriod", "note", "balanceDiff", "createdAt", "status"];
    names.iter().map(|name| ((*name).to_owned(), request.at(name).clone())).collect::<Map<_, _>>().into()
}
