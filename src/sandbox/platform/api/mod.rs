//! The front door of the simulated REST API: journal, faults, proof, rate limit, route, then the operation itself.

pub mod addon;
pub mod approvals;
pub mod balances;
pub mod categories;
pub mod clients;
pub mod custom_fields;
pub mod dispatch;
mod document;
pub mod expense_report;
pub mod expenses;
pub mod feeds;
pub mod files;
#[cfg(test)]
mod fired;
pub mod groups;
pub mod holidays;
pub mod invoices;
pub mod payments;
pub mod policies;
pub mod projects;
pub mod rates;
pub mod reports;
pub mod route;
pub mod schedule_totals;
pub mod scheduling;
#[cfg(test)]
mod shapes;
pub mod shared_reports;
#[cfg(test)]
pub mod stand;
pub mod tags;
pub mod tasks;
pub mod time_entries;
pub mod time_off;
pub mod users;
pub mod webhooks;
pub mod workspaces;

use std::io;
use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::header::HeaderMap;
use actix_web::{HttpRequest, HttpResponse, web};
use actors::clock::Timestamp;
use actors::limits::sandbox as limits;
use actors::operation::{Media, Place};
use actors::port::clockify::Host;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::answer::{Outcome, Refusal, Reply, status};
use super::call::{Call, Scene};
use super::door::Wire;
use super::fault::{Fault, Kind};
use super::form;
use super::glob;
use super::journal::{Seen, TokenKind};
use super::lifecycle;
use super::shared::Shared;
use super::token::Pass;
use super::world::World;

/// What add-on tokens are refused in practice, whatever their scopes.
const INACCESSIBLE: [&str; 3] = ["/v1/workspaces", "/v1/workspaces/*/webhooks/**", "/v1/workspaces/*/addons/**"];
const BASES: [(&str, Host); 3] = [("/api", Host::Backend), ("/report", Host::Reports), ("/pto", Host::Pto)];
/// What members may write of their own.
const OWN_WRITES: [&str; 9] = [
    "createExpense",
    "updateExpense",
    "deleteExpense",
    "uploadImage",
    "createApprrovalRequest",
    "resubmitApprovalRequest",
    "createTimeOffRequest",
    "createPtoTimeOffRequest",
    "updateMemberProfileWithAdditionalData",
];
const HUGE_CHUNK: usize = 64 * 1024;

/// Answers whatever is not the sandbox's own control surface.
pub async fn front(request: HttpRequest, body: Bytes, shared: web::Data<Shared>) -> HttpResponse {
    let shared = shared.into_inner();
    let (number, fault) = arrive(&shared, &request, &body);
    let (before, after) = match fault {
        Some(fault) if fault.after => (None, Some(fault)),
        fault => (fault, None),
    };
    let response = match meet(&shared, &request, before.as_ref(), None).await {
        Some(response) => response,
        None => {
            let outcome = carry_out(&shared, &request, &body);
            match meet(&shared, &request, after.as_ref(), outcome.as_ref().ok().and_then(|reply| reply.body.clone())).await {
                Some(response) => response,
                None => outcome.map_or_else(|refusal| refusal.response(), |reply| reply.response()),
            }
        }
    };
    let cut = [&before, &after].iter().any(|fault| matches!(fault, Some(Fault { kind: Kind::CutOff, .. })));
    let seen = if cut { 0 } else { response.status().as_u16() };
    shared.world().journal.close(number, seen, shared.now());
    shared.changed.notify_waiters();
    response
}

/// Notes the request and finds the fault that it meets.
fn arrive(shared: &Shared, request: &HttpRequest, body: &Bytes) -> (u64, Option<Fault>) {
    let now = shared.now();
    let mut world = shared.world();
    let pass = bearer(&world, request.headers(), now);
    let kind = match &pass {
        Ok(Pass { role: None, .. }) => TokenKind::Installation,
        Ok(_) => TokenKind::User,
        Err(refusal) if refusal.code == Some(1000) => TokenKind::None,
        Err(_) => TokenKind::Invalid,
    };
    let shown = body.get(..body.len().min(limits::JOURNAL_BODY_BYTES_MAX)).unwrap_or_default();
    let number = world.journal.open(Seen {
        number: 0,
        at: now,
        method: request.method().to_string(),
        path: request.path().to_owned(),
        query: request.query_string().to_owned(),
        body: String::from_utf8_lossy(shown).into_owned(),
        token: kind,
        addon_id: pass.ok().map(|pass| pass.addon_id),
        status: None,
        ms: 0,
    });
    let asked = located(request.path()).and_then(|(host, path)| shared.routes.find(host, request.method().as_str(), path));
    let operation = asked.ok().map(|(operation, _)| operation);
    let fault = world.faults.meet(request.method().as_str(), request.path(), operation.as_ref().map(|operation| operation.id.as_str()));
    drop(world);
    shared.changed.notify_waiters();
    (number, fault)
}

