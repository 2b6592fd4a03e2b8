//! The order in which a workspace's runs go on. Plain data: no time of its own, no tasks.
//!
//! One run at a time for each entity, oldest first; a run that waits holds back the later runs of the *same flow* for that entity, so that
//! each flow sees an entity's events in the order of their arrival, while other flows pass by.
//!
//! While the platform is out of reach, whoever calls it counts as waiting, and those that do without it pass by.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;

use crate::clock::Timestamp;
use crate::flow::run::Run;
use crate::ids::{FlowId, RunId};
use crate::limits::run as limits;

/// A run in the queue, with its payload if that is at hand.
#[derive(Debug)]
pub struct Queued {
    /// The record.
    pub run: Run,
    /// The event's payload; else it is read from the store when the run begins.
    pub payload: Option<Bytes>,
    /// Whether none of its steps calls the platform.
    pub apart: bool,
}

/// What a run waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// This moment; none waits for a wake alone.
    pub due: Option<Timestamp>,
    /// Whether it may go on as soon as the platform is seen working again.
    pub platform: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Lane {
    Entity(Arc<str>),
    /// A run without an entity is a lane of its own.
    Alone(RunId),
}

#[derive(Debug)]
struct Held {
    queued: Option<Queued>,
    flow: FlowId,
    lane: Lane,
    waits: Option<Wait>,
    apart: bool,
}

/// The runs of one workspace that are held in memory.
#[derive(Debug, Default)]
pub struct Queue {
    held: BTreeMap<RunId, Held>,
    lanes: HashMap<Lane, VecDeque<RunId>>,
    busy: BTreeSet<RunId>,
    /// The run of each lane that may go on.
    ready: BTreeSet<RunId>,
    /// The one that may go on without the platform.
    ready_apart: BTreeSet<RunId>,
    due: BTreeSet<(Timestamp, RunId)>,
    payload_bytes: usize,
    waiting: usize,
}

impl Queue {
    /// Takes a run in, or back in. One that is already held and not taken out is left as it is.
    pub fn push(&mut self, mut queued: Queued, waits: Option<Wait>) {
        let id = queued.run.id;
        if self.held.get(&id).is_some_and(|held| held.queued.is_some()) {
            return;
        }
        let lane = queued.run.entity.clone().map_or(Lane::Alone(id), Lane::Entity);
        let size = queued.payload.as_ref().map_or(0, Bytes::len);
        if self.payload_bytes + size > limits::QUEUE_PAYLOAD_BYTES_MAX {
            queued.payload = None;
        }
        self.payload_bytes += queued.payload.as_ref().map_or(0, Bytes::len);
        let (flow, apart) = (queued.run.flow, queued.apart);
        match self.held.get_mut(&id) {
            Some(held) => {
                held.queued = Some(queued);
                held.waits = waits;
            }
            None => {
                self.held.insert(id, Held { queued: Some(queued), flow, lane: lane.clone(), waits, apart });
                let line = self.lanes.entry(lane.clone()).or_default();
                let place = line.iter().rposition(|other| *other < id).map_or(0, |index| index + 1);
                line.insert(place, id);
            }
        }
        self.busy.remove(&id);
        self.waiting += usize::from(waits.is_some());
        if let Some(due) = waits.and_then(|wait| wait.due) {
            self.due.insert((due, id));
        }
        self.refresh(&lane);
    }

    /// Takes the oldest run out that may go on; its entity is busy until [`Self::push`] or [`Self::finish`].
    pub fn pop(&mut self) -> Option<Queued> {
        let id = *self.ready.first()?;
        self.begin(id)
    }

    /// The same of those that go on without the platform.
    pub fn pop_apart(&mut self) -> Option<Queued> {
        let id = *self.ready_apart.first()?;
        self.begin(id)
    }

    fn begin(&mut self, id: RunId) -> Option<Queued> {
        self.unready(id);
        self.busy.insert(id);
        let held = self.held.get_mut(&id)?;
        let (queued, lane) = (held.queued.take()?, held.lane.clone());
        self.payload_bytes = self.payload_bytes.saturating_sub(queued.payload.as_ref().map_or(0, Bytes::len));
        self.refresh(&lane);
        Some(queued)
    }

