//! JSONPath behind a fence: a stated subset of RFC 9535, checked when a path is saved, bounded when it is evaluated (I5).
//!
//! `jsonpath_lib` is older than the RFC, answers wrongly on some shapes, panics on others and overflows its stack on long texts.
//! So a path is read by our own strict parser and only what is exactly right is passed on, in one canonical spelling; see the module `plan`.
//! What lies outside is refused with its position and the reason. A path that is accepted means what the RFC says, on every document.
//!
//! # The subset
//!
//! | selector | spelling | remarks |
//! | --- | --- | --- |
//! | root | `$` | every path starts with it |
//! | name | `.name`, `['name']`, `["name"]` | with the escapes of the RFC; after a selector of several nodes a name has no backslash and not both kinds of quote |
//! | index | `[0]`, `[-1]` | from the end if negative |
//! | all children | `.*`, `[*]` | |
//! | slice | `[1:5]`, `[:-1]`, `[::2]` | the step is at least 1 |
//! | union | `['a','b']`, `[0,2]` | names or indexes from the start, at most 8, none twice |
//! | descent | `..name`, `..*`, `..['name']`, `..[0]`, `..[*]`, `..[?…]` | once in a path |
//! | filter | `[?@.rate > 100 && @.billable == true]` | keeps the children for which it holds |
//!
//! ```text
//! filter     = and *( "||" and )
//! and        = term *( "&&" term )
//! term       = [ "!" ] "(" filter ")" / [ "!" ] query / operand operator operand
//! operator   = "==" / "!=" / "<" / "<=" / ">" / ">="
//! operand    = query / string / number / "true" / "false" / "null"
//! query      = ( "@" / "$" ) *( "." name / "[" string "]" / "[" index "]" )
//! ```
//!
//! An index in a query counts from the start. `@` is the child that is tested, `$` the whole document. A query by itself asks whether the node exists, be it `null`.
//! Values of different types are never equal and never ordered, only numbers and strings are ordered, and integers are compared exactly.
//! Whitespace stands where the RFC lets it stand, except before `..`. There are no functions, no filters in filters, no negative steps.
//! The bounds are in [`crate::limits::jsonpath`].

mod budget;
mod compare;
mod filter;
mod plan;
mod scan;
mod segment;
mod step;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use budget::{Unevaluated, Visits};
use plan::Plan;

use crate::limits::jsonpath::VISITS_MAX;

/// Why a text is not a path, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("JSONPath refused at byte {position}: {reason}")]
pub struct Refused {
    /// Byte offset into the text.
    pub position: usize,
    /// The rule that was broken, in words for the author of the path.
    pub reason: &'static str,
}

/// A path that has been read and found to be inside the subset. Cheap to clone.
///
/// ```
/// use actors::jsonpath::Path;
///
/// let path = Path::parse("$.tags[?@.name == 'urgent'].id")?;
/// let payload = serde_json::json!({"tags": [{"id": 1, "name": "urgent"}, {"id": 2, "name": "later"}]});
/// assert_eq!(path.first(&payload)?, Some(&serde_json::json!(1)));
/// assert_eq!(Path::parse("$.tags[").unwrap_err().position, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(Arc<Parsed>);

struct Parsed {
    text: String,
    plan: Plan,
}

impl Path {
    /// Reads a path of the subset; anything else is refused with its position.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let plan = Plan::new(segment::parse(text)?)?;
        Ok(Self(Arc::new(Parsed { text: text.to_owned(), plan })))
    }

    /// All nodes that the path selects, in the order of RFC 9535 (members of an object in the order of the document).
    pub fn select<'v>(&self, document: &'v Value) -> Result<Vec<&'v Value>, Unevaluated> {
        self.select_within(document, &mut Visits::of(VISITS_MAX))
    }

    /// The same within visits that are shared with other evaluations.
    pub fn select_within<'v>(&self, document: &'v Value, visits: &mut Visits) -> Result<Vec<&'v Value>, Unevaluated> {
        self.0.plan.select(document, visits)
    }

    /// The first of the nodes. A path of names and indexes only is a direct walk that allocates nothing and cannot fail.
    pub fn first<'v>(&self, document: &'v Value) -> Result<Option<&'v Value>, Unevaluated> {
        self.first_within(document, &mut Visits::of(VISITS_MAX))
    }

    /// The same within visits that are shared with other evaluations.
    pub fn first_within<'v>(&self, document: &'v Value, visits: &mut Visits) -> Result<Option<&'v Value>, Unevaluated> {
        self.0.plan.first(document, visits)
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the path has only names and indexes, so that it selects one node at most.
    pub fn is_singular(&self) -> bool {
        self.0.plan.is_singular()
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.0.text).finish()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Path {}

impl TryFrom<String> for Path {
    type Error = Refused;

    fn try_from(text: String) -> Result<Self, Refused> {
        Self::parse(&text)
    }
}

impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.0.text.clone()
    }
}

#[cfg(test)]
mod tests;
