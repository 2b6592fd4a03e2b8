//! How calls for which nobody waits are spread over time: evenly, and so that however long each is on its way, the platform never counts one too many.
//!
//! The platform counts a call when it arrives, which is somewhere between its beginning and its answer. So a call counts here while it is under way, and
//! for a second from when it must have arrived at the latest: its answer, or if that was as quick as ever, a little before. A call that was held up
//! may have arrived at the very end.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::bootstrap as limits;

/// The pace of one installation's calls.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the next call is due, in microseconds since 1970.
    next_at: i64,
    under_way: usize,
    /// When each call of the last second arrived at the latest.
    arrived: VecDeque<Timestamp>,
    /// What the quickest answers take; learnt from below.
    quickest: Duration,
}

impl Pace {
    /// Whether a call may begin, at `per_second` calls a second and with `most` that the platform may count in one; else how long to wait before
    /// asking again.
    pub fn admits(&mut self, per_second: usize, most: usize, now: Timestamp) -> Result<(), Duration> {
        let gap = gap(per_second);
        // A clock that went back does not lock it.
        self.next_at = self.next_at.min(micros(now) + gap);
        if micros(now) < self.next_at {
            let wait = Duration::from_micros(u64::try_from(self.next_at - micros(now)).unwrap_or(0));
            return Err(wait.max(Duration::from_millis(1)));
        }
        let second = Duration::from_millis(limits::COUNTED_MS);
        while self.arrived.front().is_some_and(|arrived| now.since(*arrived) >= second || *arrived > now) {
            self.arrived.pop_front();
        }
        if self.under_way + self.arrived.len() < most {
            return Ok(());
        }
        let free_at = self.arrived.front().map(|arrived| (*arrived + second).since(now));
        Err(free_at.unwrap_or(second).clamp(Duration::from_millis(1), Duration::from_millis(limits::ROOM_LOOK_MS)))
    }

    /// One has been admitted: when the next is due. One that comes a little late does not make the others late.
    pub fn taken(&mut self, per_second: usize, now: Timestamp) {
        let late = i64::try_from(limits::LATE_MS * 1_000).unwrap_or(0);
        self.next_at = self.next_at.max(micros(now) - late) + gap(per_second);
    }

    /// One begins.
    pub fn begun(&mut self) {
        self.under_way += 1;
    }

    /// It has ended, answered or not.
    pub fn ended(&mut self, began: Timestamp, now: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        let took = now.since(began);
        let as_ever = took <= self.quickest.mul_f64(limits::AS_EVER);
        self.quickest = took.min(self.quickest + Duration::from_millis(limits::LEARNT_MS));
        let before = if as_ever { self.quickest.mul_f64(limits::ANSWER_SHARE) } else { Duration::ZERO };
        self.arrived.push_back(now - before);
    }
}

fn micros(moment: Timestamp) -> i64 {
    moment.millis().saturating_mul(1_000)
}

fn gap(per_second: usize) -> i64 {
    i64::try_from(limits::PACE_MS * 1_000).unwrap_or(i64::MAX) / i64::try_from(per_second.max(1)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls that take `took` milliseconds each but for some, which take longer: when they began, and when the platform counted them, which is as soon
    /// as they have waited.
    fn live(per_second: usize, took: i64, late: i64, delay: impl Fn(i64) -> i64) -> (Vec<i64>, Vec<i64>) {
        let (mut pace, mut made, mut counted) = (Pace::default(), Vec::new(), Vec::new());
        let mut ends: Vec<(i64, i64)> = Vec::new();
        let (at, mut asks_at) = (|millis: i64| Timestamp::from_millis(1_800_000_000_000 + millis), 0);
        for now in 0..30_000 {
            let (over, on): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(end, _)| *end <= now);
            ends = on;
            over.into_iter().for_each(|(_, began)| pace.ended(at(began), at(now)));
            while asks_at <= now {
                match pace.admits(per_second, 50, at(now)) {
                    Ok(()) => {
                        pace.taken(per_second, at(now));
                        pace.begun();
                        made.push(now);
                        counted.push(now + delay(now));
                        ends.push((now + delay(now) + took, now));
                    }
                    Err(wait) => asks_at = now + i64::try_from(wait.as_micros().div_ceil(1_000)).unwrap() + late,
                }
            }
        }
        (made, counted)
    }

    fn most_in(calls: &[i64], span: i64) -> usize {
        calls.iter().map(|start| calls.iter().filter(|time| (*start..start + span).contains(*time)).count()).max().unwrap_or(0)
    }

    #[test]
    fn nearly_all_of_the_rate_is_used_and_never_more() {
        for (rate, late) in [(50, 0), (50, 7), (25, 0), (10, 7)] {
            let (made, counted) = live(rate, 100, late, |_| 0);
            assert!(made.len() * 100 >= 30 * rate * 95, "{rate} {late}: {}", made.len());
            assert!(most_in(&counted, 1_000) <= rate, "{rate} {late}");
        }
        assert_eq!(live(1, 100, 0, |_| 0).0.len(), 30);
    }

    #[test]
    fn calls_that_were_held_up_and_arrive_together_are_not_too_many() {
        // Every five seconds everything that is sent within half a second arrives at its end.
        let stalls = |now: i64| if now % 5_000 < 500 { 500 - now % 5_000 } else { 0 };
        let (made, counted) = live(50, 20, 0, stalls);
        let worst = counted.iter().max_by_key(|start| counted.iter().filter(|time| (**start..**start + 1_000).contains(*time)).count());
        assert!(most_in(&counted, 1_000) <= 50, "{} from {worst:?}", most_in(&counted, 1_000));
        assert!(made.len() >= 30 * 40, "{}", made.len());
    }
}
