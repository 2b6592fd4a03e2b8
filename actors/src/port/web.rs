//! What a workspace needs of other servers: one call in, one answer or one honest reason out.
//!
//! An implementation checks every address (I8), bounds time, size and how many calls are under way, for each host and each workspace (I5), and
//! never follows a redirect. No request can be printed whole, because its headers and its body may hold secrets (I7).

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::clockify::{CallError, Method};
use crate::addon::Addon;
use crate::ids::Key;
use crate::secret::Secret;

/// A call that has been rendered and checked.
#[derive(Clone, PartialEq, Eq)]
pub struct WebRequest {
    /// HTTP method.
    pub method: Method,
    /// The whole address, without a fragment.
    pub url: String,
    /// Header fields: printable ASCII, none of those that frame the message.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Option<Bytes>,
    /// The largest answer wanted, in bytes after decompression.
    pub response_bytes_max: usize,
    /// For the whole exchange, waiting for a place aside.
    pub timeout: Duration,
}

impl fmt::Debug for WebRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("WebRequest").field("method", &self.method).field("headers", &names).finish_non_exhaustive()
    }
}

/// An answer, whatever its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebResponse {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, from seconds or an HTTP date, not clamped.
    pub retry_after: Option<Duration>,
    /// The header fields of [`KEPT_HEADERS`], names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most `response_bytes_max`.
    pub body: Bytes,
}

/// Header fields of an answer that a flow may look at; others, cookies above all, are dropped.
pub const KEPT_HEADERS: [&str; 6] = ["content-type", "date", "etag", "last-modified", "location", "x-request-id"];

/// Calls other servers. One for each arbiter: the HTTP client behind it is bound to its thread.
#[async_trait(?Send)]
pub trait Web {
    /// Makes one call on behalf of a workspace, without trying again. [`CallError::NotReached`] also where too much is under way.
    async fn call(&self, from: Key, request: WebRequest) -> Result<WebResponse, CallError>;
}

/// Which destinations may be named in a flow: what can be known without asking DNS. They are judged again, address by address, when they are called.
pub trait Destinations: Send + Sync {
    /// Whether an address may be named; only its scheme, host and port count.
    fn admits(&self, url: &str) -> bool;
}

/// Makes the client of a thread; it is called once on each arbiter.
pub type WebFactory = Arc<dyn Fn() -> Rc<dyn Web> + Send + Sync>;

/// How flows reach other servers than the platform's.
#[derive(Clone)]
pub struct OtherServers {
    /// The add-ons whose flows may at all; in a workspace the setting `enable_generic_http_actions` has to allow it as well.
    pub addons: BTreeSet<Addon>,
    /// Which destinations may be named.
    pub destinations: Arc<dyn Destinations>,
    /// The client, one for each thread.
    pub client: WebFactory,
}

impl OtherServers {
    /// No flow reaches any other server.
    pub fn none() -> Self {
        Self { addons: BTreeSet::new(), destinations: Arc::new(Nowhere), client: Arc::new(|| Rc::new(Nowhere)) }
    }
}

struct Nowhere;

impl Destinations for Nowhere {
    fn admits(&self, _: &str) -> bool {
        false
    }
}

#[async_trait(?Send)]
impl Web for Nowhere {
    async fn call(&self, _: Key, _: WebRequest) -> Result<WebResponse, CallError> {
        Err(CallError::NotAllowed)
    }
}
