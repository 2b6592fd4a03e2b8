//! Drives a workspace's runs on its arbiter: which go on, when, and how many side by side.
//!
//! ```text
//! mod       the pump: takes what may go on out of the queue and starts a task for it
//! state     what it knows, and which run goes on next
//! backlog   what waits in the store, and how it comes into memory
//! drive     one run, step by step                     prepare  what makes a step ready
//! call      the calls of a step
//! record    the run's record into the journal          failing  what follows from runs that fail
//! ask       a call that no run makes                   cancel   a run that an admin ends
//! read      a call that nobody waits for                turn     a place in the budget
//! tell      lines of the log
//! ```
//!
//! The store is the truth (I2): a runner may be dropped at any moment, and its successor goes on from the records. No panic of an action leaves
//! a task. Nothing here decides what an answer means; [`crate::flow::machine`] does.

pub mod ask;
mod backlog;
mod call;
mod cancel;
mod drive;
mod failing;
mod prepare;
mod read;
mod record;
mod state;
mod tell;
pub mod turn;

use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;

use super::queue::{Queue, Queued, Wait};
use super::status::Snapshot;
use super::{Clients, Environment, Loaded};
use crate::clock::Timestamp;
use crate::effort::{Effort, Paid};
use crate::flow::machine::Sign;
use crate::flow::run::Run;
use crate::gate::{Gate, Passage};
use crate::ids::{FlowId, Key};
use crate::installation::Health;
use crate::limits::run as limits;
use crate::port::observer::Happening;
use crate::port::store::journal::Written;
use crate::port::store::receipt::Pending;
use backlog::Backlog;
use state::Inner;

/// The runner of one workspace. It lives on one thread.
pub struct Runner {
    key: Key,
    env: Arc<Environment>,
    clients: Clients,
    effort: Effort,
    inner: RefCell<Inner>,
    myself: Weak<Self>,
}

/// How a task leaves its run.
enum Left {
    /// It has ended, or it is not ours any more.
    Gone,
    /// It stays in the queue.
    Back(Box<Queued>, Option<Wait>),
}

impl Runner {
    /// A runner that does nothing until [`Self::adopt`].
    pub(super) fn new(key: Key, env: Arc<Environment>, clients: Clients, effort: Effort) -> Rc<Self> {
        Rc::new_cyclic(|myself| Self { key, env, clients, effort, inner: RefCell::default(), myself: myself.clone() })
    }

    /// Goes on with what was read from the store, and whether runs may go on.
    pub(super) fn adopt(&self, loaded: &Loaded, works: bool) {
        {
            let Loaded { installation, settings, flows, standings, forwarding, .. } = loaded;
            let installation = Arc::clone(installation);
            let mut inner = self.inner.borrow_mut();
            let other = inner.installation.as_ref().is_none_or(|known| known.addon_id != installation.addon_id);
            if inner.closed {
                inner.backlog = Backlog::unread();
            }
            if other {
                inner.gate = Gate::default();
                inner.standings.clear();
            }
            // What this life has noted since is newer than what was read.
            for standing in standings {
                inner.standings.entry(standing.flow).or_insert_with(|| standing.paused.clone());
            }
            let wakes = works && (other || !inner.works);
            (inner.closed, inner.held) = (false, false);
            inner.installation = Some(installation);
            inner.flows = flows.iter().map(|flow| (flow.id, Arc::clone(flow))).collect();
            inner.concurrency = (settings.flow_concurrency as usize).clamp(1, limits::CONCURRENCY_MAX);
            inner.other_servers = settings.enable_generic_http_actions;
            inner.forwarding = forwarding.flow();
            inner.logging_level = settings.logging_level;
            inner.works = works;
            if wakes {
                inner.queue.wake_all();
            }
        }
        self.pump();
    }

    /// Lets runs go on, or not.
    pub fn set_works(&self, works: bool) {
        self.inner.borrow_mut().works = works;
        self.pump();
    }

    /// Ends everything at once: calls under way are cut off, and recovery finds them in the store.
    pub fn close(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.closed = true;
        inner.tasks.drain().for_each(|(_, task)| task.abort());
        inner.cancelling.clear();
        if let Some((_, timer)) = inner.timer.take() {
            timer.abort();
        }
        inner.backlog.stop();
        inner.queue = Queue::default();
        inner.probing = None;
    }

    /// Lets go of the runs of a flow that has been deleted; they have been cancelled in the store.
    pub fn forget(&self, flow: FlowId) {
        let mut inner = self.inner.borrow_mut();
        if inner.deleted.len() >= limits::DELETED_FLOWS_REMEMBERED_MAX {
            inner.deleted.pop_front();
        }
        inner.deleted.push_back(flow);
        inner.standings.remove(&flow);
        for run in inner.queue.drop_flow(flow) {
            inner.backlog.ended(run);
        }
    }

    /// Begins nothing further until the next [`Self::adopt`].
    pub fn hold(&self) {
        self.inner.borrow_mut().held = true;
    }

    /// Begins nothing further at all. Calls under way end, and their runs wait in the store. Says how many are still under way.
    pub fn drain(&self) -> usize {
        let mut inner = self.inner.borrow_mut();
        inner.draining = true;
        inner.tasks.len()
    }

    /// Takes runs in once they are durable.
    pub fn expect(&self, pending: Pending, runs: Vec<Run>, payload: Option<Bytes>) {
        let Some(me) = self.myself.upgrade() else { return };
        self.inner.borrow_mut().expecting += 1;
        actix_rt::spawn(async move {
            let outcome = pending.outcome().await;
            {
                let mut inner = me.inner.borrow_mut();
                inner.expecting -= 1;
                match outcome {
                    Ok(Written::Done) => inner.take_in(runs, payload.as_ref()),
                    Ok(Written::Absent | Written::Repeated) => {}
                    // Nobody knows whether they are durable after all: the store is asked.
                    Err(_) => inner.backlog.reread(),
                }
            }
            me.pump();
        });
    }

