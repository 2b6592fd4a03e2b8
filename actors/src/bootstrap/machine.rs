//! The bootstrap as a pure machine: (state, input) -> (state, effects).
//!
//! [`Machine::next`] says what is to be done now, [`Machine::step`] takes what came of it. What is under way lives in the machine alone: a successor
//! begins with the stored record and does it again. Both speak in the terms of [`exchange`]; what people and the platform's switches want is in
//! [`wishes`].

mod exchange;
mod wishes;

use std::collections::HashSet;
use std::time::Duration;

pub use self::exchange::{Changed, Effect, Input};
use super::page::Failure;
use super::record::{Lane, OperationStatus, Progress, Record, Status};
use crate::clock::Timestamp;
use crate::entity::{EntityId, EntityType};
use crate::limits::bootstrap as limits;
use crate::limits::run as run_limits;

/// A bootstrap under way.
#[derive(Clone, PartialEq, Debug)]
pub struct Machine {
    record: Record,
    calls: HashSet<(usize, Option<EntityId>)>,
    finding: HashSet<usize>,
    sweeping: Option<(EntityType, bool)>,
    swept_after: Option<EntityId>,
    /// Nothing is read before this moment.
    paused_until: Option<Timestamp>,
    stalls: u32,
    stalled_since: Option<Timestamp>,
    refused_since: Option<Timestamp>,
}

impl Machine {
    /// Goes on from a record.
    pub fn new(record: Record) -> Self {
        Self {
            record,
            calls: HashSet::new(),
            finding: HashSet::new(),
            sweeping: None,
            swept_after: None,
            paused_until: None,
            stalls: 0,
            stalled_since: None,
            refused_since: None,
        }
    }

    /// How far it is.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Calls that are under way.
    pub fn under_way(&self) -> usize {
        self.calls.len()
    }

    /// The lane of a call, if it is still open.
    pub fn lane(&self, operation: usize, parent: Option<&EntityId>) -> Option<(&Progress, &Lane)> {
        let progress = self.record.operations.get(operation)?;
        Some((progress, progress.lanes.iter().find(|lane| lane.parent.as_ref() == parent)?))
    }

    /// What is to be done now, one thing at a time; it counts as under way from here on. `None`: nothing before [`Self::due`], or before an input.
    pub fn next(&mut self, now: Timestamp) -> Option<Effect> {
        if self.record.head.status != Status::Running || self.paused_until.is_some_and(|until| now < until) {
            return None;
        }
        for operation in 0..self.record.operations.len() {
            if let Some(effect) = self.next_of(operation, now) {
                return Some(effect);
            }
        }
        let over = self.record.operations.iter().all(|progress| progress.status.over());
        if !over || self.sweeping.as_ref().is_some_and(|(_, asked)| *asked) {
            return None;
        }
        let kind = match self.sweeping.take() {
            Some((kind, _)) => kind,
            None => self.unswept()?,
        };
        self.sweeping = Some((kind.clone(), true));
        Some(Effect::Sweep { kind, after: self.swept_after.clone() })
    }

    fn next_of(&mut self, operation: usize, now: Timestamp) -> Option<Effect> {
        let progress = self.record.operations.get(operation)?;
        if progress.status.over() || !self.ready(progress) {
            return None;
        }
        let may_find = progress.below.is_some() && !progress.drained && !self.finding.contains(&operation);
        if let Some(below) = progress.below.as_ref().filter(|_| may_find && progress.lanes.len() <= limits::LANES_MAX / 2) {
            let room = limits::LANES_MAX - progress.lanes.len();
            let effect = Effect::Find {
                operation,
                kind: below.kind.clone(),
                after: progress.after.clone(),
                limit: u32::try_from(room).unwrap_or(u32::MAX),
            };
            self.finding.insert(operation);
            return Some(effect);
        }
        if self.calls.len() >= limits::CALLS_MAX {
            return None;
        }
        let waits =
            |lane: &&Lane| lane.not_before.is_none_or(|moment| moment <= now) && !self.calls.contains(&(operation, lane.parent.clone()));
        let parent = progress.lanes.iter().find(waits)?.parent.clone();
        self.calls.insert((operation, parent.clone()));
        Some(Effect::Call { operation, parent })
    }

