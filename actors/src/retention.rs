//! Old events, runs, calls and cached entities go, by each workspace's settings, in batches that leave the journal room. Snapshots are taken anew before
//! their entities go.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::Key;
use crate::limits::bootstrap::{FRESH_SECONDS_PER_DAY, REFRESHES_PER_ROUND_MAX};
use crate::limits::explorer::DAYS_KEPT;
use crate::limits::{retention as limits, store as store_limits};
use crate::port::store;
use crate::port::store::retention::Cutoffs;
use crate::registry::Registry;
use crate::settings::Settings;
use crate::workspace::bootstrap::{Granted, Wish};

const DAY: Duration = Duration::from_secs(86_400);

impl Registry {
    /// Removes what is old enough, once now and then every hour, until the registry is dropped or drained. Must be called inside an actix system.
    pub fn keep_tidy(self: &Arc<Self>) {
        let (registry, clock) = (Arc::downgrade(self), Arc::clone(&self.environment().clock));
        actix_rt::spawn(async move {
            while let Some(registry) = registry.upgrade().filter(|registry| !registry.draining()) {
                match registry.tidy().await {
                    Ok(0) => {}
                    Ok(rows) => log::info!(rows; "old events, runs and entities removed"),
                    Err(error) => log::warn!("old events, runs and entities were not all removed: {error}"),
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
                break;
            }
        }
        Ok(removed + self.tidy_caches(now).await?)
    }

    /// One round over all entity caches. What is gone is remembered for a day, in which no page comes that was asked for before it went.
    async fn tidy_caches(&self, now: Timestamp) -> Result<u64, store::Error> {
        let env = self.environment();
        let (mut after, mut removed, mut refreshed) = (None, 0, 0);
        loop {
            // Nothing is stale any sooner.
            let page =
                env.store.keys_with_entities_before(now - Duration::from_secs(FRESH_SECONDS_PER_DAY), after, limits::KEYS_PAGE).await?;
            for key in &page {
                let Some(settings) = self.settings_of(*key).await? else { continue };
                if refreshed < REFRESHES_PER_ROUND_MAX && self.refresh(*key, settings, now).await? {
                    refreshed += 1;
                    env.clock.sleep(Duration::from_millis(limits::PAUSE_MS)).await;
                }
                let before = (settings.cache_ttl_days > 0).then(|| now - DAY * settings.cache_ttl_days);
                loop {
                    let rows = env.store.expire_entities(*key, before, now - DAY, store_limits::PURGE_ROWS_MAX).await?;
                    removed += u64::from(rows);
                    if self.draining() {
                        return Ok(removed);
                    }
                    if rows < store_limits::PURGE_ROWS_MAX {
                        break;
                    }
                    env.clock.sleep(Duration::from_millis(limits::PAUSE_MS)).await;
                }
            }
            after = page.last().copied();
            if page.len() < limits::KEYS_PAGE as usize {
                return Ok(removed);
            }
        }
    }

    /// Lets a stale snapshot be taken anew. Says whether it begins.
    async fn refresh(&self, key: Key, settings: Settings, now: Timestamp) -> Result<bool, store::Error> {
        let env = self.environment();
        if !settings.bootstrap_on_install
            || !env.store.bootstrap(key).await?.is_some_and(|known| known.is_stale(settings.cache_ttl_days, now))
        {
            return Ok(false);
        }
        match self.bootstrap(key, Wish::Refresh).await {
            Ok(granted) => Ok(matches!(granted, Granted::Scheduled(_))),
            Err(error) => {
                log::warn!(addon = key.addon.slug(), workspace:% = key.workspace; "a snapshot is stale but its workspace does not answer: {error}");
                Ok(false)
            }
        }
    }

    async fn settings_of(&self, key: Key) -> Result<Option<Settings>, store::Error> {
        let env = self.environment();
        let Some(installation) = env.store.installation(key).await? else { return Ok(None) };
        let defaults = env.defaults.get(&key.addon).copied().unwrap_or_else(|| Settings::built_in(key.addon));
        Ok(Some(Settings::effective(key.addon, defaults, &installation.settings)))
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
        let Some(settings) = self.settings_of(key).await? else { return Ok(0) };
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
