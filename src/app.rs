//! The composition root: the only file that names every concrete type. One build, used by `main` and by the tests.
//!
//! [`App::build`] binds and waits for nothing; [`App::run`] opens the store, serves and ends when [`Stop`] says so. Between the two the
//! listeners answer 503 (I1). When it stops, it takes no new work first, then lets calls under way end, then closes the store.

mod dangers;
mod key_source;
mod listener;
mod platform;
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
use actors::registry::{Environment, Registry};
use futures_util::future::{Either, join_all, select, select_all};

use self::key_source::FetchedKeys;
use self::listener::Listener;
pub use self::stop::Stop;
use crate::auth::api_hosts::Unreadable as UnreadableHosts;
use crate::auth::keys::KeyError;
use crate::auth::{ApiHosts, Keys, Verifier};
use crate::catalogue;
use crate::config::{AddonConfig, Config, PlatformKey};
use crate::http::audience::{Audience, Told};
use crate::http::readiness::Readiness;
use crate::http::ui::Embedding;
use crate::http::{Service, Services, server};
use crate::manifest::{self, Manifests, Stated, Unusable as UnusableManifest};
use crate::metrics::{Metrics, Watch};
use crate::outbound::guard::{Guard, Policy};
use crate::store::sealing::{self, Keyring};
use crate::store::{self, Database, Lease, Location, OpenError};

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
    #[error(transparent)]
    Catalogue(#[from] catalogue::Error),
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
    #[error("another process has taken over the database while it was out of reach")]
    Overtaken,
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
    services: Services,
    databases: Vec<Database>,
    /// One for each database (I3).
    leases: Vec<Lease>,
    /// One for each database.
    registries: Vec<Arc<Registry>>,
    readiness: Arc<Readiness>,
}

