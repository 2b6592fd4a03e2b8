//! The operations on webhooks. In practice add-on tokens are refused all of them; a habit opens them, as the description of the API promises.

use actors::clock::{Clock, Timestamp};
use actors::ids::AddonId;
use actors::secret::Secret;
use serde_json::{Value, json};

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::subscription::{Draft, Unmade};
use super::super::token::Pass;
use super::super::world::{Hook, World};

/// What of a path is behind the webhooks of the caller's workspace: those of the API (`/…`), or of an add-on (`addons/…`).
pub fn below<'p>(path: &'p str, pass: &Pass) -> Option<&'p str> {
    let rest = path.strip_prefix(&format!("/v1/workspaces/{}/", pass.workspace))?;
    rest.strip_prefix("webhooks").or_else(|| rest.strip_suffix("/webhooks").filter(|rest| rest.starts_with("addons/")))
}

/// Answers what [`below`] gives.
pub fn answer(world: &mut World, clock: &dyn Clock, pass: &Pass, method: &str, rest: &str, body: &[u8], now: Timestamp) -> Outcome {
    if !pass.is_admin() {
        return Err(Refusal::forbidden());
    }
    let segments: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
    match (method, segments.as_slice()) {
        ("GET", []) => {
            let all: Vec<Value> =
                world.subscriptions.values().filter(|one| one.draft.workspace == pass.workspace).map(|one| one.document()).collect();
            Ok(Reply::ok(json!({"workspaceWebhookCount": all.len(), "webhooks": all})))
        }
        ("POST", []) => {
            let draft = draft(pass, body)?;
            let id = world.ids.next(now);
            let made = world.subscribe(draft, id, fresh_token(clock)).map_err(refusal)?;
            Ok(Reply::created(made.document()))
        }
        ("GET", ["addons", id]) => declared(world, pass, id),
        (method, [id]) => one(world, pass, method, id, body),
        ("PATCH", [id, "token"]) => {
            find(world, pass, id)?;
            let token = fresh_token(clock);
            let renewed = world.subscriptions.get_mut(*id).ok_or_else(|| foreign(id))?;
            renewed.token = token;
            Ok(Reply::ok(renewed.document()))
        }
        ("POST", [id, "logs"]) => {
            find(world, pass, id)?;
            Ok(Reply::ok(json!([])))
        }
        (_, [] | [_, "token" | "logs"]) => Err(Refusal::no_method()),
        _ => Err(Refusal::no_route()),
    }
}

/// The webhooks of an add-on's manifest.
fn declared(world: &World, pass: &Pass, id: &str) -> Outcome {
    let installation = AddonId::parse(id).ok().and_then(|id| world.installations.get(&id));
    let installation = installation.filter(|installation| installation.grant.workspace == pass.workspace).ok_or_else(|| foreign(id))?;
    let shown = |hook: &Hook| {
        json!({
            "id": null, "workspaceId": pass.workspace, "userId": installation.addon_user, "name": hook.event, "webhookEvent": hook.event, "enabled": true,
            "url": format!("{}{}", installation.base_url, hook.path), "triggerSource": [], "triggerSourceType": "WORKSPACE_ID",
            "authToken": hook.token.expose(),
        })
    };
    let all: Vec<Value> = installation.hooks.iter().map(shown).collect();
    Ok(Reply::ok(json!({"workspaceWebhookCount": all.len(), "webhooks": all})))
}

fn one(world: &mut World, pass: &Pass, method: &str, id: &str, body: &[u8]) -> Outcome {
    find(world, pass, id)?;
    match method {
        "GET" => world.subscriptions.get(id).map(|one| Reply::ok(one.document())).ok_or_else(|| foreign(id)),
        "PUT" => {
            let draft = draft(pass, body)?;
            let changed = world.subscriptions.get_mut(id).ok_or_else(|| foreign(id))?;
            changed.draft = draft;
            Ok(Reply::ok(changed.document()))
        }
        "DELETE" => {
            world.subscriptions.remove(id);
            Ok(Reply::done())
        }
        _ => Err(Refusal::no_method()),
    }
}

fn find(world: &World, pass: &Pass, id: &str) -> Result<(), Refusal> {
    let known = world.subscriptions.get(id).is_some_and(|one| one.draft.workspace == pass.workspace);
    if known { Ok(()) } else { Err(foreign(id)) }
}

fn foreign(id: &str) -> Refusal {
    super::super::call::foreign(id)
}

/// A plain text, as tokens of such webhooks are.
pub fn fresh_token(clock: &dyn Clock) -> Secret {
    Secret::new(format!("{}{}", clock.fresh_id().simple(), clock.fresh_id().simple()))
}

fn draft(pass: &Pass, body: &[u8]) -> Result<Draft, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::body("The body is not JSON"))?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let needed = |name: &str| text(name).ok_or_else(|| Refusal::body(format!("{name} is missing")));
    if !body.get("triggerSource").is_some_and(Value::is_array) || text("triggerSourceType").is_none() {
        return Err(Refusal::body("triggerSource and triggerSourceType are missing"));
    }
    let (event, url) = (needed("webhookEvent")?, needed("url")?);
    // As on the platform, a missing name is called something else.
    let name =
        text("name").filter(|name| (2..=30).contains(&name.chars().count())).ok_or_else(|| Refusal::rule("Webhook already exists"))?;
    Ok(Draft { workspace: pass.workspace, user: pass.user.clone(), name, event, url })
}

fn refusal(unmade: Unmade) -> Refusal {
    match unmade {
        Unmade::Event => Refusal::body("webhookEvent is not known"),
        Unmade::PlanLimit => Refusal::rule("The limit of webhooks for this plan is reached"),
        Unmade::Name => Refusal::rule("Webhook already exists"),
    }
}
