//! A call of the explorer: asked for, checked, made by the workspace, shown. As the viewer it bears the viewer's own token, from this very request;
//! the installation's only where that is said.

use std::collections::BTreeMap;

use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use actors::call::{Bearer, cut};
use actors::explorer::Ready;
use actors::flow::model::Params;
use actors::flow::read::Faults;
use actors::ids::CallId;
use actors::limits::explorer as limits;
use actors::limits::flow::NAME_SHOWN_CHARS_MAX;
use actors::operation::Operation;
use actors::port::clockify::{ApiRequest, ApiResponse, CallError, Method};
use actors::workspace::execute::{Execute, Executed};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::caller::Admin;
use super::error::{Error, Kind};
use super::{body, download, operations};

/// What is asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// Parameters and body.
    pub params: Params,
    /// Whose token the call bears.
    pub bearer: Bearer,
    /// That a write with the installation's token is meant.
    pub confirmed: bool,
}

/// What became of a call.
#[derive(Serialize, Debug)]
pub struct Outcome {
    /// Under which id it is kept.
    pub call_id: CallId,
    /// Status of the answer, if there is one.
    pub status_code: Option<u16>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Its header, as far as it says something about it.
    pub headers: BTreeMap<String, String>,
    /// Its body, if it is JSON.
    pub data: Option<Box<RawValue>>,
    /// Its body, if it is other text.
    pub text: Option<String>,
    /// Its body, if it is a file: `?download=true` gives it.
    pub file: Option<File>,
    /// Whether there is more than is shown.
    pub truncated: bool,
    /// How long it took.
    pub latency_ms: u64,
    /// Why it failed, in words.
    pub error: Option<String>,
    /// What was called.
    pub method: Method,
    /// Path below the base URL, as it was sent.
    pub path: String,
    /// The request as it was sent, for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Sent>,
}

/// A request as it was sent, but for what header fields hold: one of them is a token.
#[derive(Serialize, Debug)]
pub struct Sent {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<&'static str>,
    /// The body as text, cut. `None`: there is none, or it is no text.
    body: Option<String>,
    /// Whether there is more of the body than is shown.
    truncated: bool,
}

impl Sent {
    /// What a call sends.
    pub fn of(ready: &Ready) -> Self {
        let ApiRequest { method, path, query, body, .. } = &ready.request;
        let text = body.as_ref().and_then(|body| std::str::from_utf8(body).ok());
        let shown = text.map(|text| cut(text, limits::TEXT_SHOWN_BYTES_MAX));
        let media = body.as_ref().map(|_| "content-type");
        Self {
            method: *method,
            path: path.clone(),
            query: query.clone(),
            headers: ["x-addon-token", "accept"].into_iter().chain(media).collect(),
            body: shown.map(str::to_owned),
            truncated: shown.map(str::len) < text.map(str::len),
        }
    }
}

/// Whether answers are to tell the workspace's developers more.
pub fn tells_developers(caller: &Admin) -> bool {
    caller.service.registry.environment().settings(&caller.installation).developer_mode
}

/// A file that came back.
#[derive(Serialize, Debug)]
pub struct File {
    name: String,
    bytes: usize,
}

/// `POST /ui/operations/{operation_id}/execute`.
pub async fn execute(caller: Admin, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Error> {
    let operation = operations::find(&caller, request.match_info().get("operation_id").unwrap_or_default())?;
    let sent = sent(&caller, &request, payload).await?;
    let asked = asked(&sent)?;
    respond(&caller, &request, &operation, asked).await
}

/// The body of a request to make a call; a workspace that it names is the token's (I9).
pub async fn sent(caller: &Admin, request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Error> {
    let service = &caller.service;
    let sent = body::json(request, payload, service.call_body_bytes_max, &*service.clock).await?;
    let Value::Object(sent) = sent else { return Err(one_fault("", "invalid_type", "expected a JSON object")) };
    let own = caller.key.workspace.to_string();
    let foreign = |name: &&str| sent.get(*name).is_some_and(|stated| !stated.is_null() && stated.as_str() != Some(&own));
    if ["workspace_id", "workspaceId"].iter().any(foreign) {
        return Err(Kind::WorkspaceMismatch.into());
    }
    Ok(sent)
}

/// One field that is wrong.
pub fn one_fault(field: &str, code: &'static str, message: &str) -> Error {
    let mut faults = Faults::default();
    faults.add(field, code, message);
    Error::fields(faults.into_result::<()>(None).err().unwrap_or_default())
}

fn asked(sent: &Map<String, Value>) -> Result<Asked, Error> {
    const FIELDS: [&str; 5] = ["params", "as", "confirm", "workspace_id", "workspaceId"];
    let mut faults = Faults::default();
    for name in sent.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
        faults.add(name.chars().take(NAME_SHOWN_CHARS_MAX).collect::<String>(), "unknown_field", "there is no such field here");
    }
    let params = params(sent.get("params"), "params", &mut faults);
    let (bearer, confirmed) = manner(sent, &mut faults);
    faults.into_result(Some(Asked { params, bearer, confirmed })).map_err(Error::fields)
}

/// Whose token, and whether a write with the installation's is meant.
pub fn manner(sent: &Map<String, Value>, faults: &mut Faults) -> (Bearer, bool) {
    let stated = |name: &str| sent.get(name).filter(|value| !value.is_null());
    let bearer = stated("as").map_or(Some(Bearer::Viewer), |stated| stated.as_str().and_then(Bearer::parse));
    if bearer.is_none() {
        faults.add("as", "invalid_value", "expected viewer or addon");
    }
    let confirmed = stated("confirm").map_or(Some(false), Value::as_bool);
    if confirmed.is_none() {
        faults.add("confirm", "invalid_type", "expected true or false");
    }
    (bearer.unwrap_or_default(), confirmed.unwrap_or_default())
}

/// `{path, query, body}`.
pub fn params(sent: Option<&Value>, field: &str, faults: &mut Faults) -> Params {
    let Some(sent) = sent.filter(|sent| !sent.is_null()) else { return Params::default() };
    let Some(members) = sent.as_object() else {
        faults.add(field, "invalid_type", "expected an object with path, query and body");
        return Params::default();
    };
    for name in members.keys().filter(|name| !["path", "query", "body"].contains(&name.as_str())) {
        faults.add(format!("{field}.{name}"), "unknown_field", "expected path, query or body");
    }
    let path = object(members.get("path"), &format!("{field}.path"), faults);
    let query = object(members.get("query"), &format!("{field}.query"), faults);
    Params { path, query, body: members.get("body").filter(|body| !body.is_null()).cloned() }
}

/// An object, or an empty one where nothing is sent.
pub fn object(sent: Option<&Value>, field: &str, faults: &mut Faults) -> Map<String, Value> {
    match sent {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(members)) => members.clone(),
        Some(_) => {
            faults.add(field, "invalid_type", "expected an object");
            Map::new()
        }
    }
}

