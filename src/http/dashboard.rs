//! How a workspace is: its installation, its flows, what happened lately; and the button that ends a quarantine.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Json;
use actors::clock::Timestamp;
use actors::flow::run::RunState;
use actors::ids::{AddonId, WorkspaceId};
use actors::installation::{Health, Status};
use actors::limits::http::CHART_HOURS;
use actors::port::store::Slice;
use actors::port::store::events::EventFilter;
use actors::port::store::runs::RunFilter;
use actors::port::store::statistics::SpanStatistics;
use actors::workspace::status::Snapshot;
use serde::Serialize;

use super::bootstrap::{Outline, visited};
use super::caller::Admin;
use super::entities::Counts;
use super::error::Error;
use super::flows::summary;
use super::request_id;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// Asks for a total alone.
const NONE: Slice = Slice { limit: 0, offset: 0 };

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
    /// The last day by the hour, oldest first; the first hour is as much of it as lies within the day.
    activity: Vec<Hour>,
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
    runs_24h: u64,
    waiting: u64,
    failed: u64,
    uncertain: u64,
    /// Failed or uncertain, and not dismissed.
    attention: Attention,
}

#[derive(Serialize, Debug)]
struct Attention {
    total: u64,
    failed: u64,
    uncertain: u64,
}

#[derive(Serialize, Debug)]
struct Activity {
    webhooks_total: u64,
    webhooks_24h: u64,
    flow_executions_24h: u64,
    summary: String,
}

/// An hour of the chart.
#[derive(Serialize, Debug)]
struct Hour {
    hour: Timestamp,
    events: u64,
    runs: u64,
    failed: u64,
}

/// `GET /ui/dashboard`.
pub async fn show(caller: Admin) -> Result<Json<Dashboard>, Error> {
    let (service, key, installation) = (&caller.service, caller.key, &caller.installation);
    let workspace = service.registry.status(key).await?;
    let flows = service.store.flows(key).await?;
    let enabled = flows.iter().filter(|flow| flow.definition.enabled).count();
    let bootstrap = Outline::of(visited(&caller).await?.as_ref());
    // What counts many rows goes side by side, a reader of the store for each.
    let entities = Counts::of(&*service.store, key);
    let (hours, webhooks_total, counted, entity_counts) = tokio::try_join!(hours(&caller), webhooks(&caller), runs(&caller), entities)?;
    let runs_24h = hours.iter().map(|hour| hour.runs).sum();
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
        bootstrap,
        entity_counts,
        flows: FlowCounts { total: flows.len(), enabled, summary: summary(flows.len(), enabled) },
        runs: RunCounts { runs_24h, ..counted },
        recent_activity: recent(webhooks_total, &hours),
        activity: hours,
    }))
}

/// All but those of the last day, which the hours tell.
async fn runs(caller: &Admin) -> Result<RunCounts, Error> {
    let count = async |state, attention| {
        let filter = RunFilter { state, attention, ..RunFilter::default() };
        caller.service.store.runs(caller.key, &filter, NONE).await.map(|page| page.total)
    };
    Ok(RunCounts {
        total: count(None, false).await?,
        runs_24h: 0,
        waiting: count(Some(RunState::Waiting), false).await?,
        failed: count(Some(RunState::Failed), false).await?,
        uncertain: count(Some(RunState::Uncertain), false).await?,
        attention: Attention {
            total: count(None, true).await?,
            failed: count(Some(RunState::Failed), true).await?,
            uncertain: count(Some(RunState::Uncertain), true).await?,
        },
    })
}

async fn webhooks(caller: &Admin) -> Result<u64, Error> {
    Ok(caller.service.store.events(caller.key, &EventFilter::default(), NONE).await?.total)
}

fn recent(webhooks_total: u64, hours: &[Hour]) -> Activity {
    let webhooks_24h = hours.iter().map(|hour| hour.events).sum();
    let webhooks = if webhooks_24h == 1 { "webhook" } else { "webhooks" };
    let summary = format!("{webhooks_24h} {webhooks} in the last 24 hours");
    Activity { webhooks_total, webhooks_24h, flow_executions_24h: hours.iter().map(|hour| hour.runs).sum(), summary }
}

/// What happened since a day ago, hour by hour of the clock.
async fn hours(caller: &Admin) -> Result<Vec<Hour>, Error> {
    let now = caller.service.clock.now();
    let begin = now - HOUR * CHART_HOURS;
    let full = Timestamp::from_seconds(now.seconds() - now.seconds().rem_euclid(3_600));
    let mut moments: Vec<Timestamp> = (0..CHART_HOURS).rev().map(|back| full - HOUR * back).filter(|hour| *hour > begin).collect();
    moments.insert(0, begin);
    moments.push(now + HOUR);
    let spans = caller.service.store.span_statistics(caller.key, &moments).await?;
    let hour = |(from, span): (&Timestamp, &SpanStatistics)| Hour {
        hour: Timestamp::from_seconds(from.seconds() - from.seconds().rem_euclid(3_600)),
        events: span.events,
        runs: span.runs,
        failed: span.failed,
    };
    Ok(moments.iter().zip(&spans).map(hour).collect())
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
