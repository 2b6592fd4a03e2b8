//! A Clockify that follows a script and remembers what it was asked.
//!
//! Clones share the script, so that each arbiter can have one. Time passes on the clock that it is given (I6).

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;

use crate::clock::{Clock, Timestamp};
use crate::limits::outbound::PIECE_BYTES_MAX;
use crate::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError, Clockify, Head, Method, Opened, Pieces};
use crate::secret::Secret;

/// What a call is answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scripted {
    /// An answer; larger than wanted, it becomes [`CallError::TooLarge`].
    Answer(ApiResponse),
    /// No answer.
    Fail(CallError),
    /// The call panics.
    Panic,
    /// Nothing until [`ScriptedClockify::release`], then this. The request's time limit does not end it.
    Hang(Box<Self>),
    /// The process dies as it is about to ask: the request does not get out, and nothing comes of it.
    Unsent,
    /// This answer's head and body, and in the place of their end whatever comes of that: an answer ends it well.
    Then(ApiResponse, Box<Self>),
    /// This after a while; [`CallError::Lost`] when the request's time limit comes first.
    Slow(Duration, Box<Self>),
}

impl Scripted {
    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::body(status, body.to_string())
    }

    /// An answer without a body.
    pub fn status(status: u16) -> Self {
        Self::body(status, "")
    }

    /// An answer with these bytes, said to be JSON.
    pub fn body(status: u16, body: impl Into<Bytes>) -> Self {
        let content_type = Some("application/json".to_owned());
        Self::Answer(ApiResponse { status, retry_after: None, last_page: None, content_type, headers: Vec::new(), body: body.into() })
    }

    /// 429, with `Retry-After` if given.
    pub fn too_many(retry_after: Option<Duration>) -> Self {
        Self::Answer(ApiResponse { status: 429, retry_after, last_page: None, content_type: None, headers: Vec::new(), body: Bytes::new() })
    }

    /// 200 with a body of that many bytes.
    pub fn huge(bytes: usize) -> Self {
        Self::body(200, vec![b' '; bytes])
    }

    /// The connection is refused.
    pub fn refused() -> Self {
        Self::Fail(CallError::NotReached("connection refused".into()))
    }

    /// The request was sent and the connection cut.
    pub fn lost() -> Self {
        Self::Fail(CallError::Lost("connection reset".into()))
    }

    /// The same, but what should be its end is `then`.
    pub fn then(self, then: Self) -> Self {
        match self {
            Self::Answer(answer) => Self::Then(answer, Box::new(then)),
            other => other,
        }
    }

    /// The same after a while.
    pub fn after(self, wait: Duration) -> Self {
        Self::Slow(wait, Box::new(self))
    }

    /// The same once it is released.
    pub fn held(self) -> Self {
        Self::Hang(Box::new(self))
    }
}

/// A call that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// When it began.
    pub at: Timestamp,
    /// With which base URLs.
    pub urls: ApiUrls,
    /// With which token.
    pub token: Secret,
    /// What was asked.
    pub request: ApiRequest,
}

type Rule = Box<dyn Fn(&ApiRequest) -> Option<Scripted> + Send>;

#[derive(Default)]
struct Script {
    once: HashMap<(Method, String), VecDeque<Scripted>>,
    always: HashMap<(Method, String), Scripted>,
    rules: Vec<Rule>,
    calls: Vec<Call>,
    in_flight: usize,
    in_flight_peak: usize,
    pieces: usize,
}

/// The stand-in. A call that the script says nothing about is answered 404.
#[derive(Clone)]
pub struct ScriptedClockify {
    clock: Arc<dyn Clock>,
    script: Arc<Mutex<Script>>,
    releases: Arc<watch::Sender<u64>>,
    cut_off: Arc<AtomicBool>,
}

