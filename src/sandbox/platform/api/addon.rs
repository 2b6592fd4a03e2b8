//! What an add-on may do about itself: exchange its token for a person's, read and change its settings.

use actors::clock::Timestamp;
use serde_json::Value;

use super::super::answer::{Outcome, Refusal, Reply};
use super::super::token::Pass;
use super::super::world::World;
use super::super::{lifecycle, settings};
use crate::sandbox::authority::{Authority, Viewer};

/// Answers a path below `/addon`, which is not part of the catalogue.
pub fn answer(world: &mut World, authority: &Authority, pass: &Pass, method: &str, path: &str, body: &Value, now: Timestamp) -> Outcome {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method, segments.as_slice()) {
        ("POST", ["user", user, "token"]) => exchange(world, authority, pass, user, now),
        ("GET" | "PATCH", ["workspaces", workspace, "settings"]) => {
            if pass.workspace.to_string() != *workspace {
                return Err(Refusal::forbidden());
            }
            let installation = world.installations.get_mut(&pass.addon_id).ok_or_else(Refusal::token)?;
            if method == "PATCH" {
                let changes = settings::changes(body).ok_or_else(|| Refusal::body("Expected a list of {id, value}"))?;
                settings::apply(&mut installation.settings, &changes).map_err(|id| Refusal::rule(format!("There is no setting {id}")))?;
            }
            Ok(Reply::ok(installation.settings.clone()))
        }
        (_, ["user", _, "token"] | ["workspaces", _, "settings"]) => Err(Refusal::no_method()),
        _ => Err(Refusal::no_route()),
    }
}

fn exchange(world: &mut World, authority: &Authority, pass: &Pass, user: &str, now: Timestamp) -> Outcome {
    if pass.role.is_some() {
        return Err(Refusal::forbidden());
    }
    let workspace = world.workspaces.get(&pass.workspace).ok_or_else(Refusal::forbidden)?;
    let role = workspace.roles.get(user).cloned().ok_or_else(|| super::super::call::foreign(user))?;
    let token = lifecycle::mint_user_token(world, authority, pass.addon_id, &Viewer::with_role(user, &role), now);
    token.map(|token| Reply::ok(Value::String(token.expose().to_owned()))).ok_or_else(Refusal::token)
}
