//! Webhooks that no manifest declares: made in Clockify by an admin, or through the API. Each tells one event to one address, and its deliveries carry
//! a plain token.

use std::collections::BTreeMap;

use actors::ids::WorkspaceId;
use actors::secret::Secret;
use serde_json::{Value, json};

use super::payload;
use super::world::World;

/// Who makes a webhook, where, and for what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// By whom.
    pub user: String,
    /// 2 to 30 characters.
    pub name: String,
    /// Event type.
    pub event: String,
    /// Where its deliveries go.
    pub url: String,
}

/// A webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// What it was made from.
    pub draft: Draft,
    /// What its deliveries carry.
    pub token: Secret,
    /// Whether it is switched on.
    pub enabled: bool,
}

impl Subscription {
    /// As the API shows it.
    pub fn document(&self) -> Value {
        let Draft { workspace, user, name, event, url } = &self.draft;
        json!({
            "id": self.id, "workspaceId": workspace, "userId": user, "name": name, "webhookEvent": event, "url": url, "enabled": self.enabled,
            "triggerSource": [], "triggerSourceType": "WORKSPACE_ID", "authToken": self.token.expose(),
        })
    }
}

/// Why a webhook was not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unmade {
    /// There is no such event.
    Event,
    /// The plan has no room.
    PlanLimit,
    /// The same person has one of that name.
    Name,
}

/// All of them, by id.
pub type Subscriptions = BTreeMap<String, Subscription>;

impl World {
    /// Makes a webhook. `token` is what its deliveries carry.
    pub fn subscribe(&mut self, draft: Draft, id: String, token: Secret) -> Result<Subscription, Unmade> {
        payload::known(&draft.event).ok_or(Unmade::Event)?;
        let rivals = || self.subscriptions.values().filter(|other| other.draft.workspace == draft.workspace);
        if rivals().count() >= self.habits.webhooks_of_plan {
            return Err(Unmade::PlanLimit);
        }
        if rivals().any(|other| other.draft.user == draft.user && other.draft.name == draft.name) {
            return Err(Unmade::Name);
        }
        let made = Subscription { id: id.clone(), draft, token, enabled: true };
        self.subscriptions.insert(id, made.clone());
        Ok(made)
    }

    /// Those of a workspace that tell an event.
    pub fn subscribed(&self, workspace: WorkspaceId, event: &str) -> Vec<Subscription> {
        let fits = |one: &&Subscription| one.enabled && one.draft.workspace == workspace && one.draft.event == event;
        self.subscriptions.values().filter(fits).cloned().collect()
    }
}
