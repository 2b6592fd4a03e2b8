//! How a workspace is: its installation, its flows, what happened lately; and the button that ends a quarantine.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Json;
use actors::clock::Timestamp;
use actors::flow::run::RunState;
use actors::ids::{AddonId, WorkspaceId};
use actors::installation::{Health, Status};
use actors::limits::http::DAY_EVENTS_COUNTED_MAX;
use actors::port::store::Slice;
use actors::port::store::runs::RunFilter;
use actors::workspace::status::Snapshot;
use serde::Serialize;

use super::bootstrap::{Outline, visited};
use super::caller::Admin;
use super::entities::Counts;
use super::error::Error;
use super::flows::summary;
use super::request_id;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Asks for a total alone.
const NONE: Slice = Slice { limit: 1, offset: 0 };

/// The dashboard, in the reference's shape and more.
#[derive(Serialize, Debug)]
pub struct Dashboard {
    workspace_id: WorkspaceId,
    installation: Installed,
    workspace: Snapshot,
    bootstrap: Outline,
    entity_counts: Counts,
    flows: FlowCounts,
    runs: RunCounts,
    recent_activity: Activity,
}

#[derive(Serialize, Debug)]
struct Installed {
    addon_id: AddonId,
    status: Status,
    health: Health,
    installed_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, Debug)]
struct FlowCounts {
    total: usize,
    enabled: usize,
    summary: String,
}

/// Runs that an admin should look at, and all of them.
#[derive(Serialize, Debug)]
struct RunCounts {
    total: u64,
    waiting: u64,
    failed: u64,
    uncertain: u64,
}

#[derive(Serialize, Debug)]
struct Activity {
    webhooks_total: u64,
    /// In the last day; with `webhooks_24h_at_least`, there were more than were counted.
    webhooks_24h: usize,
    webhooks_24h_at_least: bool,
    summary: String,
}

/// `GET /ui/dashboard`.
pub async fn show(caller: Admin) -> Result<Json<Dashboard>, Error> {
    let (service, key, installation) = (&caller.service, caller.key, &caller.installation);
    let workspace = service.registry.status(key).await?;
    let flows = service.store.flows(key).await?;
    let enabled = flows.iter().filter(|flow| flow.definition.enabled).count();
    Ok(Json(Dashboard {
        workspace_id: key.workspace,
        installation: Installed {
            addon_id: installation.addon_id,
            status: installation.status,
            health: installation.health.clone(),
            installed_at: installation.installed_at,
            updated_at: installation.updated_at,
        },
        workspace,
        bootstrap: Outline::of(visited(&caller).await?.as_ref()),
        entity_counts: Counts::of(&*service.store, key).await?,
        flows: FlowCounts { total: flows.len(), enabled, summary: summary(flows.len(), enabled) },
        runs: runs(&caller).await?,
        recent_activity: activity(&caller).await?,
    }))
}

async fn runs(caller: &Admin) -> Result<RunCounts, Error> {
    let count = async |state| {
        let filter = RunFilter { state, ..RunFilter::default() };
        caller.service.store.runs(caller.key, &filter, NONE).await.map(|page| page.total)
    };
    Ok(RunCounts {
        total: count(None).await?,
        waiting: count(Some(RunState::Waiting)).await?,
        failed: count(Some(RunState::Failed)).await?,
        uncertain: count(Some(RunState::Uncertain)).await?,
    })
}

async fn activity(caller: &Admin) -> Result<Activity, Error> {
    let (store, key) = (&caller.service.store, caller.key);
    let webhooks_total = store.events(key, &actors::port::store::events::EventFilter::default(), NONE).await?.total;
    let since = caller.service.clock.now() - DAY;
    let webhooks_24h = store.fingerprints(key, since, DAY_EVENTS_COUNTED_MAX).await?.len();
    let webhooks_24h_at_least = webhooks_24h >= DAY_EVENTS_COUNTED_MAX as usize;
    let more = if webhooks_24h_at_least { " or more" } else { "" };
    let webhooks = if webhooks_24h == 1 { "webhook" } else { "webhooks" };
    let summary = format!("{webhooks_24h}{more} {webhooks} in the last 24 hours");
    Ok(Activity { webhooks_total, webhooks_24h, webhooks_24h_at_least, summary })
}

/// What became of a quarantine.
#[derive(Serialize, Debug)]
pub struct Lifted {
    status: &'static str,
    /// Whether there was one.
    lifted: bool,
}

/// `POST /ui/quarantine/lift`.
pub async fn lift(caller: Admin, request: HttpRequest) -> Result<Json<Lifted>, Error> {
    let lifted = caller.service.registry.lift(caller.key).await?;
    log::info!(addon = caller.key.addon.slug(), workspace:% = caller.key.workspace, request = request_id::of(&request), lifted; "a quarantine is lifted by an admin");
    Ok(Json(Lifted { status: if lifted { "lifted" } else { "not_quarantined" }, lifted }))
}
