//! Names and indexes: the steps that lead to one node at most. Followed by hand, since nearly every path of a flow is made of them.

use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Name(String),
    /// From the end if negative.
    Index(i64),
}

/// The node at the end of the steps. No recursion, no allocation, so no bound is needed beyond the number of steps.
pub(super) fn walk<'v>(steps: &[Step], from: &'v Value) -> Option<&'v Value> {
    steps.iter().try_fold(from, |node, step| match (step, node) {
        (Step::Name(name), Value::Object(members)) => members.get(name),
        (Step::Index(index), Value::Array(elements)) => element(elements, *index),
        _ => None,
    })
}

fn element(elements: &[Value], index: i64) -> Option<&Value> {
    let distance = usize::try_from(index.unsigned_abs()).ok()?;
    let position = if index < 0 { elements.len().checked_sub(distance)? } else { distance };
    elements.get(position)
}
