//! The flow that the setting `forwarding_url` keeps: every event of the workspace, sent on to one address.
//!
//! It is a flow like any other, so that what it does is durable, tried again and shown. The setting alone makes, changes and ends it: whenever the
//! workspace reads itself anew, the stored flow is made to agree with the setting, so that nothing that happens in between is missed (I2).

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Value, json};

use super::Environment;
use crate::flow::model::{Definition, Flow};
use crate::flow::permission::{self, Terms};
use crate::flow::read::FieldError;
use crate::flow::{compiled, read};
use crate::ids::FlowId;
use crate::installation::Installation;
use crate::limits::flow as limits;
use crate::port::store::flows::Saved;
use crate::port::store::{self};
use crate::settings;

/// The setting, and the mark of its flow.
pub const SETTING: &str = "forwarding_url";

/// Whether events are forwarded.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Forwarding {
    /// The add-on has no such setting, or nothing is chosen.
    #[default]
    Off,
    /// This flow does it.
    On {
        /// Which.
        flow: FlowId,
    },
    /// The setting cannot be followed.
    Refused {
        /// Why, in words.
        reason: String,
    },
}

impl Forwarding {
    /// The flow that forwards, if there is one.
    pub const fn flow(&self) -> Option<FlowId> {
        match self {
            Self::On { flow } => Some(*flow),
            Self::Off | Self::Refused { .. } => None,
        }
    }
}

/// What became of the flow.
pub(super) struct Agreed {
    pub forwarding: Forwarding,
    /// The flow that was ended for it.
    pub ended: Option<FlowId>,
}

/// Whether a flow is kept by the setting, and so not for people to change.
pub(super) fn keeps(definition: &Definition) -> bool {
    definition.managed_by.as_deref() == Some(SETTING)
}

/// Makes the stored flow agree with the setting, and `flows` with the store.
pub(super) async fn agree(env: &Environment, installation: &Installation, flows: &mut Vec<Flow>) -> Result<Agreed, store::Error> {
    let key = installation.key;
    let present = flows.iter().position(|flow| keeps(&flow.definition));
    let (wanted, reason) = match wanted(env, installation) {
        Ok(wanted) => (wanted, None),
        Err(reason) => (None, Some(reason)),
    };
    let now = env.clock.now();
    let refused = |reason: String| {
        log::warn!(addon = key.addon.slug(), workspace:% = key.workspace; "events are not forwarded: {reason}");
        Forwarding::Refused { reason }
    };
    let Some(definition) = wanted else {
        let ended = present.map(|at| flows.remove(at).id);
        if let Some(flow) = ended {
            env.store.delete_flow(key, flow, now).await?;
        }
        return Ok(Agreed { forwarding: reason.map_or(Forwarding::Off, refused), ended });
    };
    let id = match present.and_then(|at| flows.get_mut(at)) {
        Some(flow) if flow.definition == definition => flow.id,
        Some(flow) => {
            env.store.update_flow(key, &Flow { definition, updated_at: now, ..flow.clone() }).await?;
            // Who chooses another address has looked at it.
            env.store.resume_flow(key, flow.id).await?;
            if let Some(updated) = env.store.flow(key, flow.id).await? {
                *flow = updated;
            }
            flow.id
        }
        None => {
            let flow = Flow { id: env.clock.fresh_id().into(), version: 1, definition, created_at: now, updated_at: now };
            match env.store.create_flow(key, &flow, limits::FLOWS_MAX).await? {
                Saved::Version(_) => {
                    let id = flow.id;
                    flows.insert(0, flow);
                    id
                }
                Saved::TooMany => {
                    let forwarding = refused("the workspace has as many flows as it may have".to_owned());
                    return Ok(Agreed { forwarding, ended: None });
                }
                Saved::Absent => return Ok(Agreed { forwarding: Forwarding::Off, ended: None }),
            }
        }
    };
    Ok(Agreed { forwarding: Forwarding::On { flow: id }, ended: None })
}

/// The flow that the setting asks for, or why it cannot be.
fn wanted(env: &Environment, installation: &Installation) -> Result<Option<Definition>, String> {
    let key = installation.key;
    if !settings::of(key.addon).any(|setting| setting.id == SETTING) {
        return Ok(None);
    }
    let url = installation.settings.get(SETTING).and_then(Value::as_str).unwrap_or_default().trim();
    if url.is_empty() {
        return Ok(None);
    }
    if url.contains(['{', '}']) {
        return Err("the address is to be literal, without braces".to_owned());
    }
    let definition = Definition { managed_by: Some(SETTING.to_owned()), ..read::definition(&sent(url)).map_err(first)? };
    compiled::check(&definition, key.workspace, &env.catalogue).map_err(first)?;
    let terms = Terms { other_servers: true, destinations: &*env.other_servers.destinations, secrets: &BTreeSet::new() };
    permission::check(&definition, &terms, key.workspace, &env.catalogue).map_err(first)?;
    Ok(Some(definition))
}

/// Sent again where the outcome is unknown: the event's id lets the server tell.
fn sent(url: &str) -> Value {
    json!({
        "name": "Forward every event",
        "description": "Kept by the setting forwarding_url.",
        "trigger_event_types": [],
        "runs_per_entity_per_minute": limits::RUNS_PER_ENTITY_PER_MINUTE_MAX,
        "actions": [{
            "type": "GENERIC_HTTP",
            "method": "POST",
            "url": url,
            "headers": {
                "X-Clockify-Event-Type": "{{ $.event.type }}",
                "X-Clockify-Workspace-Id": "{{ $.workspace.id }}",
                "X-Clockify-Event-Id": "{{ $.event.id }}",
            },
            "body": {"kind": "json", "value": "$.webhook"},
            "on_uncertain": "retry",
        }],
    })
}

fn first(faults: Vec<FieldError>) -> String {
    faults.into_iter().next().map_or_else(|| "it cannot be followed".to_owned(), |fault| fault.message.to_string())
}
