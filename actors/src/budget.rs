//! The calls that an installation may make: at most 50 in any second, whatever they are for, the more urgent first.
//!
//! A sliding window instead of a bucket: a full bucket followed by its refill is twice the rate within one second, and the platform counts.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::run as limits;
use crate::pace::Pace;

/// What a call is for; earlier ones go first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Priority {
    /// A person waits for it.
    Explorer,
    /// A run waits for it.
    Flow,
    /// Nobody waits for it.
    Bootstrap,
}

/// The budget of one installation.
#[derive(Debug, Default)]
pub struct Budget {
    /// Times of the calls within the window, oldest first.
    made: VecDeque<Timestamp>,
    /// No call before this moment.
    paused_until: Option<Timestamp>,
    /// The rate is lowered until this moment.
    slowed_until: Option<Timestamp>,
    slowed_to: usize,
    waiting: [usize; 3],
    pace: Pace,
}

impl Budget {
    /// Takes a call if there is one to take; else says how long to wait before asking again.
    pub fn take(&mut self, priority: Priority, now: Timestamp) -> Result<(), Duration> {
        if let Some(until) = self.paused_until {
            if now < until {
                return Err(until.since(now));
            }
            self.paused_until = None;
        }
        let window = Duration::from_millis(limits::CALLS_WINDOW_MS);
        while self.made.front().is_some_and(|made| now.since(*made) >= window || *made > now) {
            self.made.pop_front();
        }
        let rate = self.rate(now);
        let ahead: usize = self.waiting.iter().take(priority as usize).sum();
        if self.made.len() + ahead < rate {
            self.made.push_back(now);
            return Ok(());
        }
        let blocking = (self.made.len() + ahead).saturating_sub(rate);
        let free_at = self.made.get(blocking).or(self.made.back()).map_or(now, |made| *made + window);
        Err(free_at.since(now).clamp(Duration::from_millis(1), window))
    }

    /// Takes a call for which nobody waits, at the pace of at most `per_second`.
    pub fn take_evenly(&mut self, per_second: u32, now: Timestamp) -> Result<(), Duration> {
        let most = self.rate(now);
        let rate = most.min(per_second.max(1) as usize);
        self.pace.admits(rate, most, now)?;
        self.take(Priority::Bootstrap, now)?;
        self.pace.taken(rate, now);
        Ok(())
    }

    /// The pace of such calls, which wants to know when they begin and end.
    pub fn pace(&mut self) -> &mut Pace {
        &mut self.pace
    }

    /// Notes that a call of that priority waits: those behind it leave room.
    pub fn queue(&mut self, priority: Priority) {
        if let Some(waiting) = self.waiting.get_mut(priority as usize) {
            *waiting += 1;
        }
    }

    /// Notes that it waits no longer.
    pub fn unqueue(&mut self, priority: Priority) {
        if let Some(waiting) = self.waiting.get_mut(priority as usize) {
            *waiting = waiting.saturating_sub(1);
        }
    }

    /// The platform asked for fewer calls: none for a while, then three quarters of the rate for a minute.
    pub fn slow_down(&mut self, asked: Option<Duration>, now: Timestamp) {
        let pause = asked.unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(limits::RETRY_AFTER_SECONDS_MAX));
        let until = now + pause;
        // Calls that were under way together are refused together: that is one refusal.
        if self.paused_until.is_none_or(|until| now >= until) {
            self.slowed_to = (self.rate(now) * 3 / 4).max(1);
        }
        self.paused_until = Some(self.paused_until.map_or(until, |earlier| earlier.max(until)));
        self.slowed_until = Some(until + Duration::from_secs(limits::SLOWED_SECONDS));
    }

    /// Calls that may be made in a window now.
    pub fn rate(&self, now: Timestamp) -> usize {
        if self.slowed_until.is_some_and(|until| now < until) { self.slowed_to } else { limits::CALLS_PER_SECOND_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    /// Takes as many calls as it can for `millis`, asking again exactly when told to.
    fn greedy(budget: &mut Budget, from: i64, millis: i64) -> Vec<i64> {
        let (mut now, mut made) = (from, Vec::new());
        while now < from + millis {
            match budget.take(Priority::Flow, at(now)) {
                Ok(()) => made.push(now),
                Err(wait) => now += i64::try_from(wait.as_millis()).unwrap(),
            }
        }
        made
    }

    #[test]
    fn no_second_ever_has_more_than_fifty_calls_and_nearly_all_are_used() {
        let made = greedy(&mut Budget::default(), 0, 60_000);
        for start in &made {
            let within = made.iter().filter(|time| (*start..start + 1_000).contains(*time)).count();
            assert!(within <= 50, "{within} calls in the second from {start}");
        }
        assert!(made.len() >= 60 * 50 * 95 / 100, "{}", made.len());
    }

    #[test]
    fn a_429_pauses_and_lowers_the_rate_for_a_while() {
        let mut budget = Budget::default();
        budget.slow_down(Some(Duration::from_secs(3)), at(0));
        let made = greedy(&mut budget, 0, 10_000);
        assert_eq!(made.first(), Some(&3_000));
        assert_eq!(budget.rate(at(10_000)), 37);
        assert_eq!(budget.rate(at(64_000)), 50);
    }

    #[test]
    fn refusals_that_come_together_lower_the_rate_once_and_later_ones_again() {
        let mut budget = Budget::default();
        (0..8).for_each(|call| budget.slow_down(Some(Duration::from_secs(1)), at(call * 10)));
        assert_eq!(budget.rate(at(100)), 37);
        budget.slow_down(Some(Duration::from_secs(1)), at(2_000));
        assert_eq!(budget.rate(at(2_100)), 27);
    }

    #[test]
    fn those_behind_leave_room_for_the_more_urgent() {
        let mut budget = Budget::default();
        for _ in 0..49 {
            budget.take(Priority::Flow, at(0)).unwrap();
        }
        budget.queue(Priority::Explorer);
        assert!(budget.take(Priority::Bootstrap, at(1)).is_err());
        assert!(budget.take(Priority::Explorer, at(1)).is_ok());
    }

    #[test]
    fn a_clock_that_went_back_does_not_lock_the_budget() {
        let mut budget = Budget::default();
        greedy(&mut budget, 3_600_000, 10);
        assert!(budget.take(Priority::Flow, at(0)).is_ok());
    }
}
