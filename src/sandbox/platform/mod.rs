//! A simulated Clockify on loopback: REST API, webhooks, lifecycle calls and tokens, with faults on demand.
//!
//! [`Platform`] is the handle for Rust; `control` offers the same over HTTP. The platform lives on threads of its own, so that a handle works from
//! any runtime. Its data is its own, its shapes and habits are the platform's: paging, `Last-Page`, wrapped lists, error codes, PUT replaces,
//! POST not idempotent, 50 requests a second, and webhooks for whatever changes, by whomever.

pub mod answer;
pub mod api;
pub mod call;
pub mod catalogue;
pub mod changes;
pub mod control;
pub mod courier;
pub mod crowd;
pub mod delivery;
pub mod door;
pub mod error;
pub mod events;
pub mod fault;
pub mod form;
pub mod glob;
pub mod happening;
pub mod journal;
pub mod lifecycle;
pub mod manifest;
pub mod members;
pub mod page;
pub mod payload;
pub mod people;
pub mod rate;
pub mod seed;
pub mod settings;
pub mod shared;
pub mod shell;
pub mod subscription;
mod thread;
pub mod token;
pub mod webhook;
pub mod workspace;
pub mod world;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::{Clock, SystemClock};
use actors::ids::{AddonId, WorkspaceId};
use tokio::sync::oneshot;

use self::crowd::Crowd;
pub use self::error::Error;
use self::fault::Fault;
use self::journal::Seen;
use self::lifecycle::{Goodbye, Install, Installed};
use self::settings::Change;
use self::shared::{Order, Shared};
use self::shell::Offer;
use self::thread::Thread;
use self::world::{Habits, Installation, Status, World};
use super::authority::Authority;

/// A handle to a running platform. Clones are the same platform; it ends with the last of them.
#[derive(Clone)]
pub struct Platform {
    shared: Arc<Shared>,
    _thread: Option<Arc<Thread>>,
}

impl Platform {
    /// Starts a platform with one demo workspace. `listen` has to be a loopback address; port 0 takes any.
    ///
    /// # Errors
    ///
    /// The address cannot be had.
    pub fn start(authority: Authority, listen: SocketAddr) -> Result<Self, Error> {
        Self::start_with(authority, listen, Arc::new(SystemClock::new()))
    }

    /// Starts it with a clock of the caller's.
    ///
    /// # Errors
    ///
    /// The address cannot be had.
    pub fn start_with(authority: Authority, listen: SocketAddr, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let (shared, thread) = Thread::start(authority, listen, clock)?;
        let platform = Self { shared, _thread: Some(Arc::new(thread)) };
        platform.add_workspace()?;
        Ok(platform)
    }

    /// A handle over the server's own state, which does not keep the platform alive.
    fn over(shared: Arc<Shared>) -> Self {
        Self { shared, _thread: None }
    }

