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
use crate::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError, Opened};
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
        let asking = self.clients.clockify.call(urls, token, request);
        self.in_turn(asking, |answer| (answer.status, answer.retry_after)).await
    }

    /// The same, but the answer's body is left to be taken. To the budget the call is over with its head.
    ///
    /// # Errors
    ///
    /// See [`Unasked`].
    pub async fn open_with(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<Opened, Unasked> {
        let asking = self.clients.clockify.open(urls, token, request);
        self.in_turn(asking, |opened| (opened.head.status, opened.head.retry_after)).await
    }

    /// Asks when there is room, and notes what the head of the answer says: its status, and for how long it asks to wait.
    async fn in_turn<T>(
        &self,
        asking: impl Future<Output = Result<T, CallError>>,
        head: impl Fn(&T) -> (u16, Option<Duration>),
    ) -> Result<T, Unasked> {
        let turn = self.take_room().await.map_err(Unasked::NoRoom)?;
        let began = self.env.clock.now();
        let panicked = |_| Err(CallError::Lost("the call panicked".into()));
        let outcome = AssertUnwindSafe(asking).catch_unwind().await.unwrap_or_else(panicked);
        let (status, retry_after) = outcome.as_ref().map_or((0, None), head);
        if status > 0 {
            turn.answered();
        }
        self.env.observer.observe(self.key.addon, Happening::Call(status, self.env.clock.now().since(began)));
        if status == 429 {
            self.heed(Sign::Slow(retry_after), String::new);
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
