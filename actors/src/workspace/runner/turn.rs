//! A call's turn in the installation's one budget: it waits for it, is let go, and gives its place back, whatever ends its task.

use std::rc::Weak;
use std::time::Duration;

use super::Runner;
use crate::budget::{Priority, Ticket};

/// The turn of one call.
pub struct Turn {
    runner: Weak<Runner>,
    ticket: Option<Ticket>,
}

impl Runner {
    /// A turn for a call that has not waited yet.
    pub fn turn(&self, priority: Priority) -> Turn {
        Turn { runner: self.myself.clone(), ticket: Some(self.inner.borrow_mut().budget.ticket(priority)) }
    }

    /// Lets a call go, if it may; else says how long to wait before asking again.
    pub(super) fn let_go(&self, turn: &mut Turn) -> Result<(), Duration> {
        let Some(ticket) = &mut turn.ticket else { return Ok(()) };
        self.inner.borrow_mut().budget.take(ticket, self.env.clock.now())
    }

    /// The same for one of those that are spread evenly.
    pub fn let_go_evenly(&self, turn: &mut Turn, per_second: u32) -> Result<(), Duration> {
        let Some(ticket) = &mut turn.ticket else { return Ok(()) };
        self.inner.borrow_mut().budget.take_evenly(ticket, per_second, self.env.clock.now())
    }
}

impl Turn {
    /// The platform has answered.
    pub(super) fn answered(mut self) {
        if let (Some(runner), Some(ticket)) = (self.runner.upgrade(), self.ticket.take()) {
            let now = runner.env.clock.now();
            runner.inner.borrow_mut().budget.answered(ticket, now);
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let (Some(runner), Some(mut ticket)) = (self.runner.upgrade(), self.ticket.take()) {
            let now = runner.env.clock.now();
            runner.inner.borrow_mut().budget.lost(&mut ticket, now);
        }
    }
}