/// Checks a call and lets the workspace make it.
///
/// # Errors
///
/// Nothing has left: the add-on may not call the operation, a parameter is wrong, or the workspace does not take the call now.
pub async fn make(caller: &Admin, request: &HttpRequest, operation: &Operation, asked: Asked) -> Result<(Executed, Ready), Error> {
    let (call, ready) = checked(caller, request, operation, asked)?;
    Ok((caller.service.registry.execute(caller.key, call).await?, ready))
}

/// A call that may be made.
fn checked(caller: &Admin, request: &HttpRequest, operation: &Operation, asked: Asked) -> Result<(Execute, Ready), Error> {
    if let Some(refusal) = operations::refusal(caller, operation) {
        return Err(Error::saying(Kind::OperationRefused, refusal));
    }
    if asked.bearer == Bearer::Addon && operation.method != Method::Get && !asked.confirmed {
        return Err(one_fault("confirm", "required", "a write with the add-on's own token has to be confirmed with true"));
    }
    let context = operations::context(caller);
    let ready = context.ready(operation, &asked.params, caller.service.clock.fresh_id()).map_err(Error::fields)?;
    let token = match asked.bearer {
        Bearer::Viewer => Some(Admin::token(request)?),
        Bearer::Addon => None,
    };
    let call = Execute {
        operation: operation.id.clone(),
        request: ready.request.clone(),
        params: ready.params.clone(),
        token,
        user: caller.verified.user.clone(),
    };
    Ok((call, ready))
}

/// Makes a call and gives its outcome as JSON, or with `?download=true` the body of its answer as it comes.
///
/// # Errors
///
/// As [`make`]; and a download that has no body to give.
pub async fn respond(caller: &Admin, request: &HttpRequest, operation: &Operation, asked: Asked) -> Result<HttpResponse, Error> {
    if download::is_wanted(request) {
        let (call, _) = checked(caller, request, operation, asked)?;
        return download::give(caller, request, operation, call).await;
    }
    let (executed, ready) = make(caller, request, operation, asked).await?;
    let told = tells_developers(caller).then(|| Sent::of(&ready));
    Ok(HttpResponse::Ok().json(Outcome { request: told, ..outcome(operation, executed, &ready) }))
}

/// What became of a call, for the page.
pub fn outcome(operation: &Operation, executed: Executed, ready: &Ready) -> Outcome {
    let Executed { id, outcome, latency } = executed;
    let mut shown = Outcome {
        call_id: id,
        status_code: None,
        media_type: None,
        headers: BTreeMap::new(),
        data: None,
        text: None,
        file: None,
        truncated: false,
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        error: None,
        method: ready.request.method,
        path: ready.request.path.clone(),
        request: None,
    };
    match outcome {
        Ok(answer) => shown.fill(operation, answer),
        Err(error) => {
            if let CallError::TooLarge { status, .. } = error {
                shown.status_code = Some(status);
                shown.truncated = true;
            }
            shown.error = Some(error.to_string());
        }
    }
    shown
}

impl Outcome {
    fn fill(&mut self, operation: &Operation, answer: ApiResponse) {
        let ApiResponse { status, content_type, headers, body, .. } = answer;
        let file_name = download::file_name(operation, content_type.as_deref(), &headers);
        self.status_code = Some(status);
        self.headers = headers.into_iter().collect();
        let json = content_type.as_deref().is_none_or(|media| media.contains("json"));
        let data = if json { serde_json::from_slice::<Box<RawValue>>(&body).ok() } else { None };
        if status >= 400 {
            let words = data.as_ref().and_then(|data| platform_words(data.get()));
            self.error =
                Some(format!("Clockify answered with status {status}{}", words.map(|words| format!(": {words}")).unwrap_or_default()));
        }
        match (data, std::str::from_utf8(&body)) {
            _ if body.is_empty() => {}
            (Some(data), _) => self.data = Some(data),
            (None, Ok(text)) if !operation.answer.file => {
                let shown = cut(text, limits::TEXT_SHOWN_BYTES_MAX);
                self.truncated = shown.len() < text.len();
                self.text = Some(shown.to_owned());
            }
            _ => self.file = Some(File { name: file_name, bytes: body.len() }),
        }
        self.media_type = content_type;
    }
}

/// What the platform says about a refusal.
fn platform_words(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let words = body.get("message")?.as_str()?;
    Some(words.chars().filter(|sign| !sign.is_control()).take(actors::limits::setting::WORDS_CHARS_MAX).collect())
}
