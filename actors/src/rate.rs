//! How often something may happen: the generic cell rate algorithm, one moment of memory for each thing that is counted.

use std::time::Duration;

use crate::clock::Timestamp;

/// The rate of one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rate {
    /// When all that has happened so far would be paid for at the allowed rate.
    paid_until: Option<Timestamp>,
}

const MINUTE: Duration = Duration::from_secs(60);

impl Rate {
    /// Lets one happen if no more than `per_minute` have within a minute's worth; else says how long to wait. A whole minute's worth may come at once.
    ///
    /// A rate of 0 lets nothing happen.
    pub fn take(&mut self, per_minute: u32, now: Timestamp) -> Result<(), Duration> {
        let Some(price) = MINUTE.checked_div(per_minute) else { return Err(MINUTE) };
        // A clock that was set back must not stop it for longer than a minute.
        let paid_until = self.paid_until.map_or(now, |until| until.max(now).min(now + MINUTE));
        let after = paid_until + price;
        self.paid_until = Some(paid_until);
        if after.since(now) > MINUTE {
            return Err(after.since(now) - MINUTE);
        }
        self.paid_until = Some(after);
        Ok(())
    }

    /// Whether it can be forgotten.
    pub fn is_rested(&self, now: Timestamp) -> bool {
        self.paid_until.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    #[test]
    fn a_minutes_worth_comes_at_once_and_then_it_drips() {
        let mut rate = Rate::default();
        assert_eq!((0..60).filter(|_| rate.take(60, at(0)).is_ok()).count(), 60);
        assert_eq!(rate.take(60, at(0)), Err(Duration::from_secs(1)));
        assert_eq!(rate.take(60, at(999)), Err(Duration::from_millis(1)));
        assert_eq!(rate.take(60, at(1_000)), Ok(()));
        assert!(rate.take(60, at(1_000)).is_err());
        assert!(!rate.is_rested(at(60_000)) && rate.is_rested(at(61_000)));
    }

    #[test]
    fn a_clock_that_went_back_does_not_stop_it_for_long() {
        let mut rate = Rate::default();
        (0..60).for_each(|_| assert!(rate.take(60, at(3_600_000)).is_ok()));
        assert_eq!(rate.take(60, at(0)), Err(Duration::from_secs(1)));
        assert_eq!(rate.take(60, at(1_000)), Ok(()));
    }

    #[test]
    fn a_rate_of_nothing_lets_nothing_happen() {
        assert_eq!(Rate::default().take(0, at(0)), Err(MINUTE));
    }
}
