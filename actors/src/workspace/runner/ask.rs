//! A call that no run makes and somebody waits for: within the installation's one budget, ahead of its runs, and not for long.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use super::Runner;
use super::turn::Turn;
use crate::budget::Priority;
use crate::flow::machine::Sign;
use crate::installation::Installation;
use crate::limits::run as limits;
use crate::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError};
use crate::port::observer::Happening;
use crate::secret::Secret;

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unasked {
    /// The budget has no room for this long, or the platform asked for a pause.
    NoRoom(Duration),
    /// As the client says.
    Failed(CallError),
}

impl Runner {
    /// Makes one call, without trying again.
    ///
    /// # Errors
    ///
    /// See [`Unasked`].
    pub async fn ask(&self, installation: &Installation, request: ApiRequest) -> Result<ApiResponse, Unasked> {
        match self.ask_with(&installation.urls, &installation.token, request).await {
            Ok(answer) if answer.status == 429 => Err(Unasked::NoRoom(answer.retry_after.unwrap_or(Duration::from_secs(1)))),
            outcome => outcome,
        }
    }

    /// Makes one call with any token, without trying again. A 429 is an answer like any other, and the budget heeds it.
    ///
    /// # Errors
    ///
    /// See [`Unasked`].
    pub async fn ask_with(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<ApiResponse, Unasked> {
        let turn = self.take_room().await.map_err(Unasked::NoRoom)?;
        let began = self.env.clock.now();
        let calling = AssertUnwindSafe(self.clients.clockify.call(urls, token, request));
        let panicked = |_| Err(CallError::Lost("the call panicked".into()));
        let outcome = calling.catch_unwind().await.unwrap_or_else(panicked);
        let status = outcome.as_ref().map_or(0, |answer| answer.status);
        if status > 0 {
            turn.answered();
        }
        self.env.observer.observe(self.key.addon, Happening::Call(status, self.env.clock.now().since(began)));
        if let Some(answer) = outcome.as_ref().ok().filter(|answer| answer.status == 429) {
            self.heed(Sign::Slow(answer.retry_after), String::new);
        }
        outcome.map_err(Unasked::Failed)
    }

    async fn take_room(&self) -> Result<Turn, Duration> {
        let mut turn = self.turn(Priority::Explorer);
        let mut left = Duration::from_millis(limits::ROOM_WAIT_MS_MAX);
        while let Err(wait) = self.let_go(&mut turn) {
            left = left.checked_sub(wait).ok_or(wait)?;
            self.env.clock.sleep(wait).await;
        }
        Ok(turn)
    }
}
