//! Fetches the platform's key set for threads that have no HTTP client: an awc client is bound to the thread that made it.

use std::sync::Arc;
use std::time::Duration;

use actors::limits::token as limits;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};
use url::Url;

use crate::auth::KeySource;
use crate::outbound::client::Client;
use crate::outbound::fetch;
use crate::outbound::guard::Guard;

type Answer = oneshot::Sender<Result<Bytes, String>>;

/// A key set at a URL of the operator's.
pub(super) struct FetchedKeys {
    questions: mpsc::Sender<Answer>,
}

impl FetchedKeys {
    /// Fetches on the calling thread, which must be inside an actix system and live as long as keys are wanted.
    pub(super) fn start(guard: Arc<Guard>, url: Url) -> Result<Self, rustls::Error> {
        let client = Client::new(Arc::clone(&guard))?;
        let (questions, mut asked) = mpsc::channel::<Answer>(limits::KEY_SET_FETCHES_WAITING_MAX);
        actix_rt::spawn(async move {
            let limit = Duration::from_secs(limits::KEY_SET_FETCH_SECONDS_MAX);
            while let Some(answer) = asked.recv().await {
                let document = fetch::get(&client, &guard, url.as_str(), limits::KEY_SET_BYTES_MAX, limit).await;
                let _ = answer.send(document.map_err(|error| error.to_string()));
            }
        });
        Ok(Self { questions })
    }
}

impl KeySource for FetchedKeys {
    fn fetch(&self) -> BoxFuture<'static, Result<Bytes, String>> {
        let questions = self.questions.clone();
        Box::pin(async move {
            let (answer, document) = oneshot::channel();
            questions.try_send(answer).map_err(|_| "nobody fetches keys now".to_owned())?;
            document.await.unwrap_or_else(|_| Err("the fetch was given up".into()))
        })
    }
}
