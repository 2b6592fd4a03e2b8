//! Who looks at a workspace right now. A wake carries no data: whoever is woken asks the store (I2).
//!
//! Where nobody looks, a wake costs one load of a counter. What waits for a listener is bounded, and so is the number of listeners (I5).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actors::addon::Addon;
use actors::ids::{Key, RunId};
use actors::limits::stream as limits;
use actors::port::observer::{Happening, Observer, Stir};
use dashmap::DashMap;
use tokio::sync::Notify;

/// Everybody who listens, by workspace.
#[derive(Default)]
pub struct Audience {
    seats: DashMap<Key, Vec<Arc<Ear>>>,
    seated: AtomicUsize,
    closed: AtomicBool,
}

/// There is no room for another listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Full;

/// What has happened since somebody listened last.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Heard {
    /// New events.
    pub events: bool,
    /// The snapshot of the workspace's data went on.
    pub bootstrap: bool,
    /// Runs that went on.
    pub runs: BTreeSet<RunId>,
    /// More runs than are remembered.
    pub more_runs: bool,
}

#[derive(Default)]
struct Ear {
    heard: Mutex<Heard>,
    woken: Notify,
}

impl Ear {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, stir: Stir) {
        {
            let mut heard = self.heard();
            match stir {
                Stir::Events => heard.events = true,
                Stir::Bootstrap => heard.bootstrap = true,
                Stir::Run(run) if heard.runs.len() < limits::RUNS_REMEMBERED_MAX => drop(heard.runs.insert(run)),
                Stir::Run(_) => heard.more_runs = true,
            }
        }
        self.woken.notify_one();
    }
}

impl Audience {
    /// Takes a seat; it is given back when it is dropped.
    ///
    /// # Errors
    ///
    /// There are as many listeners as there may be, in this workspace or in all.
    pub fn join(self: &Arc<Self>, key: Key) -> Result<Seat, Full> {
        if self.seated.fetch_add(1, Ordering::AcqRel) >= limits::LISTENERS_MAX {
            self.seated.fetch_sub(1, Ordering::AcqRel);
            return Err(Full);
        }
        // From here on the seat gives its number back.
        let seat = Seat { audience: Arc::clone(self), key, ear: Arc::default() };
        let mut row = self.seats.entry(key).or_default();
        if row.len() >= limits::LISTENERS_PER_WORKSPACE_MAX {
            drop(row);
            return Err(Full);
        }
        row.push(Arc::clone(&seat.ear));
        drop(row);
        Ok(seat)
    }

    /// Tells those who listen to a workspace.
    pub fn stir(&self, key: Key, stir: Stir) {
        if self.seated.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some(row) = self.seats.get(&key) {
            row.iter().for_each(|ear| ear.take(stir));
        }
    }

    /// Sends everybody home: the service stops.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.seats.iter().for_each(|row| row.iter().for_each(|ear| ear.woken.notify_one()));
    }

    /// How many listen.
    pub fn len(&self) -> usize {
        self.seated.load(Ordering::Acquire)
    }

    /// Whether nobody listens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One who listens.
pub struct Seat {
    audience: Arc<Audience>,
    key: Key,
    ear: Arc<Ear>,
}

impl Seat {
    /// What has been heard since the last time.
    pub fn heard(&self) -> Heard {
        std::mem::take(&mut *self.ear.heard())
    }

    /// Waits until there is something to hear, or until everybody is sent home. A wake that came before is not lost.
    pub async fn woken(&self) {
        self.ear.woken.notified().await;
    }

    /// Whether everybody has been sent home.
    pub fn closed(&self) -> bool {
        self.audience.closed.load(Ordering::Acquire)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.audience.seated.fetch_sub(1, Ordering::AcqRel);
        if let Some(mut row) = self.audience.seats.get_mut(&self.key) {
            row.retain(|ear| !Arc::ptr_eq(ear, &self.ear));
        }
        self.audience.seats.remove_if(&self.key, |_, row| row.is_empty());
    }
}

/// Counts what happens, and tells those who look.
pub struct Told<O> {
    counts: Arc<O>,
    audience: Arc<Audience>,
}

impl<O> Told<O> {
    /// An observer that does both.
    pub fn new(counts: Arc<O>, audience: Arc<Audience>) -> Self {
        Self { counts, audience }
    }
}

impl<O: Observer> Observer for Told<O> {
    fn observe(&self, addon: Addon, happening: Happening) {
        self.counts.observe(addon, happening);
    }

    fn stir(&self, key: Key, stir: Stir) {
        self.counts.stir(key, stir);
        self.audience.stir(key, stir);
    }
}

#[cfg(test)]
mod tests {
    use actors::ids::WorkspaceId;

    use super::*;

    fn key(byte: u8) -> Key {
        Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::from_bytes([byte; 12]) }
    }

    #[test]
    fn those_who_listen_to_a_workspace_hear_of_it_and_nobody_else_does() {
        let audience = Arc::new(Audience::default());
        let (mine, other) = (audience.join(key(1)).unwrap(), audience.join(key(2)).unwrap());
        let run = RunId::from(uuid::Uuid::from_u128(7));
        audience.stir(key(1), Stir::Events);
        audience.stir(key(1), Stir::Run(run));
        assert_eq!(mine.heard(), Heard { events: true, runs: [run].into(), ..Heard::default() });
        assert_eq!((mine.heard(), other.heard()), Default::default());
    }

    #[test]
    fn seats_are_bounded_and_given_back() {
        let audience = Arc::new(Audience::default());
        let seats: Vec<Seat> = (0..limits::LISTENERS_PER_WORKSPACE_MAX).map(|_| audience.join(key(1)).unwrap()).collect();
        assert!(audience.join(key(1)).is_err());
        assert_eq!(audience.len(), limits::LISTENERS_PER_WORKSPACE_MAX);
        assert!(audience.join(key(2)).is_ok());
        drop(seats);
        assert!(audience.is_empty() && audience.seats.is_empty());
        assert!(audience.join(key(1)).is_ok());
    }

    #[test]
    fn seats_of_all_workspaces_together_are_bounded_and_a_refused_one_counts_nowhere() {
        let audience = Arc::new(Audience::default());
        let workspace = |number: usize| key(u8::try_from(number / limits::LISTENERS_PER_WORKSPACE_MAX).unwrap());
        let mut seats: Vec<Seat> = (0..limits::LISTENERS_MAX).map(|number| audience.join(workspace(number)).unwrap()).collect();
        assert!(audience.join(key(255)).is_err() && audience.join(key(255)).is_err());
        assert_eq!((audience.len(), audience.seats.contains_key(&key(255))), (limits::LISTENERS_MAX, false));
        drop(seats.pop());
        assert!(audience.join(key(255)).is_ok());
    }

    #[test]
    fn more_runs_than_are_remembered_are_told_as_more() {
        let audience = Arc::new(Audience::default());
        let seat = audience.join(key(1)).unwrap();
        (0..=limits::RUNS_REMEMBERED_MAX).for_each(|n| audience.stir(key(1), Stir::Run(uuid::Uuid::from_u128(n as u128).into())));
        let heard = seat.heard();
        assert_eq!((heard.runs.len(), heard.more_runs), (limits::RUNS_REMEMBERED_MAX, true));
    }
}
