//! What one evaluation may cost (I5): the size of the document, the visits to its nodes, the number of results. And what several may cost together.

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
    #[error("the path needs more visits to nodes of the document than it may make: {VISITS_MAX} by itself, fewer beside others")]
    TooCostly,
    /// The path selects too many nodes.
    #[error("the path selects more than {RESULT_NODES_MAX} nodes")]
    TooMany,
    /// The evaluator gave up or panicked: a defect of ours, since the parser lets only what it can do pass.
    #[error("the path could not be evaluated")]
    Failed,
}

/// Visits to nodes that several evaluations may make together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visits {
    left: usize,
    granted: usize,
}

impl Visits {
    /// So many.
    pub const fn of(granted: usize) -> Self {
        Self { left: granted, granted }
    }

    /// How many have been made.
    pub const fn made(&self) -> usize {
        self.granted.saturating_sub(self.left)
    }

    /// Notes visits that are no evaluation's own, as those of reading a document.
    pub const fn make(&mut self, visits: usize) {
        self.left = self.left.saturating_sub(visits);
    }

    /// Lets one evaluation make as many as it may and as are left.
    pub(super) fn spend<T>(&mut self, work: impl FnOnce(&mut Budget) -> Result<T, Unevaluated>) -> Result<T, Unevaluated> {
        let mut budget = Budget(self.left.min(VISITS_MAX));
        let before = budget.0;
        let outcome = work(&mut budget);
        self.make(before.saturating_sub(budget.0));
        outcome
    }
}

/// Visits that are left of one evaluation.
pub(super) struct Budget(usize);

impl Budget {
    /// Pays for `passes` over everything below `node` before the first is made, because the evaluator cannot be stopped.
    pub(super) fn pay_for_passes(&mut self, passes: usize, node: &Value) -> Result<(), Unevaluated> {
        let nodes_max = DOCUMENT_NODES_MAX.min(self.0);
        let mut left = nodes_max;
        let counted = count(node, DOCUMENT_LEVELS_MAX, &mut left);
        let nodes = nodes_max - left;
        match counted {
            Ok(()) => self.spend(nodes.saturating_mul(passes)),
            Err(refused) => {
                self.0 -= nodes;
                Err(if refused == Unevaluated::TooLarge && nodes_max < DOCUMENT_NODES_MAX { Unevaluated::TooCostly } else { refused })
            }
        }
    }

    pub(super) fn spend(&mut self, visits: usize) -> Result<(), Unevaluated> {
        match self.0.checked_sub(visits) {
            Some(left) => self.0 = left,
            None => {
                self.0 = 0;
                return Err(Unevaluated::TooCostly);
            }
        }
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