impl ScriptedClockify {
    /// An empty script.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, script: Arc::default(), releases: Arc::new(watch::Sender::new(0)), cut_off: Arc::default() }
    }

    /// Lets no further request out, as of a process that has died, or lets them out again. A rule may say so.
    pub fn cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::SeqCst);
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the next call to `path` (as in [`ApiRequest::path`]); further ones queue behind it.
    pub fn once(&self, method: Method, path: &str, answer: Scripted) -> &Self {
        self.script().once.entry((method, path.to_owned())).or_default().push_back(answer);
        self
    }

    /// Answers every call to `path` that [`Self::once`] has nothing for.
    pub fn always(&self, method: Method, path: &str, answer: Scripted) -> &Self {
        self.script().always.insert((method, path.to_owned()), answer);
        self
    }

    /// Asked for what the paths leave open, the latest rule first.
    pub fn rule(&self, rule: impl Fn(&ApiRequest) -> Option<Scripted> + Send + 'static) -> &Self {
        self.script().rules.push(Box::new(rule));
        self
    }

    /// Lets every call that hangs now go on.
    pub fn release(&self) {
        self.releases.send_modify(|count| *count += 1);
    }

    /// Every call so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.script().calls.clone()
    }

    /// How many calls to `path` there were.
    pub fn count(&self, method: Method, path: &str) -> usize {
        self.script().calls.iter().filter(|call| call.request.method == method && call.request.path == path).count()
    }

    /// How many calls have begun and not ended.
    pub fn in_flight(&self) -> usize {
        self.script().in_flight
    }

    /// The most calls that were under way at once.
    pub fn in_flight_peak(&self) -> usize {
        self.script().in_flight_peak
    }

    /// How many pieces of bodies have been taken.
    pub fn pieces(&self) -> usize {
        self.script().pieces
    }

    fn next(&self, request: &ApiRequest) -> Scripted {
        let mut script = self.script();
        let place = (request.method, request.path.clone());
        if let Some(answer) = script.once.get_mut(&place).and_then(VecDeque::pop_front) {
            return answer;
        }
        if let Some(answer) = script.always.get(&place) {
            return answer.clone();
        }
        script.rules.iter().rev().find_map(|rule| rule(request)).unwrap_or_else(|| Scripted::status(404))
    }
}

/// A call under way.
struct InFlight {
    clockify: ScriptedClockify,
    request: ApiRequest,
    releases: watch::Receiver<u64>,
    left: Duration,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.clockify.script().in_flight -= 1;
    }
}

impl InFlight {
    /// What becomes of it, and what stands in the place of its end.
    async fn outcome(&mut self, mut answer: Scripted) -> Result<(ApiResponse, Option<Scripted>), CallError> {
        let (given, then) = loop {
            answer = match answer {
                Scripted::Answer(given) => break (given, None),
                Scripted::Then(given, then) => break (given, Some(*then)),
                Scripted::Fail(error) => return Err(error),
                Scripted::Panic => std::panic::resume_unwind(Box::new("the script says panic")),
                Scripted::Unsent => return std::future::pending().await,
                Scripted::Hang(then) => {
                    // The sender lives as long as the stand-in, so this ends by a release alone.
                    let _ = self.releases.changed().await;
                    *then
                }
                Scripted::Slow(wait, then) => {
                    self.clockify.clock.sleep(wait.min(self.left)).await;
                    if wait >= self.left {
                        return Err(CallError::Lost("no answer in time".into()));
                    }
                    self.left -= wait;
                    *then
                }
            };
        };
        let bytes_max = self.request.response_bytes_max;
        if given.body.len() > bytes_max { Err(CallError::TooLarge { status: given.status, bytes_max }) } else { Ok((given, then)) }
    }
}

