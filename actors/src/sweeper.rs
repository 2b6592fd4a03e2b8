//! The sweeper: every few seconds it sees to it that unfinished runs and bootstraps have an actor, that flows start when their schedules say so, that
//! actors without work go, and that quarantines end.
//!
//! Its first round is the recovery after a start; nothing else is special about it (I2).

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::limits::actor as limits;
use crate::limits::schedule::DUE_PER_ROUND_MAX;
use crate::port::store;
use crate::registry::Registry;

impl Registry {
    /// Makes rounds until the registry is dropped or drained. Must be called inside an actix system; the rounds go on there.
    pub fn resume(self: &Arc<Self>) {
        let (registry, clock) = (Arc::downgrade(self), Arc::clone(&self.environment().clock));
        actix_rt::spawn(async move {
            let mut failing = false;
            while let Some(swept) = round(&registry).await {
                match (&swept, failing) {
                    (Err(error), false) => log::error!("unfinished runs cannot be looked for: {error}"),
                    (Ok(()), true) => log::info!("unfinished runs can be looked for again"),
                    _ => {}
                }
                failing = swept.is_err();
                clock.sleep(Duration::from_secs(limits::SWEEP_SECONDS)).await;
            }
        });
    }

    /// One round.
    pub async fn sweep(&self) -> Result<(), store::Error> {
        let env = self.environment();
        self.bury_the_dead();
        for key in self.supervision().over(env.clock.now()) {
            if let Err(error) = self.lift(key).await {
                log::warn!(workspace:% = key.workspace; "a quarantine is over but its workspace does not answer: {error}");
            }
        }
        let mut after = None;
        loop {
            let page = env.store.keys_with_work(after, limits::SWEEP_PAGE).await?;
            page.iter().for_each(|key| self.ensure(*key));
            after = page.last().copied();
            if page.len() < limits::SWEEP_PAGE as usize || self.draining() {
                break;
            }
        }
        let mut after = None;
        loop {
            let page = env.store.keys_with_bootstrap(after, limits::SWEEP_PAGE).await?;
            page.iter().for_each(|key| self.ensure(*key));
            after = page.last().copied();
            if page.len() < limits::SWEEP_PAGE as usize || self.draining() {
                break;
            }
        }
        for due in env.store.due_flows(env.clock.now(), DUE_PER_ROUND_MAX).await? {
            if self.draining() {
                break;
            }
            if let Err(error) = self.tick(due).await {
                log::warn!(workspace:% = due.key.workspace, flow:% = due.flow; "a flow is due but its workspace does not answer: {error}");
            }
        }
        for key in self.unused_since(env.clock.now() - Duration::from_secs(limits::IDLE_SECONDS)) {
            self.retire(key).await;
        }
        Ok(())
    }
}

/// `None`: there is nothing to sweep any more.
async fn round(registry: &Weak<Registry>) -> Option<Result<(), store::Error>> {
    let registry = registry.upgrade().filter(|registry| !registry.draining())?;
    Some(registry.sweep().await)
}
