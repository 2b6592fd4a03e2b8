//! A public document at an address of the operator's, for threads that have no HTTP client: an awc client is bound to the thread that made it.
//!
//! Only the configured address is ever fetched, through the guard (I8), without a redirect, bounded in time and size (I5). How often is the
//! asker's to decide; a few questions wait while one is answered, more are turned away.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use super::address::globally_reachable;
use super::client::Client;
use super::fetch;
use super::guard::{Denied, Guard};

type Answer = Result<Bytes, String>;

/// How much of everything one document may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Its size in bytes.
    pub bytes_max: usize,
    /// Time for one fetch.
    pub timeout: Duration,
    /// Questions that wait while one is answered.
    pub waiting_max: usize,
}

/// A document that decides something, such as whom to trust.
pub struct Document {
    questions: mpsc::Sender<oneshot::Sender<Answer>>,
}

impl Document {
    /// Fetches `url` on the calling thread, which must be inside an actix system and live as long as the document is wanted. Plain http is for
    /// destinations that the operator exempted: API bases, and addresses of networks that are not public.
    ///
    /// # Errors
    ///
    /// TLS cannot be set up.
    pub fn at(url: Url, guard: Arc<Guard>, bounds: Bounds) -> Result<Self, rustls::Error> {
        let client = Client::new(Arc::clone(&guard))?;
        let (questions, mut asked) = mpsc::channel::<oneshot::Sender<Answer>>(bounds.waiting_max);
        actix_rt::spawn(async move {
            while let Some(waiting) = asked.recv().await {
                let answer = match comes_safely(&guard, &url) {
                    Ok(()) => {
                        fetch::get(&client, &guard, url.as_str(), bounds.bytes_max, bounds.timeout).await.map_err(|error| error.to_string())
                    }
                    Err(denied) => Err(denied.reason().to_owned()),
                };
                // Who has stopped waiting needs no answer.
                let _ = waiting.send(answer);
            }
        });
        Ok(Self { questions })
    }

    /// The document as it is now. The error is in our own words.
    pub fn fetch(&self) -> BoxFuture<'static, Answer> {
        let (answer, waiting) = oneshot::channel();
        let asked = self.questions.try_send(answer);
        Box::pin(async move {
            asked.map_err(|_| "a fetch is under way and another waits, or nobody fetches any more")?;
            waiting.await.map_err(|_| "the fetch was given up")?
        })
    }
}

fn comes_safely(guard: &Guard, url: &Url) -> Result<(), Denied> {
    let inner = || guard.admits(url).is_ok_and(|to| to.literal().is_some_and(|ip| !globally_reachable(ip)));
    if url.scheme() == "https" || guard.is_api_base(url) || inner() { Ok(()) } else { Err(Denied::IN_THE_CLEAR) }
}
