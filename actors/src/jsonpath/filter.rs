//! Filters: a condition on one candidate. `jsonpath_lib` applies its own to whole lists of nodes and mixes them up, so they are not used:
//! it finds the candidates and we decide on each.

use serde_json::Value;

use super::Refused;
use super::budget::{Budget, Unevaluated};
use super::compare::{equal, less};
use super::scan::Scanner;
use super::step::{Step, walk};
use crate::limits::jsonpath::{FILTER_PARENTHESES_DEEP_MAX, FILTER_TERMS_MAX, SEGMENTS_MAX};

pub(super) enum Filter {
    Any(Vec<Filter>),
    Every(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Query),
    Compare(Operand, Operator, Operand),
}

pub(super) struct Query {
    from_root: bool,
    steps: Vec<Step>,
}

pub(super) enum Operand {
    Literal(Value),
    Query(Query),
}

#[derive(Clone, Copy)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Longer spellings first, since `<` is how `<=` starts.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Filter {
    pub(super) fn holds(&self, candidate: &Value, root: &Value, budget: &mut Budget) -> Result<bool, Unevaluated> {
        match self {
            Self::Any(filters) => {
                for filter in filters {
                    if filter.holds(candidate, root, budget)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Every(filters) => {
                for filter in filters {
                    if !filter.holds(candidate, root, budget)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(filter) => Ok(!filter.holds(candidate, root, budget)?),
            Self::Exists(query) => Ok(query.find(candidate, root, budget)?.is_some()),
            Self::Compare(left, operator, right) => {
                let left = left.value(candidate, root, budget)?;
                let right = right.value(candidate, root, budget)?;
                match operator {
                    Operator::Equal => equal(left, right, budget),
                    Operator::Unequal => Ok(!equal(left, right, budget)?),
                    Operator::Less => less(left, right, budget),
                    Operator::LessOrEqual => Ok(less(left, right, budget)? || equal(left, right, budget)?),
                    Operator::Greater => less(right, left, budget),
                    Operator::GreaterOrEqual => Ok(less(right, left, budget)? || equal(left, right, budget)?),
                }
            }
        }
    }
}

impl Query {
    fn find<'v>(&self, candidate: &'v Value, root: &'v Value, budget: &mut Budget) -> Result<Option<&'v Value>, Unevaluated> {
        budget.spend(1 + self.steps.len())?;
        Ok(walk(&self.steps, if self.from_root { root } else { candidate }))
    }
}

impl Operand {
    fn value<'v>(&'v self, candidate: &'v Value, root: &'v Value, budget: &mut Budget) -> Result<Option<&'v Value>, Unevaluated> {
        match self {
            Self::Literal(value) => Ok(Some(value)),
            Self::Query(query) => query.find(candidate, root, budget),
        }
    }
}

/// Reads what follows the question mark. `terms` counts over the whole path.
pub(super) fn parse(scanner: &mut Scanner<'_>, terms: &mut usize) -> Result<Filter, Refused> {
    any(scanner, terms, 0)
}

fn any(scanner: &mut Scanner<'_>, terms: &mut usize, depth: usize) -> Result<Filter, Refused> {
    let mut filters = vec![every(scanner, terms, depth)?];
    while scanner.eat("||") {
        filters.push(every(scanner, terms, depth)?);
    }
    Ok(Filter::Any(filters))
}

fn every(scanner: &mut Scanner<'_>, terms: &mut usize, depth: usize) -> Result<Filter, Refused> {
    let mut filters = vec![term(scanner, terms, depth)?];
    while scanner.eat("&&") {
        filters.push(term(scanner, terms, depth)?);
    }
    Ok(Filter::Every(filters))
}

/// One term with the whitespace around it.
fn term(scanner: &mut Scanner<'_>, terms: &mut usize, depth: usize) -> Result<Filter, Refused> {
    scanner.skip_whitespace();
    *terms += 1;
    if *terms > FILTER_TERMS_MAX {
        return Err(scanner.refuse("too many terms in the filters of one path (at most 16)"));
    }
    let negated = scanner.eat("!");
    scanner.skip_whitespace();
    let filter = if scanner.peek() == Some('(') {
        parentheses(scanner, terms, depth)?
    } else if negated {
        let query = query(scanner)?.ok_or_else(|| scanner.refuse("`!` goes before `(`, `@` or `$`"))?;
        Filter::Exists(query)
    } else {
        comparison(scanner)?
    };
    scanner.skip_whitespace();
    Ok(if negated { Filter::Not(Box::new(filter)) } else { filter })
}

fn parentheses(scanner: &mut Scanner<'_>, terms: &mut usize, depth: usize) -> Result<Filter, Refused> {
    if depth == FILTER_PARENTHESES_DEEP_MAX {
        return Err(scanner.refuse("parentheses are nested too deeply (at most 8)"));
    }
    scanner.eat("(");
    let filter = any(scanner, terms, depth + 1)?;
    scanner.expect(")", "expected `)`, `&&` or `||`")?;
    Ok(filter)
}

fn comparison(scanner: &mut Scanner<'_>) -> Result<Filter, Refused> {
    let position = scanner.position();
    let left = operand(scanner)?;
    scanner.skip_whitespace();
    for (spelling, operator) in OPERATORS {
        if scanner.eat(spelling) {
            scanner.skip_whitespace();
            return Ok(Filter::Compare(left, operator, operand(scanner)?));
        }
    }
    match left {
        Operand::Query(query) => Ok(Filter::Exists(query)),
        Operand::Literal(_) => Err(Refused { position, reason: "a literal must be compared with something" }),
    }
}

fn operand(scanner: &mut Scanner<'_>) -> Result<Operand, Refused> {
    if let Some(query) = query(scanner)? {
        return Ok(Operand::Query(query));
    }
    if let Some(text) = scanner.string()? {
        return Ok(Operand::Literal(Value::String(text)));
    }
    if let Some(number) = scanner.number()? {
        return Ok(Operand::Literal(Value::Number(number)));
    }
    for (spelling, value) in [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)] {
        if scanner.eat(spelling) {
            return Ok(Operand::Literal(value));
        }
    }
    Err(scanner.refuse("expected `@`, `$`, a string, a number, true, false or null (there are no functions)"))
}

