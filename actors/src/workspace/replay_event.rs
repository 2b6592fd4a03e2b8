//! `ReplayEvent`: an event is matched against the flows of now, as if it had just arrived, and starts those that apply to it.
//!
//! A flow that this event has not started yet gets its one run; a flow that it has is started again by a run that names its last one, which is how
//! the store's rule of one run for an event and a flow tells them apart. A flow whose run has not ended is left alone.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};

use super::replay::start;
use super::tick::entity;
use super::{Error, Workspace, caught};
use crate::event::Source;
use crate::flow::compiled::Compiled;
use crate::flow::matching;
use crate::ids::{EventId, FlowId, RunId};
use crate::limits::store::PAGE_ROWS_MAX;
use crate::port::store::runs::{RunFilter, RunSummary};
use crate::port::store::{Page, Slice};

/// Asks for an event to be matched again.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<EventReplayed, Error>")]
pub struct ReplayEvent(pub EventId);

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EventReplayed {
    /// The new runs.
    Started(Vec<RunId>),
    /// There is no such event.
    Absent,
}

impl Handler<ReplayEvent> for Workspace {
    type Result = ResponseActFuture<Self, Result<EventReplayed, Error>>;

    fn handle(&mut self, message: ReplayEvent, _: &mut Context<Self>) -> Self::Result {
        let flows: Result<Vec<Arc<Compiled>>, Error> = self.loaded().and_then(|loaded| match loaded.settings.enable_flows {
            true => Ok(loaded.flows.clone()),
            false => Err(Error::SwitchedOff),
        });
        let (key, env, runner) = (self.key, Arc::clone(&self.env), Rc::clone(&self.runner));
        let work = async move {
            let flows = flows?;
            let Some(event) = caught(env.store.event(key, message.0)).await? else { return Ok(EventReplayed::Absent) };
            let of_event = RunFilter { event: Some(event.id), ..RunFilter::default() };
            let Page { items, .. } = caught(env.store.runs(key, &of_event, Slice { limit: PAGE_ROWS_MAX, offset: 0 })).await?;
            // Newest first: of each flow the first one stays.
            let mut latest: HashMap<FlowId, RunSummary> = HashMap::new();
            for run in items {
                latest.entry(run.flow).or_insert(run);
            }
            // A tick is meant for its own flow alone.
            let own = |flow: &Arc<Compiled>| event.source != Source::Schedule || event.entity == Some(entity(flow.id));
            let flows: Vec<_> = flows.into_iter().filter(own).collect();
            let (mut runs, visits) = matching::runs(
                key,
                &event,
                &flows,
                |flow| runner.is_paused(flow.id),
                |_| false,
                || env.clock.fresh_id().into(),
                env.clock.now(),
            );
            runner.spend(visits);
            runs.retain(|run| latest.get(&run.flow).is_none_or(|last| last.state.finished()));
            for run in &mut runs {
                run.replay_of = latest.get(&run.flow).map(|last| last.id);
            }
            let ids = runs.iter().map(|run| run.id).collect();
            Ok(if start(key, &env, &runner, runs).await? { EventReplayed::Started(ids) } else { EventReplayed::Absent })
        };
        Box::pin(work.into_actor(self).map(|outcome, _, _| outcome))
    }
}
