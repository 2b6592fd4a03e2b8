//! Reading the workspace's data: begin, stop, repeat, and how far it is; by the names of Universal Webhook and, for the Clockify Add-on, by those that
//! its users know.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actors::bootstrap::record::{OperationStatus, Progress, Record, Status};
use actors::clock::Timestamp;
use actors::flow::read::Faults;
use actors::ids::{BootstrapId, WorkspaceId};
use actors::installation::Installation;
use actors::limits::setting::CHANGE_BYTES_MAX;
use actors::settings::Settings;
use actors::workspace::bootstrap::{Granted, Wish};
use serde::Serialize;
use serde_json::Value;

use super::caller::Admin;
use super::custom_sources::read::refuse_unknown;
use super::error::{Error, Kind};
use super::{Service, body, request_id};

/// How far a bootstrap is.
#[derive(Serialize, Debug)]
pub struct Shown {
    workspace_id: WorkspaceId,
    #[serde(flatten)]
    outline: Outline,
    calls: u64,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    /// None: it is not under way.
    estimated_seconds_left: Option<u64>,
    operations: Vec<Operation>,
}

/// The same in short, as it stands in the dashboard.
#[derive(Serialize, Debug)]
pub struct Outline {
    status: &'static str,
    status_label: &'static str,
    /// Operations that are over.
    progress: usize,
    /// Operations in all.
    total: usize,
    entities: u64,
    last_error: Option<String>,
    updated_at: Option<Timestamp>,
}

/// One operation of it.
#[derive(Serialize, Debug)]
struct Operation {
    operation_id: String,
    status: OperationStatus,
    pages: u64,
    entities: u64,
    attempts: u64,
    truncated: bool,
    error: Option<String>,
    skipped: Option<String>,
}

/// What became of a wish.
#[derive(Serialize, Debug)]
pub struct Answered {
    status: &'static str,
    workspace_id: WorkspaceId,
    message: &'static str,
}

/// A bootstrap as the users of the Clockify Add-on know it: a job.
#[derive(Serialize, Debug)]
struct Job {
    id: BootstrapId,
    status: &'static str,
    started_at: Timestamp,
    completed_at: Option<Timestamp>,
    total_endpoints: usize,
    completed_endpoints: usize,
    failed_endpoints: usize,
    errors: Vec<String>,
    results: BTreeMap<String, Gathered>,
}

#[derive(Serialize, Debug)]
struct Gathered {
    count: u64,
    fetched_at: Timestamp,
}

impl Outline {
    /// Of a workspace's bootstrap, if there was any.
    pub fn of(record: Option<&Record>) -> Self {
        let Some(record) = record else {
            return Self {
                status: "NOT_STARTED",
                status_label: "No snapshot has been taken yet.",
                progress: 0,
                total: 0,
                entities: 0,
                last_error: None,
                updated_at: None,
            };
        };
        let (progress, total) = record.progress();
        Self {
            status: record.head.status.as_str(),
            status_label: record.head.status.label(),
            progress,
            total,
            entities: record.head.entities,
            last_error: record.last_error(),
            updated_at: Some(record.head.updated_at),
        }
    }
}

impl From<Progress> for Operation {
    fn from(progress: Progress) -> Self {
        Self {
            operation_id: progress.operation,
            status: progress.status,
            pages: progress.pages,
            entities: progress.entities,
            attempts: progress.attempts,
            truncated: progress.truncated,
            error: progress.error,
            skipped: progress.skipped,
        }
    }
}

/// The bootstrap of the caller's workspace. An admin's first visit begins it where the settings want one and there was none.
pub async fn visited(caller: &Admin) -> Result<Option<Record>, Error> {
    if let Some(record) = caller.service.store.bootstrap(caller.key).await? {
        return Ok(Some(record));
    }
    Ok(match caller.service.registry.bootstrap(caller.key, Wish::Visit).await? {
        Granted::Scheduled(record) | Granted::Running(record) | Granted::Cancelled(record) => Some(*record),
        Granted::Nothing(record) => record.map(|record| *record),
    })
}

/// `GET /ui/bootstrap/state`.
pub async fn state(caller: Admin) -> Result<Json<Shown>, Error> {
    let record = visited(&caller).await?;
    let outline = Outline::of(record.as_ref());
    let max_rps = settings(&caller.service, &caller.installation).max_rps;
    let left = record.as_ref().and_then(|record| record.time_left(max_rps)).map(|left| left.as_secs());
    let head = record.as_ref().map(|record| &record.head);
    Ok(Json(Shown {
        workspace_id: caller.key.workspace,
        outline,
        calls: head.map_or(0, |head| head.calls),
        started_at: head.map(|head| head.started_at),
        finished_at: head.and_then(|head| head.finished_at),
        estimated_seconds_left: left,
        operations: record.map(|record| record.operations.into_iter().map(Operation::from).collect()).unwrap_or_default(),
    }))
}

/// `POST /ui/bootstrap/trigger`.
pub async fn trigger(caller: Admin, request: HttpRequest) -> Result<HttpResponse, Error> {
    let granted = wish(&caller, &request, Wish::Start).await?;
    let workspace_id = caller.key.workspace;
    Ok(match granted {
        Granted::Running(_) => {
            HttpResponse::Ok().json(Answered { status: "running", workspace_id, message: "A bootstrap is under way already." })
        }
        _ => HttpResponse::build(StatusCode::ACCEPTED).json(Answered { status: "scheduled", workspace_id, message: "A bootstrap begins." }),
    })
}

