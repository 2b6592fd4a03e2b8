//! The pictures at the roots stay true: each names every module of its crate, and each invariant that is cited is numbered there.

use std::collections::BTreeSet;

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

const ROOTS: [&str; 2] = ["actors/src/lib.rs", "src/lib.rs"];

fn opening(source: &Source) -> String {
    source.text.lines().map_while(|line| line.strip_prefix("//!")).map(|line| format!("{line}\n")).collect()
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// Modules that the root declares and its opening does not name.
fn check_modules(source: &Source) -> Vec<Breach> {
    let opening = opening(source);
    let named = words(&opening);
    let declared = source.lines().filter_map(|(line, code)| {
        let (before, name) = code.trim().strip_suffix(';')?.split_once("mod ")?;
        (before.is_empty() || before.starts_with("pub")).then_some((line, name))
    });
    let forgotten = declared.filter(|(_, name)| !named.contains(name));
    forgotten.map(|(line, name)| Breach::new(&source.path, line, format!("the picture does not have `{name}`"))).collect()
}

/// `I` and one or two digits, as words.
fn invariants(text: &str) -> BTreeSet<&str> {
    let is_number =
        |word: &&str| word.strip_prefix('I').is_some_and(|rest| matches!(rest.len(), 1 | 2) && rest.bytes().all(|c| c.is_ascii_digit()));
    words(text).into_iter().filter(is_number).collect()
}

fn check_invariants(source: &Source, numbered: &BTreeSet<&str>) -> Vec<Breach> {
    let cited = source.text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("//") || line.contains("reason ="));
    let unknown = cited.flat_map(|(index, line)| invariants(line).into_iter().map(move |cited| (index + 1, cited)));
    unknown
        .filter(|(_, cited)| !numbered.contains(cited))
        .map(|(line, cited)| Breach::new(&source.path, line, format!("cites {cited}, which {} does not number", ROOTS[0])))
        .collect()
}

#[test]
fn the_pictures_name_every_module() {
    let roots = tree::sources().iter().filter(|source| ROOTS.contains(&source.path.as_str()));
    expect_none(&roots.flat_map(check_modules).collect::<Vec<_>>(), "draw the module into the picture in the root's `//!`, in a few words");
}

#[test]
fn every_invariant_that_is_cited_is_numbered() {
    let root = tree::sources().iter().find(|source| source.path == ROOTS[0]).unwrap();
    let opening = opening(root);
    let numbered = invariants(&opening);
    assert!(numbered.len() >= 9, "the invariants were not found in {}: {numbered:?}", ROOTS[0]);
    let breaches: Vec<Breach> = tree::sources().iter().flat_map(|source| check_invariants(source, &numbered)).collect();
    expect_none(&breaches, "cite one that is there, or state the new one in actors/src/lib.rs");
}

#[test]
fn a_module_left_out_and_an_unknown_invariant_are_found() {
    let root = Source::parse("src/lib.rs", "//! http  bytes in\n//! **I1** stays.\n\npub mod http;\npub mod store;\nmod tests {}\n");
    assert_eq!(check_modules(&root).len(), 1);
    let opening = opening(&root);
    let source = Source::parse("src/x.rs", "// upholds I1 and I42\nlet text = \"I43\";\n");
    assert_eq!(check_invariants(&source, &invariants(&opening)).len(), 1);
}
