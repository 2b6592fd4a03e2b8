//! From what a client sends to a [`Definition`]: both JSON shapes of the reference, every fault named by its field.
//!
//! The canonical shape is Universal Webhook's (`params: {path, query, body}`); API Studio's flat one
//! (`path_params`, `query_params`, `body`) is read as well.
//!
//! ```text
//! trigger     what starts a flow          conditions  when it applies
//! actions     what it does                field       single fields       fault  what is wrong with them
//! ```

mod actions;
mod conditions;
mod fault;
mod field;
#[cfg(test)]
mod tests;
mod trigger;

use serde_json::Value;

use self::actions::actions;
use self::conditions::group;
pub use self::fault::{Faults, FieldError};
use self::field::{boolean, number, present, refuse_unknown, text};
use self::trigger::{event_types, schedule, trigger_source};
use super::model::{Definition, TriggerSource};
use crate::limits::flow as limits;
use crate::limits::source::NAME_BYTES_MAX;

/// Reads a definition. Paths, operations and patterns are checked later, by [`super::compiled`].
pub fn definition(sent: &Value) -> Result<Definition, Vec<FieldError>> {
    let mut faults = Faults::default();
    let Some(sent) = sent.as_object() else {
        faults.add("", "invalid_type", "expected a JSON object");
        return faults.into_result(None);
    };
    const FIELDS: [&str; 13] = [
        "name",
        "description",
        "enabled",
        "trigger_source",
        "trigger_event_types",
        "custom_source",
        "schedule",
        "conditions",
        "actions",
        "allow_self_trigger",
        "runs_per_entity_per_minute",
        "pause_after_failures",
        "workspace_id",
    ];
    refuse_unknown(&mut faults, "", sent, &FIELDS);
    let name = text(&mut faults, sent, "name", limits::NAME_CHARS_MAX).unwrap_or_default();
    if name.trim().is_empty() {
        faults.add("name", "required", "a flow needs a name");
    }
    let definition = Definition {
        name,
        description: text(&mut faults, sent, "description", limits::DESCRIPTION_CHARS_MAX).unwrap_or_default(),
        enabled: boolean(&mut faults, sent, "enabled").unwrap_or(true),
        trigger_source: trigger_source(&mut faults, sent),
        trigger_event_types: event_types(&mut faults, sent),
        custom_source: text(&mut faults, sent, "custom_source", NAME_BYTES_MAX),
        schedule: schedule(&mut faults, sent),
        conditions: match present(sent, "conditions") {
            None => None,
            Some(value) => group(&mut faults, "conditions", value, 1, &mut 0),
        },
        actions: actions(&mut faults, sent),
        allow_self_trigger: boolean(&mut faults, sent, "allow_self_trigger").unwrap_or(false),
        runs_per_entity_per_minute: number(
            &mut faults,
            sent,
            "",
            "runs_per_entity_per_minute",
            1,
            u64::from(limits::RUNS_PER_ENTITY_PER_MINUTE_MAX),
        )
        .and_then(|number| u32::try_from(number).ok()),
        pause_after_failures: number(&mut faults, sent, "", "pause_after_failures", 0, u64::from(limits::PAUSE_AFTER_FAILURES_MAX))
            .and_then(|number| u32::try_from(number).ok()),
        managed_by: None,
    };
    if definition.custom_source.is_some() && definition.trigger_source != TriggerSource::Custom {
        faults.add("custom_source", "not_applicable", "only flows with trigger_source CUSTOM have a custom_source");
    }
    faults.into_result(Some(definition))
}
