//! What the platform says about an installation: INSTALLED, DELETED, STATUS_CHANGED, SETTINGS_UPDATED.
//!
//! The body's workspace and installation must be the token's (I9). Base URLs come from the verified installation token; the body's `apiUrl` is not
//! signed and counts for nothing. Order and repetition are judged where the change is written ([`actors::installation::Mark`]).

mod answer;
mod told;

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::{Json, Payload};
use actors::flow::read::FieldError;
use actors::installation::{Health, Installation, Status, Verdict};
use actors::limits::http::LIFECYCLE_BODY_BYTES_MAX;
use actors::workspace::lifecycle::Change;
use bytes::Bytes;
use serde_json::Value;

use self::answer::Done;
use self::told::Told;
use super::body;
use super::caller::Lifecycle;
use super::error::{Error, Kind};
use super::{bootstrap, request_id};
use crate::auth::token::{self, Refusal, Verified};

/// `POST /lifecycle/installed`.
pub async fn installed(caller: Lifecycle, request: HttpRequest, payload: Payload) -> Result<Json<Value>, Error> {
    let told = told(&caller, &request, payload).await?;
    let installation = told.installed().map_err(Error::fields)?;
    let verified = installation_token(&caller, installation.token.expose()).await?;
    let urls = caller.service.api_hosts.accept(&verified.urls).map_err(|error| Error::because(Kind::ApiHostNotAllowed, error))?;
    let now = caller.service.clock.now();
    let installation = Installation {
        key: caller.key,
        addon_id: caller.verified.addon_id,
        addon_user: installation.addon_user,
        as_user: installation.as_user,
        urls,
        token: installation.token,
        webhooks: installation.webhooks.into(),
        status: Status::Active,
        health: Health::Sound,
        settings: installation.settings,
        installed_at: now,
        updated_at: now,
    };
    let bootstrap = bootstrap::wanted(&caller.service, &installation);
    apply(&caller, &request, Change::Install(Box::new(installation)), Done::Installed { bootstrap }).await
}

/// `POST /lifecycle/uninstalled` and `/lifecycle/deleted`.
pub async fn deleted(caller: Lifecycle, request: HttpRequest, payload: Payload) -> Result<Json<Value>, Error> {
    told(&caller, &request, payload).await?;
    apply(&caller, &request, Change::Delete(caller.verified.addon_id), Done::Deleted).await
}

/// `POST /lifecycle/status-changed`.
pub async fn status_changed(caller: Lifecycle, request: HttpRequest, payload: Payload) -> Result<Json<Value>, Error> {
    let status = told(&caller, &request, payload).await?.status().map_err(Error::fields)?;
    apply(&caller, &request, Change::Status(caller.verified.addon_id, status), Done::StatusChanged).await
}

/// `POST /lifecycle/settings-updated`.
pub async fn settings_updated(caller: Lifecycle, request: HttpRequest, payload: Payload) -> Result<Json<Value>, Error> {
    let settings = told(&caller, &request, payload).await?.settings().map_err(Error::fields)?;
    let done = Done::SettingsUpdated(settings.clone());
    apply(&caller, &request, Change::Settings(caller.verified.addon_id, settings), done).await
}

/// The body, once it agrees with the token.
async fn told(caller: &Lifecycle, request: &HttpRequest, payload: Payload) -> Result<Told, Error> {
    let body: Bytes = body::read(request, payload, LIFECYCLE_BODY_BYTES_MAX, &*caller.service.clock).await?;
    let told = Told::read(&body).map_err(|error| body::invalid_json(&error))?;
    let (workspace, addon_id) = told.about().map_err(Error::fields)?;
    if workspace.is_some_and(|workspace| workspace != caller.key.workspace) {
        return Err(Kind::WorkspaceMismatch.into());
    }
    if addon_id.is_some_and(|addon_id| addon_id != caller.verified.addon_id) {
        return Err(Kind::InstallationMismatch.into());
    }
    Ok(told)
}

/// The claims of the installation token, which must be of the very installation that the call is about.
async fn installation_token(caller: &Lifecycle, text: &str) -> Result<Arc<Verified>, Error> {
    let verified = match caller.service.verifier.verify(caller.key.addon, token::Kind::Installation, text).await {
        Ok(verified) => verified,
        Err(refusal @ (Refusal::Invalid(_) | Refusal::Expired)) => {
            let message = refusal.to_string();
            return Err(Error::fields(vec![FieldError { field: "authToken".into(), code: "invalid_token", message }]));
        }
        Err(refusal) => return Err(refusal.into()),
    };
    if verified.workspace != caller.key.workspace || verified.addon_id != caller.verified.addon_id {
        return Err(Kind::InstallationMismatch.into());
    }
    Ok(verified)
}

/// Hands the change on and words what became of it.
async fn apply(caller: &Lifecycle, request: &HttpRequest, change: Change, done: Done) -> Result<Json<Value>, Error> {
    let verdict = caller.service.registry.lifecycle(caller.key, change, caller.proof()).await?;
    let request = request_id::of(request);
    log::info!(addon = caller.key.addon.slug(), workspace:% = caller.key.workspace, request, verdict:?; "lifecycle: {}", done.name());
    match verdict {
        Verdict::Apply | Verdict::Repeated => {}
        // What is not there (any more) is deleted already.
        Verdict::Absent if matches!(done, Done::Deleted) => {}
        Verdict::Absent => return Err(Kind::NotInstalled.into()),
        Verdict::Superseded => return Err(Kind::Superseded.into()),
    }
    Ok(Json(done.told(caller.key)))
}
