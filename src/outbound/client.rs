//! One bounded exchange over HTTP/1.1, and an honest word about what became of it (I4, I5, I8).
//!
//! awc 3.11 has traps that are closed here: its redirects would carry our token along (off), its time limit ends with the head (ours
//! covers all), a connection that closes without an answer is reported as a *connect* error, a body that ends before its
//! `Content-Length` or its last chunk passes as complete, an answer without any length passes as empty, an interim answer passes as final, and its own
//! decompression buffers without bound (not compiled in; see `client/body.rs`). The head is bounded by actix-http: 128 KiB, 96 fields.

mod body;
mod request;

pub use self::body::Body;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::ParseError;
use actors::limits::outbound as limits;
use actors::port::clockify::CallError;
use awc::error::{ConnectError, SendRequestError};
use awc::http::header::{self, HeaderMap, HeaderValue};
use awc::http::{Method, Uri};
use bytes::Bytes;
use url::Url;

use self::request::{Progress, TrackedBody};
use super::connector::{DIALED, GuardedConnector, Resolve, SystemResolver, install_crypto_provider, tls_config};
use super::guard::{Denied, Guard};

const USER_AGENT: &str = concat!("clockify-addons/", env!("CARGO_PKG_VERSION"));

/// Whether the connection may be kept for the next exchange with the same host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reuse {
    /// Kept for a few seconds. For the few hosts of the platform.
    Pooled,
    /// Closed. For hosts that users name: awc never closes the idle socket of a host that is not asked again.
    Once,
}

/// A request, ready to send.
pub struct Exchange {
    /// HTTP method.
    pub method: Method,
    /// Where to; the guard judges it again.
    pub url: Url,
    /// Header fields beside `Host`, `User-Agent`, `Accept-Encoding` and those that frame the body.
    pub headers: HeaderMap,
    /// The body.
    pub body: Option<Bytes>,
    /// The largest answer wanted, in bytes after decompression; at most `limits::outbound::RESPONSE_BYTES_MAX`, or `STREAMED_BYTES_MAX` where it is
    /// not held.
    pub response_bytes_max: usize,
    /// For the whole exchange, or for what comes before a body that is not held; at most `limits::outbound::EXCHANGE_SECONDS_MAX`.
    pub timeout: Duration,
    /// Whether the request may reach the server twice.
    pub repeatable: bool,
    /// What becomes of the connection.
    pub reuse: Reuse,
}

/// A complete answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status, 200 or above.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body, decompressed.
    pub body: Bytes,
}

/// An answer whose body is still to come, whatever its status.
pub struct Opened {
    /// HTTP status, 200 or above.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// The HTTP client of one arbiter; it cannot leave its thread.
pub struct Client {
    guard: Arc<Guard>,
    connector: GuardedConnector,
    tls: Arc<rustls::ClientConfig>,
    http: RefCell<awc::Client>,
}

impl Client {
    /// A client that asks the system's resolver.
    pub fn new(guard: Arc<Guard>) -> Result<Self, rustls::Error> {
        Self::with_resolver(guard, Rc::new(SystemResolver))
    }

    /// A client with its own source of addresses.
    pub fn with_resolver(guard: Arc<Guard>, resolver: Rc<dyn Resolve>) -> Result<Self, rustls::Error> {
        // awc builds a TLS configuration of its own, which ours replaces, and panics if there is no provider.
        install_crypto_provider();
        let connector = GuardedConnector::new(Arc::clone(&guard), resolver);
        let tls = Arc::new(tls_config()?);
        let http = RefCell::new(build(&connector, &tls));
        Ok(Self { guard, connector, tls, http })
    }

    /// The rules that this client applies.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a request and reads the whole answer. Redirects are answers like any other.
    ///
    /// A repeatable request is written a second time if the first time went into a kept connection that closed without a byte of
    /// an answer, as a server may close one at any moment.
    pub async fn exchange(&self, request: Exchange) -> Result<Answer, CallError> {
        let progress = Progress::default();
        let answer = async {
            let Opened { status, headers, body } = self.answer(&request, limits::RESPONSE_BYTES_MAX, &progress).await?;
            Ok(Answer { status, headers, body: body.whole().await? })
        };
        in_time(&request, &progress, answer).await
    }

    /// The same, but the body is left to be read.
    pub async fn open(&self, request: Exchange) -> Result<Opened, CallError> {
        let progress = Progress::default();
        in_time(&request, &progress, self.answer(&request, limits::STREAMED_BYTES_MAX, &progress)).await
    }

    async fn answer(&self, request: &Exchange, bytes_max: usize, progress: &Progress) -> Result<Opened, CallError> {
        self.guard.admits(&request.url).map_err(|denied| self.not_allowed(denied))?;
        let uri = Uri::try_from(request.url.as_str()).map_err(|_| CallError::Malformed("the address is not a valid URI".into()))?;
        if uri.host() != request.url.host_str() {
            return Err(CallError::Malformed("the address reads differently as URL and as URI".into()));
        }
        // Connections may be forgotten meanwhile; this exchange keeps those that it began with.
        let http = self.http.borrow().clone();
        let (mut outcome, dialed) = self.send(&http, &uri, request, progress).await;
        if let Err(error) = &outcome
            && !dialed
            && request.repeatable
            && closed_unanswered(error)
        {
            (outcome, _) = self.send(&http, &uri, request, progress).await;
            // The first try may have been read, so not reaching the server now does not mean that nothing was done.
            if let Err(error) = outcome {
                return Err(match self.classify(error, progress) {
                    CallError::NotReached(why) => CallError::Lost(format!("connection closed without an answer, then {why}")),
                    other => other,
                });
            }
        }
        let response = outcome.map_err(|error| self.classify(error, progress))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if status < 200 {
            // The final answer is still to come.
            self.forget_connections();
            return Err(CallError::Lost("an interim answer where a final one was due".into()));
        }
        let head_only = request.method == Method::HEAD;
        if body::may_follow_unannounced(&response, head_only) {
            self.forget_connections();
        }
        let body = Body::of(response, http, head_only, request.response_bytes_max.min(bytes_max))?;
        Ok(Opened { status, headers, body })
    }

