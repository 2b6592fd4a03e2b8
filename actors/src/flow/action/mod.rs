//! The actions, one file for each JSON type: compiled on save, rendered when their step begins.

pub mod clockify_api;
pub mod generic_http;

use std::fmt::Write;

use serde_json::Value;

use super::condition::Condition;
use super::model::{Action, ActionKind, OnUncertain, Retry};
use super::read::Faults;
use super::run::{Reason, Step};
use super::template::Scope;
use crate::ids::WorkspaceId;
use crate::operation::Catalogue;
use clockify_api::ClockifyApi;
use generic_http::GenericHttp;

/// An action, ready to run.
#[derive(Clone, Debug)]
pub struct CompiledAction {
    /// What it does.
    pub kind: CompiledKind,
    /// How long it keeps trying.
    pub retry: Retry,
    /// What an unknown outcome leads to.
    pub on_uncertain: OnUncertain,
}

/// The actions by their JSON type.
#[derive(Clone, Debug)]
pub enum CompiledKind {
    /// Calls an operation of the catalogue.
    ClockifyApi(Box<ClockifyApi>),
    /// Calls another server.
    GenericHttp(Box<GenericHttp>),
    /// Ends the run when it holds.
    StopIf(Condition),
}

impl CompiledAction {
    /// Compiles the action of that index; what is wrong is noted under `actions[index]`.
    pub fn compile(action: &Action, index: usize, workspace: WorkspaceId, catalogue: &Catalogue, faults: &mut Faults) -> Option<Self> {
        let field = format!("actions[{index}]");
        let place = (field.as_str(), Scope::of(index));
        let kind = match &action.kind {
            ActionKind::ClockifyApi { operation_id, params } => {
                CompiledKind::ClockifyApi(Box::new(ClockifyApi::compile(operation_id, params, place, workspace, catalogue, faults)?))
            }
            ActionKind::GenericHttp(call) => CompiledKind::GenericHttp(Box::new(GenericHttp::compile(call, place, faults)?)),
            ActionKind::StopIf { conditions } => {
                CompiledKind::StopIf(Condition::compile(conditions, &format!("{field}.conditions"), faults))
            }
        };
        Some(Self { kind, retry: action.retry, on_uncertain: action.on_uncertain })
    }

    /// The JSON type.
    pub const fn name(&self) -> &'static str {
        match self.kind {
            CompiledKind::ClockifyApi(_) => "CLOCKIFY_API",
            CompiledKind::GenericHttp(_) => "GENERIC_HTTP",
            CompiledKind::StopIf(_) => "STOP_IF",
        }
    }

    /// Whether a try whose outcome is unknown may simply be made again.
    pub fn repeatable(&self) -> bool {
        match &self.kind {
            CompiledKind::ClockifyApi(call) => call.method().repeatable(),
            CompiledKind::GenericHttp(call) => call.method().repeatable(),
            CompiledKind::StopIf(_) => true,
        }
    }
}

/// What the steps of a run see before the first of them: the payload, the event and the workspace.
pub fn context(payload: Value, event: Value, workspace: WorkspaceId) -> Value {
    let mut context = serde_json::Map::new();
    context.insert("webhook".into(), payload);
    context.insert("event".into(), event);
    context.insert("workspace".into(), serde_json::json!({ "id": workspace }));
    Value::Object(context)
}

/// Adds the answer of a step to what later steps see.
pub fn answered(context: &mut Value, step: &Step) {
    let (Some(context), Some(data)) = (context.as_object_mut(), &step.data) else { return };
    // Of another server the data stand beside status and headers.
    let body = if step.action == "GENERIC_HTTP" { data.get("data").unwrap_or(&Value::Null) } else { data };
    context.insert(format!("action_{}_result", step.index), serde_json::json!({ "status_code": step.status, "data": body }));
    context.insert(format!("action_{}", step.index), data.clone());
}

/// A single value as text.
fn scalar(name: &str, value: &Value) -> Result<String, Reason> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null => Err(Reason::new("parameter_invalid", format!("parameter {name} is null"))),
        Value::Array(_) | Value::Object(_) => Err(Reason::new("parameter_invalid", format!("parameter {name} is not a single value"))),
    }
}

/// Appends a value with everything but unreserved characters percent-encoded.
fn push_encoded(text: &mut String, value: &str) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}
