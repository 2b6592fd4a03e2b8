//! What a workspace needs of Clockify's REST API: one call in, one answer or one honest reason out.
//!
//! An implementation checks every address (I8), bounds time and size (I5) and never follows a redirect.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// HTTP methods of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs, reason = "the names are the methods")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// As it stands on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether the call may be made again when its outcome is unknown (I4). Clockify ignores `Idempotency-Key` on POST.
    pub const fn repeatable(self) -> bool {
        matches!(self, Self::Get | Self::Put | Self::Delete)
    }
}

/// Which of an installation's base URLs a path belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// `backendUrl`: nearly everything.
    Backend,
    /// `reportsUrl`.
    Reports,
    /// `ptoUrl`: deprecated time-off paths.
    Pto,
}

/// The base URLs that the installation token's claims name. They end without a slash and without `/v1`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApiUrls {
    /// For example `https://api.clockify.me/api`.
    pub backend: String,
    /// For example `https://reports.api.clockify.me`.
    pub reports: Option<String>,
    /// For example `https://pto.api.clockify.me`.
    pub pto: Option<String>,
}

/// A call that has been rendered and checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiRequest {
    /// HTTP method.
    pub method: Method,
    /// Which base URL.
    pub host: Host,
    /// Absolute path below the base, each parameter already one percent-encoded segment: `/v1/workspaces/…/tags`.
    pub path: String,
    /// Query pairs, not yet encoded.
    pub query: Vec<(String, String)>,
    /// The body.
    pub body: Option<Bytes>,
    /// What the body is. `None`: JSON.
    pub content_type: Option<String>,
    /// The largest answer wanted, in bytes after decompression.
    pub response_bytes_max: usize,
    /// For the whole exchange: name look-up, connect, send, head and body. Where the body is taken piece by piece ([`Clockify::open`]): for all
    /// that comes before it, and again for each piece.
    pub timeout: Duration,
}

/// An answer, whatever its status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiResponse {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, from seconds or an HTTP date, not clamped.
    pub retry_after: Option<Duration>,
    /// `Last-Page`, which 18 list operations send.
    pub last_page: Option<bool>,
    /// `Content-Type`, without parameters, lower case.
    pub content_type: Option<String>,
    /// Other header fields that say something about the answer; names in lower case, none of them a secret's.
    pub headers: Vec<(String, String)>,
    /// The body, at most `response_bytes_max`.
    pub body: Bytes,
}

/// What an answer says before its body, whatever its status. The fields are those of [`ApiResponse`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`.
    pub retry_after: Option<Duration>,
    /// `Last-Page`.
    pub last_page: Option<bool>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Other header fields.
    pub headers: Vec<(String, String)>,
}

impl Head {
    /// The whole answer.
    pub fn with(self, body: Bytes) -> ApiResponse {
        let Self { status, retry_after, last_page, content_type, headers } = self;
        ApiResponse { status, retry_after, last_page, content_type, headers, body }
    }
}

/// An answer whose body is still to come.
pub struct Opened {
    /// What is known already.
    pub head: Head,
    /// The body. Dropping it ends the exchange.
    pub pieces: Box<dyn Pieces>,
}

/// A body that is taken piece by piece. Nothing is read ahead: who does not ask makes the platform wait.
#[async_trait(?Send)]
pub trait Pieces {
    /// The next piece, decompressed: never empty, at most [`PIECE_BYTES_MAX`](crate::limits::outbound::PIECE_BYTES_MAX) bytes. `None`: there is no more, and what came
    /// is the whole body.
    ///
    /// # Errors
    ///
    /// What came is not the whole body, and no more will come: it broke off, kept silent for too long, or is larger than wanted.
    async fn next(&mut self) -> Result<Option<Bytes>, CallError>;
}

/// Why there is no answer. The variants are what the caller can do about it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallError {
    /// The connection was not made, so nothing was done: any method may try again.
    #[error("not reached: {0}")]
    NotReached(String),
    /// Something may have been sent and no complete answer came: the outcome is unknown.
    #[error("answer lost: {0}")]
    Lost(String),
    /// Answered, with this status, but larger than wanted. What the status says was done is done.
    #[error("answer of status {status} is larger than {bytes_max} bytes")]
    TooLarge {
        /// HTTP status of the answer.
        status: u16,
        /// The bound that it broke.
        bytes_max: usize,
    },
    /// The guard forbids the destination; trying again is of no use.
    #[error("destination not allowed")]
    NotAllowed,
    /// The request could not be built (an illegal URL or header).
    #[error("request cannot be built: {0}")]
    Malformed(String),
}

/// Calls Clockify with an installation's token. One for each arbiter: the HTTP client behind it is bound to its thread.
#[async_trait(?Send)]
pub trait Clockify {
    /// Makes one call, without trying again.
    async fn call(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<ApiResponse, CallError>;

    /// Makes one call, without trying again, and gives its answer as soon as the head is there. How long the pieces may take together is for whoever
    /// takes them to bound.
    async fn open(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<Opened, CallError>;
}