    /// When there may be something to do without an input.
    pub fn due(&self) -> Option<Timestamp> {
        if self.record.head.status != Status::Running {
            return None;
        }
        let operations = self.record.operations.iter().filter(|progress| !progress.status.over());
        let lanes = operations.flat_map(|progress| &progress.lanes).filter_map(|lane| lane.not_before);
        let lane = lanes.min();
        match (self.paused_until, lane) {
            (Some(pause), Some(lane)) => Some(pause.max(lane)),
            (pause, lane) => pause.or(lane),
        }
    }

    /// Gives a call back that was not made after all.
    pub fn give_back(&mut self, operation: usize, parent: &Option<EntityId>) {
        self.calls.remove(&(operation, parent.clone()));
    }

    /// Whether the operations that bring the parents are over.
    fn ready(&self, progress: &Progress) -> bool {
        let Some(below) = &progress.below else { return true };
        self.record.operations.iter().filter(|other| brings(other, &below.kind)).all(|other| other.status.over())
    }

    /// The next type of which everything has been read, so that what was not seen has vanished.
    fn unswept(&self) -> Option<EntityType> {
        let operations = &self.record.operations;
        let whole = |kind: &EntityType| {
            let mut of_kind = operations.iter().filter(|progress| progress.kind == *kind && progress.status != OperationStatus::Skipped);
            of_kind.all(|progress| progress.status == OperationStatus::Complete && !progress.warns() && !progress.partial)
        };
        let parents = |kind: &EntityType| {
            let mut below = operations.iter().filter(|progress| progress.kind == *kind).filter_map(|progress| progress.below.as_ref());
            below.all(|below| whole(&below.kind))
        };
        let read = operations.iter().filter(|progress| progress.status == OperationStatus::Complete).map(|progress| &progress.kind);
        read.into_iter().find(|kind| !self.record.head.swept.contains(kind) && whole(kind) && parents(kind)).cloned()
    }

    /// Takes what happened.
    pub fn step(&mut self, input: Input, now: Timestamp) -> Changed {
        let mut changed = match input {
            Input::Read { operation, parent, entities, items, first, last } => self.read(operation, parent, entities, (items, first, last)),
            Input::Failed { operation, parent, failure } => self.failed(operation, parent, failure, now),
            Input::Found { operation, ids, complete } => self.found(operation, ids, complete),
            Input::Swept { kind, after } => {
                self.swept_after = after;
                self.sweeping = Some((kind.clone(), false));
                let done = self.swept_after.is_none();
                if done {
                    self.sweeping = None;
                    self.record.head.swept.push(kind);
                }
                Changed { head: done, ..Changed::default() }
            }
            Input::Pause(note) => self.pause(note),
            Input::Resume => self.resume(),
            Input::Cancel => self.cancel(now),
            Input::Retry(which) => self.retry(which.as_deref()),
        };
        changed.head |= self.finish(now);
        if changed.head || !changed.operations.is_empty() {
            changed.head = true;
            self.record.head.updated_at = now;
        }
        changed
    }

