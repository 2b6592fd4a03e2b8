//! The only door to the workspaces: finds or starts the actor of a key, on the arbiter that the key hashes to.
//!
//! Nobody else holds an address. There is one live actor for a key (I3): a successor starts only when the mailbox of the last one is closed or the
//! last one has said that it retired. A message that was certainly not looked at is offered again; one whose actor died over it is not, so that a
//! message that kills kills once. Every wait has a bound (I5).

mod under_way;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::dev::{SendError, ToEnvelope};
use actix::{Addr, Handler, MailboxError, Message};
use actix_rt::{Arbiter, ArbiterHandle};
use dashmap::DashMap;
use futures_util::future::{Either, select};

use crate::clock::Timestamp;
use crate::ids::{EventId, Key, RunId};
use crate::installation::{Proof, Verdict};
use crate::limits::effort::REST_LOOK_MS;
use crate::limits::flow::REPLAYS_PER_MESSAGE_MAX;
use crate::limits::{actor as limits, explorer};
use crate::port::observer::{Happening, Stir};
use crate::port::store::journal::Written;
use crate::port::store::receipt::Receipt;
use crate::port::store::schedules::Due;
use crate::secret::Secret;
use crate::source::{CustomSource, SourceName};
use crate::supervisor::{Permit, Supervision};
use crate::workspace::Workspace;
use crate::workspace::bootstrap::{Bootstrap, Granted, Wish};
use crate::workspace::cancel::{Cancel, Cancelled};
use crate::workspace::deliver::{Accepted, Deliver, Delivery};
use crate::workspace::download::{Begun, Download};
use crate::workspace::execute::{Execute, Executed};
use crate::workspace::flows::{ChangeFlow, FlowChange, FlowChanged};
use crate::workspace::lifecycle::{Change, Lifecycle};
use crate::workspace::lift::Lift;
use crate::workspace::replay::{Replay, ReplayMany, Replayed};
use crate::workspace::replay_event::{EventReplayed, ReplayEvent};
use crate::workspace::retire::{Drain, Retire};
use crate::workspace::settings::{KeepSettings, SettingsWritten, WriteSettings};
use crate::workspace::sources::{ChangeSource, FindSource, SourceChange, SourceChanged};
use crate::workspace::status::{Snapshot, Status};
use crate::workspace::subscriptions::{ChangeSubscription, SubscriptionChanged};
use crate::workspace::tick::Tick;
use crate::workspace::time_zone::AskTimeZone;
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
    /// Until when it takes no deliveries, because it said that it was busy, in milliseconds of the monotonic time.
    busy_until: AtomicU64,
}

/// An actor, and which life of its key it is.
#[derive(Clone)]
struct Actor {
    address: Addr<Workspace>,
    generation: u64,
    deliveries: UnderWay,
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

    /// Accepts a delivery; returns once the event and its runs are durable (I1).
    pub async fn deliver(&self, key: Key, delivery: Delivery) -> Result<Accepted, Error> {
        let mut unless_repeats = None;
        for _ in 0..limits::OFFERS_MAX {
            let actor = self.find(key).await?;
            let _place = actor.deliveries.enter().ok_or(Error::Busy)?;
            let verdict = Arc::new(OnceLock::new());
            let (receipt, pending) = Receipt::pair();
            let message = Deliver { delivery: delivery.clone(), unless_repeats, verdict: Arc::clone(&verdict), receipt };
            if !self.offer(&actor, message).await? {
                continue;
            }
            let outcome = self.within_limit(pending.outcome()).await.ok_or(Error::Unavailable)?;
            match (verdict.get(), outcome) {
                (Some(Err(Error::Unavailable)), _) => drop(self.gone(key, actor.generation)),
                (Some(Err(error)), _) => {
                    if *error == Error::Busy {
                        self.note_busy(key);
                    }
                    return Err(error.clone());
                }
                // What it repeats never became durable, so it repeats nothing.
                (Some(Ok(Accepted::Duplicate(first))), Ok(Written::Absent)) => unless_repeats = Some(*first),
                (Some(Ok(accepted)), Ok(Written::Done)) => {
                    if matches!(accepted, Accepted::New(_)) {
                        self.env.observer.stir(key, Stir::Events);
                    }
                    return Ok(*accepted);
                }
                (Some(Ok(_)), Ok(Written::Absent)) => return Err(Error::NotInstalled),
                (Some(Ok(_)), Ok(Written::Repeated)) => return Ok(Accepted::Repeated),
                (Some(Ok(_)), Err(error)) => return Err(Error::Store(error)),
                (None, _) => return Err(Error::Unavailable),
            }
        }
        Err(Error::Unavailable)
    }

