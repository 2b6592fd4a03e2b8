//! Whether calls to the platform make sense now. After several failures in a row one probe at a time goes out, ever more seldom, until one succeeds.
//!
//! Without it a queue of thousands of runs would each find out for themselves that the platform is down, and each wait for its own long back-off after it is up again.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::run as limits;

/// The gate of one installation.
#[derive(Debug, Default)]
pub struct Gate {
    failures: u32,
    closed_until: Option<Timestamp>,
}

/// What may pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Passage {
    /// Everything.
    Open,
    /// One probe, if none is under way.
    Probe,
    /// Nothing before that moment.
    ClosedUntil(Timestamp),
}

impl Gate {
    /// What may pass now.
    pub fn passage(&self, now: Timestamp) -> Passage {
        match self.closed_until {
            None => Passage::Open,
            Some(until) if now < until => Passage::ClosedUntil(until),
            Some(_) => Passage::Probe,
        }
    }

    /// A call found the platform down.
    pub fn failed(&mut self, now: Timestamp, chance: f64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= limits::GATE_FAILURES_MAX {
            let doublings = (self.failures - limits::GATE_FAILURES_MAX).min(16);
            let wait = 1_000_u64.saturating_mul(1 << doublings).min(limits::GATE_WAIT_MS_MAX);
            self.closed_until = Some(now + Duration::from_millis(wait).mul_f64(1.0 - chance / 4.0));
        }
    }

    /// A call found it working. `true`: the gate was closed and is open now.
    pub fn worked(&mut self) -> bool {
        self.failures = 0;
        self.closed_until.take().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_closes_after_several_failures_probes_ever_more_seldom_and_opens_at_once() {
        let mut gate = Gate::default();
        let mut now = Timestamp::from_seconds(1_800_000_000);
        gate.failed(now, 0.0);
        gate.failed(now, 0.0);
        assert_eq!(gate.passage(now), Passage::Open);
        let mut waits = Vec::new();
        for _ in 0..8 {
            gate.failed(now, 0.0);
            let Passage::ClosedUntil(until) = gate.passage(now) else { panic!("open") };
            waits.push(until.since(now).as_secs());
            now = until;
            assert_eq!(gate.passage(now), Passage::Probe);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert!(gate.worked());
        assert_eq!(gate.passage(now), Passage::Open);
        assert!(!gate.worked());
    }

    #[test]
    fn single_failures_between_successes_never_close_it() {
        let mut gate = Gate::default();
        let now = Timestamp::from_seconds(1_800_000_000);
        for _ in 0..100 {
            gate.failed(now, 0.0);
            gate.failed(now, 0.0);
            gate.worked();
        }
        assert_eq!(gate.passage(now), Passage::Open);
    }
}