/// Lets a fault happen. `None`: the request goes on.
async fn meet(shared: &Shared, request: &HttpRequest, fault: Option<&Fault>, body: Option<Value>) -> Option<HttpResponse> {
    let kind = &fault?.kind;
    if let Some(delay) = kind.delay() {
        shared.clock.sleep(delay).await;
        return None;
    }
    Some(match kind {
        Kind::Hang => {
            shared.released.notified().await;
            return None;
        }
        Kind::Slow { .. } => return None,
        Kind::Status { status: code, code: platform_code, retry_after } => {
            let mut response = HttpResponse::build(status(*code));
            if let Some(seconds) = retry_after {
                response.insert_header(("Retry-After", seconds.to_string()));
            }
            response.json(json!({"message": "A fault that was asked for", "code": platform_code}))
        }
        Kind::CutOff => {
            if let Some(wire) = request.conn_data::<Arc<Wire>>() {
                wire.cut();
            }
            HttpResponse::InternalServerError().force_close().finish()
        }
        Kind::CutShort => {
            let whole = body.unwrap_or_else(|| json!({"message": "This is half of an answer"})).to_string();
            HttpResponse::Ok().content_type("application/json").body(SizedStream::new(whole.len() as u64, Box::pin(first_half(&whole))))
        }
        Kind::Huge { bytes } => huge(*bytes),
    })
}

/// Half of a text, then an error. The server drops what it has not written yet when a body breaks, so the break waits for a turn.
fn first_half(whole: &str) -> impl Stream<Item = io::Result<Bytes>> + use<> {
    let half = Bytes::copy_from_slice(whole.as_bytes().get(..whole.len() / 2).unwrap_or_default());
    stream::once(async { Ok(half) }).chain(stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::other("cut short"))
    }))
}

/// A JSON text of this many bytes.
fn huge(bytes: u64) -> HttpResponse {
    let bytes = bytes.max(2);
    let chunk = Bytes::from(vec![b'x'; HUGE_CHUNK]);
    let chunks = stream::unfold(0u64, move |sent| {
        let chunk = chunk.clone();
        async move {
            let left = bytes - sent;
            let part = match (sent, left) {
                (_, 0) => return None,
                (0, _) | (_, 1) => Bytes::from_static(b"\""),
                _ => chunk.slice(..usize::try_from(left - 1).unwrap_or(HUGE_CHUNK).min(HUGE_CHUNK)),
            };
            let sent = sent + part.len() as u64;
            Some((Ok::<_, io::Error>(part), sent))
        }
    });
    HttpResponse::Ok().content_type("application/json").body(SizedStream::new(bytes, Box::pin(chunks)))
}

/// Whose request it is.
fn bearer(world: &World, headers: &HeaderMap, now: Timestamp) -> Result<Pass, Refusal> {
    let (token, api_key) = (headers.get("x-addon-token"), headers.get("x-api-key"));
    match (token, api_key) {
        (Some(_), Some(_)) | (None, None) => Err(Refusal::unauthenticated()),
        (None, Some(_)) => Err(Refusal::api_key()),
        (Some(token), None) => token.to_str().ok().and_then(|token| world.tokens.judge(token, now)).cloned().ok_or_else(Refusal::token),
    }
}

