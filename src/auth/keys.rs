//! The platform's public keys: the one that is built in, configured ones, or a key set that is fetched.
//!
//! A key is chosen by us; a token may only name one of those that are here. Nothing that a token says is ever fetched (I8).

mod jwks;
mod public_key;

use std::path::Path;
use std::sync::Arc;

use actors::clock::Clock;
use actors::limits::token::KEY_SET_BYTES_MAX;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use self::jwks::{Jwks, Lookup};
pub use self::public_key::{KeyError, PublicKey};
use super::token::{Compact, Flaw, Refusal};

/// The key that the platform signs with, in production and in the developer environment (marketplace documentation).
pub const PLATFORM_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAubktufFNO/op+E5WBWL6
/Y9QRZGSGGCsV00FmPRl5A0mSfQu3yq2Yaq47IlN0zgFy9IUG8/JJfwiehsmbrKa
49t/xSkpG1u9w1GUyY0g4eKDUwofHKAt3IPw0St4qsWLK9mO+koUo56CGQOEpTui
5bMfmefVBBfShXTaZOtXPB349FdzSuYlU/5o3L12zVWMutNhiJCKyGfsuu2uXa9+
6uQnZBw1wO3/QEci7i4TbC+ZXqW1rCcbogSMORqHAP6qSAcTFRmrjFAEsOWiUUhZ
rLDg2QJ8VTDghFnUhYklNTJlGgfo80qEWe1NLIwvZj0h3bWRfrqZHsD/Yjh0duk6
yQIDAQAB
-----END PUBLIC KEY-----
";

/// Where a key set comes from. A trait, because an HTTP client cannot leave its thread and a verifier is shared by all.
pub trait KeySource: Send + Sync + 'static {
    /// Fetches the document. The error is in our own words, for the operator's log.
    fn fetch(&self) -> BoxFuture<'static, Result<Bytes, String>>;
}

/// The keys to verify with.
pub struct Keys(Held);

enum Held {
    Pinned(Vec<PublicKey>),
    Fetched(Arc<Jwks>),
}

impl Keys {
    /// The platform's own key.
    ///
    /// # Errors
    ///
    /// Never; a test reads it.
    pub fn platform() -> Result<Self, KeyError> {
        Self::pem(PLATFORM_KEY)
    }

    /// Keys as PEM: `PUBLIC KEY` or `RSA PUBLIC KEY`, several one after another while they are rotated. `\n` in two characters, as environment
    /// files write it, counts as the end of a line.
    ///
    /// # Errors
    ///
    /// No key, another kind of key, one that is too short or too long, or a private one.
    pub fn pem(text: &str) -> Result<Self, KeyError> {
        PublicKey::all_from_pem(text).map(|keys| Self(Held::Pinned(keys)))
    }

    /// What `CLOCKIFY_PUBLIC_KEY` says: PEM, or the path of a file that holds it.
    ///
    /// # Errors
    ///
    /// As [`Self::pem`], or a file that cannot be read.
    pub fn pem_or_file(setting: &str) -> Result<Self, KeyError> {
        if setting.contains("-----BEGIN") {
            return Self::pem(setting);
        }
        let path = Path::new(setting.trim());
        let size = std::fs::metadata(path).map_err(KeyError::Unreadable)?.len();
        if size > KEY_SET_BYTES_MAX as u64 {
            return Err(KeyError::NotPem);
        }
        Self::pem(&std::fs::read_to_string(path).map_err(KeyError::Unreadable)?)
    }

    /// A key set that `source` has. Nothing is fetched before somebody polls [`super::Verifier::keep_keys_fresh`] or needs a key.
    pub fn jwks(source: Arc<dyn KeySource>, clock: Arc<dyn Clock>) -> Self {
        Self(Held::Fetched(Arc::new(Jwks::new(source, clock))))
    }

    /// Whether one of the keys that the token may have been signed with has signed it.
    ///
    /// # Errors
    ///
    /// [`Flaw::Signature`], [`Flaw::UnknownKey`] or [`Refusal::KeysUnavailable`].
    pub async fn check(&self, token: &Compact<'_>) -> Result<(), Refusal> {
        match &self.0 {
            Held::Pinned(keys) if keys.iter().any(|key| key.has_signed(token)) => Ok(()),
            Held::Pinned(_) => Err(Refusal::Invalid(Flaw::Signature)),
            Held::Fetched(jwks) => check_fetched(jwks, token).await,
        }
    }

    /// Changes whenever a key goes or comes; what was verified before does not count any more.
    pub(super) fn epoch(&self) -> u64 {
        match &self.0 {
            Held::Pinned(_) => 0,
            Held::Fetched(jwks) => jwks.epoch(),
        }
    }

    pub(super) async fn keep_fresh(&self) {
        if let Held::Fetched(jwks) = &self.0 {
            jwks.keep_fresh().await;
        }
    }
}

async fn check_fetched(jwks: &Arc<Jwks>, token: &Compact<'_>) -> Result<(), Refusal> {
    if let Lookup::Decided(outcome) = jwks.look_up(token) {
        return outcome;
    }
    jwks.ask_again().await?;
    // The set may have changed by now, by this question or by somebody else's.
    match jwks.look_up(token) {
        Lookup::Decided(outcome) => outcome,
        Lookup::Unknown => Err(Refusal::Invalid(Flaw::UnknownKey)),
    }
}
