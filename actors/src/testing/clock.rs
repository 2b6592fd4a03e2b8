//! A clock that moves only when a test says so (I6).
//!
//! Sleeping goes by a monotonic time of its own, so that [`ManualClock::jump`] can move the wall clock without waking anybody.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::future::BoxFuture;
use uuid::{ContextV7, Uuid};

use crate::clock::{Clock, Timestamp, ordered_id};

/// How often [`ManualClock::settle`] lets the other tasks of its thread go on.
const SETTLE_ROUNDS: usize = 64;

/// Time and chance in a test's hands. Clones are the same clock.
#[derive(Clone)]
pub struct ManualClock {
    inner: Arc<Mutex<Inner>>,
    ids: Arc<Mutex<ContextV7>>,
}

struct Inner {
    wall: Timestamp,
    elapsed: Duration,
    sleepers: BTreeMap<(Duration, u64), Option<Waker>>,
    next_sleeper: u64,
    seed: u64,
    fixed_chance: Option<f64>,
}

impl ManualClock {
    /// A clock that stands at `start`. Its chance is a fixed sequence.
    pub fn new(start: Timestamp) -> Self {
        let inner = Inner {
            wall: start,
            elapsed: Duration::ZERO,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
            seed: 0x9e37_79b9_7f4a_7c15,
            fixed_chance: None,
        };
        Self { inner: Arc::new(Mutex::new(inner)), ids: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves on by `duration` and wakes the sleepers whose time has come, the earliest first. What they then start to sleep for counts
    /// from the new time; use [`Self::run_for`] where that matters.
    pub fn advance(&self, duration: Duration) {
        let mut wakers = Vec::new();
        {
            let mut inner = self.lock();
            inner.elapsed += duration;
            inner.wall = inner.wall + duration;
            let now = inner.elapsed;
            while let Some(entry) = inner.sleepers.first_entry().filter(|entry| entry.key().0 <= now) {
                wakers.extend(entry.remove());
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Moves the wall clock alone, forward or back; nobody wakes.
    pub fn jump(&self, millis: i64) {
        let mut inner = self.lock();
        inner.wall = Timestamp::from_millis(inner.wall.millis().saturating_add(millis));
    }

    /// When the earliest sleeper wakes.
    pub fn next_due(&self) -> Option<Timestamp> {
        let inner = self.lock();
        let (due, _) = inner.sleepers.first_key_value()?.0;
        Some(inner.wall + due.saturating_sub(inner.elapsed))
    }

    /// How many sleep.
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    /// Lets the other tasks of this thread go on until they have had every chance to wait again.
    pub async fn settle(&self) {
        for _ in 0..SETTLE_ROUNDS {
            tokio::task::yield_now().await;
        }
    }

    /// Moves to the time of the earliest sleeper, wakes those due then, and lets the tasks of this thread go on. `None`: nobody sleeps.
    pub async fn step(&self) -> Option<Timestamp> {
        self.settle().await;
        let wait = self.next_wait()?;
        self.advance(wait);
        self.settle().await;
        Some(self.now())
    }

    /// Lives through `duration`, one sleeper after the other, as if the time had really passed.
    pub async fn run_for(&self, duration: Duration) {
        let end = self.lock().elapsed + duration;
        self.settle().await;
        loop {
            let left = end.saturating_sub(self.lock().elapsed);
            match self.next_wait() {
                Some(wait) if wait <= left => self.advance(wait),
                _ => return self.advance(left),
            }
            self.settle().await;
        }
    }

    fn next_wait(&self) -> Option<Duration> {
        let inner = self.lock();
        let (due, _) = inner.sleepers.first_key_value()?.0;
        Some(due.saturating_sub(inner.elapsed))
    }

    /// Starts another sequence of chance.
    pub fn seed(&self, seed: u64) {
        self.lock().seed = seed;
    }

    /// Makes chance always `value`; `None` goes back to the sequence.
    pub fn fix_chance(&self, value: Option<f64>) {
        self.lock().fixed_chance = value;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().wall
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let mut inner = self.lock();
        let place = (inner.elapsed.saturating_add(duration), inner.next_sleeper);
        inner.next_sleeper += 1;
        if !duration.is_zero() {
            inner.sleepers.insert(place, None);
        }
        Box::pin(Sleep { inner: Arc::clone(&self.inner), place })
    }

    fn chance(&self) -> f64 {
        let mut inner = self.lock();
        // SplitMix64: enough to spread jitter, and the same on every machine.
        inner.seed = inner.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = inner.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        inner.fixed_chance.unwrap_or((mixed >> 11) as f64 / (1u64 << 53) as f64)
    }

    fn fresh_id(&self) -> Uuid {
        ordered_id(&self.ids, self.now())
    }
}

/// Ends when its place in the list of sleepers is gone; gives the place up when dropped.
struct Sleep {
    inner: Arc<Mutex<Inner>>,
    place: (Duration, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.sleepers.get_mut(&self.place) {
            Some(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).sleepers.remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Timestamp {
        Timestamp::from_millis(1_763_915_554_000)
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_time_and_not_before() {
        let clock = ManualClock::new(start());
        let order = Arc::new(Mutex::new(Vec::new()));
        for seconds in [3, 1, 2] {
            let (sleep, order, clock) = (clock.sleep(Duration::from_secs(seconds)), Arc::clone(&order), clock.clone());
            tokio::spawn(async move {
                sleep.await;
                order.lock().unwrap().push((seconds, clock.now().since(start()).as_secs()));
            });
        }
        assert_eq!(clock.next_due(), Some(start() + Duration::from_secs(1)));
        clock.run_for(Duration::from_millis(2_500)).await;
        assert_eq!(*order.lock().unwrap(), [(1, 1), (2, 2)]);
        assert_eq!(clock.step().await, Some(start() + Duration::from_secs(3)));
        assert_eq!(order.lock().unwrap().len(), 3);
        assert_eq!(clock.step().await, None);
    }

    #[tokio::test]
    async fn a_dropped_sleeper_is_forgotten_and_a_jump_wakes_nobody() {
        let clock = ManualClock::new(start());
        drop(clock.sleep(Duration::from_secs(1)));
        assert_eq!(clock.next_due(), None);
        let sleep = clock.sleep(Duration::from_secs(60));
        clock.jump(3_600_000);
        assert_eq!(clock.sleepers(), 1);
        clock.advance(Duration::from_secs(60));
        sleep.await;
    }

    #[test]
    fn ids_sort_by_creation_although_the_clock_stands_still() {
        let clock = ManualClock::new(start());
        let ids: Vec<_> = (0..1_000).map(|_| clock.fresh_id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
