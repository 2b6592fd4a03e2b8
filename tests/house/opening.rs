//! Every source opens with what it is for, in one to eight lines.
//!
//! Tables and diagrams, and what follows a heading, are reference and count for nothing.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

const LINES_MAX: usize = 8;

fn check(source: &Source) -> Option<Breach> {
    let opening: Vec<&str> = source.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let mut fenced = false;
    let mut prose = 0;
    for line in opening.iter().take_while(|line| !line.starts_with('#')) {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.starts_with('|') && !line.is_empty() {
            prose += 1;
        }
    }
    match prose {
        0 => Some(Breach::new(&source.path, 1, "does not open with //! and what it is for")),
        1..=LINES_MAX => None,
        long => Some(Breach::new(&source.path, 1, format!("opens with {long} lines of //!"))),
    }
}

#[test]
fn every_source_opens_with_what_it_is_for() {
    let breaches: Vec<Breach> = tree::sources().iter().filter_map(check).collect();
    expect_none(
        &breaches,
        "open the file with one to eight lines of `//!`: what it is for, what it does not do, which invariants it upholds",
    );
}

#[test]
fn a_source_without_an_opening_or_with_a_long_one_is_found() {
    let found = |text: &str| check(&Source::parse("src/x.rs", text)).is_some();
    assert!(found("fn main() {}\n"));
    assert!(found("\n//! Late.\n"));
    assert!(found("//!\n//! | a | table |\n"));
    assert!(found(&"//! And so on.\n".repeat(LINES_MAX + 1)));
    assert!(!found("//! What it is for.\n//!\n//! | a | table |\n\nfn main() {}\n"));
    assert!(!found(&format!("//! Short.\n//!\n//! # Reference\n{}", "//! long\n".repeat(30))));
}
