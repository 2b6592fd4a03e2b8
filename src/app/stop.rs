//! The handle that ends a running service.

use std::sync::Arc;

use tokio::sync::watch;

/// Ends a running service, from any thread and as often as one likes.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }

    /// Asks the service to end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Waits until somebody asks.
    pub(super) async fn asked(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|stopping| *stopping).await;
    }
}
