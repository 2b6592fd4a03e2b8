//! The platform's key set as a document that `outbound` fetches for a verifier on whatever thread.

use std::sync::Arc;
use std::time::Duration;

use actors::limits::token as limits;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use url::Url;

use crate::auth::KeySource;
use crate::outbound::document::{Bounds, Document};
use crate::outbound::guard::Guard;

/// A key set at a URL of the operator's.
pub(super) struct FetchedKeys(Document);

impl FetchedKeys {
    /// Fetches on the calling thread, which must be inside an actix system and live as long as keys are wanted.
    pub(super) fn start(guard: Arc<Guard>, url: Url) -> Result<Self, rustls::Error> {
        let bounds = Bounds {
            bytes_max: limits::KEY_SET_BYTES_MAX,
            timeout: Duration::from_secs(limits::KEY_SET_FETCH_SECONDS_MAX),
            waiting_max: limits::KEY_SET_FETCHES_WAITING_MAX,
        };
        Document::at(url, guard, bounds).map(Self)
    }
}

impl KeySource for FetchedKeys {
    fn fetch(&self) -> BoxFuture<'static, Result<Bytes, String>> {
        self.0.fetch()
    }
}
