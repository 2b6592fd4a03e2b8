//! Reads a workspace's data on its arbiter, page by page, and keeps the entity cache fresh in between.
//!
//! ```text
//! mod       whether it may work; its task
//! drive     does what [`crate::bootstrap::machine`] says, and stores what came of it
//! news      what webhooks say of entities, gathered and written
//! ```
//!
//! The store is the truth (I2): a task may end at any moment, and its successor goes on from the record, at the next page.

mod drive;
mod news;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use self::news::Told;
use super::Environment;
use super::runner::Runner;
use crate::ids::Key;
use crate::installation::Installation;
use crate::limits::bootstrap as limits;
use crate::settings::Settings;

/// The reader of one workspace. It lives on one thread.
pub struct Reader {
    key: Key,
    env: Arc<Environment>,
    runner: Rc<Runner>,
    inner: RefCell<Inner>,
    /// Something has changed that its task should know.
    changed: Notify,
    myself: Weak<Self>,
}

struct Inner {
    installation: Option<Arc<Installation>>,
    settings: Settings,
    /// Installation active and sound, no quarantine.
    works: bool,
    draining: bool,
    closed: bool,
    task: Option<JoinHandle<()>>,
    /// Pages under way.
    under_way: usize,
    /// Whether what webhooks say is kept. `None`: not known yet.
    caches: Option<bool>,
    told: VecDeque<Told>,
    teller: Option<JoinHandle<()>>,
}

impl Reader {
    /// A reader that does nothing until [`Self::adopt`].
    pub fn new(key: Key, env: Arc<Environment>, runner: Rc<Runner>) -> Rc<Self> {
        let inner = Inner {
            installation: None,
            settings: Settings::built_in(key.addon),
            works: false,
            draining: false,
            closed: false,
            task: None,
            under_way: 0,
            caches: None,
            told: VecDeque::new(),
            teller: None,
        };
        Rc::new_cyclic(|myself| Self { key, env, runner, inner: RefCell::new(inner), changed: Notify::new(), myself: myself.clone() })
    }

    /// Goes on with what was read from the store.
    pub fn adopt(&self, installation: Arc<Installation>, settings: Settings, works: bool) {
        {
            let mut inner = self.inner.borrow_mut();
            inner.closed = false;
            inner.installation = Some(installation);
            inner.settings = settings;
            inner.works = works;
        }
        self.changed.notify_one();
        self.begin();
    }

    /// Lets it work, or not.
    pub fn set_works(&self, works: bool) {
        self.inner.borrow_mut().works = works;
        self.changed.notify_one();
        self.begin();
    }

    /// Looks into the store for something to read, unless it is at it.
    pub fn begin(&self) {
        let Some(me) = self.myself.upgrade() else { return };
        let mut inner = self.inner.borrow_mut();
        if !inner.goes() || inner.task.is_some() {
            return;
        }
        inner.task = Some(actix_rt::spawn(async move {
            me.task().await;
            me.inner.borrow_mut().task = None;
        }));
    }

    /// Cuts it off: its successor goes on from the record.
    pub fn halt(&self) {
        let mut inner = self.inner.borrow_mut();
        if let Some(task) = inner.task.take() {
            task.abort();
        }
        inner.under_way = 0;
    }

    /// Ends everything at once, until the next [`Self::adopt`].
    pub fn close(&self) {
        self.halt();
        let mut inner = self.inner.borrow_mut();
        inner.closed = true;
        inner.caches = None;
        inner.told.clear();
        if let Some(teller) = inner.teller.take() {
            teller.abort();
        }
    }

    /// Begins no further page. Says how many are under way.
    pub fn drain(&self) -> usize {
        let mut inner = self.inner.borrow_mut();
        inner.draining = true;
        self.changed.notify_one();
        inner.under_way
    }

    /// Whether nothing would be lost or delayed without it.
    pub fn idle(&self) -> bool {
        let inner = self.inner.borrow();
        inner.task.is_none() && inner.told.is_empty()
    }

    async fn task(&self) {
        let mut pause = Duration::from_millis(limits::STORE_PAUSE_MS);
        loop {
            let work = AssertUnwindSafe(self.drive()).catch_unwind().await;
            self.inner.borrow_mut().under_way = 0;
            match work {
                Ok(Ok(())) => return,
                Ok(Err(error)) => log::warn!(workspace:% = self.key.workspace; "a bootstrap rests because of the store: {error}"),
                Err(_) => {
                    log::error!(addon = self.key.addon.slug(), workspace:% = self.key.workspace; "a bootstrap failed inside the service")
                }
            }
            if !self.inner.borrow().goes() {
                return;
            }
            self.env.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(limits::STALL_MS_MAX));
        }
    }
}

impl Inner {
    fn goes(&self) -> bool {
        self.works && !self.draining && !self.closed
    }
}
