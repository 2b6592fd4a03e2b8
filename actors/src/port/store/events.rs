//! Accepted events, as they are read.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, Page, Slice};
use crate::clock::Timestamp;
use crate::event::{Event, EventType, Source};
use crate::flow::run::RunState;
use crate::ids::{EventId, Key};

/// What duplicate recognition needs of an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint {
    /// The event.
    pub id: EventId,
    /// Its type.
    pub event_type: EventType,
    /// Its entity.
    pub entity: Option<Arc<str>>,
    /// SHA-256 of its body.
    pub payload_hash: [u8; 32],
    /// When it arrived.
    pub received_at: Timestamp,
}

/// Which events to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EventFilter {
    /// Only this type.
    pub event_type: Option<EventType>,
    /// `Source::Clockify`, `Source::Flow`, or `Source::Custom` with a name; an empty name means any custom source.
    pub source: Option<Source>,
    /// Only events that arrived at this moment or later, by their ids.
    pub from: Option<Timestamp>,
    /// Only events that arrived before this moment, by their ids.
    pub to: Option<Timestamp>,
    /// Only events that came before this one, whether or not it is still there.
    pub before: Option<EventId>,
    /// What is sought in the newest of those, if anything is.
    pub sought: Sought,
}

/// What an index does not tell: it is looked for in the newest [`EVENTS_SEARCHED_MAX`](crate::limits::store::EVENTS_SEARCHED_MAX) events that
/// fit the rest of the filter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sought {
    /// Only events about this entity, `kind:id`.
    pub entity: Option<Arc<str>>,
    /// Only events of which a run is in this state.
    pub run_state: Option<RunState>,
    /// Only events whose body has these bytes in it.
    pub text: Option<String>,
}

impl Sought {
    /// Whether anything is.
    pub fn is_anything(&self) -> bool {
        self.entity.is_some() || self.run_state.is_some() || self.text.is_some()
    }
}

/// How far a search goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reach {
    /// How many events are looked at.
    pub events: u64,
    /// The oldest of them, before which another search goes on. `None`: there are none that are older.
    pub oldest: Option<EventId>,
}

/// Reads events. They are written through [`super::Journal`].
#[async_trait]
pub trait Events: Send + Sync {
    /// One event.
    async fn event(&self, key: Key, id: EventId) -> Result<Option<Event>, Error>;

    /// Clockify's events since a moment, oldest first, the newest `limit` of them.
    async fn fingerprints(&self, key: Key, since: Timestamp, limit: u32) -> Result<Vec<Fingerprint>, Error>;

    /// Events that came after one of the same key, oldest first, whether or not that one is still there.
    async fn events_after(&self, key: Key, after: EventId, limit: u32) -> Result<Vec<Event>, Error>;

    /// How far [`Self::events`] goes for what no index tells, whatever is sought.
    async fn reach(&self, key: Key, filter: &EventFilter) -> Result<Reach, Error>;

    /// Events, newest first.
    async fn events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Error>;
}
