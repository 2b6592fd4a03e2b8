//! The only door to the workspaces: finds or starts the actor of a key, on the arbiter that the key hashes to.
//!
//! Nobody else holds an address. There is one live actor for a key (I3): a successor starts only when the mailbox of the last one is closed or the
//! last one has said that it retired. A message that was certainly not looked at is offered again; one whose actor died over it is not, so that a
//! message that kills kills once. Every wait has a bound (I5). In `delivery` a webhook comes in, in `messages` everything else is asked, in `lives`
//! actors begin and end; `under_way` counts deliveries and refusals.

mod delivery;
mod lives;
mod messages;
mod under_way;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use actix::Addr;
use actix_rt::{Arbiter, ArbiterHandle};
use dashmap::DashMap;
use futures_util::future::{Either, select};

use crate::effort::Effort;
use crate::ids::Key;
use crate::limits::actor as limits;
use crate::supervisor::Supervision;
use crate::workspace::Workspace;
use crate::workspace::retire::Drain;
pub use crate::workspace::{Environment, Error};
use under_way::UnderWay;

/// The registry of a process. Share it in an `Arc`; every method may be called from any thread.
pub struct Registry {
    env: Arc<Environment>,
    arbiters: Vec<ArbiterHandle>,
    actors: DashMap<Key, Entry>,
    supervision: Supervision,
    generations: AtomicU64,
    draining: AtomicBool,
}

struct Entry {
    actor: Actor,
    used_at: AtomicI64,
}

/// An actor, and which life of its key it is.
#[derive(Clone)]
struct Actor {
    address: Addr<Workspace>,
    generation: u64,
    deliveries: UnderWay,
    refusals: UnderWay,
    effort: Effort,
}

impl Registry {
    /// Starts `arbiters` threads for workspaces; with none they live on the calling thread, which must be inside an actix system. Nothing runs until a
    /// message comes or the [sweeper](crate::sweeper) finds work.
    pub fn new(env: Arc<Environment>, arbiters: usize) -> Self {
        let arbiters = if arbiters == 0 { vec![Arbiter::current()] } else { (0..arbiters).map(|_| Arbiter::new().handle()).collect() };
        Self {
            env,
            arbiters,
            actors: DashMap::new(),
            supervision: Supervision::default(),
            generations: AtomicU64::new(0),
            draining: AtomicBool::new(false),
        }
    }

    /// What its workspaces share.
    pub fn environment(&self) -> &Arc<Environment> {
        &self.env
    }

    /// Takes no further message ([`Error::Unavailable`]), lets calls under way end, at most `within`; what is left waits in the store.
    pub async fn drain(&self, within: Duration) {
        self.draining.store(true, Ordering::Release);
        let mut working: Vec<Addr<Workspace>> = self.actors.iter().map(|entry| entry.actor.address.clone()).collect();
        let end = self.env.clock.now() + within;
        loop {
            let mut still = Vec::new();
            for address in working {
                // One that does not answer has died, or is about to be cut off.
                if matches!(self.within_limit(address.send(Drain)).await, Some(Ok(1..))) {
                    still.push(address);
                }
            }
            working = still;
            let now = self.env.clock.now();
            if working.is_empty() || now >= end {
                break;
            }
            self.env.clock.sleep(Duration::from_millis(limits::DRAIN_LOOK_MS).min(end.since(now))).await;
        }
        if !working.is_empty() {
            log::warn!("{} workspaces still had calls under way when the service stopped; recovery will find them", working.len());
        }
    }

    /// Whether it takes no further messages.
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Actors that are alive now.
    pub fn len(&self) -> usize {
        self.actors.len()
    }

    /// Whether no actor is alive.
    pub fn is_empty(&self) -> bool {
        self.actors.is_empty()
    }

    /// Workspaces in quarantine.
    pub fn quarantined(&self) -> usize {
        self.supervision.quarantined()
    }

    async fn within_limit<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.within(Duration::from_millis(limits::ANSWER_MS_MAX), work).await
    }

    async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        let limit = self.env.clock.sleep(limit);
        match select(std::pin::pin!(work), limit).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}
