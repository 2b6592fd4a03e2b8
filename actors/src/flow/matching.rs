//! From an event and a workspace's flows to the runs that it starts.

use std::sync::Arc;

use serde_json::Value;

use super::compiled::Compiled;
use super::machine;
use super::run::{Reason, Run, RunState};
use crate::clock::Timestamp;
use crate::event::Event;
use crate::ids::{Key, RunId};

/// The runs that an event starts, in the order of `flows`. `echoes` says whether the event is the echo of that flow's own write; the payload
/// becomes a tree only if a condition looks into it.
pub fn runs(
    key: Key,
    event: &Event,
    flows: &[Arc<Compiled>],
    echoes: impl Fn(&Compiled) -> bool,
    mut fresh_id: impl FnMut() -> RunId,
    now: Timestamp,
) -> Vec<Run> {
    let mut payload: Option<Result<Value, Reason>> = None;
    let mut runs = Vec::new();
    for flow in flows.iter().filter(|flow| flow.listens_to(&event.source, &event.event_type)) {
        if !flow.allow_self_trigger && echoes(flow) {
            continue;
        }
        let applies = if flow.looks_into_payload() {
            let payload = payload.get_or_insert_with(|| {
                let unreadable =
                    |error: serde_json::Error| Reason::new("payload_unreadable", format!("the payload cannot be read: {error}"));
                serde_json::from_slice(&event.payload).map_err(unreadable)
            });
            match payload {
                Ok(payload) => flow.applies_to(payload).map_err(|error| Reason::new("condition_not_evaluated", error.to_string())),
                Err(reason) => Err(reason.clone()),
            }
        } else {
            Ok(true)
        };
        if applies == Ok(false) {
            continue;
        }
        let mut run = Run {
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
            reason: None,
            replay_of: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            dismissed_at: None,
        };
        // A condition that cannot be evaluated is neither true nor false: it is shown as a failed run.
        if let Err(reason) = applies {
            machine::finish(&mut run, RunState::Failed, Some(reason), now);
        }
        runs.push(run);
    }
    runs
}
