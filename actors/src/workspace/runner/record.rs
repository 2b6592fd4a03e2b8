//! A run's record into the journal. What is said to be recorded is durable (I1, I4).

use std::time::Duration;

use super::{Left, Runner};
use crate::flow::machine;
use crate::flow::run::{Reason, Run, RunState};
use crate::limits::effort::{BYTES_RECORDED_PER_VISIT, VISITS_PER_RECORD};
use crate::limits::run as limits;
use crate::port::observer::Stir;
use crate::port::store::journal::{Entry, Written};
use crate::port::store::receipt::Receipt;
use crate::port::store::{self};
use crate::workspace::queue::{Queued, Wait};

/// What a record of a run costs as it is now, in visits. Whoever makes one pays, before a step for those around it; what is kept of a run that may not
/// go on is not paid for.
pub(super) fn record_price(run: &Run) -> usize {
    VISITS_PER_RECORD + run.kept_bytes() / BYTES_RECORDED_PER_VISIT
}

/// What became of a record.
pub(super) enum Recorded {
    /// It is durable.
    Durable,
    /// The run is not ours any more: cancelled, or removed with its installation.
    Gone,
    /// The store has not taken it: it is offered again later.
    NotNow,
}

impl Runner {
    /// Offers a record once.
    pub(super) async fn record_once(&self, run: &Run) -> Result<Written, store::Error> {
        let (receipt, pending) = Receipt::pair();
        let (alarm, fared, record) = (self.alarm(run), self.fared(run), Box::new(run.clone()));
        let alarmed = alarm.is_some();
        match (alarm, fared) {
            (None, None) => self.env.store.submit(Entry::Progress(record), receipt),
            (None, fared) => self.env.store.submit(Entry::Conclude { run: record, fared, event: None, runs: Vec::new() }, receipt),
            (Some((event, runs)), fared) => {
                let (mine, expected) = Receipt::pair();
                self.expect(expected, runs.clone(), Some(event.payload.clone()));
                self.env.store.submit(Entry::Conclude { run: record, fared, event: Some(Box::new(event)), runs }, receipt.and(mine));
            }
        }
        let outcome = pending.outcome().await;
        if outcome == Ok(Written::Done) {
            self.env.observer.stir(self.key, Stir::Run(run.id));
            if alarmed {
                self.env.observer.stir(self.key, Stir::Events);
            }
        }
        outcome
    }

    /// Offers a record until the store takes it, a bounded number of times.
    pub(super) async fn record(&self, run: &Run) -> Recorded {
        for tries in 0..limits::RECORD_TRIES_MAX {
            match self.record_once(run).await {
                Ok(Written::Done) => return Recorded::Durable,
                Ok(Written::Absent | Written::Repeated) => return Recorded::Gone,
                Err(error) => {
                    log::warn!(workspace:% = self.key.workspace, run:% = run.id; "a run's record was not taken: {error}");
                    self.env.clock.sleep(Duration::from_millis(limits::RECORD_RETRY_MS << tries)).await;
                }
            }
        }
        Recorded::NotNow
    }

    /// Records a run that has ended; one whose record is not taken stays and is offered again later.
    pub(super) async fn end(&self, queued: Queued) -> Left {
        self.spend(record_price(&queued.run));
        match self.record(&queued.run).await {
            Recorded::Durable => {
                self.left(&queued.run);
                self.heed_standing(&queued.run).await;
                Left::Gone
            }
            Recorded::Gone => Left::Gone,
            Recorded::NotNow => self.later(queued),
        }
    }

    /// Puts a run aside until the store may work again.
    pub(super) fn later(&self, queued: Queued) -> Left {
        let due = self.env.clock.now() + Duration::from_millis(limits::RECORD_PAUSE_MS);
        Left::Back(Box::new(queued), Some(Wait { due: Some(due), platform: false }))
    }

    /// Ends a run whose driver panicked: the defect is shown, and the others go on.
    pub(super) async fn broken(&self, mut run: Run) -> Left {
        log::error!(addon = self.key.addon.slug(), workspace:% = self.key.workspace, run:% = run.id; "a run was given up because the service failed inside");
        let now = self.env.clock.now();
        machine::recover(&mut run, now);
        if !run.state.finished() {
            let reason = Reason::new("panicked", "the run failed inside the service; this is a defect, please report it");
            machine::finish(&mut run, RunState::Failed, Some(reason), now);
        }
        self.end(Queued { run, payload: None, apart: false }).await
    }
}
