//! Identifiers, each a type of its own, built by `parse` and used without a second check.
//!
//! Platform ids are 24 lower-case hexadecimal digits (a MongoDB ObjectId); ours are UUIDv7, made by [`crate::clock::Clock`]
//! so that they sort by time of creation (I6).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::addon::Addon;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {expected}")]
pub struct Invalid {
    /// What was being read, in the words of the API.
    pub kind: &'static str,
    /// The rule it broke.
    pub expected: &'static str,
}

/// Twelve bytes that the platform writes as 24 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct ObjectId([u8; 12]);

impl ObjectId {
    fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0u8; 12];
        let digits = text.as_bytes();
        if digits.len() != 24 {
            return None;
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(bytes))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

macro_rules! platform_id {
    ($(#[$docs:meta])* $name:ident, $kind:literal) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(ObjectId);

        impl $name {
            /// Reads 24 lower-case hexadecimal digits.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                ObjectId::parse(text).map(Self).ok_or(Invalid { kind: $kind, expected: "24 lower-case hexadecimal digits" })
            }

            /// From the twelve bytes behind the digits, as compact columns hold them.
            pub const fn from_bytes(bytes: [u8; 12]) -> Self {
                Self(ObjectId(bytes))
            }

            /// The twelve bytes behind the digits, for hashing and for compact columns.
            pub fn as_bytes(&self) -> &[u8; 12] {
                &self.0.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

platform_id!(
    /// A Clockify workspace.
    WorkspaceId, "workspaceId"
);
platform_id!(
    /// One installation of an add-on in a workspace; a reinstall brings a new one.
    AddonId, "addonId"
);

macro_rules! own_id {
    ($(#[$docs:meta])* $name:ident, $kind:literal) => {
        $(#[$docs])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Reads the usual hyphenated spelling.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                Uuid::try_parse(text).map(Self).map_err(|_| Invalid { kind: $kind, expected: "a UUID" })
            }

            /// The UUID itself, as the store keeps it.
            pub fn uuid(&self) -> Uuid {
                self.0
            }

            /// When it was made: a UUIDv7 says so itself.
            pub fn made_at(&self) -> Option<crate::clock::Timestamp> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                let seconds = i64::try_from(seconds.checked_mul(1_000)?).ok()?;
                Some(crate::clock::Timestamp::from_millis(seconds + i64::from(nanos / 1_000_000)))
            }

            /// The smallest one of a moment: what is made then or later does not sort before it.
            pub fn first_at(moment: crate::clock::Timestamp) -> Self {
                let millis = u64::try_from(moment.millis()).unwrap_or(0).min((1 << 48) - 1);
                Self(Uuid::from_u128(u128::from(millis) << 80))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

own_id!(
    /// An accepted event.
    EventId, "event id"
);
own_id!(
    /// A flow; its versions share it.
    FlowId, "flow id"
);
own_id!(
    /// One bootstrap of a workspace.
    BootstrapId, "bootstrap id"
);
own_id!(
    /// A call that was made through the explorer.
    CallId, "call id"
);
own_id!(
    /// One run of a flow for one event.
    RunId, "run id"
);

own_id!(
    /// A change that somebody made.
    ActivityId, "activity id"
);

/// What an actor, a row and a query are addressed by: an add-on in a workspace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Key {
    /// Which add-on.
    pub addon: Addon,
    /// In which workspace.
    pub workspace: WorkspaceId,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addon, self.workspace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_id_is_24_lower_case_hex_digits_and_nothing_else() {
        let text = "5b641568b07987035750505e";
        assert_eq!(WorkspaceId::parse(text).unwrap().to_string(), text);
        for bad in [
            "",
            "5B641568b07987035750505e",
            "5b641568b07987035750505",
            "5b641568b07987035750505e0",
            "../../../../../../../../..",
            "5b641568b0798703575050ég",
        ] {
            assert!(WorkspaceId::parse(bad).is_err(), "{bad}");
        }
    }
}
