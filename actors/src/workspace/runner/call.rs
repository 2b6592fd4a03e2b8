//! The calls of a step: when there is room for one, the call itself, and what it wrote, so that its echo is known. A panic in it is an outcome.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::Runner;
use super::turn::Turn;
use crate::budget::Priority;
use crate::effort::of_tree;
use crate::flow::action::{CompiledAction, CompiledKind};
use crate::flow::machine::Tried;
use crate::flow::run::Run;
use crate::flow::template::Secrets;
use crate::installation::Installation;
use crate::limits::effort::{BYTES_ANSWERED_PER_VISIT, VISITS_PER_CALL};
use crate::limits::run as limits;
use crate::port::clockify::{ApiRequest, Method};
use crate::port::observer::Happening;
use crate::port::web::WebRequest;

/// What an answer costs that becomes a tree: one that the step keeps, and two in what later steps see.
fn of_answer(body: &[u8]) -> usize {
    body.len() / BYTES_ANSWERED_PER_VISIT + 3 * of_tree(body)
}

impl Runner {
    /// Waits until the installation may make a call.
    pub(super) async fn take_turn(&self) -> Turn {
        let mut turn = self.turn(Priority::Flow);
        while let Err(wait) = self.let_go(&mut turn) {
            self.env.clock.sleep(wait).await;
        }
        turn
    }

    pub(super) async fn call(&self, installation: &Installation, run: &Run, request: ApiRequest, turn: Option<Turn>) -> Tried {
        let writes = request.method != Method::Get;
        let mut written = Vec::new();
        if writes {
            // Before the call: its echo may overtake the answer.
            written.extend(entity_of(&request.path, installation));
            self.remember_writes(run, &written);
        }
        let began = self.env.clock.now();
        let calling = AssertUnwindSafe(self.clients.clockify.call(&installation.urls, &installation.token, request));
        let outcome = calling.catch_unwind().await;
        let status = match &outcome {
            Ok(Ok(answer)) => answer.status,
            _ => 0,
        };
        if let Some(turn) = turn.filter(|_| status > 0) {
            turn.answered();
        }
        let took = self.env.clock.now().since(began);
        self.env.observer.observe(self.key.addon, Happening::Call(status, took));
        self.spend(VISITS_PER_CALL);
        match outcome {
            Ok(Ok(answer)) => {
                self.spend(of_answer(&answer.body));
                if writes {
                    written.extend(answer_id(&answer.body));
                    self.remember_writes(run, &written);
                }
                Tried::Answered(answer)
            }
            Ok(Err(error)) => Tried::Unanswered(error),
            Err(_) => Tried::Panicked,
        }
    }

    /// A call of another server: outside the platform's budget, and no sign of how the platform is.
    pub(super) async fn call_elsewhere(&self, action: &CompiledAction, request: WebRequest, secrets: &Secrets) -> Tried {
        let CompiledKind::GenericHttp(call) = &action.kind else { return Tried::Panicked };
        let calling = async {
            let outcome = self.clients.web.call(self.key, request).await;
            let status = outcome.as_ref().map_or(0, |response| response.status);
            self.env.observer.observe(self.key.addon, Happening::WebCall(status));
            self.spend(VISITS_PER_CALL + outcome.as_ref().map_or(0, |response| of_answer(&response.body)));
            match outcome {
                Ok(response) => Tried::Heard(call.answer().read(&response, secrets)),
                Err(error) => Tried::Unheard(error),
            }
        };
        AssertUnwindSafe(calling).catch_unwind().await.unwrap_or(Tried::Panicked)
    }

    fn remember_writes(&self, run: &Run, ids: &[String]) {
        let now = self.env.clock.now();
        let mut inner = self.inner.borrow_mut();
        ids.iter().for_each(|id| inner.loops.wrote(run.flow, id, now));
    }
}

/// The entity that a path is about: its last segment that is a platform id, the workspace's aside.
fn entity_of(path: &str, installation: &Installation) -> Option<String> {
    let workspace = installation.key.workspace.to_string();
    let is_id = |segment: &&str| segment.len() == 24 && segment.bytes().all(|byte| byte.is_ascii_hexdigit()) && **segment != workspace;
    path.rsplit('/').find(is_id).map(str::to_owned)
}

/// The id of what an answer describes.
fn answer_id(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Described {
        id: String,
    }
    serde_json::from_slice::<Described>(body).ok().map(|described| described.id).filter(|id| id.len() <= limits::ENTITY_ID_BYTES_MAX)
}