/// `POST /ui/bootstrap/cancel`.
pub async fn cancel(caller: Admin, request: HttpRequest) -> Result<Json<Answered>, Error> {
    let (status, message) = match wish(&caller, &request, Wish::Cancel).await? {
        Granted::Cancelled(_) => ("cancelled", "The bootstrap has been stopped; what was read stays."),
        _ => ("not_running", "No bootstrap is under way."),
    };
    Ok(Json(Answered { status, workspace_id: caller.key.workspace, message }))
}

/// `POST /ui/bootstrap/retry`, with `{"operation_id": …}` or without a body.
pub async fn retry(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let which = which(&caller, &request, payload).await?;
    let workspace_id = caller.key.workspace;
    Ok(match wish(&caller, &request, Wish::Retry(which)).await? {
        Granted::Scheduled(_) => HttpResponse::build(StatusCode::ACCEPTED).json(Answered {
            status: "scheduled",
            workspace_id,
            message: "What failed is read again.",
        }),
        _ => HttpResponse::Ok().json(Answered { status: "nothing_failed", workspace_id, message: "There is nothing to read again." }),
    })
}

/// `POST /bootstrap/{workspace}` of the Clockify Add-on.
pub async fn start_job(caller: Admin, request: HttpRequest) -> Result<Json<impl Serialize>, Error> {
    path_agrees(&caller, &request)?;
    let (Granted::Scheduled(record) | Granted::Running(record)) = wish(&caller, &request, Wish::Start).await? else {
        return Err(Kind::Unavailable.into());
    };
    Ok(Json(serde_json::json!({"job_id": record.head.id, "status": "started"})))
}

/// `GET /bootstrap/{workspace}/status` of the Clockify Add-on.
pub async fn job(caller: Admin, request: HttpRequest) -> Result<HttpResponse, Error> {
    path_agrees(&caller, &request)?;
    let Some(record) = caller.service.store.bootstrap(caller.key).await? else {
        return Ok(HttpResponse::Ok().json(serde_json::json!({"status": "NOT_STARTED"})));
    };
    let (completed, total) = record.progress();
    let failed = record.operations.iter().filter(|progress| progress.status == OperationStatus::Failed);
    let errors = failed.clone().filter_map(|progress| Some(format!("{}: {}", progress.operation, progress.error.as_ref()?)));
    let read = record.operations.iter().filter(|progress| progress.pages > 0);
    let gathered = |progress: &Progress| {
        let path = caller.service.catalogue.get(&progress.operation).map_or(progress.operation.clone(), |operation| operation.path.clone());
        (path, Gathered { count: progress.entities, fetched_at: record.head.updated_at })
    };
    Ok(HttpResponse::Ok().json(Job {
        id: record.head.id,
        status: match record.head.status {
            Status::Pending => "PENDING",
            Status::Running => "RUNNING",
            Status::Paused => "PAUSED",
            Status::Complete | Status::CompleteWithWarnings => "COMPLETED",
            Status::Failed => "FAILED",
            Status::Disabled => "NOT_STARTED",
            Status::Cancelled => "CANCELLED",
        },
        started_at: record.head.started_at,
        completed_at: record.head.finished_at,
        total_endpoints: total,
        completed_endpoints: completed,
        failed_endpoints: failed.clone().count(),
        errors: errors.collect(),
        results: read.map(gathered).collect(),
    }))
}

async fn wish(caller: &Admin, request: &HttpRequest, wish: Wish) -> Result<Granted, Error> {
    let named = match &wish {
        Wish::Start | Wish::Visit | Wish::Refresh => "asked for",
        Wish::Cancel => "stopped",
        Wish::Retry(_) => "repeated",
    };
    let granted = caller.service.registry.bootstrap(caller.key, wish).await?;
    log::info!(addon = caller.key.addon.slug(), workspace:% = caller.key.workspace, request = request_id::of(request), what = named;
        "a bootstrap is wished for by an admin");
    Ok(granted)
}

/// The operation that is to be repeated, if one is named.
async fn which(caller: &Admin, request: &HttpRequest, payload: Payload) -> Result<Option<String>, Error> {
    let clock = &*caller.service.clock;
    let sent = if request.headers().contains_key(CONTENT_TYPE) {
        body::json(request, payload, CHANGE_BYTES_MAX, clock).await?
    } else if body::read(request, payload, CHANGE_BYTES_MAX, clock).await?.is_empty() {
        Value::Object(serde_json::Map::new())
    } else {
        return Err(Kind::MediaType.into());
    };
    let mut faults = Faults::default();
    refuse_unknown(&mut faults, &sent, &["operation_id"]);
    let named = match sent.get("operation_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if caller.service.catalogue.get(id).is_some() => Some(id.clone()),
        Some(_) => {
            faults.add("operation_id", "unknown_operation", "the catalogue has no such operation");
            None
        }
    };
    faults.into_result(Some(())).map_err(Error::fields)?;
    Ok(named)
}

fn path_agrees(caller: &Admin, request: &HttpRequest) -> Result<(), Error> {
    let named = request.match_info().get("workspace").and_then(|text| WorkspaceId::parse(text).ok());
    if named == Some(caller.key.workspace) { Ok(()) } else { Err(Kind::WorkspaceMismatch.into()) }
}

fn settings(service: &Arc<Service>, installation: &Installation) -> Settings {
    let addon = installation.key.addon;
    let defaults = service.registry.environment().defaults.get(&addon).copied().unwrap_or_else(|| Settings::built_in(addon));
    Settings::effective(addon, defaults, &installation.settings)
}

/// Whether an installation asks for a bootstrap.
pub fn wanted(service: &Arc<Service>, installation: &Installation) -> bool {
    settings(service, installation).bootstrap_on_install
}
