//! Tokens that were verified, by the SHA-256 of their text: bounded, for a limited time, and cheap to ask.
//!
//! Which one to forget goes round like a clock's hand: who was asked for since the last round stays. A flood of fresh user tokens thus does
//! not wash out the webhook tokens that are in use. What is here may be dropped at any moment (I2).

use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actors::clock::Timestamp;
use actors::installation::TokenHash;
use actors::limits::token::{REMEMBERED_PASSED_OVER_MAX, REMEMBERED_SECONDS};
use dashmap::DashMap;

use super::Verified;
use super::kind::Shape;

/// Enough that threads seldom meet.
const SHARDS: usize = 64;

pub(super) struct Remembered {
    entries: DashMap<Print, Entry, BuildHasherDefault<FirstBytes>>,
    /// Every key of `entries` once, in the order in which the hand comes by.
    round: Mutex<VecDeque<TokenHash>>,
    max: usize,
}

struct Entry {
    verified: Arc<Verified>,
    shape: Shape,
    since: Timestamp,
    /// Which keys it was verified with.
    epoch: u64,
    asked: AtomicBool,
}

impl Remembered {
    /// Remembers `max` tokens.
    pub(super) fn new(max: usize) -> Self {
        Self { entries: DashMap::with_hasher_and_shard_amount(BuildHasherDefault::default(), SHARDS), round: Mutex::default(), max }
    }

    /// What is known of a token, unless that is too long ago, was known by other keys, or comes from the future of a clock that went back.
    pub(super) fn recall(&self, hash: &TokenHash, now: Timestamp, epoch: u64) -> Option<(Arc<Verified>, Shape)> {
        let entry = self.entries.get(&Print(*hash))?;
        if entry.epoch != epoch || now < entry.since || now.since(entry.since) >= Duration::from_secs(REMEMBERED_SECONDS) {
            return None;
        }
        // Writing only where it changes something keeps the line shared between processors.
        if !entry.asked.load(Ordering::Relaxed) {
            entry.asked.store(true, Ordering::Relaxed);
        }
        Some((Arc::clone(&entry.verified), entry.shape))
    }

    /// Remembers a token, in the place of what was known of it.
    pub(super) fn keep(&self, verified: Arc<Verified>, shape: Shape, now: Timestamp, epoch: u64) {
        let hash = verified.hash;
        let entry = Entry { verified, shape, since: now, epoch, asked: AtomicBool::new(false) };
        let mut round = self.round.lock().unwrap_or_else(PoisonError::into_inner);
        if self.entries.insert(Print(hash), entry).is_some() {
            return;
        }
        round.push_back(hash);
        let mut passed_over = 0;
        while round.len() > self.max {
            let Some(next) = round.pop_front() else { return };
            let asked = self.entries.get(&Print(next)).is_some_and(|entry| entry.asked.swap(false, Ordering::Relaxed));
            if asked && passed_over < REMEMBERED_PASSED_OVER_MAX {
                passed_over += 1;
                round.push_back(next);
            } else {
                self.entries.remove(&Print(next));
            }
        }
    }
}

/// A hash as a key: its first bytes are as good as any that a hasher would make of it.
#[derive(PartialEq, Eq)]
struct Print(TokenHash);

impl Hash for Print {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let first = self.0.first_chunk().copied().unwrap_or_default();
        state.write_u64(u64::from_le_bytes(first));
    }
}

#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, first: u64) {
        self.0 = first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::{Kind, UrlClaims};
    use actors::addon::Addon;
    use actors::ids::{AddonId, WorkspaceId};

    fn token(number: u32) -> Arc<Verified> {
        Arc::new(Verified {
            kind: Kind::Webhook,
            addon: Addon::UniversalWebhook,
            workspace: WorkspaceId::parse("5b641568b07987035750505e").unwrap(),
            addon_id: AddonId::parse("5b641568b07987035750505e").unwrap(),
            user: None,
            role: None,
            language: None,
            theme: None,
            issued_at: None,
            expires_at: None,
            urls: UrlClaims::default(),
            hash: crate::auth::token::hash(&number.to_string()),
        })
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn knows(remembered: &Remembered, number: u32) -> bool {
        remembered.recall(&token(number).hash, NOW, 0).is_some()
    }

    #[test]
    fn no_more_is_remembered_than_the_bound_and_what_is_asked_for_stays() {
        let remembered = Remembered::new(100);
        for number in 0..10_000 {
            remembered.keep(token(number), Shape::Bare, NOW, 0);
            assert!(number < 7 || (0..7).all(|busy| knows(&remembered, busy)), "after {number}");
            assert!(remembered.entries.len() <= 100 && remembered.round.lock().unwrap().len() <= 100);
        }
        assert!(!knows(&remembered, 5_000) && knows(&remembered, 9_999));
    }

    #[test]
    fn if_everything_is_in_use_something_goes_all_the_same() {
        let remembered = Remembered::new(50);
        for number in 0..500 {
            remembered.keep(token(number), Shape::Bare, NOW, 0);
            assert!(knows(&remembered, number), "not the one that has just come");
            let known = (0..=number).filter(|number| knows(&remembered, *number)).count();
            assert_eq!(known, 50.min(number as usize + 1));
        }
        assert_eq!(remembered.entries.len(), 50);
    }

    #[test]
    fn a_token_is_forgotten_after_its_time_and_when_the_keys_change_or_the_clock_goes_back() {
        let remembered = Remembered::new(10);
        let hash = token(1).hash;
        remembered.keep(token(1), Shape::Bare, NOW, 7);
        let hour = Duration::from_secs(REMEMBERED_SECONDS);
        assert!(remembered.recall(&hash, NOW + hour - Duration::from_millis(1), 7).is_some());
        assert!(remembered.recall(&hash, NOW + hour, 7).is_none());
        assert!(remembered.recall(&hash, NOW, 8).is_none());
        assert!(remembered.recall(&hash, NOW - Duration::from_millis(1), 7).is_none());
        remembered.keep(token(1), Shape::Bare, NOW + hour, 7);
        assert!(remembered.recall(&hash, NOW + hour, 7).is_some());
        assert_eq!(remembered.round.lock().unwrap().len(), 1, "kept again, it takes no second place");
    }
}
