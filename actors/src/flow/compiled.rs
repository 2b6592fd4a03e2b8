//! A flow that is fit to run: paths parsed, patterns compiled, operations found. What cannot be compiled is refused on save.

use serde_json::Value;

use super::action::for_each::ForEach;
use super::action::{CompiledAction, CompiledKind};
use super::condition::{Condition, Examined};
use super::machine::Outline;
use super::model::{Definition, Flow, TriggerSource};
use super::read::{Faults, FieldError};
use super::run::Place;
use super::template::Scope;
use crate::event::{EventType, Source};
use crate::ids::{FlowId, WorkspaceId};
use crate::jsonpath::{Unevaluated, Visits};
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
    /// Its name, for people.
    pub name: String,
    /// Its actions.
    pub actions: Vec<CompiledAction>,
    /// Whether its own writes start it again.
    pub allow_self_trigger: bool,
    /// When it is due by itself, if it is switched on.
    pub schedule: Option<Schedule>,
    /// Runs that may begin for one entity in a minute.
    pub runs_per_entity_per_minute: u32,
    /// Failures in a row that pause it; 0 is never.
    pub pause_after_failures: u32,
    outline: Vec<Option<u16>>,
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
        .filter_map(|(index, action)| {
            CompiledAction::compile(action, (&format!("actions[{index}]"), Scope::of(index)), workspace, catalogue, &mut faults)
        })
        .collect();
    faults.into_result(Some((condition, actions)))
}

/// How many actions an action has of its own, if it is a `FOR_EACH`.
fn own_actions(action: &CompiledAction) -> Option<u16> {
    matches!(action.kind, CompiledKind::ForEach(_)).then(|| u16::try_from(action.inner().len()).unwrap_or(u16::MAX))
}

impl Compiled {
    /// Compiles a stored flow. It was checked when it was saved; a catalogue that has changed since may refuse it now.
    pub fn compile(flow: &Flow, workspace: WorkspaceId, catalogue: &Catalogue) -> Result<Self, Vec<FieldError>> {
        let (condition, actions) = parts(&flow.definition, workspace, catalogue)?;
        Ok(Self {
            id: flow.id,
            version: flow.version,
            name: flow.definition.name.clone(),
            pause_after_failures: flow.definition.pause_after_failures.unwrap_or(limits::PAUSE_AFTER_FAILURES_DEFAULT),
            outline: actions.iter().map(own_actions).collect(),
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

    /// Its actions in outline.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// The action that stands there.
    pub fn action(&self, place: Place) -> Option<&CompiledAction> {
        let outer = self.actions.get(usize::from(place.index))?;
        match place.each {
            None => Some(outer),
            Some(each) => outer.inner().get(usize::from(each.action)),
        }
    }

    /// The `FOR_EACH` whose list is looked at there.
    pub fn list_of(&self, place: Place) -> Option<&ForEach> {
        match &self.action(place)?.kind {
            CompiledKind::ForEach(each) => Some(each),
            _ => None,
        }
    }

    /// Whether any of its actions calls the platform.
    pub fn calls_platform(&self) -> bool {
        let calls = |action: &CompiledAction| matches!(action.kind, CompiledKind::ClockifyApi(_));
        self.actions.iter().any(|action| calls(action) || action.inner().iter().any(calls))
    }

    /// Whether other flows' failures start it; its own start nothing.
    pub const fn is_for_failures(&self) -> bool {
        matches!(self.source, TriggerSource::Flow)
    }

    /// Whether events of that kind can start it at all.
    pub fn listens_to(&self, source: &Source, event_type: &EventType) -> bool {
        self.enabled && self.is_of(source) && self.is_about(event_type)
    }

    /// Whether it is meant for events of that source.
    pub fn is_of(&self, source: &Source) -> bool {
        match (source, self.source) {
            (Source::Clockify, TriggerSource::Clockify) => true,
            (Source::Schedule, TriggerSource::Schedule) | (Source::Flow, TriggerSource::Flow) => true,
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

    /// The same within visits that all flows of a workspace share.
    pub fn applies_within(&self, payload: &Value, visits: &mut Visits) -> Result<bool, Unevaluated> {
        self.condition.as_ref().map_or(Ok(true), |condition| condition.holds_within(payload, visits))
    }
}
