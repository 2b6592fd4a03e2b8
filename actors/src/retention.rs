//! Old events, runs and calls go, by each workspace's settings, in batches that leave the journal room.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::Key;
use crate::limits::explorer::DAYS_KEPT;
use crate::limits::{retention as limits, store as store_limits};
use crate::port::store;
use crate::port::store::retention::Cutoffs;
use crate::registry::Registry;
use crate::settings::Settings;

const DAY: Duration = Duration::from_secs(86_400);

impl Registry {
    /// Removes what is old enough, once now and then every hour, until the registry is dropped or drained. Must be called inside an actix system.
    pub fn keep_tidy(self: &Arc<Self>) {
        let (registry, clock) = (Arc::downgrade(self), Arc::clone(&self.environment().clock));
        actix_rt::spawn(async move {
            while let Some(registry) = registry.upgrade().filter(|registry| !registry.draining()) {
                match registry.tidy().await {
                    Ok(0) => {}
                    Ok(rows) => log::info!(rows; "old events and runs removed"),
                    Err(error) => log::warn!("old events and runs were not all removed: {error}"),
                }
                drop(registry);
                clock.sleep(Duration::from_secs(limits::ROUND_SECONDS)).await;
            }
        });
    }

    /// One round over all installations. Says how many rows went.
    pub async fn tidy(&self) -> Result<u64, store::Error> {
        let env = self.environment();
        let (now, mut after) = (env.clock.now(), None);
        let mut removed = self.tidy_calls(now - DAY * DAYS_KEPT).await?;
        loop {
            // Nobody keeps anything for less than a day.
            let page = env.store.keys_with_rows_before(now - DAY, after, limits::KEYS_PAGE).await?;
            for key in &page {
                removed += self.tidy_one(*key, now).await?;
                if self.draining() {
                    return Ok(removed);
                }
            }
            after = page.last().copied();
            if page.len() < limits::KEYS_PAGE as usize {
                return Ok(removed);
            }
        }
    }

    /// Calls of the explorer, which are kept equally long everywhere.
    async fn tidy_calls(&self, before: Timestamp) -> Result<u64, store::Error> {
        let env = self.environment();
        let mut removed = 0;
        loop {
            let rows = env.store.expire_calls(before, store_limits::PURGE_ROWS_MAX).await?;
            removed += u64::from(rows);
            if rows < store_limits::PURGE_ROWS_MAX || self.draining() {
                return Ok(removed);
            }
            env.clock.sleep(Duration::from_millis(limits::PAUSE_MS)).await;
        }
    }

    async fn tidy_one(&self, key: Key, now: Timestamp) -> Result<u64, store::Error> {
        let env = self.environment();
        let Some(installation) = env.store.installation(key).await? else { return Ok(0) };
        let defaults = env.defaults.get(&key.addon).copied().unwrap_or_else(|| Settings::built_in(key.addon));
        let settings = Settings::effective(key.addon, defaults, &installation.settings);
        // 0 is for ever.
        let before = |days: u32| (days > 0).then(|| now - DAY * days);
        let cutoffs = Cutoffs {
            events_before: before(settings.webhook_log_retention_days),
            runs_before: before(settings.flow_execution_retention_days),
        };
        let mut removed = 0;
        loop {
            let rows = env.store.expire(key, cutoffs, store_limits::PURGE_ROWS_MAX).await?;
            removed += u64::from(rows);
            if rows < store_limits::PURGE_ROWS_MAX || self.draining() {
                return Ok(removed);
            }
            env.clock.sleep(Duration::from_millis(limits::PAUSE_MS)).await;
        }
    }
}
