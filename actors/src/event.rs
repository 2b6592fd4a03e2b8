//! Events: what the platform or a custom source tells us, kept byte for byte as it came.
//!
//! [`KNOWN`] is the one list of Clockify's event types; manifests, webhook paths and the simulator go by it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::ids::{EventId, Invalid, WorkspaceId};
use crate::limits::flow::EVENT_TYPE_BYTES_MAX;
use crate::limits::run::ENTITY_ID_BYTES_MAX;

/// An event type that Clockify documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Known {
    /// As in `Clockify-Webhook-Event-Type`.
    pub name: &'static str,
    /// What the payload is about, in the singular.
    pub entity: &'static str,
}

const fn known(name: &'static str, entity: &'static str) -> Known {
    Known { name, entity }
}

/// The 52 event types: 50 of the REST API's webhook events, one that only manifest schema 1.6 admits, one seen in practice alone.
pub const KNOWN: [Known; 52] = [
    known("APPROVAL_REQUEST_STATUS_UPDATED", "approval_request"),
    known("ASSIGNMENT_CREATED", "assignment"),
    known("ASSIGNMENT_DELETED", "assignment"),
    known("ASSIGNMENT_PUBLISHED", "assignment"),
    known("ASSIGNMENT_UPDATED", "assignment"),
    known("BALANCE_UPDATED", "balance"),
    known("BILLABLE_RATE_UPDATED", "rate"),
    known("CLIENT_DELETED", "client"),
    known("CLIENT_UPDATED", "client"),
    known("COST_RATE_UPDATED", "rate"),
    known("EXPENSE_CREATED", "expense"),
    known("EXPENSE_DELETED", "expense"),
    known("EXPENSE_RESTORED", "expense"),
    known("EXPENSE_UPDATED", "expense"),
    known("INVOICE_UPDATED", "invoice"),
    known("LIMITED_USERS_ADDED_TO_WORKSPACE", "workspace"),
    known("NEW_APPROVAL_REQUEST", "approval_request"),
    known("NEW_CLIENT", "client"),
    known("NEW_INVOICE", "invoice"),
    known("NEW_PROJECT", "project"),
    known("NEW_TAG", "tag"),
    known("NEW_TASK", "task"),
    known("NEW_TIMER_STARTED", "time_entry"),
    known("NEW_TIME_ENTRY", "time_entry"),
    known("PROJECT_DELETED", "project"),
    known("PROJECT_UPDATED", "project"),
    known("TAG_DELETED", "tag"),
    known("TAG_UPDATED", "tag"),
    known("TASK_DELETED", "task"),
    known("TASK_UPDATED", "task"),
    known("TIMER_STOPPED", "time_entry"),
    known("TIME_ENTRY_BATCH_DELETED", "time_entry"),
    known("TIME_ENTRY_DELETED", "time_entry"),
    known("TIME_ENTRY_RESTORED", "time_entry"),
    known("TIME_ENTRY_SPLIT", "time_entry"),
    known("TIME_ENTRY_UPDATED", "time_entry"),
    known("TIME_OFF_REQUESTED", "time_off_request"),
    known("TIME_OFF_REQUEST_APPROVED", "time_off_request"),
    known("TIME_OFF_REQUEST_REJECTED", "time_off_request"),
    known("TIME_OFF_REQUEST_STARTED", "time_off_request"),
    known("TIME_OFF_REQUEST_UPDATED", "time_off_request"),
    known("TIME_OFF_REQUEST_WITHDRAWN", "time_off_request"),
    known("USERS_INVITED_TO_WORKSPACE", "workspace"),
    known("USER_ACTIVATED_ON_WORKSPACE", "user"),
    known("USER_DEACTIVATED_ON_WORKSPACE", "user"),
    known("USER_DELETED_FROM_WORKSPACE", "user"),
    known("USER_EMAIL_CHANGED", "user"),
    known("USER_GROUP_CREATED", "user_group"),
    known("USER_GROUP_DELETED", "user_group"),
    known("USER_GROUP_UPDATED", "user_group"),
    known("USER_JOINED_WORKSPACE", "user"),
    known("USER_UPDATED", "user"),
];

