//! The platform's client, one for each thread that workspaces live on.

use std::rc::Rc;
use std::sync::Arc;

use actors::clock::Clock;
use actors::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError, Clockify};
use actors::secret::Secret;
use actors::workspace::ClockifyFactory;
use async_trait::async_trait;

use crate::outbound::client::Client;
use crate::outbound::clockify::ClockifyClient;
use crate::outbound::guard::Guard;

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

/// Stands where no client could be made: nothing is sent, so every call may be tried again.
struct Unreached;

#[async_trait(?Send)]
impl Clockify for Unreached {
    async fn call(&self, _: &ApiUrls, _: &Secret, _: ApiRequest) -> Result<ApiResponse, CallError> {
        Err(CallError::NotReached("this thread has no client".into()))
    }
}
