//! `FOR_EACH`: actions for each item of a list. Its own step looks at the list; each item's steps follow it in the record.

use serde_json::Value;

use super::CompiledAction;
use crate::flow::machine::Tried;
use crate::flow::model::Action;
use crate::flow::read::Faults;
use crate::flow::run::Reason;
use crate::flow::template::{Compiler, Reference, Scope};
use crate::ids::WorkspaceId;
use crate::jsonpath::Visits;
use crate::limits::flow::VISITS_AT_A_TIME_MAX;
use crate::limits::run::STEPS_MAX;
use crate::operation::Catalogue;

/// The action, ready to run.
#[derive(Clone, Debug)]
pub struct ForEach {
    items: Reference,
    max: usize,
    actions: Vec<CompiledAction>,
}

impl ForEach {
    /// Compiles the list's path and the actions; what is wrong is noted under `field`.
    pub fn compile(
        (items, max, actions): (&str, u32, &[Action]),
        (field, scope): (&str, Scope),
        workspace: WorkspaceId,
        catalogue: &Catalogue,
        faults: &mut Faults,
    ) -> Option<Self> {
        let items = Compiler { scope, faults, values: 0, secrets: false }.reference(items, &format!("{field}.items"));
        let compile = |(index, action): (usize, &Action)| {
            let place = (format!("{field}.actions[{index}]"), Scope { inner: Some(index), ..scope });
            CompiledAction::compile(action, (&place.0, place.1), workspace, catalogue, faults)
        };
        let actions: Vec<_> = actions.iter().enumerate().filter_map(compile).collect();
        Some(Self { items: items?, max: max as usize, actions })
    }

    /// What is done for each item.
    pub fn actions(&self) -> &[CompiledAction] {
        &self.actions
    }

    /// The items.
    pub fn list(&self, context: &Value) -> Result<Vec<Value>, Reason> {
        self.list_within(context, &mut Visits::of(VISITS_AT_A_TIME_MAX))
    }

    /// The same within visits that are shared with others.
    pub fn list_within(&self, context: &Value, visits: &mut Visits) -> Result<Vec<Value>, Reason> {
        self.items.list_in(context, visits)
    }

    /// What follows from a list, in a run of so many steps.
    pub fn judge(&self, items: &[Value], steps: usize) -> Tried {
        if items.len() > self.max {
            let words = format!("the list has {} items, and {} are allowed", items.len(), self.max);
            return Tried::Unrendered(Reason::new("too_many_items", words));
        }
        if steps + items.len() * self.actions.len() > STEPS_MAX {
            let words = format!("the items would take the run to more than {STEPS_MAX} steps");
            return Tried::Unrendered(Reason::new("too_many_steps", words));
        }
        Tried::Listed(items.len())
    }
}