    /// For an answer after which more may come on a connection that awc has put back: no later request may read that as its own answer.
    /// Exchanges that are under way keep their connections.
    fn forget_connections(&self) {
        self.http.replace(build(&self.connector, &self.tls));
    }

    async fn send(
        &self,
        http: &awc::Client,
        uri: &Uri,
        request: &Exchange,
        progress: &Progress,
    ) -> (Result<awc::ClientResponse, SendRequestError>, bool) {
        let mut outgoing = http.request(request.method.clone(), uri.clone());
        for (name, value) in &request.headers {
            outgoing.headers_mut().append(name.clone(), value.clone());
        }
        outgoing.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        outgoing.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if request.reuse == Reuse::Once {
            outgoing = outgoing.force_close();
        }
        let sending = match TrackedBody::of(request, progress) {
            Some(body) => {
                let sending = outgoing.send_body(body);
                progress.arm();
                sending
            }
            None => outgoing.send(),
        };
        DIALED.scope(Cell::new(false), async { (sending.await, DIALED.with(Cell::get)) }).await
    }

    fn classify(&self, error: SendRequestError, progress: &Progress) -> CallError {
        if let SendRequestError::Connect(ConnectError::Resolver(cause)) = &error
            && let Some(denied) = cause.downcast_ref::<Denied>()
        {
            return self.not_allowed(*denied);
        }
        match error {
            SendRequestError::Url(_) | SendRequestError::Http(_) => CallError::Malformed("not a valid HTTP request".into()),
            // Says "connect" but means that an established connection closed before the answer.
            SendRequestError::Connect(ConnectError::Disconnected) => CallError::Lost("connection closed without an answer".into()),
            SendRequestError::Connect(cause) => CallError::NotReached(connect_words(&cause)),
            SendRequestError::Send(_) if progress.nothing_sent() => CallError::NotReached("connection closed at once".into()),
            SendRequestError::Send(cause) => CallError::Lost(format!("while sending: {}", cause.kind())),
            SendRequestError::Response(ParseError::Io(cause)) => CallError::Lost(format!("while waiting for the answer: {}", cause.kind())),
            SendRequestError::Response(ParseError::TooLarge) => CallError::Lost("the head of the answer is too large".into()),
            SendRequestError::Response(_) => CallError::Lost("the answer is not HTTP".into()),
            _ => CallError::Lost("the exchange broke off".into()),
        }
    }

    /// The one place where a refusal is logged; the URL is not, for its query may hold a secret (I7).
    fn not_allowed(&self, denied: Denied) -> CallError {
        log::warn!(reason = denied.reason(); "outbound: {denied}");
        CallError::NotAllowed
    }
}

/// What becomes of an exchange within its time limit.
async fn in_time<T>(request: &Exchange, progress: &Progress, work: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    let limit = request.timeout.min(Duration::from_secs(limits::EXCHANGE_SECONDS_MAX));
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) if progress.nothing_sent() => Err(CallError::NotReached("no connection within the time limit".into())),
        Err(_) => Err(CallError::Lost("no complete answer within the time limit".into())),
    }
}

fn build(connector: &GuardedConnector, tls: &Arc<rustls::ClientConfig>) -> awc::Client {
    let connector = awc::Connector::new()
        .connector(connector.clone())
        .rustls_0_23(Arc::clone(tls))
        .timeout(Duration::from_secs(limits::CONNECT_SECONDS_MAX))
        .handshake_timeout(Duration::from_secs(limits::HANDSHAKE_SECONDS_MAX))
        .limit(limits::CONNECTIONS_MAX)
        .conn_keep_alive(Duration::from_secs(limits::IDLE_SECONDS_MAX))
        .conn_lifetime(Duration::from_secs(limits::LIFETIME_SECONDS_MAX));
    // The time limit is the exchange's own. awc's would count as lost what was never sent.
    awc::Client::builder().connector(connector).no_default_headers().disable_redirects().disable_timeout().finish()
}

/// Whether the connection ended before any byte of an answer.
fn closed_unanswered(error: &SendRequestError) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    match error {
        SendRequestError::Connect(ConnectError::Disconnected) => true,
        SendRequestError::Send(cause) | SendRequestError::Response(ParseError::Io(cause)) => {
            matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
        }
        _ => false,
    }
}

/// Own words for each cause: the texts of the resolver and of TLS quote names that strangers chose.
fn connect_words(error: &ConnectError) -> String {
    match error {
        ConnectError::Resolver(_) => "name look-up failed".into(),
        ConnectError::NoRecords => "the name has no address".into(),
        ConnectError::Timeout => "no connection within the time limit".into(),
        ConnectError::Io(cause) => match cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(_)) => "the server's certificate is not accepted".into(),
            Some(_) => "TLS handshake failed".into(),
            None => format!("connect: {}", cause.kind()),
        },
        _ => "connect failed".into(),
    }
}
