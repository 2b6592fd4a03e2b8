//! From an event and a workspace's flows to the runs that it starts.

use std::sync::Arc;

use serde_json::Value;

use super::compiled::Compiled;
use super::run::{Reason, Run, RunState};
use crate::clock::Timestamp;
use crate::effort::of_tree;
use crate::event::Event;
use crate::ids::{Key, RunId};
use crate::jsonpath::Visits;
use crate::limits::effort::{BYTES_PER_VISIT, VISITS_PER_EVENT, VISITS_PER_RUN};
use crate::limits::flow::VISITS_AT_A_TIME_MAX;

/// The runs that an event starts, in the order of `flows`, and how much it took to find them, for [`crate::effort`]. `paused` says which flows start none
/// now, `echoes` whether the event is the echo of that flow's own write; the payload becomes a tree only if a condition looks into it.
pub fn runs(
    key: Key,
    event: &Event,
    flows: &[Arc<Compiled>],
    paused: impl Fn(&Compiled) -> bool,
    echoes: impl Fn(&Compiled) -> bool,
    mut fresh_id: impl FnMut() -> RunId,
    now: Timestamp,
) -> (Vec<Run>, usize) {
    let mut visits = Visits::of(VISITS_AT_A_TIME_MAX);
    let mut payload: Option<Result<Value, Reason>> = None;
    let mut runs = Vec::new();
    for flow in flows.iter().filter(|flow| flow.listens_to(&event.source, &event.event_type)) {
        if paused(flow) || (!flow.allow_self_trigger && echoes(flow)) {
            continue;
        }
        let applies = if flow.looks_into_payload() {
            let payload = payload.get_or_insert_with(|| {
                let unreadable = |error: serde_json::Error| Reason::new(PAYLOAD_UNREADABLE, format!("the payload cannot be read: {error}"));
                serde_json::from_slice(&event.payload).map_err(unreadable)
            });
            match payload {
                Ok(payload) => {
                    flow.applies_within(payload, &mut visits).map_err(|error| Reason::new(CONDITION_NOT_EVALUATED, error.to_string()))
                }
                Err(reason) => Err(reason.clone()),
            }
        } else {
            Ok(true)
        };
        if applies == Ok(false) {
            continue;
        }
        runs.push(Run {
            id: fresh_id(),
            key,
            flow: flow.id,
            flow_version: flow.version,
            event: event.id,
            event_type: event.event_type.clone(),
            entity: event.entity.clone(),
            state: RunState::Queued,
            steps: Vec::new(),
            due_at: None,
            // A condition that cannot be evaluated is neither true nor false: the run fails as its first step begins, and is shown.
            reason: applies.err(),
            replay_of: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            dismissed_at: None,
        });
    }
    let read = if payload.is_some() { of_tree(&event.payload) } else { 0 };
    let around = VISITS_PER_EVENT + event.payload.len() / BYTES_PER_VISIT + runs.len() * VISITS_PER_RUN;
    (runs, visits.made() + read + around)
}

const PAYLOAD_UNREADABLE: &str = "payload_unreadable";
const CONDITION_NOT_EVALUATED: &str = "condition_not_evaluated";

/// Why a run that has not begun fails at once: its flow's conditions could not be evaluated.
pub fn doubt(run: &Run) -> Option<Reason> {
    let reason = run.reason.as_ref().filter(|_| run.started_at.is_none() && run.steps.is_empty())?;
    [PAYLOAD_UNREADABLE, CONDITION_NOT_EVALUATED].contains(&reason.code.as_str()).then(|| reason.clone())
}
