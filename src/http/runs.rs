//! Runs: what became of events. Answers of called operations are in them; tokens are not (I7).

use actix_web::http::StatusCode;
use actix_web::web::Json;
use actix_web::{HttpRequest, Responder};
use actors::clock::Timestamp;
use actors::event::EventType;
use actors::flow::run::{Reason, Run, RunState, Step};
use actors::ids::{EventId, FlowId, RunId, WorkspaceId};
use actors::port::store::Page;
use actors::port::store::runs::RunFilter;
use actors::workspace::cancel::Cancelled;
use actors::workspace::replay::Replayed;
use serde::Serialize;

use super::caller::Admin;
use super::error::{Error, Kind};
use super::events::Pagination;
use super::flows;
use super::query::Query;

/// Runs of one flow, newest first, as the reference shows them.
#[derive(Serialize, Debug)]
pub struct Executions {
    flow_id: FlowId,
    total: u64,
    pagination: Pagination,
    executions: Vec<Line>,
}

/// Runs of a workspace, newest first.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    pagination: Pagination,
    runs: Vec<Line>,
}

/// A run in a list: without its steps.
#[derive(Serialize, Debug)]
pub struct Line {
    id: RunId,
    flow_id: FlowId,
    flow_version: u32,
    /// The event that started it, by the reference's name.
    webhook_log_id: EventId,
    event_type: EventType,
    status: RunState,
    /// Why it is where it is, in words.
    detail: Option<String>,
    reason: Option<Reason>,
    steps_total: usize,
    due_at: Option<Timestamp>,
    replay_of: Option<RunId>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
}

/// A whole run.
#[derive(Serialize, Debug)]
pub struct Shown {
    #[serde(flatten)]
    line: Line,
    workspace_id: WorkspaceId,
    entity: Option<String>,
    steps: Vec<Step>,
}

/// A run that has been asked for.
#[derive(Serialize, Debug)]
pub struct Asked {
    status: RunState,
    id: RunId,
    replay_of: RunId,
}

impl From<Run> for Line {
    fn from(run: Run) -> Self {
        Self {
            id: run.id,
            flow_id: run.flow,
            flow_version: run.flow_version,
            webhook_log_id: run.event,
            event_type: run.event_type,
            status: run.state,
            detail: run.reason.as_ref().map(|reason| reason.message.clone()),
            reason: run.reason,
            steps_total: run.steps.len(),
            due_at: run.due_at,
            replay_of: run.replay_of,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
        }
    }
}

/// `GET /ui/flows/{id}/executions`. A deleted flow's runs are still there; of an unknown one there are none.
pub async fn of_flow(caller: Admin, request: HttpRequest) -> Result<Json<Executions>, Error> {
    let flow = flows::id(&request)?;
    let filter = RunFilter { flow: Some(flow), ..RunFilter::default() };
    let (pagination, executions) = page(&caller, Query::of(&request), filter).await?;
    Ok(Json(Executions { flow_id: flow, total: pagination.total, pagination, executions }))
}

/// `GET /ui/runs`, with `flow_id`, `event_id` and `status` as filters.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let filter = RunFilter {
        flow: query.parsed("flow_id", FlowId::parse),
        event: query.parsed("event_id", EventId::parse),
        state: query.parsed("status", |text| RunState::parse(text).ok_or("expected the name of a run's state")),
    };
    let (pagination, runs) = page(&caller, query, filter).await?;
    Ok(Json(Listed { workspace_id: caller.key.workspace, pagination, runs }))
}

async fn page(caller: &Admin, mut query: Query, filter: RunFilter) -> Result<(Pagination, Vec<Line>), Error> {
    let slice = query.slice();
    query.checked()?;
    let Page { total, items } = caller.service.store.runs(caller.key, &filter, slice).await?;
    Ok((Pagination::of(total, slice), items.into_iter().map(Line::from).collect()))
}

/// `GET /ui/runs/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let mut run = caller.service.store.run(caller.key, id(&request)?).await?.ok_or(Kind::RunNotFound)?;
    let steps = std::mem::take(&mut run.steps);
    let entity = run.entity.as_deref().map(str::to_owned);
    let line = Line { steps_total: steps.len(), ..Line::from(run) };
    Ok(Json(Shown { line, workspace_id: caller.key.workspace, entity, steps }))
}

/// `POST /ui/runs/{id}/replay`: a new run of the same event.
pub async fn replay(caller: Admin, request: HttpRequest) -> Result<impl Responder, Error> {
    let replay_of = id(&request)?;
    match caller.service.registry.replay(caller.key, replay_of).await? {
        Replayed::As(id) => Ok((Json(Asked { status: RunState::Queued, id, replay_of }), StatusCode::ACCEPTED)),
        Replayed::Absent => Err(Kind::RunNotFound.into()),
        Replayed::Unfinished => Err(Kind::RunUnfinished.into()),
    }
}

fn id(request: &HttpRequest) -> Result<RunId, Error> {
    request.match_info().get("id").and_then(|id| RunId::parse(id).ok()).ok_or_else(|| Kind::RunNotFound.into())
}

/// What became of a run that is to end.
#[derive(Serialize, Debug)]
pub struct Cancelling {
    status: &'static str,
    id: RunId,
}

/// `POST /ui/runs/{id}/cancel`.
pub async fn cancel(caller: Admin, request: HttpRequest) -> Result<Json<Cancelling>, Error> {
    let id = id(&request)?;
    let status = match caller.service.registry.cancel(caller.key, id).await? {
        Cancelled::Done => "cancelled",
        Cancelled::UnderWay => "cancelling",
        Cancelled::Finished => return Err(Kind::RunFinished.into()),
        Cancelled::Absent => return Err(Kind::RunNotFound.into()),
    };
    Ok(Json(Cancelling { status, id }))
}
