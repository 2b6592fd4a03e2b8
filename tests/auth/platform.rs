//! What the tests of this binary share: a platform that signs, a verifier that knows its key, and a clock that stands still.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use actors::addon::Addon;
use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use actors::testing::ManualClock;
use bytes::Bytes;
use clockify_addons::auth::{Flaw, KeySource, Keys, Kind, Refusal, Verified, Verifier};
use clockify_addons::sandbox::authority::{Authority, Grant, Urls, Viewer};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub const ADDON: Addon = Addon::UniversalWebhook;
pub const ADDON_KEY: &str = "universal-webhook-api";

/// Each add-on has a key of its own: a verifier tells them by it.
pub fn key_of(addon: Addon) -> String {
    if addon == ADDON { ADDON_KEY.to_owned() } else { format!("key-of-{addon}") }
}
pub const KINDS: [Kind; 4] = [Kind::Installation, Kind::User, Kind::Webhook, Kind::Lifecycle];
pub const PATH: &str = "/webhooks/clockify/new-time-entry";

pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T16:32:34Z").unwrap()
}

/// A platform, and the verifier of a service that trusts it.
pub struct Platform {
    pub authority: Authority,
    pub clock: ManualClock,
    pub verifier: Verifier,
}

impl Platform {
    /// With the platform's key pinned.
    pub fn pinned() -> Self {
        let authority = Authority::generate().unwrap();
        let keys = Keys::pem(&authority.public_pem().unwrap()).unwrap();
        Self::with_keys(authority, |_| keys)
    }

    /// With a key set from `source`.
    pub fn fetched(source: &ScriptedSource) -> Self {
        Self::with_keys(Authority::generate().unwrap(), |clock| Keys::jwks(Arc::new(source.clone()), Arc::new(clock)))
    }

    fn with_keys(authority: Authority, keys: impl FnOnce(ManualClock) -> Keys) -> Self {
        let clock = ManualClock::new(now());
        let verifier = Verifier::new(keys(clock.clone()), Arc::new(clock.clone()), key_of);
        Self { authority, clock, verifier }
    }

    pub async fn verify(&self, kind: Kind, token: &str) -> Result<Arc<Verified>, Refusal> {
        self.verifier.verify(ADDON, kind, token).await
    }

    /// How a token fares as each kind.
    pub async fn outcomes(&self, token: &str) -> [Result<(), Refusal>; 4] {
        let mut outcomes = [Ok(()); 4];
        for (outcome, kind) in outcomes.iter_mut().zip(KINDS) {
            *outcome = self.verify(kind, token).await.map(|_| ());
        }
        outcomes
    }

    /// A good token of a kind.
    pub fn token(&self, kind: Kind) -> String {
        self.authority.sign(&claims(kind))
    }
}

/// As every kind the token fares the same: it proves nothing.
pub async fn refused(platform: &Platform, token: &str, flaw: Flaw, what: &str) {
    assert_eq!(platform.outcomes(token).await, [Err(Refusal::Invalid(flaw)); 4], "{what}");
}

pub fn grant() -> Grant {
    Grant {
        addon_key: ADDON_KEY.into(),
        workspace: WorkspaceId::parse("5b641568b07987035750505e").unwrap(),
        addon_id: AddonId::parse("64b641568b0798703575050a").unwrap(),
    }
}

/// The claims of a good token of a kind.
pub fn claims(kind: Kind) -> Value {
    let urls = Urls::below("https://developer.clockify.me");
    match kind {
        Kind::Installation => grant().installation_claims("5b641568b0798703575050aa", &urls, now()),
        Kind::User => grant().user_claims(&Viewer::with_role("5b641568b0798703575050aa", "OWNER"), &urls, now()),
        Kind::Webhook => grant().webhook_claims(PATH),
        Kind::Lifecycle => grant().lifecycle_claims(now()),
    }
}

/// `claims` with some members set, and those that are set to the text `absent` removed.
pub fn changed(kind: Kind, changes: Value) -> Value {
    let mut claims = claims(kind);
    for (name, value) in changes.as_object().unwrap() {
        if value == "absent" {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// A place to fetch key sets from that follows a script and counts. Clones are the same place.
#[derive(Clone, Default)]
pub struct ScriptedSource {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    fetches: Arc<AtomicUsize>,
}

#[derive(Clone)]
pub enum Answer {
    Document(Bytes),
    Down,
    Hangs,
    /// Answers with the document once the gate is opened.
    Gated(Shared<oneshot::Receiver<()>>, Bytes),
}

impl ScriptedSource {
    /// Gives `answers` in turn, the last one for ever.
    pub fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let source = Self::default();
        source.says(answers);
        source
    }

    /// Another script from now on.
    pub fn says(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.answers.lock().unwrap() = answers.into_iter().collect();
    }

    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl KeySource for ScriptedSource {
    fn fetch(&self) -> BoxFuture<'static, Result<Bytes, String>> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async {
            match answer.unwrap() {
                Answer::Document(document) => Ok(document),
                Answer::Down => Err("down".into()),
                Answer::Hangs => futures_util::future::pending().await,
                Answer::Gated(gate, document) => {
                    gate.await.unwrap();
                    Ok(document)
                }
            }
        })
    }
}

/// A key set with the keys of these authorities.
pub fn key_set(authorities: &[&Authority]) -> Answer {
    let keys: Vec<Value> = authorities.iter().map(|authority| authority.jwk().unwrap()).collect();
    document(json!({ "keys": keys }))
}

pub fn document(document: Value) -> Answer {
    Answer::Document(document.to_string().into())
}

/// An answer that waits until the sender is used.
pub fn gated(answer: Answer) -> (oneshot::Sender<()>, Answer) {
    let (open, gate) = oneshot::channel();
    let Answer::Document(document) = answer else { panic!("only a document can be gated") };
    (open, Answer::Gated(gate.shared(), document))
}
