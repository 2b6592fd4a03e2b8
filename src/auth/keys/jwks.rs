//! A key set that is fetched: kept in memory, refreshed in rounds, and asked for again when a token names a key that is not there.
//!
//! One fetch at a time, however many wait for it; at most one a minute on demand, whatever tokens claim; bounded in time and size (I5).
//! While the source is down the keys that it last gave stay good. A set that it gives replaces the former one, so a withdrawn key is gone.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use actors::clock::{Clock, Timestamp};
use actors::limits::token as limits;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, Shared, select};
use serde::Deserialize;
use serde_json::Value;

use super::{Compact, Flaw, KeySource, PublicKey, Refusal};

pub(super) struct Jwks {
    source: Arc<dyn KeySource>,
    clock: Arc<dyn Clock>,
    current: RwLock<Arc<[PublicKey]>>,
    epoch: AtomicU64,
    flight: Mutex<Flight>,
}

/// The fetch that is under way, and how the last one went.
#[derive(Default)]
struct Flight {
    running: Option<Shared<BoxFuture<'static, ()>>>,
    began_at: Option<Timestamp>,
    failed: bool,
}

/// What the keys that are here say of a token.
pub(super) enum Lookup {
    /// The key that it names has signed it or has not, or it names none and one has.
    Decided(Result<(), Refusal>),
    /// It may have been signed with a key that is not here.
    Unknown,
}

impl Jwks {
    pub(super) fn new(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        let current = RwLock::new(Arc::from(Vec::new()));
        Self { source, clock, current, epoch: AtomicU64::new(0), flight: Mutex::default() }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Judges a token by the keys that are here. Keys without a name are tried for every token, named ones for those that name them or none.
    pub(super) fn look_up(&self, token: &Compact<'_>) -> Lookup {
        let keys = self.keys();
        let may_have_signed = |key: &&PublicKey| token.kid().is_none() || key.kid().is_none() || key.kid() == token.kid();
        if keys.iter().filter(may_have_signed).any(|key| key.has_signed(token)) {
            return Lookup::Decided(Ok(()));
        }
        let is_named = token.kid().is_some() && keys.iter().any(|key| key.kid() == token.kid());
        if is_named { Lookup::Decided(Err(Refusal::Invalid(Flaw::Signature))) } else { Lookup::Unknown }
    }

    /// Waits for the fetch that is under way, or starts one if the last is long enough ago. Without a fetch of late that went well nothing can be
    /// said of a key that is not here.
    pub(super) async fn ask_again(self: &Arc<Self>) -> Result<(), Refusal> {
        let fetch = self.join(Duration::from_secs(limits::KEY_SET_AGAIN_SECONDS));
        if let Some(fetch) = fetch {
            fetch.await;
        }
        if self.flight().failed { Err(Refusal::KeysUnavailable) } else { Ok(()) }
    }

    /// Fetches at once and then in rounds, sooner after a failure.
    pub(super) async fn keep_fresh(self: &Arc<Self>) {
        loop {
            if let Some(fetch) = self.join(Duration::ZERO) {
                fetch.await;
            }
            let pause = if self.flight().failed { limits::KEY_SET_AGAIN_SECONDS } else { limits::KEY_SET_REFRESH_SECONDS };
            self.clock.sleep(Duration::from_secs(pause)).await;
        }
    }

    /// The fetch under way, or a new one if the last began at least `after` ago. It is shared: who stops waiting does not stop it for others.
    fn join(self: &Arc<Self>, after: Duration) -> Option<Shared<BoxFuture<'static, ()>>> {
        let now = self.clock.now();
        let mut flight = self.flight();
        if let Some(running) = &flight.running {
            return Some(running.clone());
        }
        // A clock that went back must not keep the door shut.
        if flight.began_at.is_some_and(|began_at| began_at <= now && now.since(began_at) < after) {
            return None;
        }
        let this = Arc::clone(self);
        let fetch = async move {
            let failed = this.fetch().await.inspect_err(|reason| log::warn!(reason:%; "auth: no key set")).is_err();
            let mut flight = this.flight();
            flight.running = None;
            flight.failed = failed;
        };
        let fetch = fetch.boxed().shared();
        flight.began_at = Some(now);
        flight.running = Some(fetch.clone());
        Some(fetch)
    }

    async fn fetch(&self) -> Result<(), String> {
        let limit = self.clock.sleep(Duration::from_secs(limits::KEY_SET_FETCH_SECONDS_MAX));
        let document = match select(self.source.fetch(), limit).await {
            Either::Left((document, _)) => document?,
            Either::Right(_) => return Err("no answer within the time limit".into()),
        };
        self.replace(read(&document)?);
        Ok(())
    }

    fn replace(&self, keys: Vec<PublicKey>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if !current.iter().map(PublicKey::print).eq(keys.iter().map(PublicKey::print)) {
            *current = keys.into();
            self.epoch.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn keys(&self) -> Arc<[PublicKey]> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn flight(&self) -> MutexGuard<'_, Flight> {
        self.flight.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The usable keys of a document. Members of other kinds are passed over, for a set may hold keys for other purposes.
fn read(document: &Bytes) -> Result<Vec<PublicKey>, String> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }

    if document.len() > limits::KEY_SET_BYTES_MAX {
        return Err("the key set is too large".into());
    }
    let document: Document = serde_json::from_slice(document).map_err(|_| "the answer is not a key set")?;
    let keys: Vec<PublicKey> = document.keys.iter().filter_map(PublicKey::from_jwk).take(limits::KEYS_MAX).collect();
    if keys.is_empty() { Err("the key set holds no key for RS256".into()) } else { Ok(keys) }
}
