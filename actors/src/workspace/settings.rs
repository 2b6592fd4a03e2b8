//! `WriteSettings` and `KeepSettings`: settings are the platform's, so a change goes there first, and what it took is kept here at once.
//!
//! SETTINGS_UPDATED follows from the platform and has the last word: what it says meanwhile is newer than what was written, and stays (I2).

use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AtomicResponse, Context, Handler, Message, ResponseFuture, WrapFuture};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::runner::ask::Unasked;
use super::{Error, Workspace, caught, load};
use crate::installation::{Installation, Proof, Status};
use crate::limits::setting as limits;
use crate::port::clockify::{ApiRequest, CallError, Host, Method};

/// What became of settings that were to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SettingsWritten {
    /// The platform has taken them.
    Done,
    /// The platform has refused them.
    Refused {
        /// Its HTTP status.
        status: u16,
        /// Its words, cut.
        words: Option<String>,
    },
    /// The platform gave no answer. Writing the same again does no harm.
    Unanswered,
}

/// Asks the workspace to write settings to the platform. The answer names the installation for which it did.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<(SettingsWritten, Arc<Installation>), Error>")]
pub struct WriteSettings(pub Map<String, Value>);

/// Asks the workspace to keep what the platform has taken.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<(), Error>")]
pub struct KeepSettings {
    /// Values by id.
    pub values: Map<String, Value>,
    /// The installation as it was before they were written.
    pub before: Arc<Installation>,
}

impl Handler<WriteSettings> for Workspace {
    type Result = ResponseFuture<Result<(SettingsWritten, Arc<Installation>), Error>>;

    /// Other messages are taken meanwhile: the platform may need some time.
    fn handle(&mut self, message: WriteSettings, _: &mut Context<Self>) -> Self::Result {
        let installation = self.loaded().map(|loaded| Arc::clone(&loaded.installation));
        let runner = std::rc::Rc::clone(&self.runner);
        Box::pin(async move {
            let installation = installation?;
            if installation.status == Status::Inactive {
                return Err(Error::Inactive);
            }
            let written = match runner.ask(&installation, request(&installation, &message.0)).await {
                Ok(answer) if (200..300).contains(&answer.status) => SettingsWritten::Done,
                Ok(answer) => SettingsWritten::Refused { status: answer.status, words: words(&answer.body) },
                Err(Unasked::NoRoom(wait)) => return Err(Error::TooFast(wait)),
                // What its status says was done is done.
                Err(Unasked::Failed(CallError::TooLarge { status, .. })) if (200..300).contains(&status) => SettingsWritten::Done,
                Err(Unasked::Failed(CallError::TooLarge { status, .. })) => SettingsWritten::Refused { status, words: None },
                Err(Unasked::Failed(error)) => {
                    log::warn!(workspace:% = installation.key.workspace; "settings were not written: {error}");
                    SettingsWritten::Unanswered
                }
            };
            Ok((written, installation))
        })
    }
}

impl Handler<KeepSettings> for Workspace {
    type Result = AtomicResponse<Self, Result<(), Error>>;

    fn handle(&mut self, message: KeepSettings, _: &mut Context<Self>) -> Self::Result {
        let KeepSettings { values, before } = message;
        let untold = self.loaded().map(|loaded| {
            let now = &loaded.installation;
            now.addon_id == before.addon_id && now.settings == before.settings
        });
        let (key, env) = (self.key, Arc::clone(&self.env));
        let work = async move {
            if !untold? {
                return Ok(None);
            }
            // Without a time of issue it does not stand in the way of what the platform says about the same change.
            let proof = Proof { hash: [0; 32], issued_at: None };
            caught(env.store.set_settings(key, before.addon_id, &values, proof, env.clock.now())).await?;
            Ok(Some(caught(load(key, &env)).await))
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|outcome: Result<_, Error>, workspace, context| {
            if let Some(loaded) = outcome? {
                workspace.settle(loaded, context);
            }
            Ok(())
        })))
    }
}

/// `PATCH /addon/workspaces/{workspaceId}/settings` with `[{id, value}]`, below the backend's base.
fn request(installation: &Installation, values: &Map<String, Value>) -> ApiRequest {
    let changes: Vec<Value> = values.iter().map(|(id, value)| json!({ "id": id, "value": value })).collect();
    ApiRequest {
        method: Method::Patch,
        host: Host::Backend,
        path: format!("/addon/workspaces/{}/settings", installation.key.workspace),
        query: Vec::new(),
        body: Some(Bytes::from(Value::Array(changes).to_string())),
        content_type: None,
        response_bytes_max: limits::ANSWER_BYTES_MAX,
        timeout: Duration::from_millis(limits::WRITE_MS_MAX),
    }
}

/// What the platform says about a refusal: `{"message": …, "code": …}`, sometimes nothing.
fn words(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let message = body.get("message")?.as_str()?;
    Some(message.chars().filter(|character| !character.is_control()).take(limits::WORDS_CHARS_MAX).collect())
}
