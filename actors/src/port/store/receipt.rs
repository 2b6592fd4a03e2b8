//! Answers of the group commit, carried to the waiting threads a batch at a time.
//!
//! Waking a task on another thread costs a system call. A commit answers dozens of waiters that live on a handful of
//! threads, so each thread opens a `Lane` once; a batch is sent down each lane as one message, and a local task there
//! completes the single waiters, which costs no system call.

use std::cell::RefCell;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Error;
use super::journal::Written;

/// What a waiter learns.
pub type Outcome = Result<Written, Error>;

type Answers = Vec<(oneshot::Sender<Outcome>, Outcome)>;

/// A thread's way to be answered in batches.
#[derive(Clone, Debug)]
struct Lane(Arc<mpsc::UnboundedSender<Answers>>);

thread_local! {
    static LANE: RefCell<Option<Lane>> = const { RefCell::new(None) };
}

/// Opens this thread's lane. Call it once on each thread that waits for many receipts, inside its `LocalSet` (an actix
/// worker or arbiter). Without it receipts are completed one by one, which is slower and just as right.
///
/// The channel has no bound of its own: it holds at most one answer for each entry that the bounded queue let in.
pub fn open_lane() {
    LANE.with_borrow_mut(|lane| {
        if lane.as_ref().is_some_and(|lane| !lane.0.is_closed()) {
            return;
        }
        let (sender, mut answers) = mpsc::unbounded_channel::<Answers>();
        actix_rt::spawn(async move {
            while let Some(batch) = answers.recv().await {
                for (to, outcome) in batch {
                    let _ = to.send(outcome);
                }
            }
        });
        *lane = Some(Lane(Arc::new(sender)));
    });
}

/// The duty to answer one entry. Dropped without an answer, its waiter learns that the store is unavailable.
#[derive(Debug)]
pub struct Receipt {
    to: oneshot::Sender<Outcome>,
    lane: Option<Lane>,
    also: Option<Box<Receipt>>,
}

/// The waiter's side of a [`Receipt`].
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Outcome>);

impl Receipt {
    /// A receipt that is answered to the calling thread.
    pub fn pair() -> (Self, Pending) {
        let (to, from) = oneshot::channel();
        (Self { to, lane: LANE.with_borrow(Clone::clone), also: None }, Pending(from))
    }

    /// One duty for two waiters: whoever answers this one answers `other` as well.
    pub fn and(mut self, other: Self) -> Self {
        self.also = Some(Box::new(other));
        self
    }

    /// Answers one entry.
    pub fn complete(self, outcome: Outcome) {
        if let Some(also) = self.also {
            also.complete(outcome.clone());
        }
        let _ = self.to.send(outcome);
    }

    /// Answers a batch: one message for each waiting thread.
    pub fn complete_all(batch: impl IntoIterator<Item = (Self, Outcome)>) {
        let mut lanes: Vec<(Lane, Answers)> = Vec::new();
        let mut sort = |receipt: Self, outcome: Outcome| {
            let Some(lane) = receipt.lane else {
                let _ = receipt.to.send(outcome);
                return;
            };
            match lanes.iter_mut().find(|(known, _)| Arc::ptr_eq(&known.0, &lane.0)) {
                Some((_, answers)) => answers.push((receipt.to, outcome)),
                None => lanes.push((lane, vec![(receipt.to, outcome)])),
            }
        };
        for (mut receipt, outcome) in batch {
            if let Some(also) = receipt.also.take() {
                sort(*also, outcome.clone());
            }
            sort(receipt, outcome);
        }
        for (lane, answers) in lanes {
            let _ = lane.0.send(answers);
        }
    }
}

impl Pending {
    /// Waits for the answer.
    pub async fn outcome(self) -> Outcome {
        self.0.await.unwrap_or_else(|_| Err(Error::Unavailable("the writer has stopped".into())))
    }
}
