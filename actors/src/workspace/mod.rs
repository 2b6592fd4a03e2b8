//! A workspace with the add-on installed: one actor that owns its duplicates, its flows, its budget and its queue.
//!
//! | message | what it does |
//! | --- | --- |
//! | [`deliver::Deliver`] | checks a delivery, matches flows, hands event and runs to the journal |
//! | [`lifecycle::Lifecycle`] | INSTALLED, DELETED, STATUS_CHANGED, SETTINGS_UPDATED |
//! | [`flows::ChangeFlow`] | creates, updates, deletes a flow |
//! | [`sources::ChangeSource`], [`sources::FindSource`] | creates, updates, deletes a custom source; finds one |
//! | [`subscriptions::ChangeSubscription`] | webhooks of the add-on's own, at the platform and here |
//! | [`settings::WriteSettings`], [`settings::KeepSettings`] | writes settings to the platform; keeps what it took |
//! | [`bootstrap::Bootstrap`] | begins, stops or repeats the reading of the workspace |
//! | [`execute::Execute`] | makes a call that a person asks for, and keeps it |
//! | [`download::Download`] | the same for an answer that is handed on while it comes |
//! | [`replay::Replay`] | starts a finished run again |
//! | [`cancel::Cancel`] | ends a run before its time |
//! | [`replay::Replay`], [`replay::ReplayMany`] | starts finished runs again |
//! | [`replay_event::ReplayEvent`] | matches an event against the flows of now |
//! | [`tick::Tick`] | a flow is due by its schedule |
//! | [`time_zone::AskTimeZone`] | asks the platform for a person's time zone |
//! | [`status::Status`] | says how it is |
//! | [`retire::Retire`], [`retire::Drain`] | lets go when idle; stops taking work |
//! | [`lift::Lift`] | ends a quarantine |
//!
//! Life: `started` loads from the store while the mailbox waits; then messages; then `Retire`. Handlers are small and do not panic; what may, runs
//! in tasks under `catch_unwind` ([`runner`]). Whatever is remembered here may be dropped at any moment (I2).

pub mod bootstrap;
pub mod cancel;
pub mod deliver;
pub mod download;
pub mod execute;
pub mod flows;
pub mod forwarding;
pub mod lifecycle;
pub mod lift;
pub mod queue;
pub mod reader;
pub mod replay;
pub mod replay_event;
pub mod retire;
pub mod runner;
pub mod settings;
pub mod sources;
pub mod status;
pub mod subscriptions;
pub mod tick;
pub mod time_zone;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Supervised, WrapFuture};
use futures_util::FutureExt;

use crate::addon::Addon;
use crate::clock::Clock;
use crate::dedupe::Recent;
use crate::effort::Effort;
use crate::flow::compiled::Compiled;
use crate::flow::standing::Standing;
use crate::ids::{FlowId, Key};
use crate::installation::{Health, Installation, Status, TokenHash, same_hash};
use crate::limits::{actor, run};
use crate::operation::Catalogue;
use crate::port::clockify::Clockify;
use crate::port::observer::{Happening, Observer};
use crate::port::store::{self, Store};
use crate::port::web::{OtherServers, Web};
use crate::rate::Rate;
use crate::settings::Settings;
use crate::source::{CustomSource, SourceName};
use crate::subscription::Subscription;
use forwarding::{Agreed, Forwarding};
use reader::Reader;
use runner::Runner;

/// Makes the platform's client for a thread; it is called once on each arbiter.
pub type ClockifyFactory = Arc<dyn Fn() -> Rc<dyn Clockify> + Send + Sync>;

/// What every workspace of a process shares.
pub struct Environment {
    /// What is durable.
    pub store: Arc<dyn Store>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// The platform's operations.
    pub catalogue: Arc<Catalogue>,
    /// The operator's defaults for each add-on; one that has none goes by the built-in ones.
    pub defaults: BTreeMap<Addon, Settings>,
    /// The scopes of each add-on's manifest: what it may read.
    pub scopes: BTreeMap<Addon, BTreeSet<String>>,
    /// Who counts.
    pub observer: Arc<dyn Observer>,
    /// The platform's client, one for each thread.
    pub clockify: ClockifyFactory,
    /// How flows reach other servers.
    pub other_servers: OtherServers,
}

impl Environment {
    /// What applies in an installation: the operator's defaults under the admin's values.
    pub fn settings(&self, installation: &Installation) -> Settings {
        let addon = installation.key.addon;
        let defaults = self.defaults.get(&addon).copied().unwrap_or_else(|| Settings::built_in(addon));
        let settings = Settings::effective(addon, defaults, &installation.settings);
        let generic_http = settings.enable_generic_http_actions && self.other_servers.addons.contains(&addon);
        Settings { enable_generic_http_actions: generic_http, ..settings }
    }
}

