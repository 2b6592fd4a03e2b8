//! Time, chance and fresh ids: the only door to all three (I6), so that a test can hold the clock still.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Uuid};

/// A moment in UTC, in milliseconds since 1970. Rows, tokens and JSON carry this one kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since 1970, as JWT claims count.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// The time that has passed since `earlier`; nothing if the clock went back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339.
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|moment| Self(moment.as_millisecond()))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with milliseconds, `2026-11-23T16:32:34.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{}ms", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 time"))
    }
}

/// Where time and chance come from.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Ends when `duration` has passed. Monotonic: a jump of the wall clock neither shortens nor lengthens it.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Time that only goes forward, for measuring how long something took. It says nothing about when.
    fn elapsed(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.now().millis()).unwrap_or(0))
    }

    /// A number in `0.0..1.0`, for jitter.
    fn chance(&self) -> f64;

    /// A fresh UUIDv7. Two calls on one clock never give ids out of order.
    fn fresh_id(&self) -> Uuid;
}

/// The machine's own clock.
#[derive(Default)]
pub struct SystemClock {
    context: std::sync::Mutex<ContextV7>,
}

impl SystemClock {
    /// A clock with its own counter for ids.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }

    fn elapsed(&self) -> Duration {
        static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
        START.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn chance(&self) -> f64 {
        let (_, low) = Uuid::new_v4().as_u64_pair();
        (low >> 11) as f64 / (1u64 << 53) as f64
    }

    fn fresh_id(&self) -> Uuid {
        ordered_id(&self.context, self.now())
    }
}

/// A UUIDv7 of `now` whose counter goes on from the last one of this context.
pub fn ordered_id(context: &std::sync::Mutex<ContextV7>, now: Timestamp) -> Uuid {
    let context = context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = u64::try_from(now.seconds()).unwrap_or(0);
    let nanos = u32::try_from(now.millis().rem_euclid(1_000)).unwrap_or(0) * 1_000_000;
    Uuid::new_v7(uuid::Timestamp::from_unix(&*context, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_its_text() {
        let moment = Timestamp::from_millis(1_763_915_554_120);
        assert_eq!(moment.to_string(), "2025-11-23T16:32:34.120Z");
        assert_eq!(Timestamp::parse(&moment.to_string()), Some(moment));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn ids_of_one_clock_sort_by_creation_even_within_a_millisecond() {
        let clock = SystemClock::new();
        let ids: Vec<_> = (0..5_000).map(|_| clock.fresh_id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn chance_stays_below_one() {
        let clock = SystemClock::new();
        assert!((0..1_000).map(|_| clock.chance()).all(|chance| (0.0..1.0).contains(&chance)));
    }
}
