//! The sandbox's own control surface, `/sandbox/*`: everything that [`super::Platform`] offers in Rust, for `curl` and for tests with the real binary.
//!
//! It makes user tokens for whoever asks, so it answers only to this machine: the listener is on loopback, the `Host` has to say so (a name that
//! somebody points at 127.0.0.1 does not), and of web pages (`Origin`) only the sandbox's own is answered.

use std::sync::Arc;
use std::time::Duration;

use actix_web::guard::{self, GuardContext};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, ResponseError, web};
use actors::ids::{AddonId, WorkspaceId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::crowd::Crowd;
use super::fault::Fault;
use super::lifecycle::{Goodbye, Install};
use super::settings::Change;
use super::shared::Shared;
use super::world::{Habits, Status};
use super::{Error, Platform, shell};
use crate::sandbox::authority::Viewer;

/// How long an answer has to get out before the door shuts, in milliseconds.
const MOMENT_MS: u64 = 50;

/// The routes, on one screen.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/sandbox")
            .guard(guard::fn_guard(from_this_machine))
            .route("", web::get().to(overview))
            .route("/view", web::get().to(shell::view))
            .route("/workspaces", web::post().to(add_workspace))
            .route("/workspaces/{id}/grow", web::post().to(grow))
            .route("/installations", web::post().to(install))
            .route("/installations/{id}", web::delete().to(uninstall))
            .route("/installations/{id}/status", web::put().to(set_status))
            .route("/installations/{id}/settings", web::patch().to(change_settings))
            .route("/installations/{id}/reinstall", web::post().to(reinstall))
            .route("/installations/{id}/revoke", web::post().to(revoke))
            .route("/user-tokens", web::post().to(user_token))
            .route("/events/{event}", web::post().to(fire))
            .route("/webhooks", web::post().to(make_webhook))
            .route("/webhooks/{id}", web::delete().to(remove_webhook))
            .route("/deliveries", web::get().to(deliveries))
            .route("/deliveries/{number}/again", web::post().to(redeliver))
            .route("/faults", web::get().to(faults))
            .route("/faults", web::post().to(add_fault))
            .route("/faults", web::delete().to(clear_faults))
            .route("/faults/{id}", web::delete().to(remove_fault))
            .route("/release", web::post().to(release))
            .route("/refuse", web::post().to(refuse))
            .route("/requests", web::get().to(requests))
            .route("/requests", web::delete().to(forget_requests))
            .route("/counts", web::get().to(counts))
            .route("/habits", web::get().to(habits))
            .route("/habits", web::put().to(set_habits)),
    );
}

fn from_this_machine(context: &GuardContext<'_>) -> bool {
    let head = context.head();
    let host = head.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
    (matches!(name, "localhost") || name.starts_with("127.") && name.parse::<std::net::Ipv4Addr>().is_ok() || name.starts_with("[::1]"))
        && head
            .headers()
            .get_all(header::ORIGIN)
            .all(|origin| origin.to_str().is_ok_and(|origin| origin.strip_prefix("http://") == Some(host)))
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::Installed => StatusCode::CONFLICT,
            Self::Odd(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unreachable(_) | Self::Refused { .. } | Self::Manifest(_) => StatusCode::BAD_GATEWAY,
            Self::Listen(_) | Self::Stopped => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({"error": self.to_string()}))
    }
}

type State = web::Data<Shared>;

/// The handle's methods over the server's state.
fn platform(shared: State) -> Platform {
    Platform::over(shared.into_inner())
}

fn addon_id(text: &str) -> Result<AddonId, Error> {
    AddonId::parse(text).map_err(|_| Error::Unknown("installation"))
}

async fn overview(shared: State) -> HttpResponse {
    let world = shared.world();
    let workspaces =
        world.workspaces.values().map(|workspace| json!({"id": workspace.id, "name": workspace.name, "users": workspace.roles}));
    let installations = world.installations.iter().map(|(id, installation)| {
        json!({
            "addon_id": id, "workspace": installation.grant.workspace, "key": installation.grant.addon_key, "base_url": installation.base_url,
            "status": installation.status, "webhooks": installation.hooks.iter().map(|hook| &hook.event).collect::<Vec<_>>(),
        })
    });
    HttpResponse::Ok().json(json!({
        "backend_url": world.urls.backend,
        "workspaces": workspaces.collect::<Vec<_>>(),
        "installations": installations.collect::<Vec<_>>(),
    }))
}

