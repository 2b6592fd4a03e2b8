//! How long to wait before the next try: exponential, bounded, jittered, and never shorter than the other side asked for.

use std::time::Duration;

use crate::flow::model::Retry;
use crate::limits::run as limits;

/// The wait after the `attempts`-th try. `chance` is in `0.0..1.0` and takes up to half of the wait away, so that what failed together does not
/// come back together; `asked` is a `Retry-After`.
pub fn wait(policy: &Retry, attempts: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let doublings = attempts.saturating_sub(1).min(limits::RETRY_DOUBLINGS_MAX);
    let full = policy.initial_ms.saturating_mul(1_u64 << doublings).min(policy.max_ms);
    let jittered = Duration::from_millis(full).mul_f64(1.0 - chance.clamp(0.0, 1.0) / 2.0);
    let asked = asked.unwrap_or_default().min(Duration::from_secs(limits::RETRY_AFTER_SECONDS_MAX));
    jittered.max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Retry = Retry { max_attempts: 9, initial_ms: 1_000, max_ms: 60_000, for_seconds: 600 };

    #[test]
    fn waits_double_up_to_the_longest_and_jitter_only_shortens_them() {
        for (attempts, seconds) in [(1, 1), (2, 2), (3, 4), (7, 60), (4_000_000_000, 60)] {
            assert_eq!(wait(&POLICY, attempts, None, 0.0), Duration::from_secs(seconds));
            assert!(wait(&POLICY, attempts, None, 0.999) >= Duration::from_millis(seconds * 500));
        }
    }

    #[test]
    fn what_the_other_side_asks_for_is_honoured_and_clamped() {
        assert_eq!(wait(&POLICY, 1, Some(Duration::from_secs(20)), 0.9), Duration::from_secs(20));
        assert_eq!(wait(&POLICY, 1, Some(Duration::from_secs(999_999)), 0.0), Duration::from_secs(3_600));
    }
}