    fn unready(&mut self, id: RunId) {
        self.ready.remove(&id);
        self.ready_apart.remove(&id);
    }

    /// Takes a run out for good, unless it is out already.
    pub fn take(&mut self, id: RunId) -> Option<Queued> {
        let queued = self.held.get_mut(&id)?.queued.take()?;
        self.payload_bytes = self.payload_bytes.saturating_sub(queued.payload.as_ref().map_or(0, Bytes::len));
        self.finish(id);
        Some(queued)
    }

    /// Forgets a run that has ended.
    pub fn finish(&mut self, id: RunId) {
        self.busy.remove(&id);
        self.unready(id);
        let Some(held) = self.held.remove(&id) else { return };
        if let Some(queued) = held.queued {
            self.payload_bytes = self.payload_bytes.saturating_sub(queued.payload.as_ref().map_or(0, Bytes::len));
        }
        self.waiting -= usize::from(held.waits.is_some());
        if let Some(due) = held.waits.and_then(|wait| wait.due) {
            self.due.remove(&(due, id));
        }
        if let Some(line) = self.lanes.get_mut(&held.lane) {
            line.retain(|other| *other != id);
            if line.is_empty() {
                self.lanes.remove(&held.lane);
                return;
            }
        }
        self.refresh(&held.lane);
    }

    /// Forgets the runs of a flow, those aside that are taken out, and says which.
    pub fn drop_flow(&mut self, flow: FlowId) -> Vec<RunId> {
        let inside: Vec<RunId> =
            self.held.iter().filter(|(_, held)| held.flow == flow && held.queued.is_some()).map(|(id, _)| *id).collect();
        inside.iter().for_each(|id| self.finish(*id));
        inside
    }

    /// Lets go on what waited until `now`.
    pub fn wake_due(&mut self, now: Timestamp) {
        while let Some((due, id)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, id));
            self.release(id);
        }
    }

    /// Lets everything that waits go on.
    pub fn wake_all(&mut self) {
        self.wake(|_| true);
    }

    /// Lets go on what waits for the platform.
    pub fn wake_platform(&mut self) {
        self.wake(|wait| wait.platform);
    }

    fn wake(&mut self, which: impl Fn(&Wait) -> bool) {
        let waiting: Vec<RunId> = self.held.iter().filter(|(_, held)| held.waits.as_ref().is_some_and(&which)).map(|(id, _)| *id).collect();
        for id in waiting {
            self.release(id);
        }
    }

    fn release(&mut self, id: RunId) {
        let Some(held) = self.held.get_mut(&id) else { return };
        let Some(wait) = held.waits.take() else { return };
        self.waiting -= 1;
        if let Some(due) = wait.due {
            self.due.remove(&(due, id));
        }
        let lane = held.lane.clone();
        self.refresh(&lane);
    }

    /// When the next waiting run is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Whether a run could go on now.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether a run is held, taken out or not.
    pub fn holds(&self, id: RunId) -> bool {
        self.held.contains_key(&id)
    }

    /// Runs held, running ones included.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether nothing is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Runs that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Finds the one run of a lane that may go on, and the one that may without the platform.
    fn refresh(&mut self, lane: &Lane) {
        let Some(line) = self.lanes.get(lane) else { return };
        for id in line {
            self.ready.remove(id);
            self.ready_apart.remove(id);
        }
        // The entity is busy: nobody of this lane goes on.
        if line.iter().any(|id| self.busy.contains(id)) {
            return;
        }
        if let Some(id) = self.first_of(line, |_| true) {
            self.ready.insert(id);
        }
        if let Some(id) = self.first_of(line, |held| held.apart) {
            self.ready_apart.insert(id);
        }
    }

    /// The oldest that may go on, if those that are not `able` wait.
    fn first_of(&self, line: &VecDeque<RunId>, able: impl Fn(&Held) -> bool) -> Option<RunId> {
        let mut held_back: Vec<FlowId> = Vec::new();
        for id in line {
            let Some(held) = self.held.get(id) else { continue };
            if held.waits.is_some() || !able(held) {
                held_back.push(held.flow);
            } else if !held_back.contains(&held.flow) {
                return Some(*id);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
