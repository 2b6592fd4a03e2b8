//! What members have of the time off of a policy, and what of it they have used.

use serde_json::{Value, json};

use super::super::answer::{Outcome, Reply};
use super::super::call::{Scene, foreign, ids, number};
use super::super::members::Members;
use super::super::workspace::{Shelf, Workspace, text};

/// What everybody has of a policy from the start.
pub const GRANTED: f64 = 24.0;

/// Lists balances: by policy everybody's, by member theirs.
pub fn list(scene: &Scene<'_>) -> Outcome {
    let (policy, user) = (scene.call.id("policyId"), scene.call.id("userId"));
    if policy.is_empty() {
        scene.entity(Shelf::Users, "userId")?
    } else {
        scene.entity(Shelf::Policies, "policyId")?
    };
    let mut found = Vec::new();
    for person in scene.workspace.all(Shelf::Users).filter(|person| user.is_empty() || text(person, "id") == user) {
        for rule in scene.workspace.all(Shelf::Policies).filter(|rule| policy.is_empty() || text(rule, "id") == policy) {
            found.push((rule, person));
        }
    }
    if scene.call.query("sort-order") == Some("DESCENDING") {
        found.reverse();
    }
    scene
        .call
        .cut(found)?
        .wrap(|(rule, person)| balance(scene.workspace, rule, person), |balances, count| json!({"balances": balances, "count": count}))
}

/// Changes what members have by a number.
pub fn change(scene: &mut Scene<'_>) -> Outcome {
    let body = scene.call.object()?;
    let policy = text(scene.entity(Shelf::Policies, "policyId")?, "id").to_owned();
    let value = number(&body, "value")?;
    let users = ids(&body, "userIds");
    if let Some(stranger) = users.iter().find(|user| scene.workspace.get(Shelf::Users, user).is_none()) {
        return Err(foreign(stranger));
    }
    for user in users {
        let held = scene.workspace.balances.entry((policy.clone(), user.to_owned())).or_insert((GRANTED, 0.0));
        held.0 += value;
        let note = body.get("note").cloned().unwrap_or_else(|| json!(""));
        let (workspace, by) = (scene.workspace.id, scene.call.pass.user.clone());
        // Webhooks write the number as text.
        scene.fire(
            "BALANCE_UPDATED",
            json!({"workspaceId": workspace, "userId": user, "value": value.to_string(), "note": note, "updatedBy": by}),
        );
    }
    Ok(Reply::empty())
}

/// What a member was given of a policy and has used.
pub fn held(workspace: &Workspace, policy: &str, user: &str) -> (f64, f64) {
    workspace.balances.get(&(policy.to_owned(), user.to_owned())).copied().unwrap_or((GRANTED, 0.0))
}

fn balance(workspace: &Workspace, rule: &Value, person: &Value) -> Value {
    let (policy, user) = (text(rule, "id"), text(person, "id"));
    let (total, used) = held(workspace, policy, user);
    json!({
        // One for each pair, and the same each time.
        "id": format!("{}{}", policy.get(12..).unwrap_or_default(), user.get(12..).unwrap_or_default()),
        "userId": user, "userName": person.at("name"), "policyId": policy, "policyName": rule.at("name"), "policyTimeUnit": rule.at("timeUnit"),
        "policyArchived": rule.at("archived"), "balance": total - used, "used": used, "total": total, "negativeBalanceAmount": 0,
        "negativeBalanceLimit": rule.at("allowNegativeBalance"), "workspaceId": workspace.id,
    })
}
