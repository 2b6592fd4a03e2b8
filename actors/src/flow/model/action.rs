//! What a flow does, as it is stored and shown: its actions, what they carry, and how long each is tried.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Group;
use crate::port::clockify::Method;

/// One thing that a flow does.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Action {
    /// What.
    #[serde(flatten)]
    pub kind: ActionKind,
    /// How long to keep trying.
    #[serde(default)]
    pub retry: Retry,
    /// What to do when a step that cannot be repeated safely has an unknown outcome.
    #[serde(default)]
    pub on_uncertain: OnUncertain,
}

/// The actions, by their JSON type.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ActionKind {
    /// Calls an operation of the catalogue.
    ClockifyApi {
        /// The platform's `operationId`.
        operation_id: String,
        /// Its parameters.
        #[serde(default)]
        params: Box<Params>,
    },
    /// Calls another server than the platform's.
    GenericHttp(Box<HttpCall>),
    /// Looks an entity up in what is remembered of the workspace; nothing is called.
    CacheLookup {
        /// `projects`, `clients`, `time-entries` and so on.
        entity_type: String,
        /// The platform's id.
        id: Value,
        /// What follows if it is not there.
        #[serde(default)]
        on_missing: OnMissing,
    },
    /// Does actions for each item of a list.
    ForEach {
        /// JSONPath to the list.
        items: String,
        /// How many items there may be; more fail the step.
        max: u32,
        /// What is done for each, in order.
        actions: Vec<Action>,
    },
    /// Ends the run as stopped when a condition over the context holds; within a `FOR_EACH`, ends the item.
    StopIf {
        /// The condition.
        conditions: Group,
    },
}

impl ActionKind {
    /// The JSON type.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClockifyApi { .. } => "CLOCKIFY_API",
            Self::GenericHttp(_) => "GENERIC_HTTP",
            Self::CacheLookup { .. } => "CACHE_LOOKUP",
            Self::ForEach { .. } => "FOR_EACH",
            Self::StopIf { .. } => "STOP_IF",
        }
    }
}

/// Parameters of an operation; the values may refer to the context.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Params {
    /// Path parameters; `workspaceId` is never among them.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub path: Map<String, Value>,
    /// Query parameters.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub query: Map<String, Value>,
    /// JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// A call of another server. Scheme, host and port are literal; values may refer to the context, and in headers and the body to secrets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HttpCall {
    /// HTTP method.
    pub method: Method,
    /// The address; placeholders stand in its path and query alone.
    pub url: String,
    /// Query parameters behind those of the address.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub query: Map<String, Value>,
    /// Header fields.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub headers: Map<String, Value>,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<HttpBody>,
    /// Which statuses are success; none means 2xx.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<Expected>,
    /// Names for parts of the answer, each a JSONPath over its body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response: BTreeMap<String, String>,
}

/// A body and how it is written.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HttpBody {
    /// How.
    pub kind: BodyKind,
    /// What.
    pub value: Value,
}

/// How a body is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyKind {
    /// `application/json`.
    Json,
    /// `application/x-www-form-urlencoded`, from an object of single values and lists of them.
    Form,
    /// `text/plain`, from one text.
    Text,
}

/// A status that means success, or a hundred of them: `201`, `"2xx"`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Expected {
    /// This one.
    Status(u16),
    /// All that begin with this digit.
    Class(u16),
}

impl Expected {
    /// Whether a status is meant.
    pub const fn fits(self, status: u16) -> bool {
        match self {
            Self::Status(expected) => status == expected,
            Self::Class(class) => status / 100 == class,
        }
    }
}

impl TryFrom<Value> for Expected {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let status = value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|status| (200..600).contains(status));
        let class = || match value.as_str()?.as_bytes() {
            [digit @ b'2'..=b'5', b'x', b'x'] => Some(u16::from(digit - b'0')),
            _ => None,
        };
        status.map(Self::Status).or_else(|| class().map(Self::Class)).ok_or("expected a status from 200 to 599, or such as \"2xx\"")
    }
}

impl From<Expected> for Value {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Status(status) => status.into(),
            Expected::Class(class) => format!("{class}xx").into(),
        }
    }
}

/// What follows if an entity is not in the cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnMissing {
    /// The step fails.
    #[default]
    Fail,
    /// The entity is null.
    Null,
    /// As a `STOP_IF` that holds.
    Stop,
}

/// How long a step keeps trying after 429, 5xx and network errors. Waits grow exponentially and are jittered; `Retry-After` wins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// Tries that may have had an effect, the first included.
    pub max_attempts: u32,
    /// The first wait, in milliseconds.
    pub initial_ms: u64,
    /// The longest wait, in milliseconds.
    pub max_ms: u64,
    /// Gives up this many seconds after the first try.
    pub for_seconds: u64,
}

impl Default for Retry {
    fn default() -> Self {
        use crate::limits::run;
        Self {
            max_attempts: run::RETRY_ATTEMPTS_DEFAULT,
            initial_ms: run::RETRY_INITIAL_MS_DEFAULT,
            max_ms: run::RETRY_WAIT_MS_DEFAULT,
            for_seconds: run::RETRY_FOR_SECONDS_DEFAULT,
        }
    }
}

/// What an unknown outcome of an unrepeatable step leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnUncertain {
    /// The run ends as `UNCERTAIN` and is shown.
    #[default]
    Stop,
    /// The step is tried again, at the risk of doing it twice.
    Retry,
}
