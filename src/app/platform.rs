//! The clients of the platform and of other servers, one of each for each thread that workspaces live on.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use actors::addon::Addon;
use actors::clock::Clock;
use actors::ids::Key;
use actors::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError, Clockify, Opened};
use actors::port::web::{OtherServers, Web, WebRequest, WebResponse};
use actors::secret::Secret;
use actors::workspace::ClockifyFactory;
use async_trait::async_trait;

use crate::outbound::client::Client;
use crate::outbound::clockify::ClockifyClient;
use crate::outbound::guard::Guard;
use crate::outbound::web::{NamedDestinations, WebClient};

/// Makes clients that go through `guard`.
///
/// # Errors
///
/// TLS cannot be set up; it would fail on every thread.
pub(super) fn clients(guard: Arc<Guard>, clock: Arc<dyn Clock>) -> Result<ClockifyFactory, rustls::Error> {
    Client::new(Arc::clone(&guard))?;
    Ok(Arc::new(move || match Client::new(Arc::clone(&guard)) {
        Ok(client) => Rc::new(ClockifyClient::new(Rc::new(client), Arc::clone(&clock))),
        Err(error) => {
            log::error!("the client of this thread cannot be made: {error}");
            Rc::new(Unreached)
        }
    }))
}

/// How flows of `addons` reach other servers, through `guard`.
pub(super) fn other_servers(addons: BTreeSet<Addon>, guard: Arc<Guard>, clock: Arc<dyn Clock>) -> OtherServers {
    let destinations = Arc::new(NamedDestinations::new(&guard));
    let client = move || match WebClient::new(&guard, Arc::clone(&clock)) {
        Ok(client) => Rc::new(client) as Rc<dyn Web>,
        Err(error) => {
            log::error!("the client of this thread for other servers cannot be made: {error}");
            Rc::new(Unreached)
        }
    };
    OtherServers { addons, destinations, client: Arc::new(client) }
}

/// Stands where no client could be made: nothing is sent, so every call may be tried again.
struct Unreached;

#[async_trait(?Send)]
impl Clockify for Unreached {
    async fn call(&self, _: &ApiUrls, _: &Secret, _: ApiRequest) -> Result<ApiResponse, CallError> {
        Err(CallError::NotReached("this thread has no client".into()))
    }

    async fn open(&self, _: &ApiUrls, _: &Secret, _: ApiRequest) -> Result<Opened, CallError> {
        Err(CallError::NotReached("this thread has no client".into()))
    }
}

#[async_trait(?Send)]
impl Web for Unreached {
    async fn call(&self, _: Key, _: WebRequest) -> Result<WebResponse, CallError> {
        Err(CallError::NotReached("this thread has no client".into()))
    }
}
