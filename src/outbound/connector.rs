//! Makes connections for awc, and only to checked addresses (I8).
//!
//! A resolver alone is not enough: awc's default connector never asks it about literal addresses. So this service stands in front of the
//! TCP connector, judges literals and *every* resolved address, pins the checked ones (nothing is looked up a second time, which ends
//! DNS rebinding) and looks at the peer once more when connected. SNI and certificate checks still use the URI's name.
//! Proxies from the environment are not consulted; awc has no code for them.

use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_service::Service;
use actix_tls::connect::rustls_0_23::webpki_roots_cert_store;
use actix_tls::connect::tcp::{TcpConnector, TcpConnectorService};
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use actors::limits::outbound::ADDRESSES_PER_NAME_MAX;
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use url::Host;

use super::guard::{Denied, Destination, Guard};
use super::socket::Socket;

/// Where addresses of names come from.
pub trait Resolve {
    /// All addresses of `host`, with `port`.
    fn lookup<'a>(&'a self, host: &'a str, port: u16) -> LocalBoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver (`getaddrinfo` on a blocking thread).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn lookup<'a>(&'a self, host: &'a str, port: u16) -> LocalBoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

tokio::task_local! {
    /// Set when the exchange that runs in this scope opens a connection, so that it knows a reused one by its absence.
    pub(super) static DIALED: Cell<bool>;
}

/// The service that awc calls for each new connection.
#[derive(Clone)]
pub struct GuardedConnector {
    guard: Arc<Guard>,
    resolver: Rc<dyn Resolve>,
    tcp: TcpConnectorService,
}

impl GuardedConnector {
    /// Connects where `guard` allows, with addresses from `resolver`.
    pub fn new(guard: Arc<Guard>, resolver: Rc<dyn Resolve>) -> Self {
        Self { guard, resolver, tcp: TcpConnector::default().service() }
    }

    /// The addresses that may be connected to, all of them checked.
    async fn addresses(&self, request: &ConnectInfo<Uri>) -> Result<Vec<SocketAddr>, ConnectError> {
        let port = request.port();
        // The same reading of numbers and names as in URLs, should a URI come here by another road than the guard.
        let host = Host::parse(request.hostname()).map_err(|_| refusal())?;
        let destination = self.guard.admits_host(host, port).map_err(refused)?;
        let mut addresses: Vec<SocketAddr> = request.addrs().collect();
        if addresses.is_empty() {
            addresses = match (&destination, destination.literal()) {
                (_, Some(ip)) => vec![SocketAddr::new(ip, port)],
                (Destination::Name(name) | Destination::ApiBase(Host::Domain(name)), None) => self.lookup(name, port).await?,
                (_, None) => return Err(refusal()),
            };
        }
        let exempt = matches!(destination, Destination::ApiBase(_));
        if exempt || addresses.iter().all(|address| self.guard.admits_socket(*address)) { Ok(addresses) } else { Err(refusal()) }
    }

    async fn lookup(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let found = self.resolver.lookup(name, port).await.map_err(|error| ConnectError::Resolver(Box::new(error)))?;
        if found.is_empty() {
            return Err(ConnectError::NoRecords);
        }
        if found.len() > ADDRESSES_PER_NAME_MAX {
            return Err(refusal());
        }
        // The port is ours, and so is the scope: an answer chooses neither.
        Ok(found.into_iter().map(|address| SocketAddr::new(address.ip(), port)).collect())
    }
}

impl Service<ConnectInfo<Uri>> for GuardedConnector {
    type Response = Connection<Uri, Socket>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, ConnectError>>;

    actix_service::always_ready!();

    fn call(&self, request: ConnectInfo<Uri>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            // Absent outside an exchange; then nobody asks.
            let _ = DIALED.try_with(|dialed| dialed.set(true));
            let addresses = this.addresses(&request).await?;
            let connection = this.tcp.call(request.set_addrs(addresses.iter().copied())).await?;
            let peer = connection.io_ref().peer_addr().map_err(ConnectError::Io)?;
            if !addresses.iter().any(|address| address.ip() == peer.ip() && address.port() == peer.port()) {
                return Err(refusal());
            }
            let local = connection.io_ref().local_addr().map_err(ConnectError::Io)?;
            if this.guard.leads_back(local, peer) {
                return Err(refusal());
            }
            connection.io_ref().set_nodelay(true).map_err(ConnectError::Io)?;
            let (stream, connection) = connection.replace_io(());
            Ok(connection.replace_io(Socket::from(stream)).1)
        })
    }
}

// Never `InvalidInput`, on which awc panics.
fn refused(denied: Denied) -> ConnectError {
    ConnectError::Resolver(Box::new(denied))
}

fn refusal() -> ConnectError {
    refused(Denied::ADDRESS)
}

/// Makes aws-lc the process's TLS provider. `main` calls it first; calling it again does nothing.
pub fn install_crypto_provider() {
    // An error only says that a provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// TLS for clients: aws-lc, Mozilla's roots, HTTP/1.1 only (awc's HTTP/2 has open advisories, and pins one connection for all).
pub fn tls_config() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(webpki_roots_cert_store())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
