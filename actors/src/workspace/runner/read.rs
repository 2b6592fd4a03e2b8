//! A call that nobody waits for: behind runs and people within the installation's one budget, and spread evenly over time.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use super::Runner;
use super::turn::Turn;
use crate::flow::machine::Sign;
use crate::installation::Installation;
use crate::port::clockify::{ApiRequest, ApiResponse, CallError};
use crate::port::observer::Happening;

impl Runner {
    /// Makes one call that has been let go, without trying again. What a 429 says counts for everybody.
    pub async fn read_page(&self, installation: &Installation, request: ApiRequest, turn: Turn) -> Result<ApiResponse, CallError> {
        let began = self.env.clock.now();
        let calling = AssertUnwindSafe(self.clients.clockify.call(&installation.urls, &installation.token, request));
        let panicked = |_| Err(CallError::Lost("the call panicked".into()));
        let outcome = calling.catch_unwind().await.unwrap_or_else(panicked);
        let status = outcome.as_ref().map_or(0, |answer| answer.status);
        if status > 0 {
            turn.answered();
        }
        self.env.observer.observe(self.key.addon, Happening::Call(status, self.env.clock.now().since(began)));
        if let Ok(answer) = &outcome
            && answer.status == 429
        {
            self.heed(Sign::Slow(answer.retry_after), String::new);
        }
        outcome
    }

    /// The platform has refused the installation token for too long.
    pub fn token_is_dead(&self, reason: &str) {
        self.heed(Sign::TokenRefused, || reason.to_owned());
    }
}