/// A database and the add-ons that are in it, at least one.
struct Kept<'c> {
    location: Location,
    addons: Vec<(Addon, &'c AddonConfig)>,
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
        let waiting = waiting_room::serving(&self.listeners)?;
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

    /// Opens the stores and puts everything together: workspaces and handlers for each database, everything else once.
    async fn open(&self) -> Result<Running, StartError> {
        let config = &self.config;
        dangers::warn_of(config);
        if config.addons.is_empty() {
            return Err(StartError::Nothing);
        }
        let guard = Arc::new(Guard::new(self.policy()));
        let (catalogue, manifests) = (Arc::new(catalogue::load(config.openapi_path.as_deref())?), Arc::new(self.manifests()?));
        dangers::say_what_is_left_out(&manifests, config.addons.keys());
        let metrics = Arc::new(Metrics::new(Arc::clone(&self.clock))?);
        let audience = Arc::new(Audience::default());
        let verifier = Arc::new(self.verifier()?);
        let api_hosts = ApiHosts::new(config.api_domains.iter().map(String::as_str), config.api_bases.iter().map(url::Url::as_str))?;
        let api_hosts = Arc::new(api_hosts);
        let clockify = platform::clients(Arc::clone(&guard), Arc::clone(&self.clock))?;
        let other_servers = platform::other_servers(manifest::flows_reach_other_servers()?, Arc::clone(&guard), Arc::clone(&self.clock));
        let readiness = Arc::new(Readiness::new());
        let mut running = Running {
            services: Services::new(),
            databases: Vec::new(),
            leases: Vec::new(),
            registries: Vec::new(),
            readiness: Arc::clone(&readiness),
        };
        for Kept { location, addons } in self.databases()? {
            let first = addons.first().ok_or(StartError::Nothing)?.1;
            running.leases.push(store::lease(&first.database_url, Arc::clone(&self.clock)).await?);
            let database = self.open_store(first, &location).await?;
            let environment = Environment {
                store: database.store(),
                clock: Arc::clone(&self.clock),
                catalogue: Arc::clone(&catalogue),
                defaults: addons.iter().map(|(addon, of)| (*addon, of.defaults)).collect(),
                scopes: addons.iter().map(|(addon, _)| (*addon, manifests.scopes(*addon))).collect(),
                observer: Arc::new(Told::new(Arc::clone(&metrics), Arc::clone(&audience))),
                clockify: Arc::clone(&clockify),
                other_servers: other_servers.clone(),
            };
            let registry = Arc::new(Registry::new(Arc::new(environment), config.arbiters));
            let service = Arc::new(Service {
                registry: Arc::clone(&registry),
                store: database.store(),
                verifier: Arc::clone(&verifier),
                api_hosts: Arc::clone(&api_hosts),
                catalogue: Arc::clone(&catalogue),
                manifests: Arc::clone(&manifests),
                metrics: Arc::clone(&metrics),
                clock: Arc::clone(&self.clock),
                readiness: Arc::clone(&readiness),
                metrics_token: config.metrics_token.clone(),
                webhook_body_bytes_max: config.webhook_bytes_max,
                audience: Arc::clone(&audience),
                embedding: Embedding::new(&config.embedding_origins),
                call_body_bytes_max: config.call_bytes_max,
                plain_tokens: Default::default(),
                pulse: Default::default(),
            });
            running.services.extend(addons.iter().map(|(addon, _)| (*addon, Arc::clone(&service))));
            running.registries.push(registry);
            running.databases.push(database);
        }
        // Weak, because a registry's observer is the counters themselves.
        let workspaces: Vec<_> = running.registries.iter().map(Arc::downgrade).collect();
        metrics.watch(Watch {
            actors: Box::new(move || workspaces.iter().filter_map(std::sync::Weak::upgrade).map(|registry| registry.len()).sum()),
            ready: Box::new(move || readiness.is_ready()),
        });
        actix_rt::spawn(async move { verifier.keep_keys_fresh().await });
        Ok(running)
    }

    /// The add-ons by database: however its URL is spelled, there is one of each, with one writer.
    fn databases(&self) -> Result<Vec<Kept<'_>>, StartError> {
        let mut databases: Vec<Kept<'_>> = Vec::new();
        for (&addon, of) in &self.config.addons {
            let location = Location::parse(&of.database_url).map_err(OpenError::from)?;
            match databases.iter_mut().find(|known| known.location == location) {
                Some(known) => known.addons.push((addon, of)),
                None => databases.push(Kept { location, addons: vec![(addon, of)] }),
            }
        }
        Ok(databases)
    }

    async fn open_store(&self, addon: &AddonConfig, location: &Location) -> Result<Database, StartError> {
        let config = &self.config;
        let keyring = Keyring::load(config.encryption_key.as_ref(), config.encryption_key_previous.as_ref(), &location.key_file())?;
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

    async fn serve(&self, mut running: Running) -> Result<(), StartError> {
        for registry in &running.registries {
            registry.resume();
            registry.keep_tidy();
        }
        let mut servers = Vec::new();
        let services = Arc::new(running.services.clone());
        for listener in &self.listeners {
            let (socket, clock) = (listener.socket.try_clone()?, Arc::clone(&self.clock));
            let server = server::serving(socket, Arc::clone(&services), listener.addon, self.config.workers, clock)?;
            servers.push(server.handle());
            actix_rt::spawn(server);
        }
        running.readiness.open();
        log::info!(version = env!("CARGO_PKG_VERSION"), workers = self.config.workers, arbiters = self.config.arbiters; "ready");
        let overtaken = {
            let lost = select_all(running.leases.iter_mut().map(|lease| Box::pin(lease.lost())));
            matches!(select(std::pin::pin!(self.stop.asked()), lost).await, Either::Right(_))
        };
        self.shut(running, servers).await;
        if overtaken { Err(StartError::Overtaken) } else { Ok(()) }
    }

    /// Refuses new work, lets the old end, closes. Bounded by the drain, the servers' and the store's own limits (I5).
    async fn shut(&self, running: Running, servers: Vec<ServerHandle>) {
        log::info!("stopping");
        running.readiness.stop();
        // Open streams would hold their connections to the end.
        running.services.values().for_each(|service| service.audience.close());
        // The listeners go on answering meanwhile: who comes now is told to come back, by a 503 and not by a closed door.
        join_all(running.registries.iter().map(|registry| registry.drain(Duration::from_millis(actor::DRAIN_MS_MAX)))).await;
        join_all(servers.iter().map(|server| server.stop(true))).await;
        let limit = self.clock.sleep(Duration::from_millis(store_limits::BUSY_TIMEOUT_MS));
        let closed = join_all(running.databases.into_iter().map(Database::close));
        if let Either::Right(_) = select(std::pin::pin!(closed), limit).await {
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
            defaults: of.defaults.by_id(addon),
        };
        (addon, stated)
    };
    config.addons.iter().map(state).collect()
}
