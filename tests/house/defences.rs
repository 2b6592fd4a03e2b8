//! The tests that the page about security names are there.

use super::report::{Breach, expect_none};
use super::tree;

const PAGE: &str = "docs/security.md";

/// The rows of the table: its line, the file, and the names of tests in it.
fn rows(page: &str) -> Vec<(usize, &str, Vec<&str>)> {
    let lines = page.lines().enumerate().skip_while(|(_, line)| !line.starts_with("## Defences and their tests"));
    let rows = lines.skip(1).take_while(|(_, line)| !line.starts_with("## ")).filter_map(|(index, line)| {
        let mut quoted = line.strip_prefix('|')?.split('`').skip(1).step_by(2);
        Some((index + 1, quoted.next()?, quoted.collect()))
    });
    rows.collect()
}

fn check(rows: &[(usize, &str, Vec<&str>)], text: impl Fn(&str) -> Option<String>) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, file, names) in rows {
        let Some(text) = text(file) else {
            breaches.push(Breach::new(PAGE, *line, format!("there is no {file}")));
            continue;
        };
        let gone = names.iter().filter(|name| !text.contains(&format!("fn {name}(")));
        breaches.extend(gone.map(|name| Breach::new(PAGE, *line, format!("{file} has no test {name}"))));
    }
    breaches
}

#[test]
fn every_defence_that_is_promised_has_the_tests_that_are_named() {
    let rows = rows(tree::text(PAGE));
    assert!(rows.len() > 30 && rows.iter().all(|(.., names)| !names.is_empty()), "the table is not where it was");
    let text = |path: &str| tree::files().iter().find(|file| file.path == path).map(|file| file.text.clone());
    expect_none(&check(&rows, text), "name the test that fails where the defence is taken away");
}

#[test]
fn a_test_that_is_gone_and_a_file_that_is_gone_are_found() {
    let page = "## Defences and their tests\n\n| a | in |\n| x | `tests/a.rs` | `is_there`, `is_gone` |\n| y | `tests/b.rs` | `z` |\n## Next\n| `no` |";
    let text = |path: &str| (path == "tests/a.rs").then(|| "fn is_there() {}".to_owned());
    assert_eq!(check(&rows(page), text).len(), 2);
}
