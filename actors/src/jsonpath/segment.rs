//! The segments of a path and their parser: what the subset is, is decided here and in [`super::filter`].

use super::Refused;
use super::filter::{self, Filter};
use super::scan::Scanner;
use crate::limits::jsonpath::{DESCENTS_MAX, SEGMENTS_MAX, TEXT_BYTES_MAX, UNION_SELECTORS_MAX};

pub(super) struct Segment {
    /// Whether it applies to every node below, and not only to the children.
    pub(super) descends: bool,
    pub(super) selector: Selector,
    /// Where it starts in the text.
    pub(super) position: usize,
}

pub(super) enum Selector {
    Name(String),
    Names(Vec<String>),
    Index(i64),
    /// None is negative.
    Indexes(Vec<i64>),
    All,
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: Option<i64>,
    },
    Filter(Filter),
}

pub(super) fn parse(text: &str) -> Result<Vec<Segment>, Refused> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Refused { position: TEXT_BYTES_MAX, reason: "the path is too long (at most 256 bytes)" });
    }
    let mut scanner = Scanner::new(text);
    scanner.expect("$", "a path starts with $")?;
    let (mut segments, mut descents, mut terms) = (Vec::new(), 0, 0);
    while !scanner.rest().is_empty() {
        let before = scanner.position();
        scanner.skip_whitespace();
        let position = scanner.position();
        if position > before && scanner.rest().starts_with("..") {
            // The RFC permits it, but the implementation that proves ours does not.
            return Err(Refused { position: before, reason: "no whitespace before `..`" });
        }
        if segments.len() == SEGMENTS_MAX {
            return Err(scanner.refuse("too many segments (at most 16)"));
        }
        let segment = segment(&mut scanner, &mut terms)?;
        descents += usize::from(segment.descends);
        if descents > DESCENTS_MAX {
            return Err(Refused { position, reason: "`..` may stand only once in a path" });
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn segment(scanner: &mut Scanner<'_>, terms: &mut usize) -> Result<Segment, Refused> {
    let position = scanner.position();
    let descends = scanner.eat("..");
    let selector = if scanner.eat("[") {
        brackets(scanner, terms)?
    } else if descends || scanner.eat(".") {
        if scanner.eat("*") { Selector::All } else { Selector::Name(scanner.bare_name()?) }
    } else {
        return Err(scanner.refuse("expected `.`, `..` or `[`"));
    };
    let refused = |reason| Err(Refused { position, reason });
    match selector {
        Selector::Names(_) | Selector::Indexes(_) if descends => refused("`..` does not go with several selectors"),
        Selector::Slice { .. } if descends => refused("`..` does not go with a slice"),
        Selector::Index(index) if descends && index < 0 => refused("`..` does not go with a negative index"),
        selector => Ok(Segment { descends, selector, position }),
    }
}

fn brackets(scanner: &mut Scanner<'_>, terms: &mut usize) -> Result<Selector, Refused> {
    scanner.skip_whitespace();
    let first = selector(scanner, terms)?;
    scanner.skip_whitespace();
    if scanner.eat("]") {
        return Ok(first);
    }
    if scanner.peek() != Some(',') {
        return Err(scanner.refuse("expected `]` or `,`"));
    }
    match first {
        Selector::Name(name) => rest_of_union(scanner, name, |scanner| scanner.string()).map(Selector::Names),
        Selector::Index(index) if index >= 0 => {
            let next = |scanner: &mut Scanner<'_>| match scanner.integer()? {
                Some(index) if index < 0 => Err(scanner.refuse("several indexes must count from the start")),
                index => Ok(index),
            };
            rest_of_union(scanner, index, next).map(Selector::Indexes)
        }
        _ => Err(scanner.refuse("only names, or indexes from the start, may stand together in brackets")),
    }
}

/// No selector twice: a node that is found twice at each segment is found 2^n times at the n-th.
fn rest_of_union<T: PartialEq>(
    scanner: &mut Scanner<'_>,
    first: T,
    mut next: impl FnMut(&mut Scanner<'_>) -> Result<Option<T>, Refused>,
) -> Result<Vec<T>, Refused> {
    let mut union = vec![first];
    while scanner.eat(",") {
        scanner.skip_whitespace();
        if union.len() == UNION_SELECTORS_MAX {
            return Err(scanner.refuse("too many selectors in one pair of brackets (at most 8)"));
        }
        let position = scanner.position();
        let Some(selector) = next(scanner)? else {
            return Err(scanner.refuse("only names, or only indexes, may stand together in brackets"));
        };
        if union.contains(&selector) {
            return Err(Refused { position, reason: "the same selector stands twice in the brackets" });
        }
        union.push(selector);
        scanner.skip_whitespace();
    }
    scanner.expect("]", "expected `]` or `,`")?;
    Ok(union)
}

fn selector(scanner: &mut Scanner<'_>, terms: &mut usize) -> Result<Selector, Refused> {
    if let Some(name) = scanner.string()? {
        return Ok(Selector::Name(name));
    }
    if scanner.eat("*") {
        return Ok(Selector::All);
    }
    if scanner.eat("?") {
        return filter::parse(scanner, terms).map(Selector::Filter);
    }
    let start = scanner.integer()?;
    let end_of_start = scanner.position();
    scanner.skip_whitespace();
    if scanner.eat(":") {
        return slice(scanner, start);
    }
    scanner.return_to(end_of_start);
    start.map(Selector::Index).ok_or_else(|| scanner.refuse("expected a name in quotes, an index, a slice, `*` or a filter `?…`"))
}

fn slice(scanner: &mut Scanner<'_>, start: Option<i64>) -> Result<Selector, Refused> {
    scanner.skip_whitespace();
    let end = scanner.integer()?;
    scanner.skip_whitespace();
    let mut step = None;
    if scanner.eat(":") {
        scanner.skip_whitespace();
        let position = scanner.position();
        step = scanner.integer()?;
        if step.is_some_and(|step| step < 1) {
            return Err(Refused { position, reason: "the step of a slice must be at least 1" });
        }
    }
    Ok(Selector::Slice { start, end, step })
}
