//! Flows as the page and integrators see them. They are changed through the workspace, so that the next event finds the change.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, Responder};
use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::event::EventType;
use actors::flow::model::{Definition, Flow, TriggerSource};
use actors::flow::read::FieldError;
use actors::flow::standing::Paused;
use actors::flow::{compiled, read};
use actors::ids::{FlowId, Key, WorkspaceId};
use actors::limits::flow::{DEFINITION_BYTES_MAX, NAME_CHARS_MAX};
use actors::port::store::statistics::FlowStatistics;
use actors::schedule::Schedule;
use actors::workspace::flows::{FlowChange, FlowChanged};
use serde::Serialize;
use serde_json::Value;

use super::activity;
use super::body;
use super::caller::Admin;
use super::error::{Error, Kind};
use super::time_zone;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Behind the name of a copy.
const COPY: &str = " (copy)";

/// A list of flows, newest first.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    total: usize,
    enabled: usize,
    summary: String,
    flows: Vec<Item>,
}

/// A flow in a list. Users of API Studio find the whole flow there.
#[derive(Serialize, Debug)]
#[serde(untagged)]
enum Item {
    Line(Box<Line>),
    Whole(Box<Shown>),
}

/// A flow in a list: without its conditions and actions.
#[derive(Serialize, Debug)]
struct Line {
    id: FlowId,
    version: u32,
    name: String,
    description: String,
    enabled: bool,
    trigger_source: TriggerSource,
    trigger_event_types: Vec<EventType>,
    schedule: Option<Schedule>,
    /// When its schedule starts it next.
    next_run_at: Option<Timestamp>,
    stats: Stats,
    created_at: Timestamp,
    updated_at: Timestamp,
    paused: Option<Paused>,
    /// The setting that keeps it, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<String>,
}

/// What a flow did in the last day.
#[derive(Serialize, Clone, Copy, Default, Debug)]
struct Stats {
    runs_24h: u64,
    /// Of these, those that ended well.
    succeeded: u64,
    /// And those that failed or are uncertain.
    failed: u64,
}

/// A whole flow.
#[derive(Serialize, Debug)]
pub struct Shown {
    /// What was done to it, where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    id: FlowId,
    workspace_id: WorkspaceId,
    version: u32,
    #[serde(flatten)]
    definition: Definition,
    /// When its schedule starts it next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_run_at: Option<Timestamp>,
    stats: Stats,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Whether it starts no runs for a while, because it has failed again and again.
    paused: Option<Paused>,
}

/// A flow that is no more.
#[derive(Serialize, Debug)]
pub struct Deleted {
    status: &'static str,
    id: FlowId,
}

impl Line {
    fn of(flow: Flow, stats: Stats, paused: Option<Paused>, now: Timestamp) -> Self {
        let next_run_at = flow.due_after(now);
        let Definition { name, description, enabled, trigger_source, trigger_event_types, schedule, managed_by, .. } = flow.definition;
        let Flow { id, version, created_at, updated_at, .. } = flow;
        Self {
            id,
            version,
            name,
            description,
            enabled,
            trigger_source,
            trigger_event_types,
            schedule,
            next_run_at,
            stats,
            created_at,
            updated_at,
            paused,
            managed_by,
        }
    }
}

impl Shown {
    fn of(
        flow: Flow,
        workspace_id: WorkspaceId,
        stats: Stats,
        paused: Option<Paused>,
        now: Timestamp,
        status: Option<&'static str>,
    ) -> Self {
        let next_run_at = flow.due_after(now);
        let Flow { id, version, definition, created_at, updated_at } = flow;
        Self { status, id, workspace_id, version, definition, next_run_at, stats, created_at, updated_at, paused }
    }

    async fn with_stats(caller: &Admin, flow: Flow, status: Option<&'static str>) -> Result<Json<Self>, Error> {
        let (stats, paused) = (stats(caller).await?.remove(&flow.id).unwrap_or_default(), pauses(caller).await?.remove(&flow.id));
        Ok(Json(Self::of(flow, caller.key.workspace, stats, paused, caller.service.clock.now(), status)))
    }
}

/// What the workspace's flows did in the last day.
async fn stats(caller: &Admin) -> Result<HashMap<FlowId, Stats>, Error> {
    let since = caller.service.clock.now() - DAY;
    let counted = caller.service.store.flow_statistics(caller.key, since).await?;
    let stats = |of: FlowStatistics| (of.flow, Stats { runs_24h: of.runs, succeeded: of.succeeded, failed: of.failed });
    Ok(counted.into_iter().map(stats).collect())
}

