//! The composition root: the only file that names every concrete type. One build, used by `main` and by the tests.
//!
//! [`App::build`] binds and waits for nothing; [`App::run`] opens the store, serves and ends when [`Stop`] says so. Between the two the
//! listeners answer 503 (I1). When it stops, it takes no new work first, then lets calls under way end, then closes the store.

mod key_source;
mod platform;
mod server;
mod waiting_room;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actors::addon::Addon;
use actors::clock::{Clock, SystemClock};
use actors::limits::{actor, http as limits, store as store_limits};
use actors::operation::{Catalogue, Unusable as UnusableCatalogue};
use actors::port::observer::Observer;
use actors::registry::{Environment, Registry};
use futures_util::future::{Either, join, join_all, select};
use tokio::net::TcpSocket;
use tokio::sync::watch;

use self::key_source::FetchedKeys;
use self::server::Listener;
use crate::auth::api_hosts::Unreadable as UnreadableHosts;
use crate::auth::keys::KeyError;
use crate::auth::{ApiHosts, Keys, Verifier};
use crate::config::{AddonConfig, Config, PlatformKey};
use crate::http::Service;
use crate::http::readiness::Readiness;
use crate::manifest::{Manifests, Stated, Unusable as UnusableManifest};
use crate::metrics::{Metrics, Watch};
use crate::outbound::guard::{Guard, Policy};
use crate::store::{self, Database, OpenError};

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

/// Ends a running service, from any thread and as often as one likes.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    fn new() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }

    /// Asks the service to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    async fn asked(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|stopping| *stopping).await;
    }
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
            let (socket, address) = listen(wanted).map_err(|error| StartError::Listen(addon, wanted, error))?;
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
        warn_of_dangers(config);
        let guard = Arc::new(self.guard());
        let (catalogue, manifests) = (Arc::new(Catalogue::read(OPERATIONS)?), Arc::new(self.manifests()?));
        let metrics = Arc::new(Metrics::new(Arc::clone(&self.clock))?);
        let verifier = Arc::new(self.verifier(&guard)?);
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
        let watched = (Arc::clone(&registry), Arc::clone(&readiness));
        metrics.watch(Watch { actors: Box::new(move || watched.0.len()), ready: Box::new(move || watched.1.is_ready()) });
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
        let settings = store::Settings {};
        Ok(store::open(settings).await?)
    }

    /// The guard over everything that leaves (I8). It knows where this service is reached, so that no flow calls it.
    fn guard(&self) -> Guard {
        let config = &self.config;
        let own_hosts = config.addons.values().filter_map(|addon| url::Url::parse(addon.base_url.as_deref()?).ok()?.host_str().map(str::to_owned));
        Guard::new(Policy {
            allow_networks: config.outbound_networks.clone(),
            allow_ports: Vec::new(),
            api_bases: config.api_bases.clone(),
            own_hosts: own_hosts.collect(),
            own_addresses: self.addresses.values().copied().collect(),
        })
    }

    fn manifests(&self) -> Result<Manifests, UnusableManifest> {
        Manifests::render(&stated(&self.config, &self.addresses))
    }

    fn verifier(&self, guard: &Arc<Guard>) -> Result<Verifier, StartError> {
        let keys = match &self.config.platform_key {
            PlatformKey::BuiltIn => Keys::platform()?,
            PlatformKey::Pem(pem) => Keys::pem_or_file(pem)?,
            PlatformKey::Jwks(url) => Keys::jwks(Arc::new(FetchedKeys::start(Arc::clone(guard), url.clone())?), Arc::clone(&self.clock)),
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
        log::info!("ready");
        self.stop.asked().await;
        self.shut(&service, servers, database).await;
        Ok(())
    }

    /// Refuses new work, lets the old end, closes. Bounded by the drain and by the store's own limit (I5).
    async fn shut(&self, service: &Service, servers: Vec<ServerHandle>, database: Database) {
        log::info!("stopping");
        service.readiness.stop();
        let drained = service.registry.drain(Duration::from_millis(actor::DRAIN_MS_MAX));
        let answered = join_all(servers.iter().map(|server| server.stop(true)));
        join(drained, answered).await;
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

/// Binds as actix would, and keeps the socket so that it outlives the servers on it.
fn listen(wanted: SocketAddr) -> io::Result<(std::net::TcpListener, SocketAddr)> {
    let socket = if wanted.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(wanted)?;
    let listener = socket.listen(limits::BACKLOG_MAX)?.into_std()?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// What an operator must not have set by accident.
fn warn_of_dangers(config: &Config) {
    for base in &config.api_bases {
        log::warn!(base:%; "CLOCKIFY_API_BASES: tokens of installations are sent to this address too, whatever the other rules say");
    }
    for network in &config.outbound_networks {
        log::warn!(network:%; "OUTBOUND_ALLOW_CIDRS: outgoing calls reach this network although it is not public");
    }
    for (addon, of) in &config.addons {
        if !of.verify_signatures {
            log::warn!(addon = addon.slug(); "signatures are NOT verified: anybody on this machine can act as the platform");
        }
        match of.base_url.as_deref() {
            None => log::warn!(addon = addon.slug(); "no base URL is set: the manifest names this machine, where the platform does not reach it"),
            Some(url) if !url.starts_with("https://") => log::warn!(addon = addon.slug(), url; "the base URL is not https"),
            Some(_) => {}
        }
    }
    if !config.schema_version.takes_settings() {
        log::warn!(version = config.schema_version.as_str(); "manifests of this version have no settings: the platform takes them from 1.5 on");
    }
}
