//! What webhooks say of entities: gathered for a moment and written in batches, behind the events themselves. What is lost here the next bootstrap
//! reads.

use std::time::Duration;

use bytes::Bytes;

use super::Reader;
use crate::bootstrap::news::{self, News};
use crate::clock::Timestamp;
use crate::entity::EntityChange;
use crate::event::EventType;
use crate::limits::bootstrap as limits;
use crate::limits::store::ENTITY_CHANGES_MAX;

/// Something that a webhook said.
pub(super) struct Told {
    news: News,
    payload: Bytes,
    at: Timestamp,
}

impl Reader {
    /// Takes note of an event, if there is a cache to be kept fresh. Costs the delivery a look at its type.
    pub fn hear(&self, event_type: &EventType, payload: &Bytes, at: Timestamp) {
        let Some(me) = self.myself.upgrade() else { return };
        let mut inner = self.inner.borrow_mut();
        if inner.caches == Some(false) || inner.closed || inner.told.len() >= limits::NEWS_MAX {
            return;
        }
        let Some(news) = news::of(event_type) else { return };
        if news == News::Seen("time-entries") && !inner.settings.include_time_entries {
            return;
        }
        inner.told.push_back(Told { news, payload: payload.clone(), at });
        if inner.teller.is_none() {
            inner.teller = Some(actix_rt::spawn(async move {
                me.tell().await;
                me.inner.borrow_mut().teller = None;
            }));
        }
    }

    /// Whether there is a cache at all.
    pub(super) fn learn_of_cache(&self, caches: bool) {
        let mut inner = self.inner.borrow_mut();
        inner.caches = Some(caches);
        if !caches {
            inner.told.clear();
        }
    }

    async fn tell(&self) {
        loop {
            self.env.clock.sleep(Duration::from_millis(limits::NEWS_MS)).await;
            let told: Vec<Told> = {
                let mut inner = self.inner.borrow_mut();
                let count = inner.told.len().min(ENTITY_CHANGES_MAX);
                inner.told.drain(..count).collect()
            };
            if told.is_empty() {
                return;
            }
            let changes: Vec<EntityChange> = told.iter().filter_map(|told| news::change(told.news, &told.payload, told.at)).collect();
            if let Err(error) = self.env.store.change_entities(self.key, &changes).await {
                log::warn!(workspace:% = self.key.workspace; "what webhooks said of {} entities was not kept: {error}", changes.len());
            }
        }
    }
}