    /// Where it is: `http://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        self.shared.world().urls.backend.trim_end_matches("/api").to_owned()
    }

    /// The base URLs that its tokens name, for `CLOCKIFY_API_BASES`.
    pub fn api_bases(&self) -> Vec<String> {
        let urls = self.shared.world().urls.clone();
        vec![urls.backend, urls.reports, urls.pto]
    }

    /// The key that signs its tokens.
    pub fn authority(&self) -> &Authority {
        &self.shared.authority
    }

    /// Looks at, or changes, everything that it knows.
    pub fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let seen = look(&mut self.shared.world());
        self.shared.changed.notify_waiters();
        seen
    }

    /// The first workspace.
    pub fn workspace(&self) -> Option<WorkspaceId> {
        self.shared.world().workspaces.keys().next().copied()
    }

    /// Adds another demo workspace.
    ///
    /// # Errors
    ///
    /// There are enough.
    pub fn add_workspace(&self) -> Result<WorkspaceId, Error> {
        let now = self.shared.now();
        self.shared.world().add_workspace(now).ok_or(Error::Odd("there are enough workspaces"))
    }

    /// Adds `count` clients, projects, tags and time entries to a workspace.
    ///
    /// # Errors
    ///
    /// There is no such workspace, or the number is too large.
    pub fn grow(&self, workspace: WorkspaceId, count: usize) -> Result<(), Error> {
        self.populate(workspace, Crowd::even(count))
    }

    /// Adds any number of entities to a workspace.
    ///
    /// # Errors
    ///
    /// There is no such workspace, or a number is too large.
    pub fn populate(&self, workspace: WorkspaceId, crowd: Crowd) -> Result<(), Error> {
        if !crowd.is_bounded() {
            return Err(Error::Odd("that is too many"));
        }
        let now = self.shared.now();
        let mut guard = self.shared.world();
        let world = &mut *guard;
        let workspace = world.workspaces.get_mut(&workspace).ok_or(Error::Unknown("workspace"))?;
        crowd.settle(workspace, &mut world.ids, now);
        Ok(())
    }

    /// Lets the page offer an add-on.
    pub fn offer(&self, offer: Offer) {
        self.shared.world().offers.push(offer);
    }

    /// Installs an add-on.
    ///
    /// # Errors
    ///
    /// The add-on cannot be reached, its manifest is of no use, or it said no; nothing remains then.
    pub async fn install(&self, install: Install) -> Result<Installed, Error> {
        self.run(move |shared| lifecycle::install(shared, install)).await
    }

    /// Switches an installation on or off.
    ///
    /// # Errors
    ///
    /// There is none, or the add-on did not take it; it is switched all the same.
    pub async fn set_status(&self, addon_id: AddonId, status: Status) -> Result<(), Error> {
        self.run(move |shared| lifecycle::set_status(shared, addon_id, status)).await
    }

    /// Changes settings.
    ///
    /// # Errors
    ///
    /// There is no such installation or setting, or the add-on did not take it.
    pub async fn change_settings(&self, addon_id: AddonId, changes: Vec<Change>) -> Result<(), Error> {
        self.run(move |shared| lifecycle::change_settings(shared, addon_id, changes)).await
    }

    /// Uninstalls: the tokens die, then DELETED is sent.
    ///
    /// # Errors
    ///
    /// There is none, or the add-on did not take it; the installation is gone all the same.
    pub async fn uninstall(&self, addon_id: AddonId) -> Result<(), Error> {
        self.run(move |shared| lifecycle::uninstall(shared, addon_id, true)).await
    }

    /// Uninstalls while the add-on is down: DELETED is not sent, then or ever.
    ///
    /// # Errors
    ///
    /// There is no such installation.
    pub async fn vanish(&self, addon_id: AddonId) -> Result<(), Error> {
        self.run(move |shared| lifecycle::uninstall(shared, addon_id, false)).await
    }

    /// Installs anew.
    ///
    /// # Errors
    ///
    /// As [`Self::install`].
    pub async fn reinstall(&self, addon_id: AddonId, goodbye: Goodbye) -> Result<Installed, Error> {
        self.run(move |shared| lifecycle::reinstall(shared, addon_id, goodbye)).await
    }

    /// Ends every token of an installation without a word to the add-on: 401 with code 4017 from now on.
    ///
    /// # Errors
    ///
    /// There is no such installation.
    pub fn revoke(&self, addon_id: AddonId) -> Result<(), Error> {
        let mut world = self.shared.world();
        world.installations.get(&addon_id).ok_or(Error::Unknown("installation"))?;
        world.tokens.revoke(addon_id);
        Ok(())
    }

    /// An installation, with its tokens.
    pub fn installation(&self, addon_id: AddonId) -> Option<Installation> {
        self.shared.world().installations.get(&addon_id).cloned()
    }

    /// Sets a fault, and gives its number.
    ///
    /// # Errors
    ///
    /// There are too many, or its numbers are out of range.
    pub fn fault(&self, fault: Fault) -> Result<u64, Error> {
        self.shared.world().faults.add(fault).ok_or(Error::Odd("too many faults, or a number out of range"))
    }

    /// Removes all faults and lets go on what hangs.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
        self.release();
    }

    /// Lets go on what hangs.
    pub fn release(&self) {
        self.shared.released.notify_waiters();
    }

    /// Requests that came in over the REST API, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.shared.world().journal.all()
    }

    /// Forgets them.
    pub fn forget_requests(&self) {
        self.shared.world().journal.clear();
    }

    /// Changes how it behaves.
    pub fn set_habits(&self, habits: Habits) {
        self.shared.world().habits = habits;
    }

    /// Refuses connections until [`Self::accept`]; those that are there end.
    ///
    /// # Errors
    ///
    /// The platform has stopped.
    pub async fn refuse(&self) -> Result<(), Error> {
        let (done, is_done) = oneshot::channel();
        self.order(Order::Close(done))?;
        is_done.await.map_err(|_| Error::Stopped)
    }

    /// Accepts connections again, at the same address.
    ///
    /// # Errors
    ///
    /// The platform has stopped.
    pub async fn accept(&self) -> Result<(), Error> {
        let (done, is_done) = oneshot::channel();
        self.order(Order::Open(done))?;
        is_done.await.map_err(|_| Error::Stopped)?.map_err(Error::Listen)
    }

    /// Waits until `condition` holds. It is asked whenever something has changed. `false`: it did not hold in time.
    pub async fn until(&self, within: Duration, mut condition: impl FnMut(&mut World) -> bool) -> bool {
        let wait = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if condition(&mut self.shared.world()) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(within, wait).await.is_ok()
    }

    fn order(&self, order: Order) -> Result<(), Error> {
        if self.shared.order(order) { Ok(()) } else { Err(Error::Stopped) }
    }

    async fn run<W, F, T>(&self, work: W) -> Result<T, Error>
    where
        W: FnOnce(Arc<Shared>) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + 'static,
        T: Send + 'static,
    {
        let (done, is_done) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let spawned = self.shared.spawn(move || async move {
            let _ = done.send(work(shared).await);
        });
        if !spawned {
            return Err(Error::Stopped);
        }
        is_done.await.map_err(|_| Error::Stopped)?
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}