    fn read(
        &mut self,
        operation: usize,
        parent: Option<EntityId>,
        entities: usize,
        (items, first, last): (usize, Option<String>, Option<bool>),
    ) -> Changed {
        let pages_max = self.record.head.pages_max;
        self.calls.remove(&(operation, parent.clone()));
        (self.stalls, self.stalled_since, self.refused_since, self.paused_until) = (0, None, None, None);
        self.record.head.calls += u64::from(self.record.head.finished_at.is_none());
        let Some(progress) = self.record.operations.get_mut(operation) else { return Changed::default() };
        progress.attempts += u64::from(!progress.status.over());
        let paged = progress.paged;
        let Some(lane) = progress.lanes.iter_mut().find(|lane| lane.parent == parent) else { return Changed::default() };
        let repeats = paged && lane.first.is_some() && lane.first == first;
        let full = last.map_or(items >= lane.size as usize, |last| !last) && items > 0;
        let more = paged && full && !repeats;
        let cut = more && lane.page >= pages_max;
        if more && !cut {
            (lane.page, lane.first, lane.tries, lane.not_before) = (lane.page.saturating_add(1), first, 0, None);
        } else {
            progress.lanes.retain(|lane| lane.parent != parent);
            progress.lists += 1;
        }
        if progress.status.over() {
            return Changed::default();
        }
        progress.status = OperationStatus::Running;
        progress.truncated |= cut;
        progress.pages += 1;
        if !repeats {
            progress.entities += entities as u64;
            self.record.head.entities += entities as u64;
        }
        self.settle(operation);
        Changed { operations: vec![operation], ..Changed::default() }
    }

    fn failed(&mut self, operation: usize, parent: Option<EntityId>, failure: Failure, now: Timestamp) -> Changed {
        self.calls.remove(&(operation, parent.clone()));
        self.record.head.calls += u64::from(self.record.head.finished_at.is_none());
        let Some(progress) = self.record.operations.get_mut(operation) else { return Changed::default() };
        progress.attempts += u64::from(!progress.status.over());
        let Some(lane) = progress.lanes.iter_mut().find(|lane| lane.parent == parent) else { return Changed::default() };
        match failure {
            Failure::Later { asked, reason } => return self.stall(asked, reason, now),
            Failure::TokenRefused => return self.token_refused(now),
            Failure::Again { reason } => {
                lane.tries += 1;
                if lane.tries < limits::TRIES_MAX {
                    lane.not_before = Some(now + Duration::from_millis(limits::RETRY_MS << lane.tries.min(limits::DOUBLINGS_MAX)));
                    return Changed { operations: vec![operation], ..Changed::default() };
                }
                self.give_up(operation, &parent, reason);
            }
            Failure::TooLarge if progress.paged && lane.size / 2 >= limits::PAGE_ENTITIES_MIN => {
                // Pages of half the size begin where the large one did.
                (lane.page, lane.size, lane.first) = (lane.page.saturating_sub(1).saturating_mul(2).saturating_add(1), lane.size / 2, None);
            }
            Failure::TooLarge => self.give_up(operation, &parent, "the answer is too large".into()),
            // Deleted since its list was read.
            Failure::Missing if parent.is_some() => {
                progress.lanes.retain(|lane| lane.parent != parent);
                progress.lists += 1;
            }
            Failure::LeftOut { reason } => self.leave_out(operation, &parent, reason),
            Failure::Missing => self.give_up(operation, &parent, "the platform answered with status 404".into()),
            Failure::Unreadable { reason } => self.give_up(operation, &parent, reason),
            Failure::Refused { reason } => {
                progress.error.get_or_insert(reason);
                progress.failures += 1;
                progress.lanes.clear();
                progress.status = OperationStatus::Failed;
            }
        }
        self.settle(operation);
        Changed { operations: vec![operation], ..Changed::default() }
    }

    /// Goes on without a list; not, if it has been so with many and none was read.
    fn leave_out(&mut self, operation: usize, parent: &Option<EntityId>, reason: String) {
        let Some(progress) = self.record.operations.get_mut(operation) else { return };
        progress.close(parent, reason);
        progress.left_out += 1;
        if progress.none_read() && progress.left_out >= limits::LEFT_OUT_MAX {
            progress.lanes.clear();
            progress.drained = true;
        }
    }

    /// Gives up a list; and the operation, if it has had too many of that kind.
    fn give_up(&mut self, operation: usize, parent: &Option<EntityId>, reason: String) {
        let Some(progress) = self.record.operations.get_mut(operation) else { return };
        progress.close(parent, reason);
        progress.failures += 1;
        if progress.failures >= limits::FAILURES_MAX {
            progress.lanes.clear();
            progress.drained = true;
        }
    }

