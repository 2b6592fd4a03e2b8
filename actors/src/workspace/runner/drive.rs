//! One run, step by step: asks the machine what is next, does it, tells the machine what came of it.
//!
//! A try that must not be repeated is on record before it is made (I4). Before each step the installation, the flow and the service are looked at
//! again: an uninstall, a deleted flow or a shutdown ends the run between two steps.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::prepare::{Prepared, summary};
use super::record::{Recorded, record_price};
use super::{Left, Runner};
use crate::clock::Timestamp;
use crate::effort::of_tree;
use crate::flow::action::CompiledAction;
use crate::flow::compiled::Compiled;
use crate::flow::context::Context;
use crate::flow::machine::{self, Next, Sign, Tried};
use crate::flow::matching;
use crate::flow::run::{Place, Reason, Run, RunState};
use crate::installation::Installation;
use crate::limits::effort::BYTES_PER_VISIT;
use crate::limits::run as limits;
use crate::port::store;
use crate::workspace::queue::{Queued, Wait};

impl Runner {
    pub(super) async fn drive(&self, mut queued: Queued) -> Left {
        if queued.run.state.finished() {
            return self.end(queued).await;
        }
        if let Some(reason) = matching::doubt(&queued.run) {
            return self.refuse(queued, Unusable::ForGood(reason)).await;
        }
        let flow = match self.version(&queued.run).await {
            Ok(Some(flow)) => flow,
            Ok(None) => return Left::Gone,
            Err(unusable) => return self.refuse(queued, unusable).await,
        };
        if queued.run.started_at.is_none()
            && let Err(until) = self.admit(&flow, &queued.run)
        {
            return self.hold_back(queued, until).await;
        }
        self.rest().await;
        let mut context = match self.context(&queued, &flow).await {
            Ok(context) => context,
            Err(unusable) => return self.refuse(queued, unusable).await,
        };
        loop {
            let next = machine::next(&queued.run, flow.outline());
            if matches!(next, Next::Try(_)) && self.is_cancelled(queued.run.id) {
                return self.end_cancelled(queued).await;
            }
            if matches!(next, Next::Try(_)) && machine::overdue(&queued.run, self.env.clock.now()) {
                let reason = Reason::new("run_too_long", "the run has taken longer than a run may take");
                machine::finish(&mut queued.run, RunState::Failed, Some(reason), self.env.clock.now());
                return self.end(queued).await;
            }
            match next {
                Next::Try(place) => {
                    let Some(action) = flow.action(place) else { return Left::Gone };
                    if let Some(left) = self.step(&mut queued, place, action, &mut context).await {
                        return left.unwrap_or_else(|wait| Left::Back(Box::new(queued), wait));
                    }
                }
                Next::End | Next::On | Next::Wait(_) | Next::Park => {
                    if !queued.run.state.finished() {
                        machine::complete(&mut queued.run, self.env.clock.now());
                    }
                    return self.end(queued).await;
                }
            }
        }
    }