async fn add_workspace(shared: State) -> Result<HttpResponse, Error> {
    let id = platform(shared).add_workspace()?;
    Ok(HttpResponse::Created().json(json!({"id": id})))
}

/// As many of the kinds that have a page soon, or a number for each kind.
#[derive(Deserialize)]
#[serde(untagged)]
enum Growth {
    Even { count: usize },
    Each(Crowd),
}

async fn grow(shared: State, id: web::Path<String>, growth: web::Json<Growth>) -> Result<HttpResponse, Error> {
    let id = WorkspaceId::parse(&id).map_err(|_| Error::Unknown("workspace"))?;
    let crowd = match growth.into_inner() {
        Growth::Even { count } => Crowd::even(count),
        Growth::Each(crowd) => crowd,
    };
    platform(shared).populate(id, crowd)?;
    Ok(HttpResponse::NoContent().finish())
}

async fn install(shared: State, install: web::Json<Install>) -> Result<HttpResponse, Error> {
    let install = Install { service: install.service.trim_end_matches('/').to_owned(), ..install.into_inner() };
    Ok(HttpResponse::Created().json(platform(shared).install(install).await?))
}

async fn uninstall(shared: State, id: web::Path<String>) -> Result<HttpResponse, Error> {
    platform(shared).uninstall(addon_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
struct NewStatus {
    status: Status,
}

async fn set_status(shared: State, id: web::Path<String>, new: web::Json<NewStatus>) -> Result<HttpResponse, Error> {
    platform(shared).set_status(addon_id(&id)?, new.status).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn change_settings(shared: State, id: web::Path<String>, body: web::Json<Value>) -> Result<HttpResponse, Error> {
    let changes: Vec<Change> = super::settings::changes(&body).ok_or(Error::Odd("expected a list of {id, value}"))?;
    platform(shared).change_settings(addon_id(&id)?, changes).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
struct Again {
    goodbye: Goodbye,
}

async fn reinstall(shared: State, id: web::Path<String>, again: web::Json<Again>) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::Created().json(platform(shared).reinstall(addon_id(&id)?, again.goodbye).await?))
}

async fn revoke(shared: State, id: web::Path<String>) -> Result<HttpResponse, Error> {
    platform(shared).revoke(addon_id(&id)?)?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Deserialize)]
struct Asked {
    addon_id: Option<AddonId>,
    #[serde(default = "owner")]
    role: String,
    #[serde(default = "english")]
    language: String,
    #[serde(default = "light")]
    theme: String,
    /// How long ago it was signed, so that its end can be seen.
    #[serde(default)]
    age_seconds: u64,
}

fn owner() -> String {
    "OWNER".into()
}

fn english() -> String {
    "EN".into()
}

fn light() -> String {
    "DEFAULT".into()
}

async fn user_token(shared: State, viewer: web::Json<Asked>) -> Result<HttpResponse, Error> {
    let first = shared.world().installations.keys().next().copied();
    let id = viewer.addon_id.or(first).ok_or(Error::Unknown("installation"))?;
    let Asked { role, language, theme, age_seconds, .. } = viewer.into_inner();
    let viewer = Viewer { user: String::new(), role, language, theme };
    let token = platform(shared).user_token_as(id, viewer, Duration::from_secs(age_seconds))?;
    Ok(HttpResponse::Created().content_type("text/plain").body(token.expose().to_owned()))
}

#[derive(Deserialize)]
struct Where {
    workspace: Option<WorkspaceId>,
}

async fn fire(shared: State, event: web::Path<String>, at: web::Query<Where>, body: web::Bytes) -> Result<HttpResponse, Error> {
    let first = shared.world().workspaces.keys().next().copied();
    let workspace = at.workspace.or(first).ok_or(Error::Unknown("workspace"))?;
    let platform = platform(shared);
    let numbers = if body.is_empty() {
        platform.fire(workspace, &event)?
    } else {
        let payload = serde_json::from_slice(&body).map_err(|_| Error::Odd("the payload is not JSON"))?;
        platform.fire_with(workspace, &event, payload)?
    };
    Ok(HttpResponse::Accepted().json(json!({"deliveries": numbers})))
}

#[derive(Deserialize)]
struct NewWebhook {
    workspace: Option<WorkspaceId>,
    event: String,
    url: String,
}

async fn make_webhook(shared: State, new: web::Json<NewWebhook>) -> Result<HttpResponse, Error> {
    let first = shared.world().workspaces.keys().next().copied();
    let workspace = new.workspace.or(first).ok_or(Error::Unknown("workspace"))?;
    let made = platform(shared).make_webhook(workspace, &new.event, &new.url)?;
    Ok(HttpResponse::Created().json(made.document()))
}

async fn remove_webhook(shared: State, id: web::Path<String>) -> Result<HttpResponse, Error> {
    let removed = shared.world().subscriptions.remove(&*id).is_some();
    if removed { Ok(HttpResponse::NoContent().finish()) } else { Err(Error::Unknown("webhook")) }
}

async fn deliveries(shared: State) -> HttpResponse {
    HttpResponse::Ok().json(shared.world().deliveries.all())
}

async fn redeliver(shared: State, number: web::Path<u64>) -> Result<HttpResponse, Error> {
    platform(shared).redeliver(*number)?;
    Ok(HttpResponse::Accepted().finish())
}

async fn faults(shared: State) -> HttpResponse {
    HttpResponse::Ok().json(shared.world().faults.all())
}

async fn add_fault(shared: State, fault: web::Json<Fault>) -> Result<HttpResponse, Error> {
    let id = platform(shared).fault(fault.into_inner())?;
    Ok(HttpResponse::Created().json(json!({"id": id})))
}

async fn clear_faults(shared: State) -> HttpResponse {
    platform(shared).clear_faults();
    HttpResponse::NoContent().finish()
}

async fn remove_fault(shared: State, id: web::Path<u64>) -> Result<HttpResponse, Error> {
    let removed = shared.world().faults.remove(*id);
    if removed { Ok(HttpResponse::NoContent().finish()) } else { Err(Error::Unknown("fault")) }
}

async fn release(shared: State) -> HttpResponse {
    platform(shared).release();
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
struct Outage {
    ms: u64,
}

/// Shuts the door for a while. It shuts a moment after the answer, which would be cut off otherwise.
async fn refuse(shared: State, outage: web::Json<Outage>) -> Result<HttpResponse, Error> {
    let (handle, clock) = (platform(shared.clone()), Arc::clone(&shared.clock));
    let spawned = shared.spawn(move || async move {
        clock.sleep(Duration::from_millis(MOMENT_MS)).await;
        let _ = handle.refuse().await;
        clock.sleep(Duration::from_millis(outage.ms)).await;
        if let Err(error) = handle.accept().await {
            log::error!("sandbox: the door does not open again: {error}");
        }
    });
    if spawned { Ok(HttpResponse::Accepted().finish()) } else { Err(Error::Stopped) }
}

async fn requests(shared: State) -> HttpResponse {
    HttpResponse::Ok().json(shared.world().journal.all())
}

async fn forget_requests(shared: State) -> HttpResponse {
    shared.world().journal.clear();
    HttpResponse::NoContent().finish()
}

async fn counts(shared: State) -> HttpResponse {
    let world = shared.world();
    HttpResponse::Ok().json(
        json!({"requests": world.journal.total(), "by_status": world.journal.by_status(), "deliveries": world.deliveries.all().len()}),
    )
}

async fn habits(shared: State) -> HttpResponse {
    HttpResponse::Ok().json(&shared.world().habits)
}

async fn set_habits(shared: State, habits: web::Json<Habits>) -> HttpResponse {
    Arc::clone(&shared).world().habits = habits.into_inner();
    HttpResponse::NoContent().finish()
}
