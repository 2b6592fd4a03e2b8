//! What a definition may do in its workspace, beyond being right in itself: asked when it is saved, and again when it runs.
//!
//! Settings and secrets change after a flow has been saved. So this is no part of compiling: a stored flow that is not permitted any more still
//! starts runs, and they say why they failed.

use std::collections::BTreeSet;

use super::action::{CompiledAction, CompiledKind};
use super::model::Definition;
use super::read::{Faults, FieldError};
use super::template::Scope;
use crate::ids::WorkspaceId;
use crate::operation::Catalogue;
use crate::port::web::Destinations;
use crate::secret::SecretName;

/// What the workspace has and allows.
pub struct Terms<'t> {
    /// Whether actions may call other servers than the platform's.
    pub other_servers: bool,
    /// Which of them may be named.
    pub destinations: &'t dyn Destinations,
    /// The secrets that there are.
    pub secrets: &'t BTreeSet<SecretName>,
}

/// Says what of a definition is not permitted, field by field. What does not compile is refused elsewhere.
///
/// # Errors
///
/// Everything that is not permitted.
pub fn check(definition: &Definition, terms: &Terms<'_>, workspace: WorkspaceId, catalogue: &Catalogue) -> Result<(), Vec<FieldError>> {
    let mut faults = Faults::default();
    for (index, action) in definition.actions.iter().enumerate() {
        let field = format!("actions[{index}]");
        // Its own faults are of no interest here.
        if let Some(action) = CompiledAction::compile(action, (&field, Scope::of(index)), workspace, catalogue, &mut Faults::default()) {
            judge(&action, &field, terms, &mut faults);
            for (index, inner) in action.inner().iter().enumerate() {
                judge(inner, &format!("{field}.actions[{index}]"), terms, &mut faults);
            }
        }
    }
    faults.into_result(Some(()))
}

fn judge(action: &CompiledAction, field: &str, terms: &Terms<'_>, faults: &mut Faults) {
    let CompiledKind::GenericHttp(call) = &action.kind else { return };
    if !terms.other_servers {
        let words =
            "calls of other servers are off here: the add-on has none, or the setting enable_generic_http_actions does not allow them";
        faults.add(format!("{field}.type"), "generic_http_off", words);
        return;
    }
    if !terms.destinations.admits(&call.address().origin()) {
        faults.add(format!("{field}.url"), "destination_not_allowed", "destination not allowed");
    }
    for name in call.secrets().iter().filter(|name| !terms.secrets.contains(*name)) {
        faults.add(field, "unknown_secret", format!("the workspace has no secret {name}"));
    }
}