    /// Whether a delivery would be refused because the workspace has just said that it is busy. It costs nothing to ask, which a large body does not.
    pub fn is_busy(&self, key: Key) -> bool {
        self.actors.get(&key).is_some_and(|entry| entry.busy_until.load(Ordering::Relaxed) > self.elapsed_millis())
    }

    fn note_busy(&self, key: Key) {
        if let Some(entry) = self.actors.get(&key) {
            entry.busy_until.store(self.elapsed_millis() + REST_LOOK_MS, Ordering::Relaxed);
        }
    }

    fn elapsed_millis(&self) -> u64 {
        u64::try_from(self.env.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Applies a lifecycle call.
    pub async fn lifecycle(&self, key: Key, change: Change, proof: Proof) -> Result<Verdict, Error> {
        self.ask(key, Lifecycle { change, proof }).await
    }

    /// Changes a flow.
    pub async fn change_flow(&self, key: Key, change: FlowChange) -> Result<FlowChanged, Error> {
        self.ask(key, ChangeFlow(change)).await
    }

    /// Changes a custom source.
    pub async fn change_source(&self, key: Key, change: SourceChange) -> Result<SourceChanged, Error> {
        self.ask(key, ChangeSource(change)).await
    }

    /// Finds a custom source for a caller who has proved nothing yet: no actor is started for a workspace that has no installation.
    pub async fn source(&self, key: Key, name: &SourceName) -> Result<Option<Arc<CustomSource>>, Error> {
        if self.alive(key).is_none() && self.env.store.installation(key).await?.is_none() {
            return Ok(None);
        }
        match self.ask(key, FindSource(name.clone())).await {
            Err(Error::NotInstalled) => Ok(None),
            found => found,
        }
    }

    /// Changes subscriptions, at the platform and here.
    pub async fn change_subscription(&self, key: Key, change: ChangeSubscription) -> Result<SubscriptionChanged, Error> {
        self.ask(key, change).await
    }

    /// Writes settings, by id, to the platform and keeps what it took. They have been checked.
    pub async fn change_settings(&self, key: Key, values: serde_json::Map<String, serde_json::Value>) -> Result<SettingsWritten, Error> {
        let (written, before) = self.ask(key, WriteSettings(values.clone())).await?;
        if written == SettingsWritten::Done
            && let Err(error) = self.ask(key, KeepSettings { values, before }).await
        {
            // The platform has them, and says so with SETTINGS_UPDATED.
            log::warn!(workspace:% = key.workspace; "settings that the platform took are not kept yet: {error}");
        }
        Ok(written)
    }

    /// The time zone of the person whose token this is, if the platform says it.
    pub async fn time_zone(&self, key: Key, token: Secret) -> Result<Option<String>, Error> {
        self.ask(key, AskTimeZone(token)).await
    }

    /// Makes a call that a person asks for. It is made once: a call whose answer is lost is not made again (I4).
    pub async fn execute(&self, key: Key, call: Execute) -> Result<Executed, Error> {
        self.ask_within(key, call, Duration::from_millis(explorer::ANSWER_MS_MAX)).await
    }

    /// Makes a call likewise, whose answer is handed on while it comes.
    pub async fn download(&self, key: Key, call: Execute) -> Result<Begun, Error> {
        self.ask_within(key, Download(call), Duration::from_millis(explorer::ANSWER_MS_MAX)).await
    }

    /// Starts a finished run again.
    pub async fn replay(&self, key: Key, run: RunId) -> Result<Replayed, Error> {
        self.ask(key, Replay(run)).await
    }

    /// Ends a run before its time.
    pub async fn cancel(&self, key: Key, run: RunId) -> Result<Cancelled, Error> {
        self.ask(key, Cancel(run)).await
    }

    /// Begins, stops or repeats the reading of the workspace.
    pub async fn bootstrap(&self, key: Key, wish: Wish) -> Result<Granted, Error> {
        self.ask(key, Bootstrap(wish)).await
    }

    /// Starts those of some runs again that have ended, a bounded number at a time. Gives the new runs.
    pub async fn replay_many(&self, key: Key, runs: &[RunId]) -> Result<Vec<RunId>, Error> {
        let mut started = Vec::new();
        for batch in runs.chunks(REPLAYS_PER_MESSAGE_MAX) {
            started.extend(self.ask(key, ReplayMany(batch.to_vec())).await?);
        }
        Ok(started)
    }

    /// Matches an event against the flows of now.
    pub async fn replay_event(&self, key: Key, event: EventId) -> Result<EventReplayed, Error> {
        self.ask(key, ReplayEvent(event)).await
    }

    /// Starts a flow that is due by its schedule.
    pub async fn tick(&self, due: Due) -> Result<(), Error> {
        self.ask(due.key, Tick(due)).await
    }

    /// How the workspace is.
    pub async fn status(&self, key: Key) -> Result<Snapshot, Error> {
        self.ask(key, Status).await
    }

    /// Ends a quarantine before its time. `false`: there was none.
    pub async fn lift(&self, key: Key) -> Result<bool, Error> {
        if !self.supervision.lift(key) {
            return Ok(false);
        }
        self.ask(key, Lift).await?;
        Ok(true)
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

    async fn ask<M, T>(&self, key: Key, message: M) -> Result<T, Error>
    where
        M: Message<Result = Result<T, Error>> + Clone + Send + 'static,
        T: Send + 'static,
        Workspace: Handler<M>,
        <Workspace as actix::Actor>::Context: ToEnvelope<Workspace, M>,
    {
        self.ask_within(key, message, Duration::from_millis(limits::ANSWER_MS_MAX)).await
    }

    async fn ask_within<M, T>(&self, key: Key, message: M, limit: Duration) -> Result<T, Error>
    where
        M: Message<Result = Result<T, Error>> + Clone + Send + 'static,
        T: Send + 'static,
        Workspace: Handler<M>,
        <Workspace as actix::Actor>::Context: ToEnvelope<Workspace, M>,
    {
        for _ in 0..limits::OFFERS_MAX {
            let actor = self.find(key).await?;
            match self.within(limit, actor.address.send(message.clone())).await {
                // It has retired and looked at nothing: its successor will.
                Some(Ok(Err(Error::Unavailable))) => drop(self.gone(key, actor.generation)),
                Some(Ok(answer)) => return answer,
                Some(Err(MailboxError::Closed)) => {
                    if !actor.address.connected() {
                        self.died(key, actor.generation);
                    }
                    return Err(Error::Unavailable);
                }
                Some(Err(MailboxError::Timeout)) | None => return Err(Error::Busy),
            }
        }
        Err(Error::Unavailable)
    }

    /// Puts a message into an actor's mailbox. A full one is waited for only as long as a fresh actor needs to enlarge its own. `false`: the mailbox is
    /// closed, and nobody has looked at the message.
    async fn offer(&self, actor: &Actor, mut message: Deliver) -> Result<bool, Error> {
        let mut waited = 0;
        loop {
            message = match actor.address.try_send(message) {
                Ok(()) => return Ok(true),
                Err(SendError::Closed(_)) => return Ok(false),
                Err(SendError::Full(_)) if waited >= limits::MAILBOX_WAIT_MS => return Err(Error::Busy),
                Err(SendError::Full(message)) => message,
            };
            self.env.clock.sleep(Duration::from_millis(limits::MAILBOX_LOOK_MS)).await;
            waited += limits::MAILBOX_LOOK_MS;
        }
    }

    /// The actor of a key: the one that lives, or a new one.
    async fn find(&self, key: Key) -> Result<Actor, Error> {
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

    fn alive(&self, key: Key) -> Option<Actor> {
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
        let entry = self.actors.entry(key).or_insert_with(|| Entry {
            actor: Actor {
                address: self.start(key, quarantined),
                generation: self.generations.fetch_add(1, Ordering::Relaxed),
                deliveries: UnderWay::default(),
            },
            used_at: AtomicI64::new(now.millis()),
            busy_until: AtomicU64::new(0),
        });
        Ok(entry.actor.clone())
    }

    fn start(&self, key: Key, quarantined: bool) -> Addr<Workspace> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % self.arbiters.len().max(1) as u64).unwrap_or(0);
        let env = Arc::clone(&self.env);
        let arbiter = self.arbiters.get(place).cloned().unwrap_or_else(Arbiter::current);
        actix::Supervisor::start_in_arbiter(&arbiter, move |context| {
            context.set_mailbox_capacity(limits::MAILBOX_MAX);
            Workspace::new(key, env, quarantined)
        })
    }

    /// An actor has ended well: the next message finds a new one.
    fn gone(&self, key: Key, generation: u64) -> bool {
        self.actors.remove_if(&key, |_, entry| entry.actor.generation == generation).is_some()
    }

    /// An actor has panicked. Each death is counted once, whoever notices it.
    fn died(&self, key: Key, generation: u64) {
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
