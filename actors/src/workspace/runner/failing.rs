//! What follows from runs that fail: an event that starts the flows which are there for failures, and a pause of a flow that fails again and again.
//!
//! The event, its runs and the count of failures become durable with the end of the run itself, and the event's message names the run: one alarm for one
//! failure, which counts once, whatever happens in between (I1). What a flow for failures does starts no further one.

use std::sync::Arc;

use super::Runner;
use crate::event::{Event, EventType, FLOW_EVENTS, Source};
use crate::flow::compiled::Compiled;
use crate::flow::matching;
use crate::flow::run::{Run, RunState};
use crate::flow::standing::{Fared, Standing};
use crate::ids::FlowId;
use crate::port::observer::Happening;

impl Runner {
    /// The event that the end of this run is, and the runs which that starts, if there is a flow for it.
    pub(super) fn alarm(&self, run: &Run) -> Option<(Event, Vec<Run>)> {
        let [failed, uncertain] = FLOW_EVENTS;
        let event_type = match run.state {
            RunState::Failed => EventType::parse(failed).ok()?,
            RunState::Uncertain => EventType::parse(uncertain).ok()?,
            _ => return None,
        };
        let (flow, listeners) = {
            let inner = self.inner.borrow();
            let flow = inner.flows.get(&run.flow).cloned();
            let mut listeners: Vec<Arc<Compiled>> =
                inner.flows.values().filter(|flow| flow.listens_to(&Source::Flow, &event_type)).cloned().collect();
            listeners.sort_by_key(|flow| flow.id);
            (flow, listeners)
        };
        let flow = flow.filter(|flow| !flow.is_for_failures() && !listeners.is_empty())?;
        let now = self.env.clock.now();
        let event = Event {
            id: self.env.clock.fresh_id().into(),
            source: Source::Flow,
            event_type,
            entity: Some(format!("flow:{}", run.flow).into()),
            received_at: now,
            payload: told(run, &flow).to_string().into(),
            payload_hash: [0; 32],
            headers: None,
            deliveries: 1,
            message: Some(run.id.to_string().into()),
        };
        let paused = |flow: &Compiled| self.is_paused(flow.id);
        let (runs, _) = matching::runs(self.key, &event, &listeners, paused, |_| false, || self.env.clock.fresh_id().into(), now);
        (!runs.is_empty()).then_some((event, runs))
    }

    /// Whether a flow starts no runs, because it has failed again and again.
    pub fn is_paused(&self, flow: FlowId) -> bool {
        self.inner.borrow().standings.get(&flow).is_some_and(Option::is_some)
    }

    /// A flow's pause has been lifted.
    pub fn resume(&self, flow: FlowId) {
        self.inner.borrow_mut().standings.remove(&flow);
    }

    /// What the end of this run says about its flow. It becomes durable with that end.
    pub(super) fn fared(&self, run: &Run) -> Option<Fared> {
        let inner = self.inner.borrow();
        match run.state {
            RunState::Failed => {
                let pause_after = inner.flows.get(&run.flow).map_or(0, |flow| flow.pause_after_failures);
                let last = run.reason.as_ref().map_or("", |reason| reason.message.as_str());
                let reason = || format!("{pause_after} runs failed in a row; the last one: {last}");
                (pause_after > 0).then(|| Fared::Failed { pause_after, reason: reason() })
            }
            // The usual case costs the store nothing.
            RunState::Succeeded | RunState::Stopped => inner.standings.get(&run.flow).is_some_and(Option::is_none).then_some(Fared::Well),
            _ => None,
        }
    }

    /// Takes over how a flow has fared, once that is durable with the end of a run.
    pub(super) async fn heed_standing(&self, run: &Run) {
        match self.fared(run) {
            None => {}
            Some(Fared::Well) => drop(self.inner.borrow_mut().standings.remove(&run.flow)),
            Some(Fared::Failed { .. }) => match self.env.store.standings(self.key).await {
                Ok(standings) => self.heed_failure(run.flow, standings.into_iter().find(|standing| standing.flow == run.flow)),
                // The next failure, or the next life, finds it.
                Err(error) => log::warn!(workspace:% = self.key.workspace, flow:% = run.flow; "how a flow has fared is not known: {error}"),
            },
        }
    }

    fn heed_failure(&self, flow: FlowId, standing: Option<Standing>) {
        let Some(Standing { paused, .. }) = standing else { return };
        if paused.is_some() && !self.is_paused(flow) {
            self.env.observer.observe(self.key.addon, Happening::FlowPaused);
            log::warn!(addon = self.key.addon.slug(), workspace:% = self.key.workspace, flow:% = flow; "a flow is paused: its runs fail one after the other");
        }
        self.inner.borrow_mut().standings.insert(flow, paused);
    }
}

/// What is told of a run that ended badly.
fn told(run: &Run, flow: &Compiled) -> serde_json::Value {
    let step = run.steps.last().map(|step| serde_json::json!({ "index": step.index, "action": step.action, "each": step.each }));
    serde_json::json!({
        "workspaceId": run.key.workspace,
        "flow_id": run.flow,
        "flow_name": flow.name,
        "flow_version": run.flow_version,
        "run_id": run.id,
        "status": run.state,
        "reason": run.reason,
        "step": step,
        "event_id": run.event,
        "event_type": run.event_type,
        "entity": run.entity,
        "replay_of": run.replay_of,
        "finished_at": run.finished_at,
    })
}
