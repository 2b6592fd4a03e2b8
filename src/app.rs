//! The composition root: the only file that names every concrete type. One build, used by `main` and by the tests.
//!
//! [`App::build`] binds and waits for nothing; [`App::run`] opens the store, serves and ends when [`Stop`] says so. Between the two the
//! listeners answer 503 (I1). When it stops, it takes no new work first, then lets calls under way end, then closes the store.

mod dangers;
mod key_source;
mod listener;
mod platform;
mod server;
mod stop;
mod waiting_room;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actors::addon::Addon;
use actors::clock::{Clock, SystemClock};
use actors::limits::{actor, store as store_limits};
use actors::operation::{Catalogue, Unusable as UnusableCatalogue};
use actors::port::observer::Observer;
use actors::registry::{Environment, Registry};
use futures_util::future::{Either, join_all, select};

use self::key_source::FetchedKeys;
use self::listener::Listener;
pub use self::stop::Stop;
use crate::auth::api_hosts::Unreadable as UnreadableHosts;
use crate::auth::keys::KeyError;
use crate::auth::{ApiHosts, Keys, Verifier};
use crate::config::{AddonConfig, Config, PlatformKey};
use crate::http::Service;
use crate::http::readiness::Readiness;
use crate::manifest::{Manifests, Stated, Unusable as UnusableManifest};
use crate::metrics::{Metrics, Watch};
use crate::outbound::guard::{Guard, Policy};
use crate::store::sealing::{self, Keyring};
use crate::store::{self, Database, Location, OpenError};

/// The platform's operations, compiled in.
const OPERATIONS: &[u8] = include_bytes!("../manifests/operations.json");

