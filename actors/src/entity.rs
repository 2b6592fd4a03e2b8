//! What the platform keeps and the service remembers of it: projects, clients, users and so on, as they were last seen.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::ids::Invalid;
use crate::limits::entity as limits;

macro_rules! checked_text {
    ($(#[$docs:meta])* $name:ident, $kind:literal, $max:expr, $expected:literal, $allowed:expr) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads and checks a text.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let allowed: fn(u8) -> bool = $allowed;
                let fits = !text.is_empty() && text.len() <= $max && text.bytes().all(allowed);
                if fits { Ok(Self(text.into())) } else { Err(Invalid { kind: $kind, expected: $expected }) }
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.as_str().to_owned()
            }
        }
    };
}

checked_text!(
    /// A type of entity: the last fixed segment of the path that lists them (`projects`, `time-entries`).
    EntityType, "type", limits::TYPE_BYTES_MAX, "1 to 64 letters, digits, - and _",
    |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
);
checked_text!(
    /// The platform's id of an entity; unique within its type.
    EntityId, "id", limits::ID_BYTES_MAX, "1 to 128 visible ASCII characters",
    |byte| byte.is_ascii_graphic()
);

impl EntityType {
    /// Of what a path lists that has no name.
    pub(crate) fn unnamed() -> Self {
        Self("entities".into())
    }
}

/// An entity as it was last seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Entity {
    /// Its type.
    pub kind: EntityType,
    /// Its id.
    pub id: EntityId,
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// The entity below whose path it was listed: a task's project.
    pub parent: Option<EntityId>,
    /// All that the platform said of it.
    pub data: Value,
    /// When the platform was asked, or told it.
    pub fetched_at: Timestamp,
}

/// An entity in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// Its type.
    pub kind: EntityType,
    /// Its id.
    pub id: EntityId,
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// The entity below whose path it was listed.
    pub parent: Option<EntityId>,
    /// When the platform was asked, or told it.
    pub fetched_at: Timestamp,
}

/// Something that was learnt of an entity. What was learnt earlier never replaces what was learnt later, whichever comes first.
#[derive(Clone, PartialEq, Debug)]
pub enum EntityChange {
    /// It is there.
    Seen(Entity),
    /// It has been deleted.
    Gone {
        /// Its type.
        kind: EntityType,
        /// Its id.
        id: EntityId,
        /// When the platform told it.
        at: Timestamp,
    },
}

impl EntityChange {
    /// Type of the entity.
    pub fn kind(&self) -> &EntityType {
        match self {
            Self::Seen(entity) => &entity.kind,
            Self::Gone { kind, .. } => kind,
        }
    }

    /// Id of the entity.
    pub fn id(&self) -> &EntityId {
        match self {
            Self::Seen(entity) => &entity.id,
            Self::Gone { id, .. } => id,
        }
    }

    /// When it was learnt.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Seen(entity) => entity.fetched_at,
            Self::Gone { at, .. } => *at,
        }
    }
}

/// What a name is ordered and searched by: in lower case, and no longer than a page of an index likes.
pub fn sort_key(name: &str) -> Cow<'_, str> {
    let end = name.char_indices().map(|(start, _)| start).chain([name.len()]).take_while(|end| *end <= limits::SORT_KEY_BYTES_MAX).last();
    let start = name.get(..end.unwrap_or(0)).unwrap_or(name);
    if start.chars().any(|character| character.to_lowercase().ne([character])) { start.to_lowercase().into() } else { start.into() }
}