    /// Makes one try. `None`: the run goes on; else how its task leaves it, or what it waits for in the queue.
    async fn step(
        &self,
        queued: &mut Queued,
        place: Place,
        action: &CompiledAction,
        context: &mut Context,
    ) -> Option<Result<Left, Option<Wait>>> {
        // Before it is done, so that of many runs that have rested together one goes on first, and what it does counts for the others.
        self.rest().await;
        let leaves = machine::leaves_item(&queued.run, place);
        let records = usize::from(leaves) + if action.repeatable() { 0 } else { 2 };
        self.spend(records * record_price(&queued.run));
        if leaves {
            machine::fold_item(&mut queued.run);
            match self.record(&queued.run).await {
                Recorded::Durable => {}
                Recorded::Gone => return Some(Ok(Left::Gone)),
                Recorded::NotNow => return Some(Err(Some(self.pause_for_the_store()))),
            }
        }
        context.enter(place);
        let prepared = match self.prepare(action, context, &queued.run).await {
            Ok(prepared) => prepared,
            Err(error) => {
                log::warn!(workspace:% = self.key.workspace, run:% = queued.run.id; "a step could not be prepared: {error}");
                return Some(Err(Some(self.pause_for_the_store())));
            }
        };
        let mut turn = None;
        let summary = match &prepared {
            Prepared::Call(request) => {
                turn = Some(self.take_turn().await);
                Some(summary(request))
            }
            Prepared::Web(_, summary, _) => Some(summary.clone()),
            Prepared::Known(_) | Prepared::List(..) => None,
        };
        let installation = match self.standing(&queued.run) {
            Standing::On(installation) => installation,
            Standing::Deleted => return Some(Ok(Left::Gone)),
            // The loop looks again, and ends it.
            Standing::Cancelled => return None,
            Standing::Paused => {
                // What the steps so far brought is kept, as far as the store takes it now.
                if !queued.run.steps.is_empty() {
                    let _ = self.record_once(&queued.run).await;
                }
                return Some(Err(None));
            }
        };
        let before = (!action.repeatable()).then(|| queued.run.clone());
        machine::begin(&mut queued.run, place, action, summary, self.env.clock.now());
        let unrepeatable = queued.run.steps.last().is_some_and(|step| !step.repeatable);
        if let (true, Some(before)) = (unrepeatable, before) {
            match self.record(&queued.run).await {
                Recorded::Durable => {}
                Recorded::Gone => return Some(Ok(Left::Gone)),
                Recorded::NotNow => {
                    queued.run = before;
                    return Some(Err(Some(self.pause_for_the_store())));
                }
            }
        }
        let began = self.env.clock.now();
        let tried = match prepared {
            Prepared::Known(tried) => tried,
            Prepared::List(tried, items) => {
                context.list(place.index, items);
                tried
            }
            Prepared::Call(request) => self.call(&installation, &queued.run, request, turn).await,
            Prepared::Web(request, _, secrets) => self.call_elsewhere(action, request, &secrets).await,
        };
        self.settle(queued, tried, action, began, unrepeatable, context).await
    }

    /// Notes what a try came to.
    async fn settle(
        &self,
        queued: &mut Queued,
        tried: Tried,
        action: &CompiledAction,
        began: Timestamp,
        unrepeatable: bool,
        context: &mut Context,
    ) -> Option<Result<Left, Option<Wait>>> {
        let now = self.env.clock.now();
        let (next, sign) = machine::settle(&mut queued.run, tried, &action.retry, now, now.since(began), self.env.clock.chance());
        self.tell_step(&queued.run);
        self.heed(sign, || queued.run.reason.as_ref().map_or_else(String::new, |reason| reason.message.clone()));
        match next {
            Next::On | Next::Try(_) => {
                context.answered(queued.run.steps.last()?);
                if unrepeatable && matches!(self.record(&queued.run).await, Recorded::Gone) {
                    return Some(Ok(Left::Gone));
                }
                None
            }
            Next::End => None,
            Next::Wait(wait) => {
                let worth_a_write = Duration::from_millis(limits::WAIT_STORED_MS_MIN);
                if wait >= worth_a_write || now.since(began) >= worth_a_write || unrepeatable {
                    self.spend(record_price(&queued.run));
                    if matches!(self.record(&queued.run).await, Recorded::Gone) {
                        return Some(Ok(Left::Gone));
                    }
                    self.left(&queued.run);
                }
                Some(Err(Some(Wait { due: queued.run.due_at, platform: sign == Sign::Down })))
            }
            Next::Park => {
                self.spend(record_price(&queued.run));
                if matches!(self.record(&queued.run).await, Recorded::Gone) {
                    return Some(Ok(Left::Gone));
                }
                self.left(&queued.run);
                Some(Err(Some(Wait { due: None, platform: false })))
            }
        }
    }

    /// Until the store may work again.
    fn pause_for_the_store(&self) -> Wait {
        Wait { due: Some(self.env.clock.now() + Duration::from_millis(limits::RECORD_PAUSE_MS)), platform: false }
    }

    fn admit(&self, flow: &Compiled, run: &Run) -> Result<(), Timestamp> {
        let now = self.env.clock.now();
        self.inner.borrow_mut().loops.admit(run.flow, run.entity.as_ref(), flow.runs_per_entity_per_minute, run.created_at, now)
    }

    /// The loop guard lets a run wait: that is shown, and nothing is lost.
    async fn hold_back(&self, mut queued: Queued, until: Timestamp) -> Left {
        let before = queued.run.clone();
        let reason = Reason::new("loop_guard", "this flow has run too often for the same entity within a minute; it goes on later");
        machine::pause(&mut queued.run, Some(until), reason);
        self.spend(record_price(&queued.run));
        match self.record(&queued.run).await {
            Recorded::Gone => return Left::Gone,
            Recorded::Durable => self.left(&queued.run),
            Recorded::NotNow => {}
        }
        // In memory it is still at its beginning, so that it asks the loop guard again.
        queued.run = Run { due_at: None, ..before };
        Left::Back(Box::new(queued), Some(Wait { due: Some(until), platform: false }))
    }

