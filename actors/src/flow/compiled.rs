//! A flow that is fit to run: paths parsed, patterns compiled, operations found. What cannot be compiled is refused on save.

use serde_json::Value;

use super::action::CompiledAction;
use super::condition::{Condition, Examined};
use super::model::{Definition, Flow, TriggerSource};
use super::read::{Faults, FieldError};
use crate::event::{EventType, Source};
use crate::ids::{FlowId, WorkspaceId};
use crate::jsonpath::Unevaluated;
use crate::limits::flow as limits;
use crate::operation::Catalogue;
use crate::schedule::Schedule;

/// A flow's version, ready to match events and to run.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The flow.
    pub id: FlowId,
    /// Its version.
    pub version: u32,
    /// Its actions.
    pub actions: Vec<CompiledAction>,
    /// Whether its own writes start it again.
    pub allow_self_trigger: bool,
    /// When it is due by itself, if it is switched on.
    pub schedule: Option<Schedule>,
    /// Runs that may begin for one entity in a minute.
    pub runs_per_entity_per_minute: u32,
    enabled: bool,
    source: TriggerSource,
    custom_source: Option<String>,
    event_types: Vec<EventType>,
    condition: Option<Condition>,
}

/// Compiles a definition without an identity: the check on save.
pub fn check(definition: &Definition, workspace: WorkspaceId, catalogue: &Catalogue) -> Result<(), Vec<FieldError>> {
    parts(definition, workspace, catalogue).map(drop)
}

fn parts(
    definition: &Definition,
    workspace: WorkspaceId,
    catalogue: &Catalogue,
) -> Result<(Option<Condition>, Vec<CompiledAction>), Vec<FieldError>> {
    let mut faults = Faults::default();
    let condition = definition.conditions.as_ref().map(|group| Condition::compile(group, "conditions", &mut faults));
    let actions: Vec<_> = definition
        .actions
        .iter()
        .enumerate()
        .filter_map(|(index, action)| CompiledAction::compile(action, index, workspace, catalogue, &mut faults))
        .collect();
    faults.into_result(Some((condition, actions)))
}

impl Compiled {
    /// Compiles a stored flow. It was checked when it was saved; a catalogue that has changed since may refuse it now.
    pub fn compile(flow: &Flow, workspace: WorkspaceId, catalogue: &Catalogue) -> Result<Self, Vec<FieldError>> {
        let (condition, actions) = parts(&flow.definition, workspace, catalogue)?;
        Ok(Self {
            id: flow.id,
            version: flow.version,
            actions,
            allow_self_trigger: flow.definition.allow_self_trigger,
            runs_per_entity_per_minute: flow.definition.runs_per_entity_per_minute.unwrap_or(limits::RUNS_PER_ENTITY_PER_MINUTE_DEFAULT),
            schedule: flow.definition.schedule.clone().filter(|_| flow.definition.enabled),
            enabled: flow.definition.enabled,
            source: flow.definition.trigger_source,
            custom_source: flow.definition.custom_source.clone(),
            event_types: flow.definition.trigger_event_types.clone(),
            condition,
        })
    }

    /// Whether events of that kind can start it at all.
    pub fn listens_to(&self, source: &Source, event_type: &EventType) -> bool {
        self.enabled && self.is_of(source) && self.is_about(event_type)
    }

    /// Whether it is meant for events of that source.
    pub fn is_of(&self, source: &Source) -> bool {
        match (source, self.source) {
            (Source::Clockify, TriggerSource::Clockify) => true,
            (Source::Schedule, TriggerSource::Schedule) => true,
            (Source::Custom(name), TriggerSource::Custom) => self.custom_source.as_deref().is_none_or(|wanted| wanted == &**name),
            _ => false,
        }
    }

    /// Whether it is meant for events of that type.
    pub fn is_about(&self, event_type: &EventType) -> bool {
        self.event_types.is_empty() || self.event_types.contains(event_type)
    }

    /// Every comparison of its conditions with what it finds in a payload.
    pub fn examine(&self, payload: &Value) -> Result<Vec<Examined>, Unevaluated> {
        self.condition.as_ref().map_or(Ok(Vec::new()), |condition| condition.examine(payload, "conditions"))
    }

    /// Whether it looks into the payload before it starts.
    pub const fn looks_into_payload(&self) -> bool {
        self.condition.is_some()
    }

    /// Whether its conditions hold for a payload.
    pub fn applies_to(&self, payload: &Value) -> Result<bool, Unevaluated> {
        self.condition.as_ref().map_or(Ok(true), |condition| condition.holds(payload))
    }
}
