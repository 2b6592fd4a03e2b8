//! A run that an admin ends: between two steps, wherever it is.

use super::record::Recorded;
use super::{Left, Runner};
use crate::flow::machine;
use crate::flow::run::{Reason, Run, RunState};
use crate::ids::RunId;
use crate::port::store;
use crate::workspace::Error;
use crate::workspace::cancel::Cancelled;
use crate::workspace::queue::Queued;

impl Runner {
    /// Ends a run. One that a task is busy with ends before its next step.
    pub async fn cancel(&self, id: RunId) -> Result<Cancelled, Error> {
        if self.inner.borrow().tasks.contains_key(&id) {
            self.inner.borrow_mut().cancelling.insert(id);
            return Ok(Cancelled::UnderWay);
        }
        let taken = self.inner.borrow_mut().queue.take(id);
        let held = taken.is_some();
        let run = match taken {
            Some(queued) => Some(queued.run),
            None => self.env.store.run(self.key, id).await?,
        };
        let Some(mut run) = run else { return Ok(Cancelled::Absent) };
        if run.state.finished() {
            return Ok(Cancelled::Finished);
        }
        self.inner.borrow_mut().backlog.ended(id);
        // Not begun again meanwhile, should it have come out of the store at this moment.
        if self.inner.borrow().tasks.contains_key(&id) {
            self.inner.borrow_mut().cancelling.insert(id);
            return Ok(Cancelled::UnderWay);
        }
        self.inner.borrow_mut().queue.finish(id);
        let before = run.clone();
        self.end_here(&mut run);
        match self.record(&run).await {
            Recorded::Durable => {
                self.left(&run);
                self.pump();
                Ok(Cancelled::Done)
            }
            Recorded::Gone => Ok(Cancelled::Finished),
            Recorded::NotNow => {
                if held {
                    let mut inner = self.inner.borrow_mut();
                    let queued = inner.queued(before, None);
                    inner.queue.push(queued, None);
                    self.pump();
                }
                Err(Error::Store(store::Error::Busy))
            }
        }
    }

    /// Whether an admin has asked for this run to end.
    pub(super) fn is_cancelled(&self, id: RunId) -> bool {
        self.inner.borrow().cancelling.contains(&id)
    }

    /// Ends a run whose task leaves it waiting.
    pub(super) async fn end_cancelled(&self, mut queued: Queued) -> Left {
        if !queued.run.state.finished() {
            self.end_here(&mut queued.run);
        }
        self.end(queued).await
    }

    pub(super) fn end_here(&self, run: &mut Run) {
        let now = self.env.clock.now();
        // A try that another life began and that must not be repeated stays uncertain (I4).
        if !machine::recover(run, now) {
            let reason = Reason::new("cancelled", "an admin cancelled this run");
            machine::finish(run, RunState::Cancelled, Some(reason), now);
        }
    }
}
