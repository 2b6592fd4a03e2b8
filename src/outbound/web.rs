//! Other servers than Clockify's, over the guarded client: addresses that tenants write, and so the guard without the operator's exemptions (I8).
//!
//! It has a client of its own: slow servers hold none of the connections to the platform. Who may call next is for [`places`] to say (I5).
//! Connections are not kept, because the hosts are many and seldom asked again.

mod places;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actors::clock::Clock;
use actors::ids::Key;
use actors::limits::web as limits;
use actors::port::clockify::CallError;
use actors::port::web::{Destinations, KEPT_HEADERS, Web, WebRequest, WebResponse};
use async_trait::async_trait;
use awc::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use self::places::Places;
use super::client::{Answer, Client, Exchange, Reuse};
use super::clockify::{method, retry_after, text};
use super::connector::{Resolve, SystemResolver};
use super::guard::Guard;

/// The port's implementation, for one arbiter.
pub struct WebClient {
    client: Client,
    places: Places,
    clock: Arc<dyn Clock>,
}

impl WebClient {
    /// Calls what `guard` allows, its exemption of API bases aside.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up.
    pub fn new(guard: &Guard, clock: Arc<dyn Clock>) -> Result<Self, rustls::Error> {
        Self::with_resolver(guard, Rc::new(SystemResolver), clock)
    }

    /// The same with its own source of addresses.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up.
    pub fn with_resolver(guard: &Guard, resolver: Rc<dyn Resolve>, clock: Arc<dyn Clock>) -> Result<Self, rustls::Error> {
        let client = Client::with_resolver(Arc::new(guard.without_api_bases()), resolver)?;
        Ok(Self { client, places: Places::default(), clock })
    }

    async fn exchange(&self, from: Key, request: WebRequest) -> Result<WebResponse, CallError> {
        let url = self.client.guard().admits_url(&request.url).map_err(|denied| {
            log::warn!(reason = denied.reason(); "outbound: {denied}");
            CallError::NotAllowed
        })?;
        // The parser may write a host or a path in another way, but no value may have made it another one.
        if url.query().unwrap_or_default().contains('#') || !url.has_host() {
            return Err(CallError::Malformed("the address is not the one that it spells".into()));
        }
        let headers = headers(&request)?;
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        let patience = self.clock.sleep(Duration::from_millis(limits::PLACE_WAIT_MS_MAX));
        let place = self.places.take(from, &host, patience).await;
        let _place = place.ok_or_else(|| CallError::NotReached("too many calls of other servers are under way".into()))?;
        let exchange = Exchange {
            method: method(request.method),
            url,
            headers,
            body: request.body,
            response_bytes_max: request.response_bytes_max,
            timeout: request.timeout,
            repeatable: request.method.repeatable(),
            reuse: Reuse::Once,
        };
        let Answer { status, headers, body } = self.client.exchange(exchange).await?;
        let retry_after = text(&headers, &header::RETRY_AFTER).and_then(|value| retry_after(value, self.clock.now()));
        Ok(WebResponse { status, retry_after, headers: kept(&headers), body })
    }
}

#[async_trait(?Send)]
impl Web for WebClient {
    async fn call(&self, from: Key, request: WebRequest) -> Result<WebResponse, CallError> {
        self.exchange(from, request).await
    }
}

fn headers(request: &WebRequest) -> Result<HeaderMap, CallError> {
    // Without the value, which may be a secret.
    let refuse = || CallError::Malformed("a header field is not one".into());
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refuse())?;
        let mut value = HeaderValue::from_str(value.expose()).map_err(|_| refuse())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let keep = |name: &'static str| {
        let value = text(headers, &HeaderName::from_static(name))?;
        (value.len() <= limits::HEADER_KEPT_BYTES_MAX).then(|| (name.to_owned(), value.to_owned()))
    };
    KEPT_HEADERS.into_iter().filter_map(keep).collect()
}

/// What may be named in a flow: the guard's rules without the operator's exemption of API bases.
pub struct NamedDestinations(Guard);

impl NamedDestinations {
    /// By the rules of `guard`.
    pub fn new(guard: &Guard) -> Self {
        Self(guard.without_api_bases())
    }
}

impl Destinations for NamedDestinations {
    fn admits(&self, url: &str) -> bool {
        self.0.admits_url(url).is_ok()
    }
}
