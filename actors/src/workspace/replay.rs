//! `Replay`, `ReplayMany`: finished runs are started again on request, as new runs that name the old ones.
//!
//! A run goes through the version of its flow that it had, if that is still stored, else through the newest. One that wanted attention has got
//! it: what its replay comes to is shown instead.

use std::rc::Rc;
use std::sync::Arc;

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};

use super::runner::Runner;
use super::{Environment, Error, Workspace, caught};
use crate::flow::run::{Run, RunState};
use crate::ids::{Key, RunId};
use crate::limits::flow::REPLAYS_PER_MESSAGE_MAX;
use crate::port::store;
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
    /// Its flow has been deleted.
    FlowDeleted,
}

/// Asks for runs to be made again, those of them that can be; at most [`REPLAYS_PER_MESSAGE_MAX`]. Gives the new ones.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Vec<RunId>, Error>")]
pub struct ReplayMany(pub Vec<RunId>);

impl Handler<Replay> for Workspace {
    type Result = ResponseActFuture<Self, Result<Replayed, Error>>;

    fn handle(&mut self, message: Replay, _: &mut Context<Self>) -> Self::Result {
        let refusal = self.loaded().err();
        let (key, env, runner) = (self.key, Arc::clone(&self.env), Rc::clone(&self.runner));
        let work = async move {
            if let Some(error) = refusal {
                return Err(error);
            }
            let run = match caught(again(key, &env, message.0)).await? {
                Ok(run) => run,
                Err(not) => return Ok(not),
            };
            let id = run.id;
            Ok(if start(key, &env, &runner, vec![run]).await? { Replayed::As(id) } else { Replayed::Absent })
        };
        Box::pin(work.into_actor(self).map(|outcome, _, _| outcome))
    }
}

impl Handler<ReplayMany> for Workspace {
    type Result = ResponseActFuture<Self, Result<Vec<RunId>, Error>>;

    fn handle(&mut self, message: ReplayMany, _: &mut Context<Self>) -> Self::Result {
        let refusal = self.loaded().err();
        let (key, env, runner) = (self.key, Arc::clone(&self.env), Rc::clone(&self.runner));
        let work = async move {
            if let Some(error) = refusal {
                return Err(error);
            }
            let runs = caught(async {
                let mut runs = Vec::new();
                for id in message.0.into_iter().take(REPLAYS_PER_MESSAGE_MAX) {
                    runs.extend(again(key, &env, id).await?.ok());
                }
                Ok(runs)
            });
            let runs = runs.await?;
            let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
            Ok(if start(key, &env, &runner, runs).await? { ids } else { Vec::new() })
        };
        Box::pin(work.into_actor(self).map(|outcome, _, _| outcome))
    }
}

/// The run that repeats another.
async fn again(key: Key, env: &Environment, id: RunId) -> Result<Result<Run, Replayed>, store::Error> {
    let Some(old) = env.store.run(key, id).await? else { return Ok(Err(Replayed::Absent)) };
    if !old.state.finished() {
        return Ok(Err(Replayed::Unfinished));
    }
    let Some(newest) = env.store.flow(key, old.flow).await? else { return Ok(Err(Replayed::FlowDeleted)) };
    let stored = env.store.flow_version(key, old.flow, old.flow_version).await?;
    Ok(Ok(Run {
        id: env.clock.fresh_id().into(),
        flow_version: stored.map_or(newest.version, |stored| stored.version),
        state: RunState::Queued,
        steps: Vec::new(),
        due_at: None,
        reason: None,
        replay_of: Some(old.id),
        created_at: env.clock.now(),
        started_at: None,
        finished_at: None,
        dismissed_at: None,
        ..old
    }))
}

/// Makes new runs durable and hands them to the runner. `false`: there is no installation any more.
pub(super) async fn start(key: Key, env: &Environment, runner: &Runner, runs: Vec<Run>) -> Result<bool, Error> {
    if runs.is_empty() {
        return Ok(true);
    }
    let repeated: Vec<RunId> = runs.iter().filter_map(|run| run.replay_of).collect();
    let (for_queue, pending) = Receipt::pair();
    let (for_caller, answer) = Receipt::pair();
    runner.expect(pending, runs.clone(), None);
    env.store.submit(Entry::Start(runs), for_caller.and(for_queue));
    if answer.outcome().await? != Written::Done {
        return Ok(false);
    }
    if let Err(error) = caught(env.store.dismiss(key, &repeated, env.clock.now())).await {
        // They stay on the list of those that want attention, where an admin sees that they have been repeated.
        log::warn!(workspace:% = key.workspace; "runs that are repeated were not dismissed: {error}");
    }
    Ok(true)
}