    /// Whether an event about `entity` looks like the echo of a flow's own write.
    pub fn echoes(&self, flow: FlowId, entity: Option<&Arc<str>>, now: Timestamp) -> bool {
        self.inner.borrow().loops.echoes(flow, entity, now)
    }

    /// Whether this workspace may do more on its thread now; else how long it rests first.
    pub fn allows_more(&self) -> Result<(), Duration> {
        self.effort.allows_more(self.env.clock.elapsed())
    }

    /// The same for a delivery for which something has been paid.
    pub fn allows(&self, paid: Paid) -> Result<(), Duration> {
        self.effort.allows(paid, self.env.clock.elapsed())
    }

    /// Notes what was done on the thread.
    pub fn spend(&self, visits: usize) {
        self.effort.spend(visits, self.env.clock.elapsed());
    }

    /// Whether nothing would be lost or delayed without this runner.
    pub fn idle(&self) -> bool {
        let inner = self.inner.borrow();
        let nothing_to_do = inner.queue.is_empty() && !inner.backlog.more();
        inner.tasks.is_empty() && inner.expecting == 0 && !inner.backlog.reading() && (nothing_to_do || !inner.works || inner.closed)
    }

    /// How it is, as far as the runner knows.
    pub fn snapshot(&self) -> Snapshot {
        let inner = self.inner.borrow();
        Snapshot {
            running: inner.goes(),
            platform_down: inner.gate.passage(self.env.clock.now()) != Passage::Open,
            runs_active: inner.tasks.len(),
            runs_held: inner.queue.len(),
            runs_waiting: inner.queue.waiting(),
            more_in_store: inner.backlog.more(),
            ..Snapshot::default()
        }
    }

    /// Starts what may go on, sees to it that it is called again in time, and reads on in the store if there is room.
    fn pump(&self) {
        let Some(me) = self.myself.upgrade() else { return };
        let now = self.env.clock.now();
        loop {
            let Some(queued) = self.inner.borrow_mut().next(now) else { break };
            let id = queued.run.id;
            let task = actix_rt::spawn(Rc::clone(&me).task(queued));
            self.inner.borrow_mut().tasks.insert(id, task);
        }
        self.arm(&me, now);
        self.read_on(&me, now);
    }

    async fn task(self: Rc<Self>, queued: Queued) {
        let (id, as_it_was) = (queued.run.id, queued.run.clone());
        let left = match AssertUnwindSafe(self.drive(queued)).catch_unwind().await {
            Ok(left) => left,
            Err(_) => self.broken(as_it_was).await,
        };
        let left = match left {
            Left::Back(queued, _) if self.is_cancelled(id) => self.end_cancelled(*queued).await,
            left => left,
        };
        {
            let mut inner = self.inner.borrow_mut();
            inner.tasks.remove(&id);
            inner.cancelling.remove(&id);
            if inner.probing == Some(id) {
                inner.probing = None;
            }
            match left {
                Left::Gone => {
                    inner.queue.finish(id);
                    inner.backlog.ended(id);
                }
                Left::Back(queued, wait) => inner.queue.push(*queued, wait),
            }
        }
        self.pump();
    }

    /// Sets the timer to the next moment at which something may go on.
    fn arm(&self, me: &Rc<Self>, now: Timestamp) {
        let mut inner = self.inner.borrow_mut();
        let Some(due) = inner.next_due(now) else { return };
        if inner.timer.as_ref().is_some_and(|(earlier, _)| *earlier <= due) {
            return;
        }
        if let Some((_, timer)) = inner.timer.take() {
            timer.abort();
        }
        let me = Rc::clone(me);
        let wait = due.since(now).clamp(Duration::from_millis(1), Duration::from_secs(limits::LOOK_SECONDS_MAX));
        let timer = actix_rt::spawn(async move {
            me.env.clock.sleep(wait).await;
            me.inner.borrow_mut().timer = None;
            me.pump();
        });
        inner.timer = Some((due, timer));
    }

    /// Does what an answer says about the platform as a whole.
    fn heed(&self, sign: Sign, reason: impl FnOnce() -> String) {
        let now = self.env.clock.now();
        let mut inner = self.inner.borrow_mut();
        match sign {
            Sign::Silent => {}
            Sign::Well => {
                if inner.gate.worked() {
                    inner.queue.wake_platform();
                    drop(inner);
                    self.pump();
                }
            }
            Sign::Slow(asked) => inner.budget.slow_down(asked, now),
            Sign::Down => inner.gate.failed(now, self.env.clock.chance()),
            Sign::TokenRefused => {
                inner.works = false;
                let Some(installation) = inner.installation.clone() else { return };
                let health = Health::Broken { since: now, reason: reason() };
                log::warn!(addon = self.key.addon.slug(), workspace:% = self.key.workspace; "the platform refuses the installation token: its runs are parked");
                let (env, key) = (Arc::clone(&self.env), self.key);
                actix_rt::spawn(async move {
                    // If it is not written, the next life finds out by itself.
                    if let Err(error) = env.store.set_health(key, installation.addon_id, &health).await {
                        log::warn!(workspace:% = key.workspace; "the installation's health was not stored: {error}");
                    }
                });
            }
        }
    }

    fn left(&self, run: &Run) {
        self.env.observer.observe(self.key.addon, Happening::RunLeft(run.state));
        self.tell_run(run);
    }
}
