//! `Execute`: a call that a person makes through the explorer, within the installation's budget and ahead of its runs; it is kept for those who
//! ask later.
//!
//! The person's own token travels in the message and is never stored. The call may write: it is made once and never again (I4).

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Context, Handler, Message, ResponseFuture};

use super::runner::ask::Unasked;
use super::{Error, Workspace};
use crate::call::{Bearer, Call, Content};
use crate::flow::model::Params;
use crate::ids::CallId;
use crate::installation::Status;
use crate::limits::explorer as limits;
use crate::port::clockify::{ApiRequest, ApiResponse, CallError};
use crate::secret::Secret;

/// Asks the workspace to make a call.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Executed, Error>")]
pub struct Execute {
    /// The operation's id.
    pub operation: String,
    /// What is sent; it has been checked.
    pub request: ApiRequest,
    /// What it was made of.
    pub params: Params,
    /// The person's own token; without one the call bears the installation's.
    pub token: Option<Secret>,
    /// Who asks, by the platform's id.
    pub user: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The id under which it is kept.
    pub id: CallId,
    /// The answer, or why there is none.
    pub outcome: Result<ApiResponse, CallError>,
    /// How long it took.
    pub latency: Duration,
}

/// A place among the calls of this kind that one workspace has under way.
struct Place(Rc<std::cell::Cell<usize>>);

impl Place {
    fn take(under_way: &Rc<std::cell::Cell<usize>>) -> Option<Self> {
        let room = under_way.get() < limits::CALLS_AT_ONCE_MAX;
        room.then(|| {
            under_way.set(under_way.get() + 1);
            Self(Rc::clone(under_way))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Handler<Execute> for Workspace {
    type Result = ResponseFuture<Result<Executed, Error>>;

    /// Other messages are taken meanwhile: a report may need half a minute.
    fn handle(&mut self, message: Execute, _: &mut Context<Self>) -> Self::Result {
        let installation = self.loaded().map(|loaded| Arc::clone(&loaded.installation));
        let (runner, env, key, place) = (Rc::clone(&self.runner), Arc::clone(&self.env), self.key, Place::take(&self.explorer));
        Box::pin(async move {
            let installation = installation?;
            if installation.status == Status::Inactive {
                return Err(Error::Inactive);
            }
            let _place = place.ok_or(Error::TooFast(Duration::from_secs(1)))?;
            let Execute { operation, request, params, token, user } = message;
            let (method, path) = (request.method, request.path.clone());
            let bearer = if token.is_some() { Bearer::Viewer } else { Bearer::Addon };
            let (created_at, began) = (env.clock.now(), env.clock.elapsed());
            let outcome = match runner.ask_with(&installation.urls, token.as_ref().unwrap_or(&installation.token), request).await {
                Ok(answer) => Ok(answer),
                Err(Unasked::NoRoom(wait)) => return Err(Error::TooFast(wait)),
                Err(Unasked::Failed(error)) => Err(error),
            };
            let latency = env.clock.elapsed().saturating_sub(began);
            let status = match &outcome {
                Ok(answer) => Some(answer.status),
                Err(CallError::TooLarge { status, .. }) => Some(*status),
                Err(_) => None,
            };
            let call = Call {
                id: env.clock.fresh_id().into(),
                operation,
                method,
                path,
                bearer,
                user,
                status,
                latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX),
                error: outcome.as_ref().err().map(ToString::to_string),
                created_at,
                content: Some(Content::of(&params, outcome.as_ref().ok())),
            };
            // The call has been made, whatever becomes of its record: its answer is not withheld.
            if let Err(error) = env.store.keep_call(key, &call, limits::CALLS_KEPT_MAX).await {
                log::warn!(addon = key.addon.slug(), workspace:% = key.workspace, call:% = call.id; "a call of the explorer is not kept: {error}");
            }
            Ok(Executed { id: call.id, outcome, latency })
        })
    }
}
