//! The actors that are alive, one for a key (I3): how one is found, begins, ends well, and dies.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use actix::Addr;
use actix_rt::Arbiter;

use super::under_way::UnderWay;
use super::{Actor, Entry, Registry};
use crate::clock::Timestamp;
use crate::effort::Effort;
use crate::ids::Key;
use crate::limits::actor as limits;
use crate::port::observer::Happening;
use crate::supervisor::{Permit, Supervision};
use crate::workspace::retire::Retire;
use crate::workspace::{Error, Workspace};

impl Registry {
    pub(crate) fn supervision(&self) -> &Supervision {
        &self.supervision
    }

    /// Starts an actor for a key that has none, unless it has to wait for its next life.
    pub(crate) fn ensure(&self, key: Key) {
        if self.alive(key).is_none() && !self.draining() {
            let _ = self.begin(key);
        }
    }

    /// Keys whose actor has not been asked for anything since `moment`.
    pub(crate) fn unused_since(&self, moment: Timestamp) -> Vec<Key> {
        let unused = |entry: &Entry| entry.used_at.load(Ordering::Relaxed) < moment.millis();
        self.actors.iter().filter(|entry| unused(entry.value())).map(|entry| *entry.key()).collect()
    }

    /// Lets an actor go if it has nothing to do.
    pub(crate) async fn retire(&self, key: Key) -> bool {
        let Some(actor) = self.actors.get(&key).map(|entry| entry.actor.clone()) else { return false };
        let retired = matches!(self.within_limit(actor.address.send(Retire)).await, Some(Ok(true)));
        if retired {
            self.gone(key, actor.generation);
        }
        retired
    }

    /// Notes actors that died without anybody noticing.
    pub(crate) fn bury_the_dead(&self) {
        let dead: Vec<_> = self
            .actors
            .iter()
            .filter(|entry| !entry.actor.address.connected())
            .map(|entry| (*entry.key(), entry.actor.generation))
            .collect();
        dead.into_iter().for_each(|(key, generation)| self.died(key, generation));
    }

    /// The actor of a key: the one that lives, or a new one.
    pub(super) async fn find(&self, key: Key) -> Result<Actor, Error> {
        for _ in 0..limits::OFFERS_MAX {
            if self.draining() {
                return Err(Error::Unavailable);
            }
            if let Some(actor) = self.alive(key) {
                return Ok(actor);
            }
            match self.begin(key) {
                Ok(actor) => return Ok(actor),
                Err(wait) => self.env.clock.sleep(wait).await,
            }
        }
        Err(Error::Unavailable)
    }

    pub(super) fn alive(&self, key: Key) -> Option<Actor> {
        let actor = {
            let entry = self.actors.get(&key)?;
            entry.used_at.store(self.env.clock.now().millis(), Ordering::Relaxed);
            entry.actor.clone()
        };
        if actor.address.connected() {
            return Some(actor);
        }
        self.died(key, actor.generation);
        None
    }

    /// Starts an actor, or says how long to wait before its next life.
    fn begin(&self, key: Key) -> Result<Actor, Duration> {
        let now = self.env.clock.now();
        let quarantined = match self.supervision.permit(key, now) {
            Permit::Now { quarantined } => quarantined,
            Permit::After(wait) => return Err(wait),
        };
        let entry = self.actors.entry(key).or_insert_with(|| {
            let effort = Effort::default();
            let actor = Actor {
                address: self.start(key, effort.clone(), quarantined),
                generation: self.generations.fetch_add(1, Ordering::Relaxed),
                deliveries: UnderWay::default(),
                refusals: UnderWay::default(),
                effort,
            };
            Entry { actor, used_at: AtomicI64::new(now.millis()) }
        });
        Ok(entry.actor.clone())
    }

    fn start(&self, key: Key, effort: Effort, quarantined: bool) -> Addr<Workspace> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % self.arbiters.len().max(1) as u64).unwrap_or(0);
        let env = Arc::clone(&self.env);
        let arbiter = self.arbiters.get(place).cloned().unwrap_or_else(Arbiter::current);
        actix::Supervisor::start_in_arbiter(&arbiter, move |context| {
            context.set_mailbox_capacity(limits::MAILBOX_MAX);
            Workspace::new(key, env, effort, quarantined)
        })
    }

    /// An actor has ended well: the next message finds a new one.
    pub(super) fn gone(&self, key: Key, generation: u64) -> bool {
        self.actors.remove_if(&key, |_, entry| entry.actor.generation == generation).is_some()
    }

    /// An actor has panicked. Each death is counted once, whoever notices it.
    pub(super) fn died(&self, key: Key, generation: u64) {
        if !self.gone(key, generation) || self.draining() {
            return;
        }
        self.env.observer.observe(key.addon, Happening::ActorDied);
        let too_often = self.supervision.died(key, self.env.clock.now());
        log::error!(addon = key.addon.slug(), workspace:% = key.workspace, quarantined = too_often; "a workspace's actor died of a panic");
        if too_often {
            self.env.observer.observe(key.addon, Happening::Quarantined);
        }
    }
}
