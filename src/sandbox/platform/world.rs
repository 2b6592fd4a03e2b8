//! Everything that the simulated platform knows, behind one lock: workspaces, installations, tokens, and what went over the wire.

use std::collections::BTreeMap;

use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use actors::limits::sandbox as limits;
use actors::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery::Deliveries;
use super::fault::Faults;
use super::journal::Journal;
use super::rate::Rate;
use super::seed;
use super::shell::Offer;
use super::subscription::Subscriptions;
use super::token::Tokens;
use super::workspace::{ObjectIds, Workspace};
use crate::sandbox::authority::{Grant, Urls};

/// How the platform behaves where its behaviour is not known, or differs, or is too slow for a test.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Habits {
    /// Requests a second for one installation.
    pub requests_per_second: usize,
    /// `Retry-After` of a 429, in seconds; the platform was never seen to send one.
    pub retry_after: Option<u64>,
    /// Whether what add-on tokens are refused in practice is refused: listing and making workspaces, webhooks, new custom fields.
    pub refuses_addons: bool,
    /// Whether the deprecated paths of the pto host are gone, as they are in practice, though the documents have them.
    pub pto_gone: bool,
    /// Time between tries of a delivery, in milliseconds.
    pub redelivery_ms: u64,
    /// Tries of a delivery.
    pub delivery_tries: u32,
    /// Whether webhooks go to `//path`, as the platform joins base URL and path.
    pub double_slash: bool,
    /// How a call without its scope is refused: 401 in practice, 403 by the documents.
    pub scope_status: u16,
    /// Whether add-ons may call the operations on webhooks. In practice they may not.
    pub webhooks_open: bool,
    /// Webhooks that the workspace's plan has room for.
    pub webhooks_of_plan: usize,
}

impl Default for Habits {
    fn default() -> Self {
        Self {
            requests_per_second: limits::REQUESTS_PER_SECOND,
            retry_after: None,
            refuses_addons: true,
            pto_gone: true,
            redelivery_ms: limits::REDELIVERY_MS,
            delivery_tries: limits::DELIVERY_TRIES,
            double_slash: false,
            scope_status: 401,
            webhooks_open: false,
            webhooks_of_plan: limits::WEBHOOKS_OF_PLAN,
        }
    }
}

/// Whether an installation is alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Webhooks are sent.
    Active,
    /// Switched off by an admin: no webhooks.
    Inactive,
}

/// A webhook of the manifest, registered for one installation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hook {
    /// Event type.
    pub event: String,
    /// Path below the base URL, as in the manifest.
    pub path: String,
    /// What every delivery carries.
    pub token: Secret,
}

/// An add-on in a workspace.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Whom its tokens speak for.
    pub grant: Grant,
    /// Where the add-on is, without a slash at the end.
    pub base_url: String,
    /// The installation token.
    pub token: Secret,
    /// The add-on's own user.
    pub addon_user: String,
    /// Who installed it.
    pub as_user: String,
    /// What the manifest asks for.
    pub scopes: Vec<String>,
    /// Its webhooks.
    pub hooks: Vec<Hook>,
    /// Paths of lifecycle calls by type.
    pub lifecycle: BTreeMap<String, String>,
    /// The path of its page.
    pub page: String,
    /// Its settings with their values.
    pub settings: Value,
    /// Whether it is switched on.
    pub status: Status,
}

/// All of it.
pub struct World {
    /// By id.
    pub workspaces: BTreeMap<WorkspaceId, Workspace>,
    /// By `addonId`; uninstalled ones are gone.
    pub installations: BTreeMap<AddonId, Installation>,
    /// Webhooks that no manifest declares.
    pub subscriptions: Subscriptions,
    /// The tokens that are alive.
    pub tokens: Tokens,
    /// The rate limit.
    pub rate: Rate,
    /// Faults that wait.
    pub faults: Faults,
    /// Requests that came in.
    pub journal: Journal,
    /// Webhooks that went out.
    pub deliveries: Deliveries,
    /// How it behaves.
    pub habits: Habits,
    /// Add-ons that its page offers.
    pub offers: Vec<Offer>,
    /// Makes ids.
    pub ids: ObjectIds,
    /// Base URLs that tokens name.
    pub urls: Urls,
}

impl World {
    /// A platform without workspaces.
    pub fn new(urls: Urls, chance: f64) -> Self {
        Self {
            workspaces: BTreeMap::new(),
            installations: BTreeMap::new(),
            subscriptions: Subscriptions::default(),
            tokens: Tokens::default(),
            rate: Rate::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            deliveries: Deliveries::default(),
            habits: Habits::default(),
            offers: Vec::new(),
            ids: ObjectIds::new(chance),
            urls,
        }
    }

    /// Adds a demo workspace. `None`: there are enough.
    pub fn add_workspace(&mut self, now: Timestamp) -> Option<WorkspaceId> {
        let id = WorkspaceId::parse(&self.ids.next(now)).ok().filter(|_| self.workspaces.len() < limits::WORKSPACES_MAX)?;
        let workspace = seed::demo(id, &mut self.ids, now);
        self.workspaces.insert(id, workspace);
        Some(id)
    }

    /// Those in a workspace that have subscribed to an event and are switched on.
    pub fn subscribers(&self, workspace: WorkspaceId, event: &str) -> Vec<(AddonId, Hook)> {
        let awake = |installation: &&Installation| installation.grant.workspace == workspace && installation.status == Status::Active;
        let hooks = |installation: &Installation| {
            let id = installation.grant.addon_id;
            installation.hooks.iter().filter(|hook| hook.event == event).map(|hook| (id, hook.clone())).collect::<Vec<_>>()
        };
        self.installations.values().filter(awake).flat_map(hooks).collect()
    }
}
