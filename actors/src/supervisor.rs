//! Deaths and what follows from them: a wait before the next life, and a quarantine for those that die too often.
//!
//! Pure bookkeeping. actix restarts an actor that stops, but not one that panicked: its mailbox closes for good. The registry finds that out, asks
//! here, and starts a successor, which reads from the store what the dead one left (I2).

use std::collections::VecDeque;
use std::time::Duration;

use dashmap::DashMap;

use crate::clock::Timestamp;
use crate::ids::Key;
use crate::limits::actor as limits;

/// What is remembered of the workspaces that died lately.
#[derive(Debug, Default)]
pub struct Supervision {
    records: DashMap<Key, Record>,
}

#[derive(Debug, Default)]
struct Record {
    /// Deaths within the window, oldest first.
    deaths: VecDeque<Timestamp>,
    quarantined_until: Option<Timestamp>,
}

/// Whether an actor may be started.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permit {
    /// At once; in quarantine it accepts and stores but runs nothing.
    Now {
        /// Whether it is quarantined.
        quarantined: bool,
    },
    /// After this time.
    After(Duration),
}

impl Supervision {
    /// Notes a death. `true`: it was one too many, and a quarantine begins.
    pub fn died(&self, key: Key, now: Timestamp) -> bool {
        let mut record = self.records.entry(key).or_default();
        record.forget(now);
        record.deaths.push_back(now);
        let too_many = record.deaths.len() > limits::RESTARTS_MAX && record.quarantined_until.is_none();
        if too_many {
            record.quarantined_until = Some(now + Duration::from_secs(limits::QUARANTINE_SECONDS));
        }
        too_many
    }

    /// Whether the next life may begin.
    pub fn permit(&self, key: Key, now: Timestamp) -> Permit {
        let Some(record) = self.records.get(&key) else { return Permit::Now { quarantined: false } };
        let quarantined = record.quarantined_until.is_some();
        let Some(last) = record.deaths.back() else { return Permit::Now { quarantined } };
        let doublings = record.deaths.len().saturating_sub(1).min(limits::RESTARTS_MAX);
        let wait = Duration::from_millis(limits::RESTART_BACKOFF_MS << doublings);
        match wait.saturating_sub(now.since(*last)) {
            Duration::ZERO => Permit::Now { quarantined },
            // A clock that was set back must not lengthen it.
            left => Permit::After(left.min(wait)),
        }
    }

    /// Ends a quarantine. `false`: there was none.
    pub fn lift(&self, key: Key) -> bool {
        self.records.remove(&key).is_some_and(|(_, record)| record.quarantined_until.is_some())
    }

    /// Whose quarantine is over; forgets what is of no account any more.
    pub fn over(&self, now: Timestamp) -> Vec<Key> {
        self.records.retain(|_, record| {
            record.forget(now);
            record.quarantined_until.is_some() || !record.deaths.is_empty()
        });
        let over = |record: &Record| record.quarantined_until.is_some_and(|until| until <= now);
        self.records.iter().filter(|entry| over(entry.value())).map(|entry| *entry.key()).collect()
    }

    /// How many are quarantined.
    pub fn quarantined(&self) -> usize {
        self.records.iter().filter(|entry| entry.quarantined_until.is_some()).count()
    }
}

impl Record {
    fn forget(&mut self, now: Timestamp) {
        let window = Duration::from_secs(limits::RESTART_WINDOW_SECONDS);
        while self.deaths.front().is_some_and(|death| now.since(*death) >= window) {
            self.deaths.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon::Addon;
    use crate::ids::WorkspaceId;

    fn key() -> Key {
        Key { addon: Addon::ALL[0], workspace: WorkspaceId::parse("5b641568b07987035750505e").unwrap() }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    #[test]
    fn each_death_makes_the_next_life_wait_twice_as_long() {
        let supervision = Supervision::default();
        assert_eq!(supervision.permit(key(), at(0)), Permit::Now { quarantined: false });
        for (deaths, wait) in [(1, 50), (2, 100), (3, 200)] {
            assert!(!supervision.died(key(), at(deaths)));
            assert_eq!(supervision.permit(key(), at(deaths)), Permit::After(Duration::from_millis(wait)));
        }
        assert_eq!(supervision.permit(key(), at(203)), Permit::Now { quarantined: false });
    }

    #[test]
    fn the_sixth_death_within_a_minute_begins_a_quarantine_that_ends_by_itself() {
        let supervision = Supervision::default();
        let begun: Vec<bool> = (0..7).map(|index| supervision.died(key(), at(index))).collect();
        assert_eq!(begun, [false, false, false, false, false, true, false]);
        assert_eq!(supervision.permit(key(), at(10_000)), Permit::Now { quarantined: true });
        assert_eq!(supervision.over(at(599_000)), []);
        assert_eq!(supervision.over(at(600_005)), [key()]);
        assert!(supervision.lift(key()) && !supervision.lift(key()));
        assert_eq!(supervision.permit(key(), at(600_006)), Permit::Now { quarantined: false });
    }

    #[test]
    fn deaths_far_apart_are_forgotten() {
        let supervision = Supervision::default();
        for minute in 0..20 {
            assert!(!supervision.died(key(), at(minute * 60_000)));
        }
        assert_eq!(supervision.over(at(20 * 60_000 + 1)), []);
        assert!(supervision.records.is_empty());
    }
}
