//! What the parts of the simulated platform share across its threads.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use actix_rt::ArbiterHandle;
use actors::clock::{Clock, Timestamp};
use actors::ids::WorkspaceId;
use actors::limits::sandbox as limits;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Notify, Semaphore, oneshot};

use super::api::route::Routes;
use super::delivery::To;
use super::webhook;
use super::world::World;
use crate::sandbox::authority::Authority;

/// Shared by the HTTP server, the courier and the handle.
pub struct Shared {
    /// Signs tokens.
    pub authority: Authority,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// The operations.
    pub routes: Routes,
    /// Something in the world has changed.
    pub changed: Notify,
    /// What hangs goes on.
    pub released: Notify,
    /// Deliveries on their way.
    pub permits: Semaphore,
    world: Mutex<World>,
    courier: OnceLock<ArbiterHandle>,
    orders: UnboundedSender<Order>,
}

/// What is asked of the platform's own thread about its door.
pub enum Order {
    /// Refuse connections.
    Close(oneshot::Sender<()>),
    /// Accept them again.
    Open(oneshot::Sender<io::Result<()>>),
    /// End.
    Stop,
}

impl Shared {
    /// Puts the parts together.
    pub fn new(authority: Authority, clock: Arc<dyn Clock>, routes: Routes, world: World, orders: UnboundedSender<Order>) -> Self {
        Self {
            authority,
            clock,
            routes,
            changed: Notify::new(),
            released: Notify::new(),
            permits: Semaphore::new(limits::DELIVERIES_IN_FLIGHT_MAX),
            world: Mutex::new(world),
            courier: OnceLock::new(),
            orders,
        }
    }

    /// The world, for a moment. Never hold it across an await.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Asks something of the platform's own thread. `false`: it has stopped.
    pub fn order(&self, order: Order) -> bool {
        self.orders.send(order).is_ok()
    }

    /// The thread that the calls to add-ons are made on.
    pub fn set_courier(&self, thread: ArbiterHandle) {
        let _ = self.courier.set(thread);
    }

    /// Runs work on that thread. `false`: it has stopped.
    pub fn spawn<W, F>(&self, work: W) -> bool
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + 'static,
    {
        self.courier.get().is_some_and(|thread| thread.spawn_fn(move || drop(actix_rt::spawn(work()))))
    }

    /// Tells the subscribers of a workspace what happened, and gives the deliveries' numbers.
    pub fn publish(self: &Arc<Self>, workspace: WorkspaceId, events: Vec<(&str, Value)>) -> Vec<u64> {
        let mut numbers = Vec::new();
        {
            let mut world = self.world();
            for (event, payload) in events {
                let body = bytes::Bytes::from(payload.to_string());
                for (addon_id, hook) in world.subscribers(workspace, event) {
                    numbers.push(world.deliveries.open(event, workspace, To::Declared { addon_id, path: hook.path }, body.clone()));
                }
                for own in world.subscribed(workspace, event) {
                    let to = To::Subscription { webhook: own.id, url: own.draft.url };
                    numbers.push(world.deliveries.open(event, workspace, to, body.clone()));
                }
            }
        }
        for number in &numbers {
            webhook::start(self, *number);
        }
        self.changed.notify_waiters();
        numbers
    }
}
