//! How much of its thread a workspace may use: reading payloads, looking into them, starting runs. Many workspaces live on one thread, and what one of
//! them does there cannot be interrupted; so it is paid for, and who is deep in debt takes nothing further until it has rested (I5).
//!
//! The unit is a visit to a node of a document, some tens of nanoseconds; other work is counted as so many visits. Time is the monotonic one (I6).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::limits::effort::{BYTES_PER_VISIT, CREDIT_SECONDS, VISITS_PER_SECOND, VISITS_PER_VALUE};

/// What one workspace has done lately. Clones are one and the same: the actor has one, and the door to it, where deliveries come in on other threads.
#[derive(Clone, Debug, Default)]
pub struct Effort {
    /// When all that it has done so far is paid for, in nanoseconds.
    paid_at: Arc<AtomicU64>,
}

impl Effort {
    /// Whether more may be done; else how long to rest first.
    pub fn allows_more(&self, now: Duration) -> Result<(), Duration> {
        self.allows(Paid::default(), now)
    }

    /// Whether what has been paid for in part may go on: what was paid for it is not held against it.
    pub fn allows(&self, paid: Paid, now: Duration) -> Result<(), Duration> {
        let credit = Duration::from_secs(CREDIT_SECONDS) + Duration::from_nanos(price(paid.0));
        let paid_at = Duration::from_nanos(self.paid_at.load(Ordering::Relaxed));
        match paid_at.saturating_sub(now).checked_sub(credit) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(rest) => Err(rest),
        }
    }

    /// Notes what was done.
    pub fn spend(&self, visits: usize, now: Duration) {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.paid_at.update(Ordering::Relaxed, Ordering::Relaxed, |paid_at| paid_at.max(now).saturating_add(price(visits)));
    }
}

/// Visits that were paid for something before it came to the actor.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Paid(usize);

impl Paid {
    /// For so many bytes that are received.
    pub fn for_bytes(bytes: usize) -> Self {
        Self(bytes / BYTES_PER_VISIT)
    }

    /// The visits.
    pub fn visits(self) -> usize {
        self.0
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

/// How long it takes until so many visits are paid for, in nanoseconds.
fn price(visits: usize) -> u64 {
    NANOS_PER_VISIT.saturating_mul(u64::try_from(visits).unwrap_or(u64::MAX))
}

const NANOS_PER_VISIT: u64 = 1_000_000_000 / VISITS_PER_SECOND as u64;

/// What a JSON text costs that becomes a tree: its values, as many as there are brackets that open and commas.
pub fn of_tree(text: &[u8]) -> usize {
    text.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count().saturating_mul(VISITS_PER_VALUE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_is_used_at_once_and_then_it_takes_the_time_that_it_costs() {
        let (effort, mut now) = (Effort::default(), Duration::from_secs(1_000));
        let at_the_door = effort.clone();
        let second = usize::try_from(VISITS_PER_SECOND).unwrap();
        let mut done = 0;
        while effort.allows_more(now).is_ok() {
            at_the_door.spend(second, now);
            done += 1;
        }
        assert_eq!(done, CREDIT_SECONDS + 1, "the credit, and what was begun within it");
        let rest = effort.allows_more(now).unwrap_err();
        assert_eq!(rest, Duration::from_secs(1));
        now += rest;
        assert_eq!(effort.allows_more(now), Ok(()));
        effort.spend(1, now);
        assert_eq!(effort.allows_more(now), Err(Duration::from_secs(1) / VISITS_PER_SECOND));
        now += Duration::from_secs(CREDIT_SECONDS + 1);
        effort.spend(second, now);
        assert_eq!(at_the_door.allows_more(now), Ok(()), "rest is not saved up beyond the credit, and is not forgotten");
    }

    #[test]
    fn a_tree_costs_what_its_values_cost_and_a_long_text_is_one() {
        assert_eq!(of_tree(br#"{"a":[1,2,{"b":null}]}"#), 5 * VISITS_PER_VALUE);
        assert_eq!(of_tree(format!("[{:?}]", "x".repeat(1_000)).as_bytes()), VISITS_PER_VALUE);
    }
}
