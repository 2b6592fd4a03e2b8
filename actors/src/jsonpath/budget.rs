//! What one evaluation may cost (I5): the size of the document, the visits to its nodes, the number of results.

use serde_json::Value;

use crate::limits::jsonpath::{BYTES_COMPARED_PER_VISIT, DOCUMENT_LEVELS_MAX, DOCUMENT_NODES_MAX, RESULT_NODES_MAX, VISITS_MAX};

/// Why a path was not evaluated on a document. The document is at fault for all but the last; nothing was selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unevaluated {
    /// The part of the document that the path searches has too many nodes.
    #[error("the document has more than {DOCUMENT_NODES_MAX} nodes to search")]
    TooLarge,
    /// The part of the document that the path searches is nested too deeply.
    #[error("the document is nested more than {DOCUMENT_LEVELS_MAX} levels deep")]
    TooDeep,
    /// Segments and filters together would visit too many nodes.
    #[error("the path needs more than {VISITS_MAX} visits to nodes of the document")]
    TooCostly,
    /// The path selects too many nodes.
    #[error("the path selects more than {RESULT_NODES_MAX} nodes")]
    TooMany,
    /// The evaluator gave up or panicked: a defect of ours, since the parser lets only what it can do pass.
    #[error("the path could not be evaluated")]
    Failed,
}

/// Visits that are left.
pub(super) struct Budget(usize);

impl Budget {
    /// Pays for `passes` over everything below `node` before the first is made, because the evaluator cannot be stopped.
    pub(super) fn for_passes(passes: usize, node: &Value) -> Result<Self, Unevaluated> {
        let mut left = DOCUMENT_NODES_MAX;
        count(node, DOCUMENT_LEVELS_MAX, &mut left)?;
        let mut budget = Self(VISITS_MAX);
        budget.spend((DOCUMENT_NODES_MAX - left).saturating_mul(passes))?;
        Ok(budget)
    }

    pub(super) fn spend(&mut self, visits: usize) -> Result<(), Unevaluated> {
        self.0 = self.0.checked_sub(visits).ok_or(Unevaluated::TooCostly)?;
        Ok(())
    }

    /// Two strings are compared up to the end of the shorter.
    pub(super) fn spend_on_strings(&mut self, left: &str, right: &str) -> Result<(), Unevaluated> {
        self.spend(left.len().min(right.len()) / BYTES_COMPARED_PER_VISIT)
    }
}

fn count(node: &Value, levels: usize, left: &mut usize) -> Result<(), Unevaluated> {
    *left = left.checked_sub(1).ok_or(Unevaluated::TooLarge)?;
    let below = || levels.checked_sub(1).ok_or(Unevaluated::TooDeep);
    match node {
        Value::Array(elements) => below().and_then(|levels| elements.iter().try_for_each(|child| count(child, levels, left))),
        Value::Object(members) => below().and_then(|levels| members.values().try_for_each(|child| count(child, levels, left))),
        _ => Ok(()),
    }
}