fn query(scanner: &mut Scanner<'_>) -> Result<Option<Query>, Refused> {
    let from_root = scanner.eat("$");
    if !from_root && !scanner.eat("@") {
        return Ok(None);
    }
    let mut steps = Vec::new();
    loop {
        let end = scanner.position();
        scanner.skip_whitespace();
        if scanner.rest().starts_with("..") {
            return Err(scanner.refuse("a query in a filter has no `..`"));
        }
        let step = if scanner.eat(".") {
            Step::Name(scanner.bare_name()?)
        } else if scanner.eat("[") {
            bracketed_step(scanner)?
        } else {
            scanner.return_to(end);
            return Ok(Some(Query { from_root, steps }));
        };
        if steps.len() == SEGMENTS_MAX {
            return Err(scanner.refuse("too many segments in a filter's query (at most 16)"));
        }
        steps.push(step);
    }
}

fn bracketed_step(scanner: &mut Scanner<'_>) -> Result<Step, Refused> {
    scanner.skip_whitespace();
    let position = scanner.position();
    let step = match scanner.string()? {
        Some(name) => Step::Name(name),
        None => match scanner.integer()? {
            // The implementation that proves ours takes them for nothing in a comparison.
            Some(index) if index < 0 => return Err(Refused { position, reason: "a query in a filter has no negative index" }),
            Some(index) => Step::Index(index),
            None => return Err(scanner.refuse("a query in a filter has only names and indexes")),
        },
    };
    scanner.skip_whitespace();
    scanner.expect("]", "a query in a filter has one name or index in brackets")?;
    Ok(step)
}