/// The clients of a thread.
#[derive(Clone)]
struct Clients {
    clockify: Rc<dyn Clockify>,
    web: Rc<dyn Web>,
}

thread_local! {
    /// The thread's clients, one for each environment; there is more than one only where several services share a process.
    static CLIENTS: RefCell<Vec<(Weak<Environment>, Clients)>> = const { RefCell::new(Vec::new()) };
}

fn clients(env: &Arc<Environment>) -> Clients {
    CLIENTS.with_borrow_mut(|all| {
        all.retain(|(env, _)| env.strong_count() > 0);
        if let Some((_, clients)) = all.iter().find(|(known, _)| std::ptr::eq(known.as_ptr(), Arc::as_ptr(env))) {
            return clients.clone();
        }
        let clients = Clients { clockify: (env.clockify)(), web: (env.other_servers.client)() };
        all.push((Arc::downgrade(env), clients.clone()));
        clients
    })
}

/// Why a workspace did not do what it was asked. The variants are what the caller can do about it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The add-on is not installed in this workspace.
    #[error("the add-on is not installed in this workspace")]
    NotInstalled,
    /// The platform has switched the add-on off here.
    #[error("the add-on is inactive in this workspace")]
    Inactive,
    /// A good token, but not the one for this installation and path.
    #[error("the token does not belong to this installation and path")]
    WrongToken,
    /// An admin or the operator has switched this off.
    #[error("this is switched off in this workspace")]
    SwitchedOff,
    /// More than its rate allows: try again after that time.
    #[error("more than the rate allows")]
    TooFast(Duration),
    /// Too much is waiting: try again in a moment.
    #[error("the workspace is busy")]
    Busy,
    /// The store did not do it: try again.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// No answer in time, or the actor is between two lives: try again.
    #[error("the workspace is not available")]
    Unavailable,
}

/// The actor.
pub struct Workspace {
    key: Key,
    env: Arc<Environment>,
    runner: Rc<Runner>,
    reader: Rc<Reader>,
    phase: Phase,
    recent: Recent,
    rates: HashMap<SourceName, Rate>,
    quarantined: bool,
    /// Calls of the explorer under way, those among them whose answers are still coming.
    explorer: Rc<Cell<usize>>,
    /// Whether a change of subscriptions is under way.
    subscribing: Rc<Cell<bool>>,
    /// The last look at the platform's webhooks, while it is good.
    look: Option<subscriptions::Look>,
}

enum Phase {
    Loading,
    Absent,
    Ready(Box<Loaded>),
    Failed(store::Error),
    Retired,
}

/// What is read from the store when the actor starts, and again after each change.
struct Loaded {
    installation: Arc<Installation>,
    settings: Settings,
    flows: Vec<Arc<Compiled>>,
    sources: HashMap<SourceName, Arc<CustomSource>>,
    /// Flows that have failed since they last did well.
    standings: Vec<Standing>,
    subscriptions: Vec<Subscription>,
    forwarding: Forwarding,
    /// The flow that a change of the settings has ended.
    ended: Option<FlowId>,
}

impl Loaded {
    /// Whether a token is one of the installation's webhooks', declared or not.
    fn has_webhook_token(&self, hash: &TokenHash) -> bool {
        let mut hashes =
            self.installation.webhooks.iter().map(|webhook| &webhook.hash).chain(self.subscriptions.iter().map(|one| &one.hash));
        hashes.any(|known| same_hash(known, hash))
    }
}

impl Workspace {
    /// A workspace that will load itself. Call it on its arbiter.
    pub fn new(key: Key, env: Arc<Environment>, effort: Effort, quarantined: bool) -> Self {
        let runner = Runner::new(key, Arc::clone(&env), clients(&env), effort);
        let reader = Reader::new(key, Arc::clone(&env), Rc::clone(&runner));
        Self {
            key,
            env,
            runner,
            reader,
            phase: Phase::Loading,
            recent: Recent::default(),
            rates: HashMap::new(),
            quarantined,
            explorer: Rc::default(),
            subscribing: Rc::default(),
            look: None,
        }
    }

    fn loaded(&self) -> Result<&Loaded, Error> {
        match &self.phase {
            Phase::Ready(loaded) => Ok(loaded),
            Phase::Absent => Err(Error::NotInstalled),
            Phase::Failed(error) => Err(Error::Store(error.clone())),
            Phase::Loading | Phase::Retired => Err(Error::Unavailable),
        }
    }

