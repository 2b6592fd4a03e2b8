//! What is tracked speaks of the project alone: no paths of the machine that it was written on, nothing about who wrote it and how.

use super::report::{Breach, expect_none};
use super::tree;

/// Written in halves, so that this file does not hold them.
const FORBIDDEN: [(&str, &str); 14] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("../sha", "red"),
    ("target-", "project"),
    ("issue ", "#"),
    ("issues/", "0"),
    ("co-authored", "-by"),
    ("this ses", "sion"),
    ("sub", "agent"),
    ("language ", "model"),
    ("clau", "de"),
    ("anth", "ropic"),
    ("chat", "gpt"),
];

fn check(path: &str, text: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        for (start, end) in FORBIDDEN {
            let word = format!("{start}{end}");
            if line.contains(&word) {
                breaches.push(Breach::new(path, index + 1, format!("`{word}`")));
            }
        }
    }
    breaches
}

#[test]
fn tracked_files_speak_of_the_project_alone() {
    let breaches: Vec<Breach> = tree::files().iter().flat_map(|file| check(&file.path, &file.text)).collect();
    expect_none(&breaches, "name no machine and no circumstances: find folders through a variable, and say what the project does");
}

#[test]
fn a_forbidden_word_is_found_whatever_its_case() {
    for (start, end) in FORBIDDEN {
        assert_eq!(check("docs/x.md", &format!("see {}{end} for more\n", start.to_uppercase())).len(), 1, "{start}{end}");
    }
    assert!(check("docs/x.md", "GET /workspaces/{workspaceId}/shared-reports\n").is_empty());
}
