//! The platform's tokens: from text to a verified claim of who calls, cheapest check first (I9).
//!
//! Shape, header and claims are read before a signature is computed, so that rubbish costs little; a token of another kind or add-on is told so
//! only when its signature is good. What was verified is remembered by its SHA-256: a hit costs that hash and one look into a map.

mod claims;
mod compact;
mod kind;
mod object;
mod refusal;
mod remembered;
mod verified;

use std::sync::Arc;
use std::time::Duration;

use actors::addon::Addon;
use actors::clock::{Clock, Timestamp};
use actors::installation::TokenHash;
use actors::limits::token as limits;
use aws_lc_rs::digest::{SHA256, digest};

use self::claims::Claims;
pub use self::compact::Compact;
pub use self::kind::Kind;
use self::kind::Shape;
pub use self::refusal::{Flaw, Refusal};
use self::remembered::Remembered;
pub use self::verified::{UrlClaims, Verified};
use super::keys::Keys;

const LEEWAY: Duration = Duration::from_secs(limits::LEEWAY_SECONDS);

/// Verifies tokens for all add-ons of the process.
pub struct Verifier {
    keys: Keys,
    clock: Arc<dyn Clock>,
    addons: Vec<(Addon, String)>,
    unsigned: Vec<Addon>,
    remembered: Remembered,
}

impl Verifier {
    /// A verifier that demands signatures by `keys`. `addon_key` gives the manifest key of each add-on, which `sub` must equal.
    pub fn new(keys: Keys, clock: Arc<dyn Clock>, addon_key: impl Fn(Addon) -> String) -> Self {
        let addons = Addon::ALL.into_iter().map(|addon| (addon, addon_key(addon))).collect();
        Self { keys, clock, addons, unsigned: Vec::new(), remembered: Remembered::new(limits::REMEMBERED_MAX) }
    }

    /// Leaves the signature of this add-on's tokens unchecked, and checks all the rest. The configuration allows it on loopback only.
    pub fn without_signatures(mut self, addon: Addon) -> Self {
        self.unsigned.push(addon);
        self
    }

    /// Fetches a configured key set at once and then in rounds, for as long as it is polled. Ends at once where there is nothing to fetch.
    pub async fn keep_keys_fresh(&self) {
        self.keys.keep_fresh().await;
    }

    /// Verifies that `token` is a token of this kind for this add-on.
    ///
    /// Webhook and lifecycle tokens are told apart by nothing that the platform documents: a token may pass as either. Who accepts one as a
    /// webhook's compares its hash with the stored ones of the path; who accepts one as a lifecycle call's refuses those.
    ///
    /// # Errors
    ///
    /// See [`Refusal`].
    pub async fn verify(&self, addon: Addon, kind: Kind, token: &str) -> Result<Arc<Verified>, Refusal> {
        if token.len() > limits::TEXT_BYTES_MAX {
            return Err(Refusal::Invalid(Flaw::TooLong));
        }
        let hash = hash(token);
        let now = self.clock.now();
        let known = match self.remembered.recall(&hash, now, self.keys.epoch()) {
            Some(known) => known,
            // Boxed, so that the everyday road does not move the rare one's state about.
            None => Box::pin(self.examine(token, hash, now)).await?,
        };
        admit(known, addon, kind, now)
    }

    async fn examine(&self, token: &str, hash: TokenHash, now: Timestamp) -> Result<(Arc<Verified>, Shape), Refusal> {
        let compact = Compact::parse(token).map_err(Refusal::Invalid)?;
        let claims = Claims::read(compact.payload()).map_err(Refusal::Invalid)?;
        let addon = self.addons.iter().find(|(_, key)| *key == claims.sub).map(|(addon, _)| *addon);
        let addon = addon.ok_or(Refusal::Invalid(Flaw::Subject))?;
        let epoch = self.keys.epoch();
        if !self.unsigned.contains(&addon) {
            self.keys.check(&compact).await?;
        }
        check_times(&claims, now)?;
        log::debug!(addon:%, shape:? = claims.shape, claims = claims.names; "auth: a token is seen for the first time");
        let shape = claims.shape;
        let verified = Arc::new(claims.verified(addon, hash));
        self.remembered.keep(Arc::clone(&verified), shape, now, epoch);
        Ok((verified, shape))
    }
}

/// SHA-256 of a token's text, as the store keeps it of webhook tokens.
pub fn hash(token: &str) -> TokenHash {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, token.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

fn check_times(claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
    if is_over(claims.expires_at, now) {
        return Err(Refusal::Expired);
    }
    let later = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment > now + LEEWAY);
    if later(claims.not_before) || later(claims.issued_at) { Err(Refusal::Invalid(Flaw::NotYetValid)) } else { Ok(()) }
}

fn is_over(expires_at: Option<Timestamp>, now: Timestamp) -> bool {
    expires_at.is_some_and(|expires_at| expires_at + LEEWAY <= now)
}

/// The last word on a token whose signature is good: time, add-on, kind.
fn admit((verified, shape): (Arc<Verified>, Shape), addon: Addon, kind: Kind, now: Timestamp) -> Result<Arc<Verified>, Refusal> {
    if is_over(verified.expires_at, now) {
        return Err(Refusal::Expired);
    }
    if verified.addon != addon {
        return Err(Refusal::OtherAddon);
    }
    if !shape.fits(kind) {
        return Err(Refusal::OtherKind);
    }
    if verified.kind == kind { Ok(verified) } else { Ok(Arc::new(Verified { kind, ..Verified::clone(&verified) })) }
}
