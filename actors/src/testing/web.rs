//! Other servers that follow a script: [`ScriptedClockify`]'s, with whole addresses in the place of paths.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::ScriptedClockify;
use crate::clock::Clock;
use crate::ids::Key;
use crate::port::clockify::{ApiRequest, ApiUrls, CallError, Clockify, Host};
use crate::port::web::{Destinations, Web, WebRequest, WebResponse};
use crate::secret::Secret;

/// The stand-in. Clones share the script.
#[derive(Clone)]
pub struct ScriptedWeb {
    /// What is answered, by method and address; what it says about calls counts here too.
    pub script: ScriptedClockify,
    requests: Arc<Mutex<Vec<(Key, WebRequest)>>>,
}

impl ScriptedWeb {
    /// An empty script.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { script: ScriptedClockify::new(clock), requests: Arc::default() }
    }

    /// Every request so far, in order, and who made it.
    pub fn requests(&self) -> Vec<(Key, WebRequest)> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait(?Send)]
impl Web for ScriptedWeb {
    async fn call(&self, from: Key, request: WebRequest) -> Result<WebResponse, CallError> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push((from, request.clone()));
        let nowhere = ApiUrls { backend: String::new(), reports: None, pto: None };
        let asked = ApiRequest {
            method: request.method,
            host: Host::Backend,
            path: request.url,
            query: Vec::new(),
            content_type: None,
            body: request.body,
            response_bytes_max: request.response_bytes_max,
            timeout: request.timeout,
        };
        let answer = self.script.call(&nowhere, &Secret::new(""), asked).await?;
        let headers = answer.content_type.into_iter().map(|media| ("content-type".to_owned(), media)).collect();
        Ok(WebResponse { status: answer.status, retry_after: answer.retry_after, headers, body: answer.body })
    }
}

/// Every destination may be named, but those whose host begins with `denied`.
#[derive(Clone, Copy, Debug)]
pub struct NamedAnywhere;

impl Destinations for NamedAnywhere {
    fn admits(&self, url: &str) -> bool {
        !url.contains("://denied")
    }
}
