//! The record of a run: what the store keeps, the API shows and recovery starts from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::event::EventType;
use crate::ids::{EventId, FlowId, Key, RunId};
use crate::limits::run::REQUEST_SHOWN_BYTES_MAX;
use crate::port::clockify::Method;

/// Where a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RunState {
    /// Stored, not begun.
    Queued,
    /// A step is under way, or was when the process died.
    Running,
    /// To be tried again at [`Run::due_at`], or parked until something changes.
    Waiting,
    /// Every step succeeded.
    Succeeded,
    /// A step failed for good.
    Failed,
    /// A `STOP_IF` ended it.
    Stopped,
    /// A step that cannot be repeated safely has an unknown outcome (I4).
    Uncertain,
    /// An admin, an uninstall or a deleted flow ended it.
    Cancelled,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [Self; 8] =
        [Self::Queued, Self::Running, Self::Waiting, Self::Succeeded, Self::Failed, Self::Stopped, Self::Uncertain, Self::Cancelled];

    /// The states of runs that somebody should look at.
    pub const TROUBLED: [Self; 2] = [Self::Failed, Self::Uncertain];

    /// Whether somebody should look at a run in this state.
    pub const fn troubled(self) -> bool {
        matches!(self, Self::Failed | Self::Uncertain)
    }

    /// Whether nothing more will happen by itself.
    pub const fn finished(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Waiting)
    }

    /// As in rows and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Waiting => "WAITING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Stopped => "STOPPED",
            Self::Uncertain => "UNCERTAIN",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads [`Self::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a run or a step is where it is: a stable code and words for an admin.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, `snake_case`.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Reason {
    /// A reason in the project's own words.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// Where a step stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StepState {
    /// A try is under way, or was when the process died.
    Begun,
    /// The last try did nothing or may be repeated; another follows.
    Retrying,
    /// Done.
    Succeeded,
    /// Ended the run well (`STOP_IF`).
    Stopped,
    /// Failed for good.
    Failed,
    /// Nobody knows whether it was done.
    Uncertain,
}

/// What a step sent, without secrets.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RequestSummary {
    /// HTTP method.
    pub method: String,
    /// Path with its query; no token. Of another server than the platform's the whole address.
    pub path: String,
    /// The body, cut to a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl RequestSummary {
    /// A request as it is kept to be shown; its body is cut.
    pub fn new(method: Method, path: String, body: Option<&str>) -> Self {
        let cut = |body: &str| body.get(..body.floor_char_boundary(REQUEST_SHOWN_BYTES_MAX)).unwrap_or_default().to_owned();
        Self { method: method.as_str().to_owned(), path, body: body.map(cut) }
    }
}

/// Where a step stands within a `FOR_EACH`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Each {
    /// Index of the item, from 0.
    pub item: u16,
    /// Index of the action within the `FOR_EACH`, from 0.
    pub action: u16,
}

/// A place in a flow: an action, or one of the actions that a `FOR_EACH` does for an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Index of the action.
    pub index: u16,
    /// Which of its own, if it is a `FOR_EACH` and this is not the look at its list.
    pub each: Option<Each>,
}

/// One step of a run: the action of the same index, or one that it does for an item.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Index of the action, from 0.
    pub index: u16,
    /// Of an action within a `FOR_EACH`: for which item, and which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// The action's JSON type, `CLOCKIFY_API`.
    pub action: String,
    /// Where it stands.
    pub state: StepState,
    /// How many tries have begun.
    pub attempts: u32,
    /// When the first try began.
    pub first_try_at: Timestamp,
    /// Time of the last try, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// Whether a try that was cut off may simply be made again.
    pub repeatable: bool,
    /// What was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestSummary>,
    /// HTTP status of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Data of the answer: what later steps refer to as `action_<index>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Why the last try did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
}

impl Step {
    /// Where it stands.
    pub const fn place(&self) -> Place {
        Place { index: self.index, each: self.each }
    }
}

/// One run of a flow for one event.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    /// Sorts by the event's arrival.
    pub id: RunId,
    /// Add-on and workspace.
    pub key: Key,
    /// The flow.
    pub flow: FlowId,
    /// The version of the flow that the event found; later edits do not change a run that has been accepted.
    pub flow_version: u32,
    /// The event.
    pub event: EventId,
    /// Its type.
    pub event_type: EventType,
    /// The entity that it keeps its place in line for.
    pub entity: Option<Arc<str>>,
    /// Where it stands.
    pub state: RunState,
    /// The steps so far.
    pub steps: Vec<Step>,
    /// While [`RunState::Waiting`]: when it goes on. `None` is parked until something else wakes it.
    pub due_at: Option<Timestamp>,
    /// Why it is where it is.
    pub reason: Option<Reason>,
    /// The run that this one repeats on request.
    pub replay_of: Option<RunId>,
    /// When its event arrived, or the replay was asked for.
    pub created_at: Timestamp,
    /// When its first step began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When an admin saw to it, where it wanted attention. It is not part of a run's progress.
    pub dismissed_at: Option<Timestamp>,
}

impl Run {
    /// Roughly the bytes that its steps keep of answers, which are what makes its record large.
    pub fn kept_bytes(&self) -> usize {
        self.steps.iter().filter_map(|step| step.data.as_ref()).map(bytes_of).sum()
    }
}

/// Bytes of a value's texts, which are what makes it large.
fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes_of).sum(),
        Value::Object(fields) => fields.values().map(bytes_of).sum(),
        _ => 8,
    }
}