/// Which flows are paused.
async fn pauses(caller: &Admin) -> Result<BTreeMap<FlowId, Paused>, Error> {
    let standings = caller.service.store.standings(caller.key).await?;
    Ok(standings.into_iter().filter_map(|standing| Some((standing.flow, standing.paused?))).collect())
}

/// `GET /ui/flows`.
pub async fn list(caller: Admin) -> Result<Json<Listed>, Error> {
    let Key { addon, workspace } = caller.key;
    let flows = caller.service.store.flows(caller.key).await?;
    let (total, enabled) = (flows.len(), flows.iter().filter(|flow| flow.definition.enabled).count());
    let (stats, mut paused, now) = (stats(&caller).await?, pauses(&caller).await?, caller.service.clock.now());
    let item = |flow: Flow| {
        let (stats, paused) = (stats.get(&flow.id).copied().unwrap_or_default(), paused.remove(&flow.id));
        match addon {
            Addon::ApiStudio => Item::Whole(Box::new(Shown::of(flow, workspace, stats, paused, now, None))),
            Addon::UniversalWebhook | Addon::ClockifyAddon => Item::Line(Box::new(Line::of(flow, stats, paused, now))),
        }
    };
    let (summary, flows) = (summary(total, enabled), flows.into_iter().map(item).collect());
    Ok(Json(Listed { workspace_id: workspace, total, enabled, summary, flows }))
}

/// `POST /ui/flows`.
pub async fn create(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<Shown>, Error> {
    let mut sent = sent(&caller, &request, payload).await?;
    time_zone::settle(&caller, &request, std::slice::from_mut(&mut sent)).await;
    let definition = checked(&caller, &sent)?;
    made(&caller, &request, definition).await
}

/// `GET /ui/flows/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let flow = caller.service.store.flow(caller.key, id(&request)?).await?.ok_or(Kind::FlowNotFound)?;
    Shown::with_stats(&caller, flow, None).await
}

