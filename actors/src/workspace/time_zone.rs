//! `AskTimeZone`: the time zone of the person who asks, as the platform knows it. A workspace has none of its own.
//!
//! The person's own token travels in the message and is never stored. Nothing depends on the answer: whoever gets none takes UTC.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Context, Handler, Message, ResponseFuture};
use serde::Deserialize;

use super::{Error, Workspace};
use crate::limits::schedule as limits;
use crate::port::clockify::{ApiRequest, Host, Method};
use crate::schedule::is_zone;
use crate::secret::Secret;

/// Asks the platform for the settings of the one whose token this is.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Option<String>, Error>")]
pub struct AskTimeZone(pub Secret);

/// As much of a person as matters here.
#[derive(Deserialize)]
struct Person {
    settings: PersonSettings,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PersonSettings {
    time_zone: String,
}

impl Handler<AskTimeZone> for Workspace {
    type Result = ResponseFuture<Result<Option<String>, Error>>;

    /// Other messages are taken meanwhile.
    fn handle(&mut self, AskTimeZone(token): AskTimeZone, _: &mut Context<Self>) -> Self::Result {
        let installation = self.loaded().map(|loaded| Arc::clone(&loaded.installation));
        let runner = Rc::clone(&self.runner);
        Box::pin(async move {
            let request = ApiRequest {
                method: Method::Get,
                host: Host::Backend,
                path: "/v1/user".to_owned(),
                query: Vec::new(),
                body: None,
                content_type: None,
                response_bytes_max: limits::PERSON_BYTES_MAX,
                timeout: Duration::from_millis(limits::PERSON_MS_MAX),
            };
            let answer = runner.ask_with(&installation?.urls, &token, request).await;
            let person =
                answer.ok().filter(|answer| answer.status == 200).and_then(|answer| serde_json::from_slice::<Person>(&answer.body).ok());
            Ok(person.map(|person| person.settings.time_zone).filter(|zone| is_zone(zone)))
        })
    }
}
