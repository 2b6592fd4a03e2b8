//! The explorer in the shapes that users of the reference know, each add-on's own: one way of making a call, small adapters around it.

use std::collections::BTreeMap;

use actix_web::web::{Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actors::addon::Addon;
use actors::flow::model::Params;
use actors::flow::read::Faults;
use actors::operation::{Operation, Place};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::caller::Admin;
use super::error::{Error, Kind};
use super::execute::{self, Asked, Outcome, object, one_fault};
use super::operations;
use super::query::Query;

/// `GET /ui/api-explorer/endpoints`, with `tag` and `method`.
pub async fn endpoints(caller: Admin, request: HttpRequest) -> Result<Json<Value>, Error> {
    let wanted = operations::wanted(&caller, Query::of(&request))?;
    let total = wanted.len();
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for operation in &wanted {
        let endpoint = if caller.key.addon == Addon::ClockifyAddon { whole(operation) } else { bare(operation) };
        groups.entry(operation.tag.clone()).or_default().push(endpoint);
    }
    Ok(Json(match caller.key.addon {
        Addon::ApiStudio => json!({ "groups": groups }),
        Addon::UniversalWebhook => json!({"workspace_id": caller.key.workspace, "total": total, "groups": groups}),
        Addon::ClockifyAddon => {
            let mut tags: Vec<(String, Vec<Value>)> = groups.into_iter().collect();
            tags.sort_by_key(|(tag, _)| tag.to_lowercase());
            let group = |(tag, endpoints): (String, Vec<Value>)| json!({"tag": tag, "count": endpoints.len(), "endpoints": endpoints});
            json!({"groups": tags.into_iter().map(group).collect::<Vec<_>>(), "total_operations": total})
        }
    }))
}

fn bare(operation: &Operation) -> Value {
    json!({"operation_id": operation.id, "method": operation.method, "path": operation.path, "summary": operation.summary})
}

fn whole(operation: &Operation) -> Value {
    let parameter =
        |one: &actors::operation::Parameter| json!({"name": one.name, "in": one.place, "required": one.required, "schema": one.schema});
    let parameters: Vec<Value> = operation.parameters.iter().map(parameter).collect();
    json!({
        "operationId": operation.id, "method": operation.method, "path": operation.path, "summary": operation.summary,
        "description": operation.summary, "parameters": parameters, "tags": [operation.tag],
        "requestBody": operation.body.as_ref().map(|body| json!({"required": body.required, "media": body.media, "schema": body.schema})),
    })
}

/// `POST /ui/api-explorer/execute`.
pub async fn execute(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let sent = execute::sent(&caller, &request, payload).await?;
    if caller.key.addon == Addon::ClockifyAddon {
        return by_id_or_path(&caller, &request, &sent).await;
    }
    let id = sent
        .get("operation_id")
        .and_then(Value::as_str)
        .ok_or_else(|| one_fault("operation_id", "required", "expected an operation's id"))?;
    let operation = operations::find(&caller, id)?;
    let mut faults = Faults::default();
    let params = if caller.key.addon == Addon::ApiStudio {
        Params {
            path: object(sent.get("path_params"), "path_params", &mut faults),
            query: object(sent.get("query_params"), "query_params", &mut faults),
            body: sent.get("body").filter(|body| !body.is_null()).cloned(),
        }
    } else {
        execute::params(sent.get("params"), "params", &mut faults)
    };
    let outcome = outcome(&caller, &request, &operation, params, &sent, faults).await?;
    let Outcome { status_code, headers, data, error, method, path, latency_ms, .. } = outcome;
    Ok(HttpResponse::Ok().json(if caller.key.addon == Addon::ApiStudio {
        if status_code.is_none() {
            return Err(Error::saying(Kind::PlatformSilent, error.unwrap_or_default()));
        }
        json!({"status_code": status_code, "headers": headers, "data": data})
    } else {
        let metadata = json!({"operation_id": operation.id, "method": method, "path": path, "latency_ms": latency_ms});
        match error {
            None => json!({"status": "success", "status_code": status_code, "data": data, "metadata": metadata}),
            Some(error) => json!({"status": "error", "error": error, "status_code": status_code, "data": data, "metadata": metadata}),
        }
    }))
}

/// `POST /api-call` of the Clockify Add-on: method and endpoint.
pub async fn api_call(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let sent = execute::sent(&caller, &request, payload).await?;
    by_id_or_path(&caller, &request, &sent).await
}

/// The Clockify Add-on's calls: an operation's id, or a method with a path, of which the first word may be `endpoint` as well.
async fn by_id_or_path(caller: &Admin, request: &HttpRequest, sent: &Map<String, Value>) -> Result<HttpResponse, Error> {
    let text = |names: &[&str]| names.iter().find_map(|name| sent.get(*name)?.as_str());
    let mut in_path = Map::new();
    let operation = match (text(&["operationId", "operation_id"]), text(&["method"]), text(&["path", "endpoint"])) {
        (Some(id), _, _) => operations::find(caller, id)?,
        (None, Some(method), Some(path)) => {
            let method = operations::method(method).map_err(|why| one_fault("method", "invalid_value", why))?;
            let (operation, found) = caller.service.catalogue.find(method, path).ok_or(Kind::OperationNotFound)?;
            in_path.extend(found.into_iter().map(|(name, value)| (name, Value::String(value))));
            operation
        }
        (None, None, Some(_)) => return Err(one_fault("method", "required", "expected a method")),
        (None, _, None) => return Err(one_fault("operationId", "required", "expected an operation's id, or a method and a path")),
    };
    let mut faults = Faults::default();
    let (given, mut query) = (object(sent.get("params"), "params", &mut faults), object(sent.get("query"), "query", &mut faults));
    // The reference takes one map for both; what is no parameter of the path is one of the query.
    for (name, value) in given {
        let of_query = operation.parameters.iter().any(|known| known.place == Place::Query && known.name == name);
        if of_query {
            query.insert(name, value)
        } else {
            in_path.insert(name, value)
        };
    }
    let params = Params { path: in_path, query, body: sent.get("body").filter(|body| !body.is_null()).cloned() };
    let mut outcome = outcome(caller, request, &operation, params, sent, faults).await?;
    let flag = |name: &str| sent.get(name).and_then(Value::as_bool);
    let developer_mode = flag("developerMode").or_else(|| flag("developer_mode")).unwrap_or_else(|| execute::tells_developers(caller));
    let mut answer = json!({
        "success": outcome.error.is_none(),
        "status_code": outcome.status_code,
        "response_body": body_of(&outcome),
        "error_message": outcome.error,
        "duration_ms": outcome.latency_ms,
        "timestamp": caller.service.clock.now(),
        "metadata": {"endpoint": outcome.path, "method": outcome.method, "developer_mode": developer_mode, "call_id": outcome.call_id},
    });
    if let (true, Some(members)) = (developer_mode, answer.as_object_mut()) {
        members.insert("request".into(), json!(outcome.request.take()));
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// JSON as it came; what is none stands in `raw`.
fn body_of(outcome: &Outcome) -> Option<Box<RawValue>> {
    if outcome.data.is_some() {
        return outcome.data.clone();
    }
    let raw = outcome.text.as_ref().map(|text| json!({"raw": text, "truncated": outcome.truncated}));
    let file = outcome.file.as_ref().map(|file| json!({"raw": null, "file": file}));
    serde_json::value::to_raw_value(&raw.or(file)?).ok()
}

async fn outcome(
    caller: &Admin,
    request: &HttpRequest,
    operation: &Operation,
    params: Params,
    sent: &Map<String, Value>,
    mut faults: Faults,
) -> Result<Outcome, Error> {
    let (bearer, confirmed) = execute::manner(sent, &mut faults);
    let asked = faults.into_result(Some(Asked { params, bearer, confirmed })).map_err(Error::fields)?;
    let (executed, ready) = execute::make(caller, request, operation, asked).await?;
    Ok(Outcome { request: Some(execute::Sent::of(&ready)), ..execute::outcome(operation, executed, &ready) })
}
