//! A call that nobody waits for: behind runs and people within the installation's one budget, and spread evenly over time.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use super::Runner;
use crate::clock::Timestamp;
use crate::flow::machine::Sign;
use crate::installation::Installation;
use crate::port::clockify::{ApiRequest, ApiResponse, CallError};
use crate::port::observer::Happening;

impl Runner {
    /// Takes room for one call at `calls_per_second`; else says how long to wait before asking again.
    pub fn room_to_read(&self, calls_per_second: u32) -> Result<(), Duration> {
        self.inner.borrow_mut().budget.take_evenly(calls_per_second, self.env.clock.now())
    }

    /// Makes one call for which there was room, without trying again. What a 429 says counts for everybody.
    pub async fn read_page(&self, installation: &Installation, request: ApiRequest) -> Result<ApiResponse, CallError> {
        let began = self.env.clock.now();
        let _under_way = UnderWay::begin(self, began);
        let calling = AssertUnwindSafe(self.clients.clockify.call(&installation.urls, &installation.token, request));
        let panicked = |_| Err(CallError::Lost("the call panicked".into()));
        let outcome = calling.catch_unwind().await.unwrap_or_else(panicked);
        let status = outcome.as_ref().map_or(0, |answer| answer.status);
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

/// A call under way; it ends with its task, whatever ends that.
struct UnderWay<'r>(&'r Runner, Timestamp);

impl<'r> UnderWay<'r> {
    fn begin(runner: &'r Runner, now: Timestamp) -> Self {
        runner.inner.borrow_mut().budget.pace().begun();
        Self(runner, now)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let Self(runner, began) = self;
        runner.inner.borrow_mut().budget.pace().ended(*began, runner.env.clock.now());
    }
}
