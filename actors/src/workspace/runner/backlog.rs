//! What waits in the store: at first everything that an earlier life left, later what memory had no room for.
//!
//! As long as there is more in the store, newer runs do not pass by it in memory, so that an entity's runs keep their order.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::JoinHandle;

use super::Runner;
use crate::clock::Timestamp;
use crate::flow::machine;
use crate::flow::run::{Run, RunState};
use crate::ids::RunId;
use crate::limits::run as limits;
use crate::port::store;
use crate::workspace::queue::Wait;

/// How far the store has been read.
pub(super) struct Backlog {
    /// Unfinished runs up to this one are in memory, or were.
    after: Option<RunId>,
    /// The youngest run that came out of the store. Entries become durable in the order of their ids, so older ones came out before it.
    found: Option<RunId>,
    more: bool,
    /// Something has become durable since the last page was asked for.
    stale: bool,
    reader: Option<JoinHandle<()>>,
    /// Runs that ended while a page was on its way: its rows are older than that.
    ended: HashSet<RunId>,
    paused_until: Option<Timestamp>,
}

impl Backlog {
    /// Nothing has been read.
    pub(super) fn unread() -> Self {
        Self { after: None, found: None, more: true, stale: false, reader: None, ended: HashSet::new(), paused_until: None }
    }

    /// Whether the store may have runs that memory has not.
    pub(super) fn more(&self) -> bool {
        self.more
    }

    pub(super) fn reading(&self) -> bool {
        self.reader.is_some()
    }

    /// When to read on after a failure.
    pub(super) fn asks_again_at(&self) -> Option<Timestamp> {
        self.paused_until.filter(|_| self.more && self.reader.is_none())
    }

    /// A run went into memory.
    pub(super) fn reached(&mut self, id: RunId) {
        self.after = self.after.max(Some(id));
    }

    /// Whether a run that has just become durable came out of the store before its receipt came.
    pub(super) fn overtaken(&self, id: RunId) -> bool {
        self.found >= Some(id)
    }

    /// A run stays in the store until memory has room.
    pub(super) fn passed_over(&mut self, id: RunId) {
        (self.more, self.stale) = (true, true);
        self.after = self.after.filter(|after| *after < id);
    }

    /// Reads everything again.
    pub(super) fn reread(&mut self) {
        (self.more, self.stale, self.after) = (true, true, None);
    }

    /// A run has ended.
    pub(super) fn ended(&mut self, id: RunId) {
        if self.reader.is_some() {
            self.ended.insert(id);
        }
    }

    pub(super) fn stop(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.abort();
        }
        self.ended.clear();
    }
}

impl Runner {
    /// Reads on if there is more, room for it, and nobody reading.
    pub(super) fn read_on(&self, me: &Rc<Self>, now: Timestamp) {
        let mut inner = self.inner.borrow_mut();
        let backlog = &inner.backlog;
        if !inner.goes() || !backlog.more || backlog.reading() || backlog.paused_until.is_some_and(|until| now < until) || inner.full() {
            return;
        }
        inner.backlog.paused_until = None;
        let me = Rc::clone(me);
        inner.backlog.reader = Some(actix_rt::spawn(async move {
            let read = AssertUnwindSafe(me.read()).catch_unwind().await;
            {
                let mut inner = me.inner.borrow_mut();
                inner.backlog.reader = None;
                inner.backlog.ended.clear();
                if !matches!(read, Ok(Ok(()))) {
                    let pause = Duration::from_millis(limits::RECORD_PAUSE_MS);
                    inner.backlog.paused_until = Some(me.env.clock.now() + pause);
                    log::warn!(workspace:% = me.key.workspace; "waiting runs could not be read from the store; next try in {} s", pause.as_secs());
                }
            }
            me.pump();
        }));
    }

    /// Reads pages until memory is full or the store has no more.
    async fn read(&self) -> Result<(), store::Error> {
        loop {
            let after = {
                let backlog = &mut self.inner.borrow_mut().backlog;
                backlog.stale = false;
                backlog.after
            };
            let page = self.env.store.unfinished(self.key, after, limits::QUEUE_PAGE).await?;
            let last_page = page.len() < limits::QUEUE_PAGE as usize;
            for run in page {
                self.find(run).await?;
            }
            let mut inner = self.inner.borrow_mut();
            if last_page && !inner.backlog.stale {
                inner.backlog.more = false;
                return Ok(());
            }
            if inner.full() || !inner.goes() {
                return Ok(());
            }
        }
    }

    /// Takes in a run that was found in the store, unless memory knows better.
    async fn find(&self, mut run: Run) -> Result<(), store::Error> {
        let known = |id: RunId| {
            let inner = self.inner.borrow();
            inner.queue.holds(id) || inner.backlog.ended.contains(&id)
        };
        let now = self.env.clock.now();
        {
            let backlog = &mut self.inner.borrow_mut().backlog;
            backlog.found = backlog.found.max(Some(run.id));
        }
        if !known(run.id) && machine::recover(&mut run, now) {
            self.record_once(&run).await?;
            self.left(&run);
            self.inner.borrow_mut().backlog.reached(run.id);
            return Ok(());
        }
        let waits = match (run.state, run.due_at) {
            (RunState::Waiting, Some(due)) => {
                Some(Wait { due: Some(due), platform: run.reason.as_ref().is_some_and(|reason| reason.code == "not_reached") })
            }
            _ => None,
        };
        if !known(run.id) {
            let mut inner = self.inner.borrow_mut();
            inner.backlog.reached(run.id);
            let queued = inner.queued(run, None);
            inner.queue.push(queued, waits);
        }
        Ok(())
    }
}
