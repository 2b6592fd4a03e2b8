//! A path as it is evaluated: the leading names and indexes by hand, the rest by `jsonpath_lib` in spellings that it is right about.
//!
//! Names, wildcards, slices, unions and descents to a name, a wildcard or an index are right as they are. An index is not (on an object
//! it looks into the members, and a negative one is clamped), but the slice of one element is, so `[2]` is passed on as `[2:3]`.
//! A filter is `[*]` followed by a decision on each node; see [`super::filter`].
//! The fence keeps all selected nodes distinct, so no segment visits more nodes than the document has, and the cost is known before (I5).

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jsonpath_lib::Compiled;
use serde_json::Value;

use super::Refused;
use super::budget::{Budget, Unevaluated, Visits};
use super::filter::Filter;
use super::segment::{Segment, Selector};
use super::step::{Step, walk};
use crate::limits::jsonpath::RESULT_NODES_MAX;

pub(super) struct Plan {
    prefix: Vec<Step>,
    stages: Vec<Stage>,
    /// Segments behind the prefix: each visits every node below at most once.
    passes: usize,
}

enum Stage {
    Select(Compiled),
    Keep(Filter),
}

impl Plan {
    pub(super) fn new(segments: Vec<Segment>) -> Result<Self, Refused> {
        let mut plan = Self { prefix: Vec::new(), stages: Vec::new(), passes: 0 };
        let mut run = String::new();
        for Segment { descends, selector, position } in segments {
            let leading = plan.passes == 0 && !descends;
            match selector {
                Selector::Name(name) if leading => {
                    plan.prefix.push(Step::Name(name));
                    continue;
                }
                Selector::Index(index) if leading => {
                    plan.prefix.push(Step::Index(index));
                    continue;
                }
                selector => {
                    plan.passes += 1;
                    run.push_str(if descends { ".." } else { "" });
                    spell(&mut run, &selector, descends).ok_or(Refused {
                        position,
                        reason: "after a selector of several nodes a name has no backslash and not both kinds of quote",
                    })?;
                    if let Selector::Filter(filter) = selector {
                        plan.stages.push(compile(&mut run, position)?);
                        plan.stages.push(Stage::Keep(filter));
                    }
                }
            }
        }
        if !run.is_empty() {
            plan.stages.push(compile(&mut run, 0)?);
        }
        Ok(plan)
    }

    pub(super) fn is_singular(&self) -> bool {
        self.stages.is_empty()
    }

    pub(super) fn first<'v>(&self, root: &'v Value, visits: &mut Visits) -> Result<Option<&'v Value>, Unevaluated> {
        if self.is_singular() {
            return Ok(walk(&self.prefix, root));
        }
        Ok(self.select(root, visits)?.first().copied())
    }

    pub(super) fn select<'v>(&self, root: &'v Value, visits: &mut Visits) -> Result<Vec<&'v Value>, Unevaluated> {
        let Some(start) = walk(&self.prefix, root) else { return Ok(Vec::new()) };
        if self.is_singular() {
            return Ok(vec![start]);
        }
        let nodes = visits.spend(|budget| {
            budget.pay_for_passes(self.passes, start)?;
            // Of what may panic nothing can be left half done but the budget, which is then less than it could be.
            catch_unwind(AssertUnwindSafe(|| self.run(start, root, budget))).unwrap_or(Err(Unevaluated::Failed))
        })?;
        if nodes.len() > RESULT_NODES_MAX {
            return Err(Unevaluated::TooMany);
        }
        Ok(nodes)
    }

    fn run<'v>(&self, start: &'v Value, root: &'v Value, budget: &mut Budget) -> Result<Vec<&'v Value>, Unevaluated> {
        let mut nodes = vec![start];
        for stage in &self.stages {
            let mut found = Vec::new();
            for node in nodes {
                match stage {
                    Stage::Select(compiled) => found.append(&mut compiled.select(node).map_err(|_| Unevaluated::Failed)?),
                    Stage::Keep(filter) if filter.holds(node, root, budget)? => found.push(node),
                    Stage::Keep(_) => {}
                }
            }
            nodes = found;
        }
        Ok(nodes)
    }
}

/// Takes the segments that were gathered, so that the next run starts empty.
fn compile(run: &mut String, position: usize) -> Result<Stage, Refused> {
    let path = format!("${}", std::mem::take(run));
    match catch_unwind(|| Compiled::compile(&path)) {
        Ok(Ok(compiled)) => Ok(Stage::Select(compiled)),
        _ => Err(Refused { position, reason: "the evaluator does not know this path" }),
    }
}

/// Appends a selector in the evaluator's spelling; `None` is a name that it has no spelling for.
fn spell(run: &mut String, selector: &Selector, descends: bool) -> Option<()> {
    match selector {
        Selector::Name(name) => write!(run, "[{}]", quoted(name)?).ok(),
        Selector::Names(names) => {
            let names = names.iter().map(|name| quoted(name)).collect::<Option<Vec<_>>>()?;
            write!(run, "[{}]", names.join(",")).ok()
        }
        Selector::Index(index) if descends => write!(run, "[{index}]").ok(),
        Selector::Index(-1) => write!(run, "[-1:]").ok(),
        Selector::Index(index) => write!(run, "[{index}:{}]", index + 1).ok(),
        Selector::Indexes(indexes) => {
            let indexes = indexes.iter().map(i64::to_string).collect::<Vec<_>>();
            write!(run, "[{}]", indexes.join(",")).ok()
        }
        Selector::All | Selector::Filter(_) => write!(run, "[*]").ok(),
        Selector::Slice { start, end, step } => {
            let part = |part: &Option<i64>| part.map(|number| number.to_string()).unwrap_or_default();
            write!(run, "[{}:{}:{}]", start.unwrap_or(0), part(end), step.unwrap_or(1)).ok()
        }
    }
}

/// The evaluator reads a string up to the next quote of its kind, and takes a backslash before it for an escape.
fn quoted(name: &str) -> Option<String> {
    let quote = ['\'', '"'].into_iter().find(|quote| !name.contains([*quote, '\\']))?;
    Some(format!("{quote}{name}{quote}"))
}
