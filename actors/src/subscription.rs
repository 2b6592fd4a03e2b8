//! A webhook that the manifest does not declare: made through the platform's API, or by hand in Clockify.
//!
//! The platform signs the deliveries of a manifest's webhooks; those of all others carry a plain text that is the same each time. Of that text only
//! the SHA-256 is kept, and it opens one event of one workspace.

use crate::clock::Timestamp;
use crate::event::EventType;
use crate::installation::TokenHash;
use crate::limits::subscription::WEBHOOK_ID_BYTES_MAX;

/// An event that reaches the workspace through a webhook of its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Which event, one of [`crate::event::KNOWN`].
    pub event: EventType,
    /// Who made the webhook.
    pub origin: Origin,
    /// SHA-256 of the token that its deliveries carry.
    pub hash: TokenHash,
    /// Since when it is known here.
    pub since: Timestamp,
}

/// Who made a webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The add-on, through the platform's API.
    Api {
        /// The platform's id of the webhook.
        webhook: WebhookId,
    },
    /// An admin, in Clockify.
    Manual,
}

/// The platform's id of a webhook: 1 to 64 letters and digits, so that it is a segment of a path as it stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct WebhookId(String);

impl WebhookId {
    /// Reads an id. `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=WEBHOOK_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Subscription {
    /// The platform's id of the webhook, if the add-on made it.
    pub const fn webhook(&self) -> Option<&WebhookId> {
        match &self.origin {
            Origin::Api { webhook } => Some(webhook),
            Origin::Manual => None,
        }
    }
}
