//! Calls that were made through the explorer: seen again, made again, turned into a flow's action.

use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actors::call::{Bearer, Call, Content};
use actors::clock::Timestamp;
use actors::flow::model::Params;
use actors::flow::read::Faults;
use actors::ids::{CallId, WorkspaceId};
use actors::operation::Media;
use actors::port::clockify::Method;
use actors::port::store::Page;
use actors::port::store::calls::CallFilter;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::caller::Admin;
use super::error::{Error, Kind};
use super::events::Pagination;
use super::execute::{Asked, manner, respond, sent};
use super::operations;
use super::query::Query;

/// Calls of a workspace, newest first.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    pagination: Pagination,
    calls: Vec<Line>,
}

/// A call in a list.
#[derive(Serialize, Debug)]
pub struct Line {
    id: CallId,
    operation_id: String,
    method: Method,
    path: String,
    #[serde(rename = "as")]
    bearer: Bearer,
    user_id: Option<String>,
    status_code: Option<u16>,
    latency_ms: u32,
    error: Option<String>,
    created_at: Timestamp,
}

/// A whole call.
#[derive(Serialize, Debug)]
pub struct Shown {
    #[serde(flatten)]
    line: Line,
    workspace_id: WorkspaceId,
    /// What was sent. `null`: it was too large to be kept, or can no longer be read.
    params: Option<Params>,
    response: Option<Response>,
}

/// What came back, cut.
#[derive(Serialize, Debug)]
struct Response {
    headers: Map<String, Value>,
    media_type: Option<String>,
    body: Option<String>,
    truncated: bool,
}

impl From<Call> for Line {
    fn from(call: Call) -> Self {
        Self {
            id: call.id,
            operation_id: call.operation,
            method: call.method,
            path: call.path,
            bearer: call.bearer,
            user_id: call.user,
            status_code: call.status,
            latency_ms: call.latency_ms,
            error: call.error,
            created_at: call.created_at,
        }
    }
}

/// `GET /ui/api-calls`, with `operation_id`, `method`, `as`, `outcome` (`ok` or `failed`), `from` and `to` as filters.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let mut query = Query::of(&request);
    let moment = |text: &str| Timestamp::parse(text).ok_or("expected a time such as 2026-01-31T08:00:00Z");
    let filter = CallFilter {
        operation: query.text("operation_id").map(str::to_owned),
        method: query.parsed("method", operations::method),
        bearer: query.parsed("as", |text| Bearer::parse(text).ok_or("expected viewer or addon")),
        went_well: query.parsed("outcome", |text| match text {
            "ok" => Ok(true),
            "failed" => Ok(false),
            _ => Err("expected ok or failed"),
        }),
        from: query.parsed("from", moment),
        to: query.parsed("to", moment),
    };
    let slice = query.slice();
    query.checked()?;
    let Page { total, items } = caller.service.store.calls(caller.key, &filter, slice).await?;
    let calls = items.into_iter().map(Line::from).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, pagination: Pagination::of(total, slice), calls }))
}

/// `GET /ui/api-calls/{id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let mut call = find(&caller, &request).await?;
    let Content { params, answer } = call.content.take().unwrap_or_default();
    let response = answer.map(|answer| Response {
        headers: answer.headers.into_iter().map(|(name, value)| (name, Value::String(value))).collect(),
        media_type: answer.media_type,
        body: answer.body,
        truncated: answer.truncated,
    });
    Ok(Json(Shown { line: call.into(), workspace_id: caller.key.workspace, params, response }))
}

/// `POST /ui/api-calls/{id}/run-again`: the same operation with the same parameters, as whoever asks now says.
pub async fn run_again(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let sent = sent(&caller, &request, payload).await?;
    let mut faults = Faults::default();
    let (bearer, confirmed) = manner(&sent, &mut faults);
    faults.into_result(Some(())).map_err(Error::fields)?;
    let call = find(&caller, &request).await?;
    let operation = operations::find(&caller, &call.operation)?;
    let params = kept_params(call)?;
    respond(&caller, &request, &operation, Asked { params, bearer, confirmed }).await
}

/// `GET /ui/api-calls/{id}/action`: what a flow needs to make the same call.
pub async fn action(caller: Admin, request: HttpRequest) -> Result<Json<Value>, Error> {
    let call = find(&caller, &request).await?;
    let operation = operations::find(&caller, &call.operation)?;
    if operation.body.as_ref().is_some_and(|body| body.media == Media::Multipart) {
        return Err(Error::saying(Kind::CallIncomplete, "A flow sends JSON; this operation takes a form."));
    }
    let Params { path, query, body } = kept_params(call)?;
    let mut params = json!({"path": path, "query": query});
    if let (Some(body), Some(params)) = (body, params.as_object_mut()) {
        params.insert("body".into(), body);
    }
    Ok(Json(json!({"type": "CLOCKIFY_API", "operation_id": operation.id, "params": params})))
}

async fn find(caller: &Admin, request: &HttpRequest) -> Result<Call, Error> {
    let id = request.match_info().get("id").and_then(|id| CallId::parse(id).ok()).ok_or(Kind::CallNotFound)?;
    caller.service.store.call(caller.key, id).await?.ok_or_else(|| Kind::CallNotFound.into())
}

fn kept_params(call: Call) -> Result<Params, Error> {
    call.content.and_then(|content| content.params).ok_or_else(|| Kind::CallIncomplete.into())
}
