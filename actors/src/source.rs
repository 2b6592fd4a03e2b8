//! Custom sources: senders of a workspace's own, each with secrets of its own and a way to prove them.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::event::EventType;
use crate::ids::Invalid;
use crate::limits::source::NAME_BYTES_MAX;
use crate::secret::Secret;

/// The name of a source in paths and triggers: 1 to 64 of `A-Z a-z 0-9 _ -`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SourceName(Arc<str>);

impl SourceName {
    /// Reads a name; the case is kept and counts.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if fits { Ok(Self(text.into())) } else { Err(Invalid { kind: "source name", expected: "1 to 64 letters, digits, '_' or '-'" }) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SourceName {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<SourceName> for String {
    fn from(name: SourceName) -> Self {
        name.as_str().to_owned()
    }
}

/// How a sender proves that it knows a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…` over `id.timestamp.body`. Replays are refused.
    #[default]
    Standard,
    /// GitHub: `X-Hub-Signature-256: sha256=…` over the body.
    Github,
    /// HMAC-SHA256 of the body in hexadecimal, in a header of the source's choice.
    Hmac,
    /// The secret itself, as `Authorization: Bearer`.
    Bearer,
}

/// Where the type of an event stands.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum TypeFrom {
    /// The body's `event_type`, `eventType` or `type`, else `CUSTOM_EVENT`.
    #[default]
    Body,
    /// A header, by its lower-case name.
    Header {
        /// Its name.
        name: String,
    },
    /// Every event has this type.
    Fixed {
        /// The type.
        event_type: EventType,
    },
}

/// One of at most two secrets that are good at a time, so that a sender can be moved from one to the next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceSecret {
    /// As it is shown once, `whsec_…` for Standard Webhooks.
    pub secret: Secret,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being good; none is never.
    pub expires_at: Option<Timestamp>,
}

/// A sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CustomSource {
    /// Its name; there is one of that name in a workspace.
    pub name: SourceName,
    /// How it proves itself.
    pub scheme: Scheme,
    /// The header of [`Scheme::Hmac`], lower case.
    pub signature_header: Option<String>,
    /// Where the types of its events stand.
    pub type_from: TypeFrom,
    /// JSONPath to the id of the entity that an event is about, which order and loop protection go by.
    pub entity_path: Option<String>,
    /// One or two secrets, the newest first.
    pub secrets: Vec<SourceSecret>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl CustomSource {
    /// The secrets that are good at a moment.
    pub fn live(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().filter(move |secret| secret.expires_at.is_none_or(|end| now < end)).map(|secret| &secret.secret)
    }

    /// A new secret takes the first place; the one that was first stays good until `old_until`, an older one is dropped.
    pub fn rotate(&mut self, fresh: Secret, old_until: Timestamp, now: Timestamp) {
        self.secrets.truncate(1);
        self.secrets.iter_mut().for_each(|old| old.expires_at = Some(old.expires_at.map_or(old_until, |end| end.min(old_until))));
        self.secrets.insert(0, SourceSecret { secret: fresh, created_at: now, expires_at: None });
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_segment() {
        assert!(SourceName::parse("Billing_1-a").is_ok());
        for bad in ["", ".", "..", "a/b", "a b", "é", "a%2f", &"x".repeat(65)] {
            assert!(SourceName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn two_secrets_are_good_while_a_sender_moves_and_never_three() {
        let at = Timestamp::from_seconds;
        let secret = |text: &str| SourceSecret { secret: Secret::new(text), created_at: at(0), expires_at: None };
        let mut source = CustomSource {
            name: SourceName::parse("s").unwrap(),
            scheme: Scheme::Standard,
            signature_header: None,
            type_from: TypeFrom::Body,
            entity_path: None,
            secrets: vec![secret("a")],
            created_at: at(0),
            updated_at: at(0),
        };
        source.rotate(Secret::new("b"), at(100), at(10));
        source.rotate(Secret::new("c"), at(200), at(20));
        let live = |now| source.live(at(now)).map(|secret| secret.expose().to_owned()).collect::<Vec<_>>();
        assert_eq!(live(30), ["c", "b"]);
        assert_eq!(live(200), ["c"]);
    }
}
