//! How text files are written: UTF-8, no tabs, no trailing blanks, one line feed at the end. The rest is rustfmt's.

use super::report::{Breach, expect_none};
use super::tree;

const KINDS: [&str; 13] =
    [".rs", ".toml", ".md", ".yml", ".yaml", ".sql", ".html", ".css", ".js", ".sh", ".json", ".example", "Dockerfile"];

fn check(path: &str, text: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (index, line) in text.split('\n').enumerate() {
        let blanks = line.trim_end() != line;
        if line.contains('\t') {
            breaches.push(Breach::new(path, index + 1, "a tab"));
        }
        if blanks {
            breaches.push(Breach::new(path, index + 1, "blanks at the end of a line"));
        }
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        breaches.push(Breach::new(path, text.lines().count(), "does not end with exactly one line feed"));
    }
    breaches
}

#[test]
fn text_files_are_clean() {
    let files = tree::files().iter().filter(|file| KINDS.iter().any(|kind| file.path.ends_with(kind)) || file.path.starts_with(".ci/"));
    let breaches: Vec<Breach> = files.flat_map(|file| check(&file.path, &file.text)).collect();
    expect_none(&breaches, "indent with spaces, trim the line ends, end the file with one line feed; `cargo fmt` does it for Rust");
}

#[test]
fn an_unclean_text_is_found() {
    assert_eq!(check("a.md", "a\tb\n").len(), 1);
    assert_eq!(check("a.md", "a \n").len(), 1);
    assert_eq!(check("a.md", "a\r\n").len(), 1);
    assert_eq!(check("a.md", "a").len(), 1);
    assert_eq!(check("a.md", "a\n\n").len(), 1);
    assert!(check("a.md", "a\n\n  b\n").is_empty());
}