/// Why the service does not start. The text says what to mend; what lies behind it is its source.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum StartError {
    #[error("{0} cannot listen on {1}")]
    Listen(Addon, SocketAddr, #[source] io::Error),
    #[error("the listeners cannot be served")]
    Serve(#[from] io::Error),
    #[error("the manifests cannot be made")]
    Manifest(#[from] UnusableManifest),
    #[error("the catalogue of operations cannot be read")]
    Catalogue(#[from] UnusableCatalogue),
    #[error("the platform's public key cannot be used")]
    Key(#[from] KeyError),
    #[error("the allowed API hosts cannot be used")]
    ApiHosts(#[from] UnreadableHosts),
    #[error("the counters cannot be registered")]
    Metrics(#[from] prometheus::Error),
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    #[error("the key that seals secrets cannot be used")]
    Sealing(#[from] sealing::KeyError),
    #[error("the store cannot be opened")]
    Store(#[from] OpenError),
    #[error("no add-on is to be served")]
    Nothing,
}

/// A service that is bound and not yet running.
pub struct App {
    config: Config,
    clock: Arc<dyn Clock>,
    listeners: Vec<Listener>,
    addresses: BTreeMap<Addon, SocketAddr>,
    stop: Stop,
}

/// What handlers and workspaces need, ready to be served.
struct Running {
    service: Arc<Service>,
    database: Database,
}

impl App {
    /// Binds the listeners and checks what can be checked without waiting. Must be called inside an actix system.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub fn build(config: Config) -> Result<Self, StartError> {
        let mut listeners = Vec::new();
        let mut addresses = BTreeMap::new();
        for (&addon, AddonConfig { port, .. }) in &config.addons {
            let wanted = SocketAddr::new(config.host, *port);
            let (socket, address) = listener::bind(wanted).map_err(|error| StartError::Listen(addon, wanted, error))?;
            log::info!(addon = addon.slug(), address:%; "listening");
            listeners.push(Listener { addon, socket });
            addresses.insert(addon, address);
        }
        Ok(Self { config, clock: Arc::new(SystemClock::new()), listeners, addresses, stop: Stop::new() })
    }

    /// Where each add-on listens.
    pub fn addresses(&self) -> &BTreeMap<Addon, SocketAddr> {
        &self.addresses
    }

    /// What ends [`Self::run`].
    pub fn handle(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until it is stopped. When it returns, what was acknowledged is durable and the store is closed.
    ///
    /// # Errors
    ///
    /// See [`StartError`]; nothing was acknowledged then.
    pub async fn run(self) -> Result<(), StartError> {
        let waiting = server::waiting(&self.listeners)?;
        let room = waiting.handle();
        actix_rt::spawn(waiting);
        let opened = {
            let stopped = std::pin::pin!(self.stop.asked());
            match select(std::pin::pin!(self.open()), stopped).await {
                Either::Left((running, _)) => Some(running),
                Either::Right(_) => None,
            }
        };
        room.stop(true).await;
        match opened {
            Some(running) => self.serve(running?).await,
            None => Ok(()),
        }
    }

    /// Opens the store and puts everything together.
    async fn open(&self) -> Result<Running, StartError> {
        let config = &self.config;
        dangers::warn_of(config);
        let guard = Arc::new(Guard::new(self.policy()));
        let (catalogue, manifests) = (Arc::new(Catalogue::read(OPERATIONS)?), Arc::new(self.manifests()?));
        let metrics = Arc::new(Metrics::new(Arc::clone(&self.clock))?);
        let verifier = Arc::new(self.verifier()?);
        let api_hosts = ApiHosts::new(config.api_domains.iter().map(String::as_str), config.api_bases.iter().map(url::Url::as_str))?;
        let first = config.addons.values().next().ok_or(StartError::Nothing)?;
        let clockify = platform::clients(Arc::clone(&guard), Arc::clone(&self.clock))?;
        let database = self.open_store(first).await?;
        let environment = Environment {
            store: database.store(),
            clock: Arc::clone(&self.clock),
            catalogue: Arc::clone(&catalogue),
            defaults: first.defaults.settings(),
            observer: Arc::clone(&metrics) as Arc<dyn Observer>,
            clockify,
        };
        let registry = Arc::new(Registry::new(Arc::new(environment), config.arbiters));
        let readiness = Arc::new(Readiness::new());
        // Weak, because the registry's observer is the counters themselves.
        let (workspaces, phase) = (Arc::downgrade(&registry), Arc::clone(&readiness));
        metrics.watch(Watch {
            actors: Box::new(move || workspaces.upgrade().map_or(0, |registry| registry.len())),
            ready: Box::new(move || phase.is_ready()),
        });
        let fresh = Arc::clone(&verifier);
        actix_rt::spawn(async move { fresh.keep_keys_fresh().await });
        let service = Service {
            registry,
            store: database.store(),
            verifier,
            api_hosts: Arc::new(api_hosts),
            catalogue,
            manifests,
            metrics,
            clock: Arc::clone(&self.clock),
            readiness,
            metrics_token: config.metrics_token.clone(),
            webhook_body_bytes_max: config.webhook_bytes_max,
            pulse: Default::default(),
        };
        Ok(Running { service: Arc::new(service), database })
    }

    async fn open_store(&self, addon: &AddonConfig) -> Result<Database, StartError> {
        let config = &self.config;
        let key_file = Location::parse(&addon.database_url).map_err(OpenError::from)?.key_file();
        let keyring = Keyring::load(config.encryption_key.as_ref(), config.encryption_key_previous.as_ref(), &key_file)?;
        let settings = store::Settings { url: addon.database_url.clone(), keyring, clock: Arc::clone(&self.clock) };
        Ok(store::open(settings).await?)
    }

    /// The rules for everything that leaves (I8). They know where this service is reached, so that no flow calls it.
    fn policy(&self) -> Policy {
        let config = &self.config;
        let own_hosts =
            config.addons.values().filter_map(|addon| url::Url::parse(addon.base_url.as_deref()?).ok()?.host_str().map(str::to_owned));
        Policy {
            allow_networks: config.outbound_networks.clone(),
            allow_ports: Vec::new(),
            api_bases: config.api_bases.clone(),
            own_hosts: own_hosts.collect(),
            own_addresses: self.addresses.values().copied().collect(),
        }
    }

    fn manifests(&self) -> Result<Manifests, UnusableManifest> {
        Manifests::render(&stated(&self.config, &self.addresses))
    }

    fn verifier(&self) -> Result<Verifier, StartError> {
        let keys = match &self.config.platform_key {
            PlatformKey::BuiltIn => Keys::platform()?,
            PlatformKey::Pem(pem) => Keys::pem_or_file(pem)?,
            PlatformKey::Jwks(url) => {
                // The operator named this address, private or not; nothing else that fetches may go there.
                let guard = Guard::new(Policy { api_bases: vec![url.clone()], ..self.policy() });
                Keys::jwks(Arc::new(FetchedKeys::start(Arc::new(guard), url.clone())?), Arc::clone(&self.clock))
            }
        };
        let key = |addon: Addon| self.config.addons.get(&addon).map(|addon| addon.key.clone()).unwrap_or_default();
        let verifier = Verifier::new(keys, Arc::clone(&self.clock), key);
        let unsigned = self.config.addons.iter().filter(|(_, addon)| !addon.verify_signatures);
        Ok(unsigned.fold(verifier, |verifier, (addon, _)| verifier.without_signatures(*addon)))
    }

    async fn serve(&self, running: Running) -> Result<(), StartError> {
        let Running { service, database } = running;
        service.registry.resume();
        let served: Vec<Addon> = self.config.addons.keys().copied().collect();
        let mut servers = Vec::new();
        for listener in &self.listeners {
            let server = server::serving(listener, &service, &served, self.config.workers)?;
            servers.push(server.handle());
            actix_rt::spawn(server);
        }
        service.readiness.open();
        log::info!(version = env!("CARGO_PKG_VERSION"), workers = self.config.workers, arbiters = self.config.arbiters; "ready");
        self.stop.asked().await;
        self.shut(&service, servers, database).await;
        Ok(())
    }

    /// Refuses new work, lets the old end, closes. Bounded by the drain, the servers' and the store's own limits (I5).
    async fn shut(&self, service: &Service, servers: Vec<ServerHandle>, database: Database) {
        log::info!("stopping");
        service.readiness.stop();
        // The listeners go on answering meanwhile: who comes now is told to come back, by a 503 and not by a closed door.
        service.registry.drain(Duration::from_millis(actor::DRAIN_MS_MAX)).await;
        join_all(servers.iter().map(|server| server.stop(true))).await;
        let limit = self.clock.sleep(Duration::from_millis(store_limits::BUSY_TIMEOUT_MS));
        if let Either::Right(_) = select(std::pin::pin!(database.close()), limit).await {
            log::warn!("the store did not close in time; what was acknowledged is durable all the same");
        }
        log::info!("stopped");
    }
}

/// What each manifest says of the operator's choices.
pub fn stated(config: &Config, addresses: &BTreeMap<Addon, SocketAddr>) -> BTreeMap<Addon, Stated> {
    let state = |(&addon, of): (&Addon, &AddonConfig)| {
        let port = addresses.get(&addon).map_or(of.port, SocketAddr::port);
        let stated = Stated {
            key: of.key.clone(),
            base_url: of.base_url.clone().unwrap_or_else(|| format!("http://localhost:{port}")),
            schema_version: config.schema_version,
            webhooks_max: config.manifest_webhooks_max,
            defaults: of.defaults.by_id(),
        };
        (addon, stated)
    };
    config.addons.iter().map(state).collect()
}
