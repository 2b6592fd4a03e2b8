//! `Execute`: a call that a person makes through the explorer, within the installation's budget and ahead of its runs; it is kept for those who
//! ask later.
//!
//! The person's own token travels in the message and is never stored. The call may write: it is made once and never again (I4).

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Context, Handler, Message, ResponseFuture};

use super::runner::Runner;
use super::runner::ask::Unasked;
use super::{Environment, Error, Workspace};
use crate::call::{Bearer, Call, Content, KeptAnswer};
use crate::clock::Timestamp;
use crate::flow::model::Params;
use crate::ids::{CallId, Key};
use crate::installation::{Installation, Status};
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

/// What a call needs that may be made, its place among it.
pub(super) struct Admitted {
    pub runner: Rc<Runner>,
    pub env: Arc<Environment>,
    pub installation: Arc<Installation>,
    key: Key,
    _place: Place,
}

impl Workspace {
    /// Whether a call may be made now.
    pub(super) fn admit(&self) -> Result<Admitted, Error> {
        let installation = Arc::clone(&self.loaded()?.installation);
        if installation.status == Status::Inactive {
            return Err(Error::Inactive);
        }
        let place = Place::take(&self.explorer).ok_or(Error::TooFast(Duration::from_secs(1)))?;
        Ok(Admitted { runner: Rc::clone(&self.runner), env: Arc::clone(&self.env), installation, key: self.key, _place: place })
    }
}

/// A call that is being made, as far as its record knows it.
pub(super) struct Making {
    pub call: Execute,
    created_at: Timestamp,
    began: Duration,
}

impl Admitted {
    /// The call is about to be made.
    pub(super) fn making(&self, call: Execute) -> Making {
        Making { call, created_at: self.env.clock.now(), began: self.env.clock.elapsed() }
    }

    /// Keeps the record of a call: what came back, or why nothing or not all did. Gives its id and how long it took.
    pub(super) async fn keep(
        &self,
        making: Making,
        answer: Option<KeptAnswer>,
        status: Option<u16>,
        error: Option<String>,
    ) -> (CallId, Duration) {
        let Self { env, key, .. } = self;
        let latency = env.clock.elapsed().saturating_sub(making.began);
        let Execute { operation, request, params, token, user } = making.call;
        let call = Call {
            id: env.clock.fresh_id().into(),
            operation,
            method: request.method,
            path: request.path,
            bearer: if token.is_some() { Bearer::Viewer } else { Bearer::Addon },
            user,
            status,
            latency_ms: u32::try_from(latency.as_millis()).unwrap_or(u32::MAX),
            error,
            created_at: making.created_at,
            content: Some(Content::of(&params, answer)),
        };
        // The call has been made, whatever becomes of its record: its answer is not withheld.
        if let Err(error) = env.store.keep_call(*key, &call, limits::CALLS_KEPT_MAX).await {
            log::warn!(addon = key.addon.slug(), workspace:% = key.workspace, call:% = call.id; "a call of the explorer is not kept: {error}");
        }
        (call.id, latency)
    }
}

/// The status that an answer had which is not there.
pub(super) fn status_of(error: &CallError) -> Option<u16> {
    match error {
        CallError::TooLarge { status, .. } => Some(*status),
        _ => None,
    }
}

impl Handler<Execute> for Workspace {
    type Result = ResponseFuture<Result<Executed, Error>>;

    /// Other messages are taken meanwhile: a report may need half a minute.
    fn handle(&mut self, message: Execute, _: &mut Context<Self>) -> Self::Result {
        let admitted = self.admit();
        Box::pin(async move {
            let admitted = admitted?;
            let (making, installation) = (admitted.making(message), &admitted.installation);
            let token = making.call.token.as_ref().unwrap_or(&installation.token);
            let outcome = match admitted.runner.ask_with(&installation.urls, token, making.call.request.clone()).await {
                Ok(answer) => Ok(answer),
                Err(Unasked::NoRoom(wait)) => return Err(Error::TooFast(wait)),
                Err(Unasked::Failed(error)) => Err(error),
            };
            let (answer, status, error) = match &outcome {
                Ok(answer) => (Some(KeptAnswer::of(answer)), Some(answer.status), None),
                Err(error) => (None, status_of(error), Some(error.to_string())),
            };
            let (id, latency) = admitted.keep(making, answer, status, error).await;
            Ok(Executed { id, outcome, latency })
        })
    }
}