/// The name of an event type: 1 to 64 of `A-Z a-z 0-9 _ . : -`. Custom sources choose their own.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(Arc<str>);

impl EventType {
    /// Reads a name; the case is kept.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let fits =
            (1..=EVENT_TYPE_BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.:-".contains(&b));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(Invalid { kind: "event type", expected: "1 to 64 letters, digits, '_', '.', ':' or '-'" })
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The platform's entry for it, if the platform knows it.
    pub fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.name == &*self.0)
    }
}

impl Known {
    /// The name as a path segment: `new-time-entry`.
    pub fn slug(&self) -> String {
        self.name.to_ascii_lowercase().replace('_', "-")
    }

    /// Whether this is its path segment.
    pub fn has_slug(&self, slug: &str) -> bool {
        let same = |(name, slug): (u8, u8)| if name == b'_' { slug == b'-' } else { name.to_ascii_lowercase() == slug };
        self.name.len() == slug.len() && self.name.bytes().zip(slug.bytes()).all(same)
    }

    /// Finds the event type whose path segment this is.
    pub fn from_slug(slug: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.has_slug(slug))
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EventType {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<EventType> for String {
    fn from(event_type: EventType) -> Self {
        event_type.as_str().to_owned()
    }
}

/// Where an event came from.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Source {
    /// Clockify's webhooks.
    Clockify,
    /// A sender of the workspace's own, by the name of its source.
    Custom(Arc<str>),
    /// The workspace's own flows: a run of one failed, or its outcome is unknown.
    Flow,
    /// A flow's own schedule.
    Schedule,
}

/// The types of the events that runs of flows make when they end badly.
pub const FLOW_EVENTS: [&str; 2] = ["FLOW_FAILED", "FLOW_UNCERTAIN"];

/// An accepted event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Sorts by arrival.
    pub id: EventId,
    /// Who sent it.
    pub source: Source,
    /// What happened.
    pub event_type: EventType,
    /// The entity it is about, `kind:id`. Order and loop protection go by it.
    pub entity: Option<Arc<str>>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The body as it came: one JSON object.
    pub payload: Bytes,
    /// SHA-256 of the body; zeros where nobody sent it.
    pub payload_hash: [u8; 32],
    /// Headers worth keeping, as a JSON object; never a token or a signature (I7).
    pub headers: Option<String>,
    /// How often it was delivered.
    pub deliveries: u32,
    /// The sender's own id of the message, where its scheme signs one, or the run that ended: the same message of the same source is never an event twice.
    pub message: Option<Arc<str>>,
}

/// What the road needs of a payload, read in one pass without building a tree.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// `workspaceId`, where the payload has one.
    pub workspace: Option<String>,
    /// The id of the entity it is about.
    pub entity_id: Option<String>,
}

/// Why a body is not an event.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// Not one JSON object with nothing behind it; line and column count from 1.
    #[error("the body is not a JSON object (line {line}, column {column}): {problem}")]
    NotAnObject {
        /// Line of the problem.
        line: usize,
        /// Column of the problem.
        column: usize,
        /// In short.
        problem: &'static str,
    },
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Routing<'a> {
    #[serde(borrow)]
    workspace_id: Id<'a>,
    #[serde(borrow)]
    id: Id<'a>,
    #[serde(borrow)]
    expense_id: Id<'a>,
    #[serde(borrow)]
    assignment_id: Id<'a>,
    #[serde(borrow)]
    user_id: Id<'a>,
}