fn carry_out(shared: &Arc<Shared>, request: &HttpRequest, body: &Bytes) -> Outcome {
    let now = shared.now();
    let mut guard = shared.world();
    let world = &mut *guard;
    let pass = bearer(world, request.headers(), now)?;
    if !pass.in_person && !world.rate.admits(pass.addon_id, world.habits.requests_per_second, now) {
        return Err(Refusal::too_many(world.habits.retry_after));
    }
    let method = request.method().as_str();
    let (host, path) = located(request.path())?;
    if let Some(path) = path.strip_prefix("/addon/").filter(|_| host == Host::Backend) {
        let body = serde_json::from_slice(body).unwrap_or_default();
        let reply = addon::answer(world, &shared.authority, &pass, method, path, &body, now)?;
        drop(guard);
        if method == "PATCH" {
            announce_settings(shared, pass.addon_id);
        }
        return Ok(reply);
    }
    if world.habits.webhooks_open
        && let Some(rest) = webhooks::below(path, &pass)
    {
        return webhooks::answer(world, &*shared.clock, &pass, method, rest, body, now);
    }
    let asked = shared.routes.find(host, method, path);
    let new_field = asked.as_ref().is_ok_and(|(operation, _)| operation.id == "create");
    if world.habits.refuses_addons && (new_field || INACCESSIBLE.iter().any(|pattern| glob::fits(pattern, path))) {
        return Err(Refusal::inaccessible());
    }
    if world.habits.pto_gone && host == Host::Pto {
        return Err(Refusal::no_route());
    }
    let (operation, parameters) = asked?;
    let query: Vec<(String, String)> = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let content_type = request.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let call = Call { operation, path: parameters, query, body: Value::Null, files: Vec::new(), pass, now };
    let (reply, events, workspace) = play(world, call, content_type, body)?;
    drop(guard);
    shared.publish(workspace, events);
    Ok(reply)
}

/// Which base URL a path is below, and the rest of it.
fn located(path: &str) -> Result<(Host, &str), Refusal> {
    let below = |(base, host): &(&str, Host)| path.strip_prefix(base).filter(|rest| rest.starts_with('/')).map(|rest| (*host, rest));
    BASES.iter().find_map(below).ok_or_else(Refusal::no_route)
}

/// Tells an add-on of its own change of its settings, which waits for nobody.
fn announce_settings(shared: &Arc<Shared>, addon_id: actors::ids::AddonId) {
    let told = Arc::clone(shared);
    shared.spawn(move || async move {
        if let Err(error) = lifecycle::announce_settings(&told, addon_id).await {
            log::warn!("sandbox: SETTINGS_UPDATED was not taken: {error}");
        }
    });
}

type Played = (Reply, Vec<(&'static str, Value)>, actors::ids::WorkspaceId);

/// Checks what every operation has in common, then plays it.
fn play(world: &mut World, mut call: Call, content_type: &str, body: &Bytes) -> Result<Played, Refusal> {
    let installation = world.installations.get(&call.pass.addon_id).ok_or_else(Refusal::token)?;
    let scope = call.operation.scope.as_deref().unwrap_or_default();
    let workspace = call.pass.workspace;
    if !call.id("workspaceId").is_empty() && call.id("workspaceId") != workspace.to_string() {
        return Err(Refusal::forbidden());
    }
    if !scope.is_empty() && !installation.scopes.iter().any(|held| held == scope) {
        return Err(Refusal::scope(world.habits.scope_status, scope));
    }
    let own = scope == "TIME_ENTRY_WRITE" || OWN_WRITES.contains(&call.operation.id.as_str());
    if scope.ends_with("_WRITE") && !own && !call.pass.is_admin() {
        return Err(Refusal::forbidden());
    }
    let needed = call.operation.parameters.iter().filter(|parameter| parameter.place == Place::Query && parameter.required);
    if let Some(missing) = needed.into_iter().find(|parameter| call.query(&parameter.name).is_none()) {
        return Err(Refusal::parameter(&missing.name));
    }
    match call.operation.body.as_ref().map(|form| form.media) {
        Some(Media::Multipart) => (call.body, call.files) = form::read(content_type, body)?,
        Some(Media::Json) if !body.is_empty() => {
            call.body = serde_json::from_slice(body).map_err(|_| Refusal::body("The body is not JSON"))?;
        }
        _ => {}
    }
    let found = world.workspaces.get_mut(&workspace).ok_or_else(Refusal::forbidden)?;
    let mut scene = Scene { workspace: found, ids: &mut world.ids, call: &call, events: Vec::new() };
    let reply = dispatch::play(&mut scene)?;
    Ok((reply, scene.events, workspace))
}
