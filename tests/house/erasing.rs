//! Rows of which something would be found in an SQLite file go in one place, which overwrites them first.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

const WHERE: &str = "src/store/sqlite/";
const ERASER: &str = "src/store/sqlite/erase.rs";

/// Tables whose rows say nothing about people: numbers, ids and hashes.
const BARE: [&str; 3] = ["flows", "subscriptions", "purges"];

fn check(source: &Source) -> Vec<Breach> {
    if !source.path.starts_with(WHERE) || source.path == ERASER {
        return Vec::new();
    }
    let deletes = source.literals.iter().filter(|(line, _)| !source.is_test(*line)).filter_map(|(line, literal)| {
        let table = literal.split_once("DELETE FROM ")?.1.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        (!BARE.contains(&table)).then(|| Breach::new(&source.path, *line, format!("deletes rows of `{table}`")))
    });
    deletes.collect()
}

#[test]
fn rows_are_overwritten_before_they_go() {
    let breaches: Vec<Breach> = tree::sources().iter().flat_map(check).collect();
    expect_none(&breaches, "let `erase` of src/store/sqlite/erase.rs do it");
}

#[test]
fn a_plain_deletion_is_found() {
    let found = |path: &str, sql: &str| check(&Source::parse(path, &format!("fn f() {{ g(\"{sql}\") }}\n"))).len();
    assert_eq!(found("src/store/sqlite/calls.rs", "DELETE FROM api_calls WHERE stay = ?"), 1);
    assert_eq!(found("src/store/sqlite/calls.rs", "DELETE FROM {table}"), 1);
    assert_eq!(found("src/store/sqlite/flows.rs", "DELETE FROM flows WHERE stay = ?"), 0);
    assert_eq!(found("src/store/sqlite/erase.rs", "DELETE FROM {}"), 0);
    assert_eq!(found("src/store/postgres/calls.rs", "DELETE FROM api_calls"), 0);
}
