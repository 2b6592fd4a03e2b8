//! One run, step by step: asks the machine what is next, does it, tells the machine what came of it.
//!
//! A try that must not be repeated is on record before it is made (I4). Before each step the installation, the flow and the service are looked at
//! again: an uninstall, a deleted flow or a shutdown ends the run between two steps.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;

use super::record::Recorded;
use super::{Left, Runner};
use crate::budget::Priority;
use crate::clock::Timestamp;
use crate::flow::action::{CompiledAction, CompiledKind};
use crate::flow::compiled::Compiled;
use crate::flow::context::Context;
use crate::flow::machine::{self, Next, Sign, Tried};
use crate::flow::matching;
use crate::flow::run::{Place, Reason, RequestSummary, Run, RunState};
use crate::flow::template::Secrets;
use crate::ids::FlowId;
use crate::installation::Installation;
use crate::limits::run as limits;
use crate::port::clockify::{ApiRequest, Method};
use crate::port::observer::Happening;
use crate::port::store;
use crate::port::web::WebRequest;
use crate::workspace::queue::{Queued, Wait};

/// What a step is about to do.
enum Prepared {
    Call(ApiRequest),
    /// Another server than the platform's, with the secrets that the request holds.
    Web(WebRequest, RequestSummary, Secrets),
    Known(Tried),
    /// A list that was looked at, and its items.
    List(Tried, Vec<Value>),
}

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
        if machine::leaves_item(&queued.run, place) {
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
        let summary = match &prepared {
            Prepared::Call(request) => {
                self.take_budget().await;
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
            Prepared::Call(request) => self.call(&installation, &queued.run, request).await,
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
                    if matches!(self.record(&queued.run).await, Recorded::Gone) {
                        return Some(Ok(Left::Gone));
                    }
                    self.left(&queued.run);
                }
                Some(Err(Some(Wait { due: queued.run.due_at, platform: sign == Sign::Down })))
            }
            Next::Park => {
                if matches!(self.record(&queued.run).await, Recorded::Gone) {
                    return Some(Ok(Left::Gone));
                }
                self.left(&queued.run);
                Some(Err(Some(Wait { due: None, platform: false })))
            }
        }
    }

    async fn call(&self, installation: &Installation, run: &Run, request: ApiRequest) -> Tried {
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
        let took = self.env.clock.now().since(began);
        self.env.observer.observe(self.key.addon, Happening::Call(status, took));
        match outcome {
            Ok(Ok(answer)) => {
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
    async fn call_elsewhere(&self, action: &CompiledAction, request: WebRequest, secrets: &Secrets) -> Tried {
        let CompiledKind::GenericHttp(call) = &action.kind else { return Tried::Panicked };
        let calling = async {
            let outcome = self.clients.web.call(self.key, request).await;
            let status = outcome.as_ref().map_or(0, |response| response.status);
            self.env.observer.observe(self.key.addon, Happening::WebCall(status));
            match outcome {
                Ok(response) => Tried::Heard(call.answer().read(&response, secrets)),
                Err(error) => Tried::Unheard(error),
            }
        };
        AssertUnwindSafe(calling).catch_unwind().await.unwrap_or(Tried::Panicked)
    }

    /// Renders an action, with what it needs of the store; a panic in it is an outcome like any other.
    async fn prepare(&self, action: &CompiledAction, context: &Context, run: &Run) -> Result<Prepared, store::Error> {
        let known = |tried| Ok(Prepared::Known(tried));
        let mut secrets = Secrets::new();
        match &action.kind {
            CompiledKind::GenericHttp(_) if !self.calls_others(run.flow) => {
                let words = "calls of other servers are switched off in this workspace (enable_generic_http_actions)";
                return known(Tried::Unrendered(Reason::new("generic_http_off", words)));
            }
            CompiledKind::GenericHttp(call) if !call.secrets().is_empty() => {
                match self.env.store.reveal_secrets(self.key, call.secrets()).await {
                    Err(store::Error::Unreadable(_)) => {
                        let words = "a secret of this action cannot be read any more: store it again";
                        return known(Tried::Unrendered(Reason::new("secret_unreadable", words)));
                    }
                    revealed => secrets = revealed?,
                }
            }
            CompiledKind::CacheLookup(lookup) => {
                let id = std::panic::catch_unwind(AssertUnwindSafe(|| lookup.render(context.value())));
                let found = match id {
                    Err(_) => return known(Tried::Panicked),
                    Ok(Err(reason)) => return known(Tried::Unrendered(reason)),
                    Ok(Ok(None)) => None,
                    Ok(Ok(Some(id))) => self.env.store.entity(self.key, lookup.kind(), &id).await?.map(|entity| entity.data),
                };
                return known(lookup.judge(found));
            }
            _ => {}
        }
        let prepared = std::panic::catch_unwind(AssertUnwindSafe(|| prepare(action, context.value(), secrets, run.steps.len())));
        Ok(prepared.unwrap_or(Prepared::Known(Tried::Panicked)))
    }

    /// Whether a flow may call other servers than the platform's: any where the workspace allows it, and the one that a setting keeps.
    fn calls_others(&self, flow: FlowId) -> bool {
        let inner = self.inner.borrow();
        inner.other_servers || inner.forwarding == Some(flow)
    }

    /// Until the store may work again.
    fn pause_for_the_store(&self) -> Wait {
        Wait { due: Some(self.env.clock.now() + Duration::from_millis(limits::RECORD_PAUSE_MS)), platform: false }
    }

    fn remember_writes(&self, run: &Run, ids: &[String]) {
        let now = self.env.clock.now();
        let mut inner = self.inner.borrow_mut();
        ids.iter().for_each(|id| inner.loops.wrote(run.flow, id, now));
    }

    /// Waits until the installation may make a call.
    async fn take_budget(&self) {
        let take = || self.inner.borrow_mut().budget.take(Priority::Flow, self.env.clock.now());
        let Err(mut wait) = take() else { return };
        let _place = BudgetPlace::queue(self, Priority::Flow);
        loop {
            self.env.clock.sleep(wait).await;
            match take() {
                Ok(()) => return,
                Err(longer) => wait = longer,
            }
        }
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

/// A place in the line for the budget, given up when the task goes away.
pub(super) struct BudgetPlace<'r>(&'r Runner, Priority);

impl<'r> BudgetPlace<'r> {
    pub(super) fn queue(runner: &'r Runner, priority: Priority) -> Self {
        runner.inner.borrow_mut().budget.queue(priority);
        Self(runner, priority)
    }
}

impl Drop for BudgetPlace<'_> {
    fn drop(&mut self) {
        self.0.inner.borrow_mut().budget.unqueue(self.1);
    }
}

fn prepare(action: &CompiledAction, context: &Value, secrets: Secrets, steps: usize) -> Prepared {
    let known = |reason| Prepared::Known(Tried::Unrendered(reason));
    match &action.kind {
        CompiledKind::ClockifyApi(call) => call.render(context).map_or_else(known, Prepared::Call),
        CompiledKind::GenericHttp(call) => match call.summary(context).and_then(|summary| Ok((summary, call.render(context, &secrets)?))) {
            Ok((summary, request)) => Prepared::Web(request, summary, secrets),
            Err(reason) => known(reason),
        },
        CompiledKind::ForEach(each) => match each.list(context) {
            Ok(items) => match each.judge(&items, steps) {
                tried @ Tried::Listed(_) => Prepared::List(tried, items),
                refused => Prepared::Known(refused),
            },
            Err(reason) => known(reason),
        },
        // It needs the store, and is looked up there.
        CompiledKind::CacheLookup(_) => Prepared::Known(Tried::Panicked),
        CompiledKind::StopIf(condition) => match condition.holds(context) {
            Ok(holds) => Prepared::Known(Tried::Examined(holds)),
            Err(error) => known(Reason::new("condition_not_evaluated", error.to_string())),
        },
    }
}

/// What a request looks like to people: no host, no token.
fn summary(request: &ApiRequest) -> RequestSummary {
    let mut path = request.path.clone();
    for (index, (name, value)) in request.query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.push_str(name);
        path.push('=');
        path.push_str(value);
    }
    let body = request.body.as_ref().map(|body| String::from_utf8_lossy(body));
    RequestSummary::new(request.method, path, body.as_deref())
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
    serde_json::from_slice::<Described>(body).ok().map(|described| described.id).filter(|id| id.len() <= 64)
}
