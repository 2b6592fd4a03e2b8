//! The platform's operations as the explorer shows them: listed, searched, described. Whether this add-on may make a call is said here, once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::Json;
use actors::explorer::{Context, curl, sample};
use actors::flow::model::Params;
use actors::ids::WorkspaceId;
use actors::limits::explorer::SEARCH_CHARS_MAX;
use actors::operation::{Answer, Body, Media, Operation, Parameter, Place, Schema};
use actors::port::clockify::{ApiRequest, Host, Method};
use serde::Serialize;
use uuid::Uuid;

use super::caller::Admin;
use super::error::{Error, Kind};
use super::query::Query;

/// The operations that were asked for.
#[derive(Serialize, Debug)]
pub struct Listed {
    workspace_id: WorkspaceId,
    total: usize,
    /// Every tag of the catalogue.
    tags: Vec<Tag>,
    operations: Vec<Line>,
}

#[derive(Serialize, Debug)]
struct Tag {
    tag: String,
    count: usize,
}

/// An operation in a list.
#[derive(Serialize, Debug)]
pub struct Line {
    operation_id: String,
    method: Method,
    path: String,
    tag: String,
    summary: String,
    scope: Option<String>,
    deprecated: bool,
    heavy: bool,
    file: bool,
    allowed: bool,
    /// Why this add-on may not call it.
    refusal: Option<String>,
}

/// A whole operation.
#[derive(Serialize, Debug)]
pub struct Shown {
    #[serde(flatten)]
    line: Line,
    host: Host,
    parameters: Vec<Described>,
    body: Option<DescribedBody>,
    answer: Answer,
    /// A call of it as a line for a shell, without a token.
    curl: String,
}

/// A parameter, with the value that is filled in.
#[derive(Serialize, Debug)]
struct Described {
    name: String,
    #[serde(rename = "in")]
    place: Place,
    required: bool,
    schema: Schema,
    context: Option<String>,
}

/// A body, every member written out.
#[derive(Serialize, Debug)]
struct DescribedBody {
    media: Media,
    required: bool,
    schema: Schema,
}

impl Line {
    fn of(caller: &Admin, operation: &Operation) -> Self {
        let refusal = refusal(caller, operation);
        Self {
            operation_id: operation.id.clone(),
            method: operation.method,
            path: operation.path.clone(),
            tag: operation.tag.clone(),
            summary: operation.summary.clone(),
            scope: operation.scope.clone(),
            deprecated: operation.deprecated,
            heavy: operation.heavy,
            file: operation.answer.file,
            allowed: refusal.is_none(),
            refusal,
        }
    }
}

/// Why the caller's add-on may not call an operation: the policy of its manifest, or a scope that it has not.
pub fn refusal(caller: &Admin, operation: &Operation) -> Option<String> {
    caller.service.manifests.refuses(caller.key.addon, operation.method, operation.scope.as_deref())
}

/// The operation of an id.
pub fn find(caller: &Admin, id: &str) -> Result<Arc<Operation>, Error> {
    caller.service.catalogue.get(id).map(Arc::clone).ok_or_else(|| Kind::OperationNotFound.into())
}

/// What is known of the caller without being asked for.
pub fn context(caller: &Admin) -> Context {
    Context { workspace: caller.key.workspace, addon_id: caller.installation.addon_id, user: caller.verified.user.clone() }
}

/// `GET /ui/operations`, with `tag`, `method`, `scope` and `q`, a text in id, path, summary or tag.
pub async fn list(caller: Admin, request: HttpRequest) -> Result<Json<Listed>, Error> {
    let operations: Vec<Line> = wanted(&caller, Query::of(&request))?.iter().map(|operation| Line::of(&caller, operation)).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    caller.service.catalogue.iter().for_each(|operation| *counts.entry(&operation.tag).or_default() += 1);
    let tags = counts.into_iter().map(|(tag, count)| Tag { tag: tag.to_owned(), count }).collect();
    Ok(Json(Listed { workspace_id: caller.key.workspace, total: operations.len(), tags, operations }))
}

/// The catalogue's operations that a query asks for, by path and method.
pub fn wanted(caller: &Admin, mut query: Query) -> Result<Vec<Arc<Operation>>, Error> {
    let method = query.parsed("method", method);
    let search =
        query.parsed(
            "q",
            |text| {
                if text.chars().count() <= SEARCH_CHARS_MAX { Ok(text.to_lowercase()) } else { Err("expected a shorter text") }
            },
        );
    let (tag, scope) = (query.text("tag").map(str::to_lowercase), query.text("scope").map(str::to_uppercase));
    query.checked()?;
    let fits = |operation: &&Arc<Operation>| {
        let texts = [&operation.id, &operation.path, &operation.summary, &operation.tag];
        method.is_none_or(|method| operation.method == method)
            && tag.as_ref().is_none_or(|tag| operation.tag.to_lowercase() == *tag)
            && scope.as_ref().is_none_or(|scope| operation.scope.as_ref() == Some(scope))
            && search.as_ref().is_none_or(|search| texts.iter().any(|text| text.to_lowercase().contains(search.as_str())))
    };
    let mut found: Vec<Arc<Operation>> = caller.service.catalogue.iter().filter(fits).map(Arc::clone).collect();
    found.sort_by(|one, other| (&one.path, one.method.as_str()).cmp(&(&other.path, other.method.as_str())));
    Ok(found)
}

/// Reads the name of a method.
pub fn method(text: &str) -> Result<Method, &'static str> {
    let all = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];
    all.into_iter().find(|method| text.eq_ignore_ascii_case(method.as_str())).ok_or("expected GET, POST, PUT, PATCH or DELETE")
}

/// `GET /ui/operations/{operation_id}`.
pub async fn show(caller: Admin, request: HttpRequest) -> Result<Json<Shown>, Error> {
    let operation = find(&caller, request.match_info().get("operation_id").unwrap_or_default())?;
    let context = context(&caller);
    let parameters = operation.parameters.iter().map(|parameter| {
        let Parameter { name, place, required, schema } = parameter.clone();
        let context = (place == Place::Path).then(|| context.value(&name)).flatten();
        Described { name, place, required, schema, context }
    });
    let body = operation.body.clone().map(|Body { media, required, schema }| DescribedBody { media, required, schema });
    Ok(Json(Shown {
        line: Line::of(&caller, &operation),
        host: operation.host,
        parameters: parameters.collect(),
        body,
        answer: operation.answer.clone(),
        curl: shell_line(&caller, &operation, &context),
    }))
}

fn shell_line(caller: &Admin, operation: &Operation, context: &Context) -> String {
    let Params { path, query, body } = sample::sample(operation);
    // What is filled in for the caller is better than a sample of it.
    let path = path.into_iter().filter(|(name, _)| context.value(name).is_none()).collect();
    let ready = context.ready(operation, &Params { path, query, body }, Uuid::nil()).map(|ready| ready.request);
    // A sample passes, which a test shows for the shipped catalogue; of an operator's file at least the path is right.
    let request = ready.unwrap_or_else(|_| ApiRequest {
        method: operation.method,
        host: operation.host,
        path: operation.path.clone(),
        query: Vec::new(),
        body: None,
        content_type: None,
        response_bytes_max: 0,
        timeout: Duration::ZERO,
    });
    let urls = &caller.installation.urls;
    let base = match operation.host {
        Host::Backend => Some(&urls.backend),
        Host::Reports => urls.reports.as_ref(),
        Host::Pto => urls.pto.as_ref(),
    };
    curl::line(base.unwrap_or(&urls.backend), &request, operation.body.as_ref().map(|body| body.media).unwrap_or_default())
}
