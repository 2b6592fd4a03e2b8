//! Events in memory.

use async_trait::async_trait;

use super::{MemoryStore, State, page};
use crate::clock::Timestamp;
use crate::event::{Event, Source};
use crate::ids::{EventId, Key};
use crate::limits::store::EVENTS_SEARCHED_MAX;
use crate::port::store::events::{EventFilter, Fingerprint, Reach, Sought};
use crate::port::store::{Error, Events, Page, Slice};

impl State {
    /// Events of a key, newest first.
    fn newest_events(&self, key: Key) -> impl Iterator<Item = &Event> {
        self.events.iter().rev().filter(move |((whose, _), _)| *whose == key).map(|(_, event)| event)
    }
}

fn fits(filter: &EventFilter, event: &Event) -> bool {
    let source = match (&filter.source, &event.source) {
        (None, _)
        | (Some(Source::Clockify), Source::Clockify)
        | (Some(Source::Flow), Source::Flow)
        | (Some(Source::Schedule), Source::Schedule) => true,
        (Some(Source::Custom(wanted)), Source::Custom(name)) => wanted.is_empty() || wanted == name,
        _ => false,
    };
    source
        && filter.event_type.as_ref().is_none_or(|wanted| *wanted == event.event_type)
        && filter.from.is_none_or(|from| event.id >= EventId::first_at(from))
        && filter.to.is_none_or(|to| event.id < EventId::first_at(to))
        && filter.before.is_none_or(|before| event.id < before)
}

/// Whether it has what is sought.
fn has(state: &State, key: Key, sought: &Sought, event: &Event) -> bool {
    let run_in = |wanted| state.runs.values().any(|run| run.key == key && run.event == event.id && run.state == wanted);
    let body_has = |text: &String| event.payload.windows(text.len().max(1)).any(|part| part == text.as_bytes());
    sought.entity.as_ref().is_none_or(|entity| event.entity.as_ref() == Some(entity))
        && sought.run_state.is_none_or(run_in)
        && sought.text.as_ref().is_none_or(body_has)
}

#[async_trait]
impl Events for MemoryStore {
    async fn event(&self, key: Key, id: EventId) -> Result<Option<Event>, Error> {
        Ok(self.open()?.events.get(&(key, id)).cloned())
    }

    async fn fingerprints(&self, key: Key, since: Timestamp, limit: u32) -> Result<Vec<Fingerprint>, Error> {
        let state = self.open()?;
        let newest = state.newest_events(key).filter(|event| event.source == Source::Clockify).take(limit as usize);
        let mut found: Vec<_> = newest
            .filter(|event| event.received_at >= since)
            .map(|event| Fingerprint {
                id: event.id,
                event_type: event.event_type.clone(),
                entity: event.entity.clone(),
                payload_hash: event.payload_hash,
                received_at: event.received_at,
            })
            .collect();
        found.reverse();
        Ok(found)
    }

    async fn events_after(&self, key: Key, after: EventId, limit: u32) -> Result<Vec<Event>, Error> {
        let state = self.open()?;
        let later = state.events.iter().filter(|((whose, id), _)| *whose == key && *id > after);
        Ok(later.map(|(_, event)| event.clone()).take(limit as usize).collect())
    }

    async fn reach(&self, key: Key, filter: &EventFilter) -> Result<Reach, Error> {
        let state = self.open()?;
        let mut fitting = state.newest_events(key).filter(|event| fits(filter, event)).map(|event| event.id);
        let looked_at: Vec<EventId> = fitting.by_ref().take(EVENTS_SEARCHED_MAX as usize).collect();
        let oldest = fitting.next().and(looked_at.last().copied());
        Ok(Reach { events: looked_at.len() as u64, oldest })
    }

    async fn events(&self, key: Key, filter: &EventFilter, slice: Slice) -> Result<Page<Event>, Error> {
        let state = self.open()?;
        let fitting = state.newest_events(key).filter(|event| fits(filter, event));
        if !filter.sought.is_anything() {
            return Ok(page(fitting, slice));
        }
        let looked_at = fitting.take(EVENTS_SEARCHED_MAX as usize);
        Ok(page(looked_at.filter(|event| has(&state, key, &filter.sought, event)), slice))
    }
}