    /// Whether runs may go on.
    fn works(&self, loaded: &Loaded) -> bool {
        self.reads(loaded) && loaded.settings.enable_flows
    }

    /// Whether the workspace may be read.
    fn reads(&self, loaded: &Loaded) -> bool {
        let installation = &loaded.installation;
        installation.status == Status::Active && installation.health == Health::Sound && !self.quarantined
    }

    fn settle(&mut self, loaded: Result<Option<Loaded>, store::Error>, context: &mut Context<Self>) {
        match loaded {
            Ok(Some(loaded)) => {
                // Another installation or token may see another list.
                self.look = None;
                let works = self.works(&loaded);
                if let Some(flow) = loaded.ended {
                    self.runner.forget(flow);
                }
                self.reader.adopt(Arc::clone(&loaded.installation), loaded.settings, self.reads(&loaded));
                self.runner.adopt(&loaded, works);
                self.phase = Phase::Ready(Box::new(loaded));
            }
            Ok(None) => {
                self.runner.close();
                self.reader.close();
                self.phase = Phase::Absent;
            }
            Err(error) => {
                log::error!(addon = self.key.addon.slug(), workspace:% = self.key.workspace; "a workspace cannot be loaded: {error}");
                self.phase = Phase::Failed(error);
                let pause = self.env.clock.sleep(Duration::from_millis(actor::RELOAD_MS));
                let again = |(), workspace: &mut Self, context: &mut Context<Self>| {
                    if matches!(workspace.phase, Phase::Failed(_)) {
                        context.stop();
                    }
                };
                context.spawn(pause.into_actor(self).map(again));
            }
        }
    }
}

async fn load(key: Key, env: &Environment) -> Result<Option<Loaded>, store::Error> {
    let Some(installation) = env.store.installation(key).await? else { return Ok(None) };
    let settings = env.settings(&installation);
    let sources = env.store.sources(key).await?;
    let subscriptions = env.store.subscriptions(key).await?;
    let mut flows = env.store.flows(key).await?;
    let Agreed { forwarding, ended } = forwarding::agree(env, &installation, &mut flows).await?;
    let standings = env.store.standings(key).await?;
    let compiled = flows.iter().filter_map(|flow| match Compiled::compile(flow, key.workspace, &env.catalogue) {
        Ok(compiled) => Some(Arc::new(compiled)),
        Err(faults) => {
            log::warn!(workspace:% = key.workspace, flow:% = flow.id; "a stored flow no longer fits the catalogue: {} faults", faults.len());
            None
        }
    });
    let sources = sources.into_iter().map(|source| (source.name.clone(), Arc::new(source))).collect();
    let flows = compiled.collect();
    Ok(Some(Loaded { settings, flows, sources, subscriptions, standings, forwarding, ended, installation: Arc::new(installation) }))
}

/// A panic in a future that the actor waits for would close its mailbox; here it becomes an error.
async fn caught<T>(work: impl Future<Output = Result<T, store::Error>>) -> Result<T, store::Error> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(store::Error::Unavailable("the work panicked".into())))
}

impl Actor for Workspace {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        store::receipt::open_lane();
        self.env.observer.observe(self.key.addon, Happening::ActorStarted);
        let (key, env) = (self.key, Arc::clone(&self.env));
        let work = async move {
            let since = env.clock.now() - Duration::from_millis(run::DUPLICATE_MS);
            let loaded = load(key, &env).await?;
            let limit = u32::try_from(run::DUPLICATES_REMEMBERED_MAX).unwrap_or(u32::MAX);
            let seen = if loaded.is_some() { env.store.fingerprints(key, since, limit).await? } else { Vec::new() };
            Ok((loaded, seen))
        };
        ctx.wait(caught(work).into_actor(self).map(|outcome, workspace, context| match outcome {
            Ok((loaded, seen)) => {
                seen.into_iter().for_each(|fingerprint| workspace.recent.remember(fingerprint));
                workspace.settle(Ok(loaded), context);
            }
            Err(error) => workspace.settle(Err(error), context),
        }));
    }
}

impl Supervised for Workspace {
    /// After a failed load: `started` follows and reads again; the mailbox is the same.
    fn restarting(&mut self, _: &mut Self::Context) {
        self.phase = Phase::Loading;
    }
}

impl Drop for Workspace {
    /// An actor that dies, of whatever cause, takes its tasks along: its successor finds in the store what they left (I4).
    fn drop(&mut self) {
        self.runner.close();
        self.reader.close();
    }
}
