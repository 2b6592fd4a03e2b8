//! The store in memory: the contract of [`crate::port::store`] without a disk, with faults on demand.
//!
//! As in the real stores nothing is kept for a key that has no installation: `Accept`, `Start` and new flows are
//! [`Written::Absent`](crate::port::store::journal::Written) and [`Saved::Absent`](crate::port::store::flows::Saved) there, so that an
//! uninstall leaves nothing behind.

mod activities;
mod bootstraps;
mod calls;
mod entities;
mod events;
mod flows;
mod installations;
mod journal;
mod retention;
mod runs;
mod schedules;
mod secrets;
mod sources;
mod standings;
mod statistics;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::activity::Activity;
use crate::bootstrap::record::Record;
use crate::call::Call;
use crate::clock::Timestamp;
use crate::entity::{EntityId, EntityType};
use crate::event::{Event, EventType, Source};
use crate::flow::model::Flow;
use crate::flow::run::Run;
use crate::flow::standing::Standing;
use crate::ids::{ActivityId, CallId, EventId, FlowId, Key, RunId};
use crate::installation::{Installation, Mark};
use crate::port::store::journal::Entry;
use crate::port::store::receipt::Receipt;
use crate::port::store::secrets::KeptSecret;
use crate::port::store::{Error, Health, Page, Slice};
use crate::secret::{Secret, SecretName};
use crate::source::{CustomSource, SourceName};
use crate::subscription::Subscription;

/// A store for tests. Clones are the same store.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    marks: BTreeMap<Key, Mark>,
    installations: BTreeMap<Key, Installation>,
    /// The newest version of each flow that there is.
    flows: BTreeMap<(Key, FlowId), Flow>,
    /// All versions, also of deleted flows.
    versions: BTreeMap<(Key, FlowId, u32), Flow>,
    events: BTreeMap<(Key, EventId), Event>,
    runs: BTreeMap<(Key, RunId), Run>,
    sources: BTreeMap<(Key, SourceName), CustomSource>,
    secrets: BTreeMap<(Key, SecretName), (KeptSecret, Secret)>,
    standings: BTreeMap<(Key, FlowId), Standing>,
    calls: BTreeMap<(Key, CallId), Call>,
    subscriptions: BTreeMap<(Key, EventType), Subscription>,
    activities: BTreeMap<(Key, ActivityId), Activity>,
    bootstraps: BTreeMap<Key, Record>,
    /// What is known of entities, also that they are gone.
    entities: BTreeMap<(Key, EntityType, EntityId), entities::Known>,
    /// The messages that custom sources have sent.
    messages: BTreeSet<(Key, Source, Arc<str>)>,
    /// Which flows an event has started: once each, replays aside.
    started: BTreeSet<(Key, EventId, FlowId)>,
    /// When flows with a schedule are due next.
    due: BTreeMap<(Key, FlowId), Timestamp>,
    failures: u32,
    unavailable: bool,
    activities_fail: bool,
    held: Option<VecDeque<(Entry, Receipt)>>,
    fate: Option<Judge>,
    /// Of entries that were written before the process could hear of it.
    unheard: Vec<Receipt>,
}

/// Says what becomes of an entry.
type Judge = Box<dyn FnMut(&Entry) -> Fate + Send>;

/// What becomes of an entry when the process may die over it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is written and answered, as usual.
    Written,
    /// The process dies before it is written: it and everything behind it is held, until [`MemoryStore::lose_held_entries`].
    Lost,
    /// The process dies when it has been written and not been answered; everything behind it is held.
    Unheard,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless a fault is due.
    fn open(&self) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.lock();
        state.fault()?;
        Ok(state)
    }

    /// Makes the next `n` calls fail as unavailable: methods and journal entries alike.
    pub fn fail_next(&self, n: u32) {
        self.lock().failures = n;
    }

    /// Makes every call fail until it is called with `false`.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.lock().unavailable = unavailable;
    }

    /// Makes changes of others go well while nothing can be written down about them, or no longer.
    pub fn fail_activities(&self, fail: bool) {
        self.lock().activities_fail = fail;
    }

    /// Keeps journal entries waiting until [`Self::resume_journal`], as a slow disk does. A full queue answers `Busy`.
    pub fn hold_journal(&self) {
        self.lock().held.get_or_insert_default();
    }

    /// Asks, of every entry that is not held, what becomes of it.
    pub fn judge_entries(&self, judge: impl FnMut(&Entry) -> Fate + Send + 'static) {
        self.lock().fate = Some(Box::new(judge));
    }

    /// How many entries wait.
    pub fn held_entries(&self) -> usize {
        self.lock().held.as_ref().map_or(0, VecDeque::len)
    }

    /// Writes what waited, in order, and holds no more.
    pub fn resume_journal(&self) {
        let mut state = self.lock();
        for (entry, receipt) in state.held.take().unwrap_or_default() {
            let outcome = state.write(entry);
            receipt.complete(outcome);
        }
    }

    /// Loses what waits, as a crash does: its receipts are answered as unavailable.
    pub fn lose_held_entries(&self) {
        let mut state = self.lock();
        state.held = None;
        state.unheard.clear();
    }
}

impl State {
    fn fault(&mut self) -> Result<(), Error> {
        if self.unavailable {
            return Err(Error::Unavailable("switched off by the test".into()));
        }
        if self.failures > 0 {
            self.failures -= 1;
            return Err(Error::Unavailable("failed by the test".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Health for MemoryStore {
    async fn ping(&self) -> Result<(), Error> {
        self.open().map(drop)
    }
}

/// Cuts a page out of all that there is.
fn page<'a, T: Clone + 'a>(all: impl Iterator<Item = &'a T>, slice: Slice) -> Page<T> {
    let all: Vec<&T> = all.collect();
    let limit = slice.limit.min(crate::limits::store::PAGE_ROWS_MAX);
    let items = all.iter().skip(slice.offset as usize).take(limit as usize).map(|item| (*item).clone()).collect();
    Page { total: all.len() as u64, items }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn faults_come_when_asked_for_and_go_away() {
        let store = MemoryStore::new();
        store.fail_next(2);
        assert!(store.ping().await.is_err());
        assert!(store.ping().await.is_err());
        assert!(store.ping().await.is_ok());
        store.set_unavailable(true);
        assert!(store.ping().await.is_err());
        store.set_unavailable(false);
        assert!(store.ping().await.is_ok());
    }
}
