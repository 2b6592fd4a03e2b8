//! The life of a run, as pure functions from its record and what happened to its record and what is next.
//!
//! The driver does what [`Next`] says; it never decides. Upholds I4: a try that may have had an effect and must not be repeated ends
//! the run as uncertain, also when the process died in the middle of it. What an answer means is judged in [`mod@judge`].

mod judge;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use self::judge::{Judged, judge};
use super::action::CompiledAction;
use super::extent;
use super::model::{OnUncertain, Retry};
use super::run::{Each, Place, Reason, RequestSummary, Run, RunState, Step, StepState};
use crate::backoff;
use crate::clock::Timestamp;
use crate::limits::run as limits;
use crate::port::clockify::{ApiResponse, CallError};

/// What a try came to.
#[derive(Clone, PartialEq, Debug)]
pub enum Tried {
    /// There was an answer, whatever its status.
    Answered(ApiResponse),
    /// There was none.
    Unanswered(CallError),
    /// Another server than the platform's has answered.
    Heard(Heard),
    /// It has not.
    Unheard(CallError),
    /// The step could not be rendered, so nothing was sent.
    Unrendered(Reason),
    /// A condition was looked at: whether it ends the run, or the item.
    Examined(bool),
    /// What was looked up is this, in the store.
    Found(Value),
    /// It is not there, and the action ends the run, or the item, for that reason.
    Missing(Reason),
    /// A list was looked at: how many items it has.
    Listed(usize),
    /// The code of the action panicked.
    Panicked,
}

/// What another server answered, as the action read it.
#[derive(Clone, PartialEq, Debug)]
pub struct Heard {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Whether the action counts this status as success.
    pub expected: bool,
    /// What later steps see of it.
    pub data: Value,
    /// The answer's own words, cut.
    pub words: String,
}

/// What to do next with the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Begin the action that stands there.
    Try(Place),
    /// The step is done: ask [`next`] where the run goes on.
    On,
    /// The same step again after this time.
    Wait(Duration),
    /// Nothing until something else wakes it.
    Park,
    /// It has ended.
    End,
}

/// What a try says about the platform, for the budget and the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// It works.
    Well,
    /// It asks for fewer calls.
    Slow(Option<Duration>),
    /// It is not reached or not serving.
    Down,
    /// It refuses the installation token.
    TokenRefused,
    /// Nothing in particular.
    Silent,
}

/// The actions of a flow in outline: of a `FOR_EACH`, how many actions it has of its own.
pub type Outline = [Option<u16>];

/// Where a run goes on.
pub fn next(run: &Run, outline: &Outline) -> Next {
    if run.state.finished() {
        return Next::End;
    }
    let place = match run.steps.last() {
        None => Place { index: 0, each: None },
        Some(step) if step.state == StepState::Succeeded => behind(run, step, outline),
        // Within a FOR_EACH; else the run has ended.
        Some(step) if step.state == StepState::Stopped => next_item(run, step),
        Some(step) => step.place(),
    };
    if usize::from(place.index) < outline.len() { Next::Try(place) } else { Next::End }
}

fn behind(run: &Run, step: &Step, outline: &Outline) -> Place {
    let own = outline.get(usize::from(step.index)).copied().flatten();
    match (own, step.each) {
        (Some(own), None) if own > 0 && items(run, step.index) > 0 => Place { index: step.index, each: Some(Each { item: 0, action: 0 }) },
        (Some(own), Some(each)) if each.action.saturating_add(1) < own => {
            Place { index: step.index, each: Some(Each { action: each.action + 1, ..each }) }
        }
        (Some(_), Some(_)) => next_item(run, step),
        (_, _) => Place { index: step.index.saturating_add(1), each: None },
    }
}

fn next_item(run: &Run, step: &Step) -> Place {
    let after = Place { index: step.index.saturating_add(1), each: None };
    match step.each {
        Some(Each { item, .. }) if item.saturating_add(1) < items(run, step.index) => {
            Place { index: step.index, each: Some(Each { item: item + 1, action: 0 }) }
        }
        _ => after,
    }
}

/// How many items a `FOR_EACH` found: its own step says so, and the list is not counted again.
fn items(run: &Run, index: u16) -> u16 {
    let header = run.steps.iter().find(|step| step.index == index && step.each.is_none());
    let count = header.and_then(|step| step.data.as_ref()?.get("count")?.as_u64());
    count.and_then(|count| u16::try_from(count).ok()).unwrap_or(0)
}

/// Whether going on at `place` leaves an item behind that is done. The record is to be durable before that, so that no item is done again.
pub fn leaves_item(run: &Run, place: Place) -> bool {
    let item = |place: Place| place.each.map(|each| (place.index, each.item));
    run.steps.last().is_some_and(|step| step.each.is_some() && item(step.place()) != item(place))
}

/// Cuts what an item's steps keep, once it is done: a run with many items is not to grow without bound.
pub fn fold_item(run: &mut Run) {
    let Some(Place { index, each: Some(each) }) = run.steps.last().map(Step::place) else { return };
    for step in run.steps.iter_mut().filter(|step| step.index == index && step.each.is_some_and(|of| of.item == each.item)) {
        let last = step.each.is_some_and(|of| of.action == each.action);
        if !last || step.data.as_ref().is_some_and(|data| !extent::fits(data, limits::ITEM_ANSWER_BYTES_MAX)) {
            step.data = None;
        }
        if let Some(body) = step.request.as_mut().and_then(|request| request.body.as_mut()) {
            body.truncate(body.floor_char_boundary(limits::ITEM_REQUEST_SHOWN_BYTES_MAX));
        }
    }
}

