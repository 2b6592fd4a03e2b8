//! `Replay`: a finished run is started again on request, as a new run that names the old one.

use std::sync::Arc;

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};

use super::{Error, Workspace, caught};
use crate::flow::run::{Run, RunState};
use crate::ids::RunId;
use crate::port::store::journal::{Entry, Written};
use crate::port::store::receipt::Receipt;

/// Asks for a run to be made again.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Replayed, Error>")]
pub struct Replay(pub RunId);

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replayed {
    /// The new run.
    As(RunId),
    /// There is no such run.
    Absent,
    /// It has not ended yet.
    Unfinished,
}

impl Handler<Replay> for Workspace {
    type Result = ResponseActFuture<Self, Result<Replayed, Error>>;

    fn handle(&mut self, message: Replay, _: &mut Context<Self>) -> Self::Result {
        let refusal = self.loaded().err();
        let (key, env, runner) = (self.key, Arc::clone(&self.env), std::rc::Rc::clone(&self.runner));
        let work = async move {
            if let Some(error) = refusal {
                return Err(error);
            }
            let Some(old) = caught(env.store.run(key, message.0)).await? else { return Ok(Replayed::Absent) };
            if !old.state.finished() {
                return Ok(Replayed::Unfinished);
            }
            let now = env.clock.now();
            let run = Run {
                id: env.clock.fresh_id().into(),
                state: RunState::Queued,
                steps: Vec::new(),
                due_at: None,
                reason: None,
                replay_of: Some(old.id),
                created_at: now,
                started_at: None,
                finished_at: None,
                ..old
            };
            let (for_queue, pending) = Receipt::pair();
            let (for_caller, answer) = Receipt::pair();
            runner.expect(pending, vec![run.clone()], None);
            let id = run.id;
            env.store.submit(Entry::Start(vec![run]), for_caller.and(for_queue));
            match answer.outcome().await? {
                Written::Done => Ok(Replayed::As(id)),
                Written::Absent => Ok(Replayed::Absent),
            }
        };
        Box::pin(work.into_actor(self).map(|outcome, _, _| outcome))
    }
}
