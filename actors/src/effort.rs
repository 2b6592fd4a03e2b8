//! How much of its thread a workspace may use: reading payloads, looking into them, starting runs. Many workspaces live on one thread, and what one of
//! them does there cannot be interrupted; so it is paid for, and who is deep in debt takes nothing further until it has rested (I5).
//!
//! The unit is a visit to a node of a document, some tens of nanoseconds; other work is counted as so many visits. Time is the monotonic one (I6).

use std::time::Duration;

use crate::limits::effort::{CREDIT_SECONDS, VISITS_PER_SECOND};

/// What one workspace has done lately.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Effort {
    /// When all that it has done so far is paid for.
    paid_at: Duration,
}

impl Effort {
    /// Whether more may be done; else how long to rest first.
    pub fn allows_more(&self, now: Duration) -> Result<(), Duration> {
        let credit = Duration::from_secs(CREDIT_SECONDS);
        match self.paid_at.saturating_sub(now).checked_sub(credit) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(rest) => Err(rest),
        }
    }

    /// Notes what was done.
    pub fn spend(&mut self, visits: usize, now: Duration) {
        let price = Duration::from_secs(1) / VISITS_PER_SECOND;
        let visits = u32::try_from(visits).unwrap_or(u32::MAX);
        self.paid_at = self.paid_at.max(now).saturating_add(price.saturating_mul(visits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_is_used_at_once_and_then_it_takes_the_time_that_it_costs() {
        let (mut effort, mut now) = (Effort::default(), Duration::from_secs(1_000));
        let second = usize::try_from(VISITS_PER_SECOND).unwrap();
        let mut done = 0;
        while effort.allows_more(now).is_ok() {
            effort.spend(second, now);
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
        assert_eq!(effort.allows_more(now), Ok(()), "rest is not saved up beyond the credit, and is not forgotten");
    }
}
