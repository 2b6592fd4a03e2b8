//! Proofs of custom senders: whether a message was signed with one of the live secrets of its source, over its raw bytes.
//!
//! Knows header texts and nothing else of HTTP. The work is the same whatever is wrong, and also where there is no such source, so that time tells
//! nothing about which sources there are; comparisons take constant time (I7). No scheme falls back to another or to none.

mod scheme;
mod secret;

use std::sync::{Arc, LazyLock};

use actors::clock::Timestamp;
use actors::source::{CustomSource, Scheme};
use aws_lc_rs::hmac;

use self::scheme::Sent;
pub use self::scheme::{DEFAULT_HMAC_HEADER, signature_header};
pub use self::secret::{NoRandomness, fresh};

/// Secrets that are tried on every message, live or not: as many as can be live at a time.
const SLOTS: usize = 2;

/// What a message proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved {
    /// The sender's id of the message, where its scheme has one.
    pub message: Option<Arc<str>>,
}

/// The message proves nothing. Why is for nobody who sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unproved {
    /// The workspace has no such source.
    #[error("there is no such source")]
    NoSource,
    /// A header that the scheme needs is missing, there twice, or not what it should be.
    #[error("a header of the scheme is missing or malformed")]
    Headers,
    /// Too old, or from the future.
    #[error("the time of the message is not now")]
    Time,
    /// Signed with something else, or changed on the way.
    #[error("the signature does not fit")]
    Signature,
}

/// A secret that nobody knows, for the places where there is none to try.
static NOBODYS: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut secret = [0; 32];
    // Without randomness it is a known text, and still proves nothing: a slot without a live secret never counts.
    let _ = aws_lc_rs::rand::fill(&mut secret);
    secret
});

/// Tries a message against the live secrets of its source. `header` gives the one value of a header by its lower-case name; nothing for a header that
/// is missing, there twice or no text.
///
/// # Errors
///
/// See [`Unproved`]; all of them are to be answered alike.
pub fn prove<'h>(
    source: Option<&CustomSource>,
    header: impl Fn(&str) -> Option<&'h str>,
    body: &[u8],
    now: Timestamp,
) -> Result<Proved, Unproved> {
    let scheme = source.map_or(Scheme::Standard, |source| source.scheme);
    let sent = Sent::read(scheme, source.and_then(|source| source.signature_header.as_deref()), header, now);
    let mut secrets = source.into_iter().flat_map(|source| source.live(now));
    let mut fits = false;
    for _ in 0..SLOTS {
        let live = secrets.next().and_then(|secret| secret::key(scheme, secret));
        let key = hmac::Key::new(hmac::HMAC_SHA256, live.as_deref().map_or(NOBODYS.as_slice(), Vec::as_slice));
        let tag = sent.tag(&key, body);
        let same = match scheme {
            Scheme::Bearer => sent.is_secret(live.as_deref().map_or(NOBODYS.as_slice(), Vec::as_slice), NOBODYS.as_slice()),
            Scheme::Standard | Scheme::Github | Scheme::Hmac => sent.has(tag.as_ref()),
        };
        fits |= same & live.is_some();
    }
    match () {
        () if source.is_none() => Err(Unproved::NoSource),
        () if !sent.well_formed => Err(Unproved::Headers),
        () if !fits => Err(Unproved::Signature),
        () if !sent.timely => Err(Unproved::Time),
        () => Ok(Proved { message: sent.message.map(Arc::from) }),
    }
}

#[cfg(test)]
mod tests;
