//! Runs: what became of events. Answers of called operations are in them; tokens are not (I7).

use actix_web::http::StatusCode;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, Responder};
use actors::clock::Timestamp;
use actors::event::EventType;
use actors::flow::read::Faults;
use actors::flow::run::{Reason, RunState, Step};
use actors::ids::{EventId, FlowId, RunId, WorkspaceId};
use actors::limits::flow::RUNS_PER_REQUEST_MAX;
use actors::limits::http::RUNS_CHOSEN_BYTES_MAX;
use actors::port::store::runs::{RunFilter, RunSummary};
use actors::port::store::{Page, Slice};
use actors::workspace::cancel::Cancelled;
use actors::workspace::replay::Replayed;
use serde::Serialize;
use serde_json::{Map, Value};

use super::activity::tell;
use super::body;
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
    steps_total: u32,
    due_at: Option<Timestamp>,
    replay_of: Option<RunId>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    dismissed_at: Option<Timestamp>,
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

/// What became of runs that were asked for together.
#[derive(Serialize, Debug)]
pub struct Counted {
    /// How many it were.
    count: usize,
    /// Whether there are more than one request takes.
    more: bool,
}

/// A run that nobody needs to look at any more.
#[derive(Serialize, Debug)]
pub struct Dismissed {
    status: &'static str,
    id: RunId,
}

impl From<RunSummary> for Line {
    fn from(run: RunSummary) -> Self {
        Self {
            id: run.id,
            flow_id: run.flow,
            flow_version: run.flow_version,
            webhook_log_id: run.event,
            event_type: run.event_type,
            status: run.state,
            detail: run.reason.as_ref().map(|reason| reason.message.clone()),
            reason: run.reason,
            steps_total: run.steps,
            due_at: run.due_at,
            replay_of: run.replay_of,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            dismissed_at: run.dismissed_at,
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

/// `GET /ui/runs`, with `flow_id`, `event_id`, `event_type`, `status`, `from`, `to` and `attention` as filters.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let filter = RunFilter {
        flow: query.parsed("flow_id", FlowId::parse),
        event: query.parsed("event_id", EventId::parse),
        event_type: query.parsed("event_type", EventType::parse),
        state: state(&mut query, "status"),
        from: query.time("from"),
        to: query.time("to"),
        attention: query.flag("attention"),
    };
    let (pagination, runs) = page(&caller, query, filter).await?;
    Ok(Json(Listed { workspace_id: caller.key.workspace, pagination, runs }))
}

/// A state that a query names.
pub fn state(query: &mut Query, name: &str) -> Option<RunState> {
    query.parsed(name, |text| RunState::parse(text).ok_or("expected the name of a run's state"))
}

async fn page(caller: &Admin, mut query: Query, filter: RunFilter) -> Result<(Pagination, Vec<Line>), Error> {
    let slice = query.slice();
    query.checked()?;
    let Page { total, items } = caller.service.store.runs(caller.key, &filter, slice).await?;
    Ok((Pagination::of(total, slice), items.into_iter().map(Line::from).collect()))
}

/// `GET /ui/runs/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let run = caller.service.store.run(caller.key, id(&request)?).await?.ok_or(Kind::RunNotFound)?;
    let entity = run.entity.as_deref().map(str::to_owned);
    Ok(Json(Shown { line: RunSummary::from(&run).into(), workspace_id: caller.key.workspace, entity, steps: run.steps }))
}

/// `POST /ui/runs/{id}/replay`: a new run of the same event.
pub async fn replay(caller: Admin, request: HttpRequest) -> Result<impl Responder, Error> {
    let replay_of = id(&request)?;
    match caller.service.registry.replay(caller.key, replay_of).await? {
        Replayed::As(id) => Ok((Json(Asked { status: RunState::Queued, id, replay_of }), StatusCode::ACCEPTED)),
        Replayed::Absent => Err(Kind::RunNotFound.into()),
        Replayed::Unfinished => Err(Kind::RunUnfinished.into()),
        Replayed::FlowDeleted => Err(Kind::FlowNotFound.into()),
    }
}