/// Whether a run has taken too long to begin another try.
pub fn overdue(run: &Run, now: Timestamp) -> bool {
    run.started_at.is_some_and(|started| now.since(started) >= Duration::from_secs(limits::RUN_SECONDS_MAX))
}

/// Notes that a try begins. The record is to be durable before the try if the action is not repeatable.
pub fn begin(run: &mut Run, place: Place, action: &CompiledAction, request: Option<RequestSummary>, now: Timestamp) {
    run.state = RunState::Running;
    run.due_at = None;
    run.reason = None;
    run.started_at.get_or_insert(now);
    let repeatable = action.repeatable() || action.on_uncertain == OnUncertain::Retry;
    match run.steps.last_mut().filter(|step| step.place() == place) {
        Some(step) => {
            step.state = StepState::Begun;
            step.attempts = step.attempts.saturating_add(1);
            step.request = request.or(step.request.take());
            step.repeatable = repeatable;
        }
        None => run.steps.push(Step {
            index: place.index,
            each: place.each,
            action: action.name().to_owned(),
            state: StepState::Begun,
            attempts: 1,
            first_try_at: now,
            duration_ms: 0,
            repeatable,
            request,
            status: None,
            data: None,
            error: None,
        }),
    }
}

/// Notes what the try that [`begin`] noted came to.
pub fn settle(run: &mut Run, tried: Tried, retry: &Retry, now: Timestamp, duration: Duration, chance: f64) -> (Next, Sign) {
    let Some(step) = run.steps.last_mut() else { return (Next::End, Sign::Silent) };
    step.duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let judged = judge(&tried, step.repeatable);
    match &tried {
        Tried::Answered(answer) => step.status = Some(answer.status),
        Tried::Heard(heard) => step.status = Some(heard.status),
        _ => {}
    }
    match judged {
        Judged::Done(data, sign) => {
            step.state = StepState::Succeeded;
            step.data = Some(data);
            step.error = None;
            (Next::On, sign)
        }
        Judged::Stop(reason) => {
            step.state = StepState::Stopped;
            if step.each.is_some() {
                step.error = Some(reason);
                return (Next::On, Sign::Silent);
            }
            finish(run, RunState::Stopped, Some(reason), now);
            (Next::End, Sign::Silent)
        }
        Judged::Failed(reason, sign) => {
            step.state = StepState::Failed;
            step.error = Some(reason.clone());
            finish(run, RunState::Failed, Some(reason), now);
            (Next::End, sign)
        }
        Judged::Unknown(reason, sign) => {
            step.state = StepState::Uncertain;
            step.error = Some(reason.clone());
            finish(run, RunState::Uncertain, Some(reason), now);
            (Next::End, sign)
        }
        Judged::Again { reason, asked, harmless, sign } => {
            step.error = Some(reason.clone());
            let tried_for = now.since(step.first_try_at);
            let given_up = tried_for >= Duration::from_secs(retry.for_seconds) || (!harmless && step.attempts >= retry.max_attempts);
            if given_up {
                step.state = StepState::Failed;
                let message =
                    format!("given up after {} tries in {} s; the last one: {}", step.attempts, tried_for.as_secs(), reason.message);
                finish(run, RunState::Failed, Some(Reason { code: reason.code, message }), now);
                return (Next::End, sign);
            }
            let wait = backoff::wait(retry, step.attempts, asked, chance);
            step.state = StepState::Retrying;
            pause(run, Some(now + wait), reason);
            (Next::Wait(wait), sign)
        }
        Judged::TokenRefused(reason) => {
            step.error = Some(reason.clone());
            step.state = StepState::Retrying;
            let tried_for = now.since(step.first_try_at);
            if tried_for >= Duration::from_secs(limits::TOKEN_GRACE_SECONDS) {
                pause(run, None, reason);
                return (Next::Park, Sign::TokenRefused);
            }
            // A fresh token is known everywhere after a few seconds: 2, 4, 8 … s.
            let wait = Duration::from_secs(1_u64 << step.attempts.min(limits::TOKEN_WAIT_DOUBLINGS_MAX));
            pause(run, Some(now + wait), reason);
            (Next::Wait(wait), Sign::Silent)
        }
    }
}

/// Ends a run whose steps are all done.
pub fn complete(run: &mut Run, now: Timestamp) {
    finish(run, RunState::Succeeded, None, now);
}

/// Ends a run for a reason of its own.
pub fn finish(run: &mut Run, state: RunState, reason: Option<Reason>, now: Timestamp) {
    run.state = state;
    run.reason = reason;
    run.due_at = None;
    run.finished_at = Some(now);
}

/// Puts a run aside until a moment, or until something wakes it.
pub fn pause(run: &mut Run, due_at: Option<Timestamp>, reason: Reason) {
    run.state = RunState::Waiting;
    run.due_at = due_at;
    run.reason = Some(reason);
}

/// What becomes of a run that is found in the store when its actor starts: a try that was cut off is made again if that is safe, else it is
/// uncertain. `true`: the record has changed.
pub fn recover(run: &mut Run, now: Timestamp) -> bool {
    let Some(step) = run.steps.last_mut().filter(|step| step.state == StepState::Begun) else { return false };
    if step.repeatable {
        step.state = StepState::Retrying;
        return false;
    }
    let reason = Reason::new("interrupted", "the service stopped while this call was under way; whether it was done is not known");
    step.state = StepState::Uncertain;
    step.error = Some(reason.clone());
    finish(run, RunState::Uncertain, Some(reason), now);
    true
}