/// `PUT /ui/flows/{id}`: replaces the whole definition; in API Studio, what is sent of it.
pub async fn replace(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<Shown>, Error> {
    let id = id(&request)?;
    let mut sent = sent(&caller, &request, payload).await?;
    if caller.key.addon == Addon::ApiStudio {
        let flow = caller.service.store.flow(caller.key, id).await?.ok_or(Kind::FlowNotFound)?;
        let whole = serde_json::to_value(flow.definition).map_err(|error| Error::because(Kind::Internal, error))?;
        sent = over(whole, sent);
    }
    time_zone::settle(&caller, &request, std::slice::from_mut(&mut sent)).await;
    let definition = checked(&caller, &sent)?;
    updated(&caller, FlowChange::Update { id, definition, after: expected(&request)? }, "updated").await
}

/// `DELETE /ui/flows/{id}`.
pub async fn delete(caller: Admin, request: HttpRequest) -> Result<Json<Deleted>, Error> {
    let id = id(&request)?;
    match caller.service.registry.change_flow(caller.key, FlowChange::Delete(id)).await? {
        FlowChanged::Deleted => Ok(Json(Deleted { status: "deleted", id })),
        FlowChanged::Kept => Err(Kind::FlowKept.into()),
        _ => Err(Kind::FlowNotFound.into()),
    }
}

/// `POST /ui/flows/{id}/enable`: a flow that is switched on already stays as it is, unless it is paused.
pub async fn enable(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    switch(&caller, &request, true, "enabled").await
}

/// `POST /ui/flows/{id}/disable`, likewise.
pub async fn disable(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    switch(&caller, &request, false, "disabled").await
}

async fn switch(caller: &Admin, request: &HttpRequest, enabled: bool, status: &'static str) -> Result<Json<Shown>, Error> {
    let id = id(request)?;
    let flow = caller.service.store.flow(caller.key, id).await?.ok_or(Kind::FlowNotFound)?;
    let paused = enabled && pauses(caller).await?.contains_key(&id);
    if flow.definition.enabled == enabled && !paused {
        return Shown::with_stats(caller, flow, Some(status)).await;
    }
    let definition = Box::new(Definition { enabled, ..flow.definition });
    updated(caller, FlowChange::Update { id, definition, after: Some(flow.version) }, status).await
}

/// `POST /ui/flows/{id}/duplicate`: a copy, switched off, so that nothing is done twice.
pub async fn duplicate(caller: Admin, request: HttpRequest) -> Result<impl Responder, Error> {
    let flow = caller.service.store.flow(caller.key, id(&request)?).await?.ok_or(Kind::FlowNotFound)?;
    let name: String = flow.definition.name.chars().take(NAME_CHARS_MAX - COPY.len()).collect();
    let copy = Definition { name: format!("{name}{COPY}"), enabled: false, ..flow.definition };
    let made = made(&caller, &request, Box::new(copy)).await?;
    Ok((made, StatusCode::CREATED))
}

/// Stores a new flow.
pub async fn made(caller: &Admin, request: &HttpRequest, definition: Box<Definition>) -> Result<Json<Shown>, Error> {
    match caller.service.registry.change_flow(caller.key, FlowChange::Create(definition)).await? {
        FlowChanged::Saved(flow) => {
            activity::tell(request, Some(flow.id.to_string()), flow.definition.name.as_str());
            Shown::with_stats(caller, *flow, None).await
        }
        FlowChanged::TooMany => Err(Kind::TooManyFlows.into()),
        FlowChanged::NotPermitted(faults) => Err(Error::fields(faults)),
        _ => Err(Kind::NotInstalled.into()),
    }
}

/// Stores the next version of a flow.
pub async fn updated(caller: &Admin, change: FlowChange, status: &'static str) -> Result<Json<Shown>, Error> {
    match caller.service.registry.change_flow(caller.key, change).await? {
        FlowChanged::Saved(flow) => Shown::with_stats(caller, *flow, Some(status)).await,
        FlowChanged::Kept => Err(Kind::FlowKept.into()),
        FlowChanged::Overtaken(version) => {
            Err(Error::saying(Kind::VersionConflict, format!("The flow has been changed meanwhile: its version is {version} now.")))
        }
        FlowChanged::NotPermitted(faults) => Err(Error::fields(faults)),
        _ => Err(Kind::FlowNotFound.into()),
    }
}

/// The version that `If-Match` names: a number, which may stand in quotes. `*` is any.
fn expected(request: &HttpRequest) -> Result<Option<u32>, Error> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    match text.trim_start_matches("W/").trim_matches('"') {
        "*" => Ok(None),
        version => version.parse().map(Some).map_err(|_| Error::saying(Kind::Malformed, "If-Match must be the number of a version.")),
    }
}

/// How many flows there are, in words.
pub fn summary(total: usize, enabled: usize) -> String {
    let flows = if total == 1 { "flow" } else { "flows" };
    format!("{total} {flows}, {enabled} enabled")
}

/// The flow that a path names. What is no id names no flow.
pub fn id(request: &HttpRequest) -> Result<FlowId, Error> {
    request.match_info().get("id").and_then(|id| FlowId::parse(id).ok()).ok_or_else(|| Kind::FlowNotFound.into())
}

/// The body, once it agrees with the token.
async fn sent(caller: &Admin, request: &HttpRequest, payload: Payload) -> Result<Value, Error> {
    let sent = body::json(request, payload, DEFINITION_BYTES_MAX, &*caller.service.clock).await?;
    if sent.get("workspace_id").is_some_and(|stated| stated.as_str().map(WorkspaceId::parse) != Some(Ok(caller.key.workspace))) {
        return Err(Kind::WorkspaceMismatch.into());
    }
    Ok(sent)
}

/// Fields of `sent` over those of `whole`; one that is null keeps what was there.
fn over(whole: Value, sent: Value) -> Value {
    match (whole, sent) {
        (Value::Object(mut whole), Value::Object(sent)) => {
            whole.extend(sent.into_iter().filter(|(_, value)| !value.is_null()));
            Value::Object(whole)
        }
        (_, sent) => sent,
    }
}

/// A definition that could run, or everything that is wrong with it.
pub fn checked(caller: &Admin, sent: &Value) -> Result<Box<Definition>, Error> {
    fit(caller, sent).map_err(Error::fields)
}

/// The same, with what is wrong as it is.
pub fn fit(caller: &Admin, sent: &Value) -> Result<Box<Definition>, Vec<FieldError>> {
    let definition = read::definition(sent)?;
    compiled::check(&definition, caller.key.workspace, &caller.service.catalogue)?;
    Ok(Box::new(definition))
}
