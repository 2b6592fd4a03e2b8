//! Brings the platform's key set to `auth`: a task on one arbiter owns a client, anybody on any thread may ask it.
//!
//! Only the configured address is ever fetched, through the guard (I8), without a redirect, bounded in time and size (I5). How often is
//! `auth`'s to decide; one question waits while another is answered, more are turned away.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::ArbiterHandle;
use actors::limits::token::{KEY_SET_BYTES_MAX, KEY_SET_FETCH_SECONDS_MAX};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::address::globally_reachable;
use super::client::Client;
use super::fetch;
use super::guard::{Denied, Guard};
use crate::auth::KeySource;

type Answer = Result<Bytes, String>;

/// The key set at a configured address.
pub struct KeySet {
    questions: mpsc::Sender<oneshot::Sender<Answer>>,
}

impl KeySet {
    /// Starts the task that fetches `url` on an arbiter. Plain http is for destinations that the operator exempted: API bases and addresses of
    /// networks that are not public.
    ///
    /// # Errors
    ///
    /// The guard does not allow the address, or it is http where anybody could answer.
    pub fn at(url: &str, guard: Arc<Guard>, arbiter: &ArbiterHandle) -> Result<Self, Denied> {
        let url = guard.admits_url(url)?;
        if url.scheme() != "https" && !is_exempt(&guard, &url) {
            return Err(Denied::IN_THE_CLEAR);
        }
        let (questions, asked) = mpsc::channel(1);
        // A stopped arbiter drops the task and with it the channel, which every later question then sees.
        arbiter.spawn_fn(move || drop(actix_rt::spawn(answer(asked, url, guard))));
        Ok(Self { questions })
    }
}

fn is_exempt(guard: &Guard, url: &Url) -> bool {
    guard.is_api_base(url) || guard.admits(url).is_ok_and(|to| to.literal().is_some_and(|ip| !globally_reachable(ip)))
}

async fn answer(mut asked: mpsc::Receiver<oneshot::Sender<Answer>>, url: Url, guard: Arc<Guard>) {
    let client = match Client::new(Arc::clone(&guard)) {
        Ok(client) => client,
        Err(error) => return log::error!(error:%; "outbound: no client for the key set"),
    };
    let limit = Duration::from_secs(KEY_SET_FETCH_SECONDS_MAX);
    while let Some(waiting) = asked.recv().await {
        let answer = fetch::get(&client, &guard, url.as_str(), KEY_SET_BYTES_MAX, limit).await;
        // Who has stopped waiting needs no answer.
        let _ = waiting.send(answer.map_err(|error| error.to_string()));
    }
}

impl KeySource for KeySet {
    fn fetch(&self) -> BoxFuture<'static, Answer> {
        let (answer, waiting) = oneshot::channel();
        let asked = self.questions.try_send(answer);
        Box::pin(async move {
            asked.map_err(|_| "the fetching task is busy or has ended")?;
            waiting.await.map_err(|_| "the fetching task has ended")?
        })
    }
}
