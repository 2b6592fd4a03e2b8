//! How long files are: the median and the largest are printed, the too long ones refused.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

/// Time to look for the second noun.
const LINES_LONG: usize = 400;
/// No file of this project needs more.
const LINES_MAX: usize = 700;
/// What the median must stay below, so that short files remain the rule.
const MEDIAN_MAX: usize = 200;

fn check(source: &Source) -> Option<Breach> {
    let lines = source.text.lines().count();
    (lines > LINES_MAX).then(|| Breach::new(&source.path, 0, format!("{lines} lines, {LINES_MAX} are allowed")))
}

fn by_length(sources: &[Source]) -> Vec<(usize, &str)> {
    let mut sizes: Vec<(usize, &str)> = sources.iter().map(|source| (source.text.lines().count(), source.path.as_str())).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes
}

fn median(sizes: &[(usize, &str)]) -> usize {
    sizes.get(sizes.len() / 2).map_or(0, |(lines, _)| *lines)
}

#[test]
fn files_are_short() {
    let sizes = by_length(tree::sources());
    println!("{} sources, {} lines, median {}", sizes.len(), sizes.iter().map(|(lines, _)| lines).sum::<usize>(), median(&sizes));
    for (index, (lines, path)) in sizes.iter().enumerate() {
        if index < 10 || *lines > LINES_LONG {
            println!("{lines:>5} {path}{}", if *lines > LINES_LONG { "   <- is there a second noun in it?" } else { "" });
        }
    }
    let mut breaches: Vec<Breach> = tree::sources().iter().filter_map(check).collect();
    if median(&sizes) > MEDIAN_MAX {
        breaches.push(Breach::new(".", 0, format!("the median file has {} lines", median(&sizes))));
    }
    expect_none(&breaches, "split the file where its second noun begins");
}

#[test]
fn a_long_file_is_found() {
    let lines = |count: usize| Source::parse("src/x.rs", &"//! a\n".repeat(count));
    assert!(check(&lines(LINES_MAX)).is_none());
    assert!(check(&lines(LINES_MAX + 1)).is_some());
    let sources = [lines(3), lines(1), lines(2)];
    assert_eq!(median(&by_length(&sources)), 2);
}
