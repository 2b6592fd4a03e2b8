//! The actions, one file for each JSON type: compiled on save, rendered when their step begins.

pub mod clockify_api;

use serde_json::Value;

use super::condition::Condition;
use super::model::{Action, ActionKind, OnUncertain, Retry};
use super::read::Faults;
use crate::ids::WorkspaceId;
use crate::operation::Catalogue;
use clockify_api::ClockifyApi;

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
    /// Ends the run when it holds.
    StopIf(Condition),
}

impl CompiledAction {
    /// Compiles the action of that index; what is wrong is noted under `actions[index]`.
    pub fn compile(action: &Action, index: usize, workspace: WorkspaceId, catalogue: &Catalogue, faults: &mut Faults) -> Option<Self> {
        let field = format!("actions[{index}]");
        let kind = match &action.kind {
            ActionKind::ClockifyApi { operation_id, params } => {
                CompiledKind::ClockifyApi(Box::new(ClockifyApi::compile(operation_id, params, index, workspace, catalogue, faults)?))
            }
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
            CompiledKind::StopIf(_) => "STOP_IF",
        }
    }

    /// Whether a try whose outcome is unknown may simply be made again.
    pub fn repeatable(&self) -> bool {
        match &self.kind {
            CompiledKind::ClockifyApi(call) => call.method().repeatable(),
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
pub fn answered(context: &mut Value, index: u16, status: Option<u16>, data: &Value) {
    if let Some(context) = context.as_object_mut() {
        context.insert(format!("action_{index}_result"), serde_json::json!({ "status_code": status, "data": data }));
        context.insert(format!("action_{index}"), data.clone());
    }
}
