//! The actions, one file for each JSON type: compiled on save, rendered when their step begins.

pub mod cache_lookup;
pub mod clockify_api;
pub mod for_each;
pub mod generic_http;

use std::fmt::Write;

use serde_json::Value;

use super::condition::Condition;
use super::model::{Action, ActionKind, OnUncertain, Retry};
use super::read::Faults;
use super::run::Reason;
use super::template::Scope;
use crate::ids::WorkspaceId;
use crate::operation::Catalogue;
use cache_lookup::CacheLookup;
use clockify_api::ClockifyApi;
use for_each::ForEach;
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
    /// Looks an entity up.
    CacheLookup(Box<CacheLookup>),
    /// Does actions for each item of a list.
    ForEach(Box<ForEach>),
    /// Ends the run, or the item, when it holds.
    StopIf(Condition),
}

impl CompiledAction {
    /// Compiles the action that stands there; what is wrong is noted under `field`.
    pub fn compile(
        action: &Action,
        place: (&str, Scope),
        workspace: WorkspaceId,
        catalogue: &Catalogue,
        faults: &mut Faults,
    ) -> Option<Self> {
        let kind = match &action.kind {
            ActionKind::ClockifyApi { operation_id, params } => {
                CompiledKind::ClockifyApi(Box::new(ClockifyApi::compile(operation_id, params, place, workspace, catalogue, faults)?))
            }
            ActionKind::GenericHttp(call) => CompiledKind::GenericHttp(Box::new(GenericHttp::compile(call, place, faults)?)),
            ActionKind::CacheLookup { entity_type, id, on_missing } => {
                CompiledKind::CacheLookup(Box::new(CacheLookup::compile(entity_type, id, *on_missing, place, faults)?))
            }
            ActionKind::ForEach { items, max, actions } => {
                CompiledKind::ForEach(Box::new(ForEach::compile((items, *max, actions), place, workspace, catalogue, faults)?))
            }
            ActionKind::StopIf { conditions } => {
                CompiledKind::StopIf(Condition::compile(conditions, &format!("{}.conditions", place.0), faults))
            }
        };
        Some(Self { kind, retry: action.retry, on_uncertain: action.on_uncertain })
    }

    /// The actions that it does for each item, if it is a `FOR_EACH`.
    pub fn inner(&self) -> &[Self] {
        match &self.kind {
            CompiledKind::ForEach(each) => each.actions(),
            _ => &[],
        }
    }

    /// The JSON type.
    pub const fn name(&self) -> &'static str {
        match self.kind {
            CompiledKind::ClockifyApi(_) => "CLOCKIFY_API",
            CompiledKind::GenericHttp(_) => "GENERIC_HTTP",
            CompiledKind::CacheLookup(_) => "CACHE_LOOKUP",
            CompiledKind::ForEach(_) => "FOR_EACH",
            CompiledKind::StopIf(_) => "STOP_IF",
        }
    }

    /// Whether a try whose outcome is unknown may simply be made again.
    pub fn repeatable(&self) -> bool {
        match &self.kind {
            CompiledKind::ClockifyApi(call) => call.method().repeatable(),
            CompiledKind::GenericHttp(call) => call.method().repeatable(),
            CompiledKind::CacheLookup(_) | CompiledKind::ForEach(_) | CompiledKind::StopIf(_) => true,
        }
    }
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
