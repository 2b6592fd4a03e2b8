//! Duplicates: the platform delivers again, byte for byte, and gives no delivery id.
//!
//! A delivery is a duplicate of the *last* accepted one of the same entity and type within five minutes if the bytes are equal. An honest repeat
//! (there and back again) differs from the last one and is never dropped. What is forgotten is a repeated run, never a lost one (I2).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::event::EventType;
use crate::ids::EventId;
use crate::limits::run as limits;
use crate::port::store::events::Fingerprint;

type Place = (EventType, Option<Arc<str>>);

/// The last accepted delivery of each entity and type.
#[derive(Debug, Default)]
pub struct Recent {
    last: HashMap<Place, Last>,
    order: VecDeque<(Place, EventId)>,
}

#[derive(Debug)]
struct Last {
    id: EventId,
    payload_hash: [u8; 32],
    received_at: Timestamp,
}

impl Recent {
    /// The event that a delivery repeats, if it does.
    pub fn repeated(&self, event_type: &EventType, entity: Option<&Arc<str>>, payload_hash: &[u8; 32], now: Timestamp) -> Option<EventId> {
        let last = self.last.get(&(event_type.clone(), entity.cloned()))?;
        let young = now.since(last.received_at) < Duration::from_millis(limits::DUPLICATE_MS);
        (young && last.payload_hash == *payload_hash).then_some(last.id)
    }

    /// Remembers an accepted delivery as the last of its entity and type.
    pub fn remember(&mut self, seen: Fingerprint) {
        let place = (seen.event_type, seen.entity);
        self.order.push_back((place.clone(), seen.id));
        self.last.insert(place, Last { id: seen.id, payload_hash: seen.payload_hash, received_at: seen.received_at });
        while self.order.len() > limits::DUPLICATES_REMEMBERED_MAX {
            if let Some((place, id)) = self.order.pop_front() {
                self.forget(&place, id);
            }
        }
    }

    /// Forgets a delivery that did not become durable.
    pub fn retract(&mut self, event_type: &EventType, entity: Option<&Arc<str>>, id: EventId) {
        self.forget(&(event_type.clone(), entity.cloned()), id);
    }

    fn forget(&mut self, place: &Place, id: EventId) {
        if self.last.get(place).is_some_and(|last| last.id == id) {
            self.last.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    fn seen(clock: &SystemClock, entity: &str, hash: u8, at: i64) -> Fingerprint {
        Fingerprint {
            id: clock.fresh_id().into(),
            event_type: EventType::parse("PROJECT_UPDATED").unwrap(),
            entity: Some(entity.into()),
            payload_hash: [hash; 32],
            received_at: Timestamp::from_seconds(at),
        }
    }

    fn repeated(recent: &Recent, like: &Fingerprint, at: i64) -> Option<EventId> {
        recent.repeated(&like.event_type, like.entity.as_ref(), &like.payload_hash, Timestamp::from_seconds(at))
    }

    #[test]
    fn only_the_last_delivery_of_an_entity_and_type_can_be_repeated_and_only_for_five_minutes() {
        let (clock, mut recent) = (SystemClock::new(), Recent::default());
        let there = seen(&clock, "project:1", 1, 0);
        recent.remember(there.clone());
        assert_eq!(repeated(&recent, &there, 299), Some(there.id));
        assert_eq!(repeated(&recent, &there, 300), None);
        recent.remember(seen(&clock, "project:2", 2, 1));
        assert_eq!(repeated(&recent, &there, 10), Some(there.id));
        recent.remember(seen(&clock, "project:1", 3, 2));
        assert_eq!(repeated(&recent, &there, 10), None, "there and back again is no duplicate");
    }

    #[test]
    fn a_delivery_that_was_not_kept_is_not_repeated_by_the_next_one() {
        let (clock, mut recent) = (SystemClock::new(), Recent::default());
        let lost = seen(&clock, "project:1", 1, 0);
        recent.remember(lost.clone());
        recent.retract(&lost.event_type, lost.entity.as_ref(), lost.id);
        assert_eq!(repeated(&recent, &lost, 1), None);
    }

    #[test]
    fn it_remembers_a_bounded_number() {
        let (clock, mut recent) = (SystemClock::new(), Recent::default());
        for index in 0..limits::DUPLICATES_REMEMBERED_MAX * 3 {
            recent.remember(seen(&clock, &format!("project:{index}"), 1, 0));
        }
        assert!(recent.last.len() <= limits::DUPLICATES_REMEMBERED_MAX);
        assert!(recent.order.len() <= limits::DUPLICATES_REMEMBERED_MAX);
    }
}