/// A routing key's value: a text, or something that is not an id.
#[derive(Default)]
struct Id<'a>(Option<std::borrow::Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Id<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Id<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Id(Some(text.into())))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Id(Some(text.to_owned().into())))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Id(None))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(Id(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(Id(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(Id(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(Id(None))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Ok(Id(None))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                Ok(Id(None))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Facts {
    /// Reads a body. Refuses what is not one JSON object, what is nested deeper than 128 and a routing key that stands there twice.
    pub fn read(body: &[u8], entity: &str) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(body).map_err(|_| Unreadable::NotUtf8)?;
        if !text.trim_start().starts_with('{') {
            return Err(Unreadable::NotAnObject { line: 1, column: 1, problem: "expected an object" });
        }
        if nested_deeper_than(text, crate::limits::http::PAYLOAD_DEPTH_MAX) {
            return Err(Unreadable::NotAnObject { line: 1, column: 1, problem: "it is nested too deeply" });
        }
        let routing: Routing<'_> = serde_json::from_str(text).map_err(|error| Unreadable::NotAnObject {
            line: error.line(),
            column: error.column(),
            problem: match error.classify() {
                serde_json::error::Category::Data => "a routing key is there twice",
                serde_json::error::Category::Eof => "it ends too early",
                _ => "syntax error",
            },
        })?;
        let plain = |id: Id<'_>| id.0.filter(|text| (1..=ENTITY_ID_BYTES_MAX).contains(&text.len())).map(std::borrow::Cow::into_owned);
        let entity_id = match entity {
            "assignment" => plain(routing.assignment_id),
            "expense" => plain(routing.id).or_else(|| plain(routing.expense_id)),
            "balance" => plain(routing.user_id),
            _ => plain(routing.id),
        };
        Ok(Self { workspace: routing.workspace_id.0.map(std::borrow::Cow::into_owned), entity_id })
    }

    /// Whether the payload belongs to `workspace`: it says so or says nothing.
    pub fn agrees_with(&self, workspace: WorkspaceId) -> bool {
        self.workspace.as_deref().is_none_or(|stated| WorkspaceId::parse(stated) == Ok(workspace))
    }
}

/// Whether arrays and objects nest deeper than `depth_max`. The parser bounds only what it builds, not what it skips.
fn nested_deeper_than(text: &str, depth_max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > depth_max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_event_is_found_by_its_slug_and_no_other() {
        for known in &KNOWN {
            assert_eq!(Known::from_slug(&known.slug()), Some(known));
            assert!(EventType::parse(known.name).unwrap().known().is_some());
        }
        assert_eq!(Known::from_slug("new_time_entry"), None);
        assert_eq!(Known::from_slug("NEW-TIME-ENTRY"), None);
    }

    #[test]
    fn facts_are_read_where_each_kind_of_payload_has_them() {
        let facts = Facts::read(br#" {"id":"e1","workspaceId":"w","nested":{"id":"no"},"project":null}"#, "time_entry").unwrap();
        assert_eq!(facts, Facts { workspace: Some("w".into()), entity_id: Some("e1".into()) });
        assert_eq!(Facts::read(br#"{"expenseId":"x"}"#, "expense").unwrap().entity_id.as_deref(), Some("x"));
        assert_eq!(Facts::read(br#"{"assignmentId":"a","id":"b"}"#, "assignment").unwrap().entity_id.as_deref(), Some("a"));
        assert_eq!(Facts::read(br#"{"id":{"date":1}}"#, "user").unwrap().entity_id, None);
    }

    #[test]
    fn what_is_not_one_object_is_refused() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for bad in
            ["", "[]", "1", "{", "{}x", "{} {}", r#"{"workspaceId":"a","workspaceId":"b"}"#, r#"{"id":1,"id":2}"#, "\u{feff}{}", &deep]
        {
            assert!(Facts::read(bad.as_bytes(), "user").is_err(), "{bad}");
        }
        assert_eq!(Facts::read(b"{\"a\":\"\xff\"}", "user"), Err(Unreadable::NotUtf8));
    }
}
