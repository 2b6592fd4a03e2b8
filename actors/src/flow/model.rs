//! A flow as it is stored and shown: plain data in one canonical JSON shape.
//!
//! [`super::read`] makes it from what a client sends, [`super::compiled`] makes it fit to run. What it does is in [`action`].

mod action;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::action::{Action, ActionKind, BodyKind, Expected, HttpBody, HttpCall, OnMissing, OnUncertain, Params, Retry};
use crate::clock::Timestamp;
use crate::event::EventType;
use crate::ids::FlowId;
use crate::schedule::Schedule;

/// A flow with its identity.
#[derive(Clone, PartialEq, Debug)]
pub struct Flow {
    /// Shared by all versions.
    pub id: FlowId,
    /// Counts from 1.
    pub version: u32,
    /// What it does.
    pub definition: Definition,
    /// When the flow was made.
    pub created_at: Timestamp,
    /// When this version was saved.
    pub updated_at: Timestamp,
}

/// What a flow does: when, if, then.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Definition {
    /// For people.
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Whether events start it.
    pub enabled: bool,
    /// Whose events.
    pub trigger_source: TriggerSource,
    /// Which events; empty means every event of the source.
    pub trigger_event_types: Vec<EventType>,
    /// With [`TriggerSource::Custom`]: only this source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_source: Option<String>,
    /// With [`TriggerSource::Schedule`]: when it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// When it applies; none means always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Group>,
    /// What it does, in order.
    pub actions: Vec<Action>,
    /// Whether events that its own writes cause start it again.
    #[serde(default)]
    pub allow_self_trigger: bool,
    /// How many runs may begin for one entity in a minute; further ones wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_per_entity_per_minute: Option<u32>,
    /// How many failures in a row pause it; 0 is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_after_failures: Option<u32>,
    /// The setting that keeps the flow, where no person does. It is never read from what a client sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
}

/// Whose events start a flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TriggerSource {
    /// Clockify's webhooks.
    Clockify,
    /// The workspace's own senders.
    Custom,
    /// The workspace's other flows, when a run of theirs fails or its outcome is unknown.
    Flow,
    /// The flow's own schedule.
    Schedule,
}

impl Flow {
    /// When it is due by its schedule for the first time behind a moment. `None`: it has none, or is switched off.
    pub fn due_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let schedule = self.definition.schedule.as_ref().filter(|_| self.definition.enabled)?;
        schedule.next_after(moment)
    }
}

/// How the rules of a group are joined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Join {
    /// Every rule holds. An empty group holds.
    All,
    /// At least one holds. An empty group holds too, as in the reference: no rules means no restriction.
    Any,
    /// None holds.
    None,
}

/// A group of rules.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Group {
    /// How they are joined.
    #[serde(rename = "type")]
    pub join: Join,
    /// Rules and nested groups.
    pub rules: Vec<Rule>,
}

/// One rule of a group.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rule {
    /// A group within the group.
    Group(Group),
    /// A comparison.
    Compare(Comparison),
}

/// `field operator value`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// JSONPath over the payload (over the context in a `STOP_IF`).
    pub field: String,
    /// How to compare.
    pub operator: Operator,
    /// With what; operators without an operand have none.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

/// How a field is compared. A type that does not fit is *false*, never an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the operators")]
pub enum Operator {
    #[serde(rename = "==")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterOrEqual,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessOrEqual,
    #[serde(rename = "contains")]
    Contains,
    #[serde(rename = "not_contains")]
    NotContains,
    #[serde(rename = "starts_with")]
    StartsWith,
    #[serde(rename = "ends_with")]
    EndsWith,
    #[serde(rename = "matches")]
    Matches,
    #[serde(rename = "in")]
    In,
    #[serde(rename = "exists")]
    Exists,
    #[serde(rename = "not_exists")]
    NotExists,
    #[serde(rename = "is_empty")]
    IsEmpty,
    #[serde(rename = "not_empty")]
    NotEmpty,
}

impl Operator {
    /// Every operator, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Equal,
        Self::NotEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Contains,
        Self::NotContains,
        Self::StartsWith,
        Self::EndsWith,
        Self::Matches,
        Self::In,
        Self::Exists,
        Self::NotExists,
        Self::IsEmpty,
        Self::NotEmpty,
    ];

    /// As in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Contains => "contains",
            Self::NotContains => "not_contains",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Matches => "matches",
            Self::In => "in",
            Self::Exists => "exists",
            Self::NotExists => "not_exists",
            Self::IsEmpty => "is_empty",
            Self::NotEmpty => "not_empty",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.as_str() == text)
    }

    /// Whether it takes a value.
    pub const fn has_operand(self) -> bool {
        !matches!(self, Self::Exists | Self::NotExists | Self::IsEmpty | Self::NotEmpty)
    }
}
