//! The platform's limit: so many requests in any second for an add-on on a workspace. Counted over a sliding second, refused ones not counted.
//!
//! How the platform counts is not documented. Whoever keeps within any second keeps within a fixed one and within a bucket of the same rate, so this is
//! the strictest that it can be.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use actors::clock::Timestamp;
use actors::ids::AddonId;

const WINDOW: Duration = Duration::from_secs(1);

/// Requests of the last second, by installation.
#[derive(Default)]
pub struct Rate {
    recent: HashMap<AddonId, VecDeque<Timestamp>>,
}

impl Rate {
    /// Counts a request in, unless the last second is full.
    pub fn admits(&mut self, installation: AddonId, per_second: usize, now: Timestamp) -> bool {
        let recent = self.recent.entry(installation).or_default();
        while recent.front().is_some_and(|first| now.since(*first) >= WINDOW) {
            recent.pop_front();
        }
        let admitted = recent.len() < per_second;
        if admitted {
            recent.push_back(now);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_in_any_second_and_each_installation_for_itself() {
        let (mut rate, one) = (Rate::default(), AddonId::parse("64b641568b0798703575050a").unwrap());
        let other = AddonId::parse("64b641568b0798703575050b").unwrap();
        let at = Timestamp::from_millis;
        assert!((0..50).all(|n| rate.admits(one, 50, at(n * 10))));
        assert!(!rate.admits(one, 50, at(500)), "the 51st");
        assert!(rate.admits(other, 50, at(500)));
        assert!(!rate.admits(one, 50, at(999)));
        assert!(rate.admits(one, 50, at(1_000)), "the first has left the second");
        assert!(!rate.admits(one, 50, at(1_009)));
        assert!(rate.admits(one, 50, at(1_010)));
    }
}