    /// Ends an operation that has nothing left to read.
    fn settle(&mut self, operation: usize) {
        let Some(progress) = self.record.operations.get_mut(operation) else { return };
        if progress.status.over() || !progress.lanes.is_empty() || (progress.below.is_some() && !progress.drained) {
            return;
        }
        let failed = progress.failures > 0 || progress.none_read();
        progress.status = if failed { OperationStatus::Failed } else { OperationStatus::Complete };
    }

    fn found(&mut self, operation: usize, ids: Vec<EntityId>, complete: bool) -> Changed {
        self.finding.remove(&operation);
        let Some(progress) = self.record.operations.get_mut(operation) else { return Changed::default() };
        if progress.status.over() {
            return Changed::default();
        }
        progress.drained |= complete;
        for id in ids {
            progress.after = Some(id.clone());
            progress.lanes.push(Lane::new(Some(id), progress.size));
        }
        self.settle(operation);
        let over = self.record.operations.get(operation).is_some_and(|progress| progress.status.over());
        // Until a page of theirs has been read, a successor finds them again.
        Changed { operations: if over { vec![operation] } else { Vec::new() }, ..Changed::default() }
    }

    fn stall(&mut self, asked: Option<Duration>, reason: String, now: Timestamp) -> Changed {
        let since = *self.stalled_since.get_or_insert(now);
        if now.since(since) >= Duration::from_secs(limits::STALL_SECONDS_MAX) {
            self.record.head.note = Some(reason.clone());
            for progress in self.record.operations.iter_mut().filter(|progress| !progress.status.over()) {
                progress.error.get_or_insert_with(|| reason.clone());
                progress.failures += 1;
                progress.lanes.clear();
                progress.status = OperationStatus::Failed;
            }
            return Changed { operations: (0..self.record.operations.len()).collect(), ..Changed::default() };
        }
        // Calls that were under way together fail together: that is one failure.
        if self.paused_until.is_none_or(|until| now >= until) {
            self.stalls = self.stalls.saturating_add(1);
        }
        let own = Duration::from_millis((limits::RETRY_MS << self.stalls.min(limits::DOUBLINGS_MAX)).min(limits::STALL_MS_MAX));
        let pause = asked.unwrap_or(own).min(Duration::from_secs(run_limits::RETRY_AFTER_SECONDS_MAX));
        self.paused_until = Some(self.paused_until.map_or(now + pause, |until| until.max(now + pause)));
        Changed::default()
    }

    fn token_refused(&mut self, now: Timestamp) -> Changed {
        let since = *self.refused_since.get_or_insert(now);
        if now.since(since) < Duration::from_secs(run_limits::TOKEN_GRACE_SECONDS) {
            self.paused_until = Some(now + Duration::from_millis(limits::TOKEN_PAUSE_MS));
            return Changed::default();
        }
        self.refused_since = None;
        Changed { token_dead: true, ..self.pause("the platform refuses the installation token (401, code 4017)".into()) }
    }

    /// Ends it if there is nothing left to do. `true`: it has ended now.
    fn finish(&mut self, now: Timestamp) -> bool {
        let over = self.record.operations.iter().all(|progress| progress.status.over());
        if self.record.head.status != Status::Running || !over || self.sweeping.is_some() || self.unswept().is_some() {
            return false;
        }
        let read = || self.record.operations.iter().filter(|progress| progress.status != OperationStatus::Skipped);
        let nothing = read().all(|progress| progress.status == OperationStatus::Failed && progress.entities == 0);
        let warned = read().any(|progress| progress.status != OperationStatus::Complete || progress.warns());
        self.record.head.status = match (nothing, warned) {
            (true, _) => Status::Failed,
            (false, true) => Status::CompleteWithWarnings,
            (false, false) => Status::Complete,
        };
        if read().next().is_none() {
            self.record.head.note = Some("the add-on may read none of the lists".into());
        }
        self.record.head.finished_at = Some(now);
        true
    }
}

fn brings(progress: &Progress, kind: &EntityType) -> bool {
    progress.kind == *kind && progress.below.is_none()
}
