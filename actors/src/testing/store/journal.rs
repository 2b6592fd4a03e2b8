//! The journal in memory: written at once, in the order of submission.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Fate, MemoryStore, State};
use crate::flow::run::Run;
use crate::limits::store::QUEUE_ENTRIES_MAX;
use crate::port::store::journal::{Entry, Written};
use crate::port::store::receipt::{Outcome, Receipt};
use crate::port::store::{Error, Journal};

impl Journal for MemoryStore {
    fn submit(&self, entry: Entry, receipt: Receipt) {
        let mut state = self.lock();
        match &mut state.held {
            Some(held) if held.len() < QUEUE_ENTRIES_MAX => held.push_back((entry, receipt)),
            Some(_) => receipt.complete(Err(Error::Busy)),
            None => match state.fate(&entry) {
                Fate::Written => {
                    let outcome = state.write(entry);
                    receipt.complete(outcome);
                }
                Fate::Lost => state.held = Some(VecDeque::from([(entry, receipt)])),
                Fate::Unheard => {
                    state.held = Some(VecDeque::new());
                    let _ = state.write(entry);
                    state.unheard.push(receipt);
                }
            },
        }
    }
}

impl State {
    fn fate(&mut self, entry: &Entry) -> Fate {
        self.fate.as_mut().map_or(Fate::Written, |judge| judge(entry))
    }

    pub(super) fn write(&mut self, entry: Entry) -> Outcome {
        self.fault()?;
        Ok(match entry {
            Entry::Accept { key, event, runs } => {
                if !self.installations.contains_key(&key) {
                    return Ok(Written::Absent);
                }
                if let Some(message) = &event.message
                    && !self.events.contains_key(&(key, event.id))
                    && !self.messages.insert((key, event.source.clone(), Arc::clone(message)))
                {
                    return Ok(Written::Repeated);
                }
                self.events.entry((key, event.id)).or_insert(*event);
                runs.into_iter().for_each(|run| self.start(run));
                Written::Done
            }
            Entry::Repeat { key, event } => match self.events.get_mut(&(key, event)) {
                Some(event) => {
                    event.deliveries += 1;
                    Written::Done
                }
                None => Written::Absent,
            },
            Entry::Start(runs) => {
                if runs.iter().any(|run| !self.installations.contains_key(&run.key)) {
                    return Ok(Written::Absent);
                }
                runs.into_iter().for_each(|run| self.start(run));
                Written::Done
            }
            Entry::Progress(run) => {
                if self.progress(*run) {
                    Written::Done
                } else {
                    Written::Absent
                }
            }
            Entry::Conclude { run, fared, event, runs } => {
                let key = run.key;
                if !self.installations.contains_key(&key) {
                    return Ok(Written::Absent);
                }
                if let Some(event) = event {
                    let message = event.message.clone();
                    let told = self.events.contains_key(&(key, event.id))
                        || message.is_none_or(|message| self.messages.insert((key, event.source.clone(), message)));
                    if told {
                        self.events.entry((key, event.id)).or_insert(*event);
                        runs.into_iter().for_each(|run| self.start(run));
                    }
                }
                let ended = (*run).clone();
                if !self.progress(*run) {
                    return Ok(Written::Absent);
                }
                fared.into_iter().for_each(|fared| self.fared(&ended, fared));
                Written::Done
            }
        })
    }

    /// Replaces a run's standing, unless it is gone or has ended.
    fn progress(&mut self, run: Run) -> bool {
        let Some(stored) = self.runs.get_mut(&(run.key, run.id)).filter(|stored| !stored.state.finished()) else { return false };
        let identity = stored.clone();
        *stored = Run {
            flow: identity.flow,
            flow_version: identity.flow_version,
            event: identity.event,
            event_type: identity.event_type,
            entity: identity.entity,
            replay_of: identity.replay_of,
            created_at: identity.created_at,
            dismissed_at: identity.dismissed_at,
            ..run
        };
        true
    }

    /// Stores a run, unless it is there or its event has started this flow already.
    fn start(&mut self, run: Run) {
        if run.replay_of.is_none() && !self.started.insert((run.key, run.event, run.flow)) {
            return;
        }
        self.runs.entry((run.key, run.id)).or_insert(run);
    }
}