    async fn refuse(&self, mut queued: Queued, unusable: Unusable) -> Left {
        match unusable {
            Unusable::Now(error) => {
                log::warn!(workspace:% = self.key.workspace, run:% = queued.run.id; "a run could not begin: {error}");
                self.later(queued)
            }
            Unusable::ForGood(reason) => {
                machine::finish(&mut queued.run, RunState::Failed, Some(reason), self.env.clock.now());
                self.end(queued).await
            }
        }
    }

    /// The version of the flow that the run's event found. `None`: the flow has been deleted, and its runs with it.
    async fn version(&self, run: &Run) -> Result<Option<Arc<Compiled>>, Unusable> {
        {
            let inner = self.inner.borrow();
            if inner.deleted.contains(&run.flow) {
                return Ok(None);
            }
            let newest = inner.flows.get(&run.flow).filter(|flow| flow.version == run.flow_version);
            let older = || inner.versions.iter().find(|flow| flow.id == run.flow && flow.version == run.flow_version);
            if let Some(flow) = newest.or_else(older) {
                return Ok(Some(Arc::clone(flow)));
            }
        }
        if self.env.store.flow(self.key, run.flow).await?.is_none() {
            return Ok(None);
        }
        let stored = self.env.store.flow_version(self.key, run.flow, run.flow_version).await?;
        let unusable = |why: &str| Unusable::ForGood(Reason::new("flow_unusable", why));
        let stored = stored.ok_or_else(|| unusable("this version of the flow is not stored any more"))?;
        let compiled = Compiled::compile(&stored, self.key.workspace, &self.env.catalogue);
        let compiled = Arc::new(compiled.map_err(|_| unusable("this version of the flow no longer fits the API catalogue"))?);
        let mut inner = self.inner.borrow_mut();
        if inner.versions.len() >= limits::VERSIONS_KEPT_MAX {
            inner.versions.pop_front();
        }
        inner.versions.push_back(Arc::clone(&compiled));
        Ok(Some(compiled))
    }

    async fn context(&self, queued: &Queued, flow: &Compiled) -> Result<Context, Unusable> {
        let run = &queued.run;
        let stored;
        let payload = match &queued.payload {
            Some(payload) => payload,
            None => {
                let event = self.env.store.event(self.key, run.event).await?;
                let missing = || Unusable::ForGood(Reason::new("event_missing", "the event of this run is not stored any more"));
                stored = event.ok_or_else(missing)?.payload;
                &stored
            }
        };
        self.spend(of_tree(payload) + run.kept_bytes() / BYTES_PER_VISIT);
        let payload: Value = serde_json::from_slice(payload)
            .map_err(|error| Unusable::ForGood(Reason::new("payload_unreadable", format!("the payload cannot be read: {error}"))))?;
        let event = serde_json::json!({
            "id": run.event,
            "type": run.event_type,
            "entity": run.entity,
            "received_at": run.event.made_at(),
        });
        let mut context = Context::new(payload, event, self.key.workspace);
        let rebuilt = std::panic::catch_unwind(AssertUnwindSafe(|| context.replay(&run.steps, flow)));
        rebuilt.unwrap_or_else(|_| Err(Reason::new("panicked", "the record of this run cannot be read"))).map_err(Unusable::ForGood)?;
        Ok(context)
    }

    fn standing(&self, run: &Run) -> Standing {
        let inner = self.inner.borrow();
        if inner.deleted.contains(&run.flow) {
            return Standing::Deleted;
        }
        if inner.cancelling.contains(&run.id) {
            return Standing::Cancelled;
        }
        match &inner.installation {
            Some(installation) if inner.may_step(run.flow) => Standing::On(Arc::clone(installation)),
            _ => Standing::Paused,
        }
    }
}

/// Whether a step may begin.
enum Standing {
    On(Arc<Installation>),
    Deleted,
    Cancelled,
    Paused,
}

/// Why a run cannot begin.
enum Unusable {
    Now(store::Error),
    ForGood(Reason),
}

impl From<store::Error> for Unusable {
    fn from(error: store::Error) -> Self {
        Self::Now(error)
    }
}