/// `POST /ui/runs/replay`: new runs for many; what has not ended is passed over.
pub async fn replay_many(caller: Admin, request: HttpRequest, payload: Payload) -> Result<impl Responder, Error> {
    let (runs, more) = chosen(&caller, &request, payload).await?;
    let count = caller.service.registry.replay_many(caller.key, &runs).await?.len();
    tell(&request, None, format!("{count} runs"));
    Ok((Json(Counted { count, more }), StatusCode::ACCEPTED))
}

/// `POST /ui/runs/{id}/dismiss`: takes a run off the list of those that want attention. One that is not on it stays as it is.
pub async fn dismiss(caller: Admin, request: HttpRequest) -> Result<Json<Dismissed>, Error> {
    let id = id(&request)?;
    let (store, key) = (&caller.service.store, caller.key);
    if store.dismiss(key, &[id], caller.service.clock.now()).await? == 0 && store.run(key, id).await?.is_none() {
        return Err(Kind::RunNotFound.into());
    }
    Ok(Json(Dismissed { status: "dismissed", id }))
}

/// `POST /ui/runs/dismiss`: the same of many.
pub async fn dismiss_many(caller: Admin, request: HttpRequest, payload: Payload) -> Result<Json<Counted>, Error> {
    let (runs, more) = chosen(&caller, &request, payload).await?;
    let count = caller.service.store.dismiss(caller.key, &runs, caller.service.clock.now()).await? as usize;
    tell(&request, None, format!("{count} runs"));
    Ok(Json(Counted { count, more }))
}

/// Runs by their ids, or by a filter over those that want attention; and whether there are more that fit it.
async fn chosen(caller: &Admin, request: &HttpRequest, payload: Payload) -> Result<(Vec<RunId>, bool), Error> {
    let sent = body::json(request, payload, RUNS_CHOSEN_BYTES_MAX, &*caller.service.clock).await?;
    let mut faults = Faults::default();
    let known = |object: &Map<String, Value>, known: [&str; 2]| object.keys().all(|name| known.contains(&name.as_str()));
    let choice = sent.as_object().filter(|sent| sent.len() == 1 && known(sent, ["ids", "filter"]));
    let choice = choice.and_then(|sent| sent.iter().next()).map(|(name, value)| (name.as_str(), value));
    match choice {
        Some(("ids", Value::Array(listed))) if listed.len() <= RUNS_PER_REQUEST_MAX => {
            let mut ids = Vec::with_capacity(listed.len());
            for (index, value) in listed.iter().enumerate() {
                match value.as_str().map(RunId::parse) {
                    Some(Ok(id)) if ids.contains(&id) => {}
                    Some(Ok(id)) => ids.push(id),
                    _ => faults.add(format!("ids[{index}]"), "invalid_value", "expected the id of a run"),
                }
            }
            Ok((faults.into_result(Some(ids)).map_err(Error::fields)?, false))
        }
        Some(("ids", _)) => {
            faults.add("ids", "invalid_type", format!("expected a list of at most {RUNS_PER_REQUEST_MAX} ids of runs"));
            faults.into_result(None).map_err(Error::fields)
        }
        Some((_, Value::Object(filter))) if known(filter, ["flow_id", "status"]) => {
            let text = |name: &str| filter.get(name).filter(|value| !value.is_null());
            let flow = text("flow_id").map(|value| value.as_str().and_then(|text| FlowId::parse(text).ok()));
            let state = text("status").map(|value| value.as_str().and_then(RunState::parse).filter(|state| state.troubled()));
            if flow == Some(None) {
                faults.add("filter.flow_id", "invalid_value", "expected the id of a flow");
            }
            if state == Some(None) {
                faults.add("filter.status", "invalid_value", "expected FAILED or UNCERTAIN");
            }
            faults.into_result(Some(())).map_err(Error::fields)?;
            let filter = RunFilter { flow: flow.flatten(), state: state.flatten(), attention: true, ..RunFilter::default() };
            let limit = u32::try_from(RUNS_PER_REQUEST_MAX).unwrap_or(u32::MAX);
            let Page { total, items } = caller.service.store.runs(caller.key, &filter, Slice { limit, offset: 0 }).await?;
            let more = total > items.len() as u64;
            Ok((items.into_iter().map(|run| run.id).collect(), more))
        }
        _ => {
            faults.add("", "invalid_type", "expected either ids, a list, or filter, an object with flow_id and status");
            faults.into_result(None).map_err(Error::fields)
        }
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