impl ScriptedClockify {
    /// Notes a call and gives what the script says of it.
    async fn begin(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> (Scripted, InFlight) {
        let releases = self.releases.subscribe();
        let unsent = self.cut_off.load(Ordering::SeqCst);
        let answer = if unsent { Scripted::Unsent } else { self.next(&request) };
        if answer == Scripted::Unsent {
            return std::future::pending().await;
        }
        {
            let call = Call { at: self.clock.now(), urls: urls.clone(), token: token.clone(), request: request.clone() };
            let mut script = self.script();
            script.calls.push(call);
            script.in_flight += 1;
            script.in_flight_peak = script.in_flight_peak.max(script.in_flight);
        }
        (answer, InFlight { clockify: self.clone(), left: request.timeout, request, releases })
    }
}

#[async_trait(?Send)]
impl Clockify for ScriptedClockify {
    async fn call(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<ApiResponse, CallError> {
        let (answer, mut call) = self.begin(urls, token, request).await;
        let (given, then) = call.outcome(answer).await?;
        if let Some(then) = then {
            call.outcome(then).await?;
        }
        Ok(given)
    }

    async fn open(&self, urls: &ApiUrls, token: &Secret, request: ApiRequest) -> Result<Opened, CallError> {
        let (answer, mut call) = self.begin(urls, token, request).await;
        let (ApiResponse { status, retry_after, last_page, content_type, headers, body }, then) = call.outcome(answer).await?;
        let head = Head { status, retry_after, last_page, content_type, headers };
        Ok(Opened { head, pieces: Box::new(Rest { call, body, then }) })
    }
}

/// What is left of an answer.
struct Rest {
    call: InFlight,
    body: Bytes,
    then: Option<Scripted>,
}

#[async_trait(?Send)]
impl Pieces for Rest {
    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        if !self.body.is_empty() {
            self.call.clockify.script().pieces += 1;
            return Ok(Some(self.body.split_to(self.body.len().min(PIECE_BYTES_MAX))));
        }
        if let Some(then) = self.then.take() {
            self.call.outcome(then).await?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::clockify::Host;
    use crate::testing::ManualClock;

    fn get(path: &str) -> ApiRequest {
        ApiRequest {
            method: Method::Get,
            host: Host::Backend,
            path: path.into(),
            query: vec![],
            body: None,
            content_type: None,
            response_bytes_max: 100,
            timeout: Duration::from_secs(30),
        }
    }

    fn urls() -> ApiUrls {
        ApiUrls { backend: "https://api.clockify.me/api".into(), reports: None, pto: None }
    }

    #[tokio::test]
    async fn answers_follow_the_script_and_calls_are_remembered() {
        let clock = ManualClock::new(Timestamp::from_millis(0));
        let clockify = ScriptedClockify::new(Arc::new(clock.clone()));
        clockify.once(Method::Get, "/a", Scripted::status(500)).always(Method::Get, "/a", Scripted::huge(101));
        let token = Secret::new("t");
        assert_eq!(clockify.call(&urls(), &token, get("/a")).await.unwrap().status, 500);
        clock.advance(Duration::from_secs(1));
        assert_eq!(clockify.call(&urls(), &token, get("/a")).await, Err(CallError::TooLarge { status: 200, bytes_max: 100 }));
        assert_eq!(clockify.call(&urls(), &token, get("/b")).await.unwrap().status, 404);
        assert_eq!(clockify.calls().iter().map(|call| call.at.millis()).collect::<Vec<_>>(), [0, 1_000, 1_000]);
    }

    #[tokio::test]
    async fn a_held_call_waits_for_its_release_and_a_slow_one_for_the_clock() {
        let clock = ManualClock::new(Timestamp::from_millis(0));
        let clockify = ScriptedClockify::new(Arc::new(clock.clone()));
        clockify.always(Method::Get, "/held", Scripted::status(200).held());
        clockify.always(Method::Get, "/slow", Scripted::status(200).after(Duration::from_secs(31)));
        let (urls, token) = (urls(), Secret::new("t"));
        let (held, slow, ()) =
            tokio::join!(clockify.call(&urls, &token, get("/held")), clockify.call(&urls, &token, get("/slow")), async {
                clock.settle().await;
                assert_eq!(clockify.in_flight(), 2);
                clockify.release();
                clock.run_for(Duration::from_secs(30)).await;
            });
        assert_eq!(held.unwrap().status, 200);
        assert_eq!(slow, Err(CallError::Lost("no answer in time".into())));
        assert_eq!((clockify.in_flight(), clockify.in_flight_peak()), (0, 2));
    }
}
