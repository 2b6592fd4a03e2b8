//! What a runner knows, and which run goes on next.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::backlog::Backlog;
use crate::budget::Budget;
use crate::clock::Timestamp;
use crate::flow::compiled::Compiled;
use crate::flow::run::Run;
use crate::flow::standing::Paused;
use crate::gate::{Gate, Passage};
use crate::ids::{FlowId, RunId};
use crate::installation::Installation;
use crate::limits::run as limits;
use crate::loop_guard::LoopGuard;
use crate::settings::LoggingLevel;
use crate::workspace::queue::{Queue, Queued};

/// What a runner knows. It is borrowed for moments, never across a wait.
pub(super) struct Inner {
    pub(super) installation: Option<Arc<Installation>>,
    /// The newest version of each flow.
    pub(super) flows: HashMap<FlowId, Arc<Compiled>>,
    /// Older versions that runs still need; the oldest are forgotten.
    pub(super) versions: VecDeque<Arc<Compiled>>,
    /// Flows deleted in this life, the latest of them: their runs have been cancelled in the store.
    pub(super) deleted: VecDeque<FlowId>,
    /// Flows that have failed since they last did well, and which of them are paused for that.
    pub(super) standings: HashMap<FlowId, Option<Paused>>,
    pub(super) concurrency: usize,
    /// Whether actions may call other servers than the platform's.
    pub(super) other_servers: bool,
    /// The flow that calls another server whatever that says.
    pub(super) forwarding: Option<FlowId>,
    /// From which level on its runs are logged.
    pub(super) logging_level: LoggingLevel,
    /// Installation active and sound, flows enabled, no quarantine.
    pub(super) works: bool,
    /// Nothing goes on until the next `Runner::adopt`.
    pub(super) held: bool,
    /// Nothing goes on any more; runs under way stop before their next step.
    pub(super) draining: bool,
    pub(super) closed: bool,
    pub(super) queue: Queue,
    pub(super) backlog: Backlog,
    pub(super) tasks: HashMap<RunId, JoinHandle<()>>,
    /// Of these, runs that are to end before their next step.
    pub(super) cancelling: HashSet<RunId>,
    /// Entries whose receipts are awaited.
    pub(super) expecting: usize,
    pub(super) budget: Budget,
    pub(super) gate: Gate,
    pub(super) probing: Option<RunId>,
    pub(super) loops: LoopGuard,
    pub(super) timer: Option<(Timestamp, JoinHandle<()>)>,
}

impl Default for Inner {
    /// Nothing goes on until it is told what there is.
    fn default() -> Self {
        Self {
            installation: None,
            flows: HashMap::new(),
            versions: VecDeque::new(),
            deleted: VecDeque::new(),
            standings: HashMap::new(),
            concurrency: limits::CONCURRENCY_DEFAULT,
            other_servers: false,
            forwarding: None,
            logging_level: LoggingLevel::Error,
            works: false,
            held: false,
            draining: false,
            closed: false,
            queue: Queue::default(),
            backlog: Backlog::unread(),
            tasks: HashMap::new(),
            cancelling: HashSet::new(),
            expecting: 0,
            budget: Budget::default(),
            gate: Gate::default(),
            probing: None,
            loops: LoopGuard::default(),
            timer: None,
        }
    }
}

impl Inner {
    pub(super) fn goes(&self) -> bool {
        self.works && !self.held && !self.draining && !self.closed
    }

    /// Whether a step of this flow may begin.
    pub(super) fn may_step(&self, flow: FlowId) -> bool {
        self.goes() && !self.deleted.contains(&flow)
    }

    /// The run that goes on next, if one may.
    pub(super) fn next(&mut self, now: Timestamp) -> Option<Queued> {
        if !self.goes() || self.tasks.len() >= self.concurrency {
            return None;
        }
        self.queue.wake_due(now);
        let passage = self.gate.passage(now);
        if passage == Passage::Open {
            return self.queue.pop();
        }
        // Whoever calls the platform waits for it; the others have nothing to do with that.
        if let Some(apart) = self.queue.pop_apart() {
            return Some(apart);
        }
        if passage != Passage::Probe || self.probing.is_some() {
            return None;
        }
        if !self.queue.has_ready() {
            self.queue.wake_platform();
        }
        let queued = self.queue.pop()?;
        self.probing = Some(queued.run.id);
        Some(queued)
    }

    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.goes() {
            return None;
        }
        let gate = match self.gate.passage(now) {
            Passage::ClosedUntil(until) if !self.queue.is_empty() => Some(until),
            _ => None,
        };
        [gate, self.queue.next_due(), self.backlog.asks_again_at()].into_iter().flatten().min()
    }

    /// Runs that have just become durable: into memory if there is room and nothing older waits in the store.
    pub(super) fn take_in(&mut self, runs: Vec<Run>, payload: Option<&Bytes>) {
        for run in runs.into_iter().filter(|run| !run.state.finished()) {
            if self.backlog.overtaken(run.id) || self.queue.holds(run.id) {
                continue;
            }
            if self.closed || !self.works || self.backlog.more() || self.full() {
                self.backlog.passed_over(run.id);
            } else {
                self.backlog.reached(run.id);
                let queued = self.queued(run, payload.cloned());
                self.queue.push(queued, None);
            }
        }
    }

    /// A run as the queue holds it. Of a version that is not at hand nobody knows what it calls.
    pub(super) fn queued(&self, run: Run, payload: Option<Bytes>) -> Queued {
        let of_run = |flow: &&Arc<Compiled>| flow.id == run.flow && flow.version == run.flow_version;
        let flow = self.flows.get(&run.flow).filter(of_run).or_else(|| self.versions.iter().find(of_run));
        let apart = flow.is_some_and(|flow| !flow.calls_platform());
        Queued { run, payload, apart }
    }

    pub(super) fn full(&self) -> bool {
        self.queue.len() >= limits::QUEUE_HELD_MAX || self.queue.len() - self.queue.waiting() >= limits::QUEUE_READY_MAX
    }
}
