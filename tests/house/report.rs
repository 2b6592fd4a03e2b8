//! What a rule finds: a place, a breach, and the way to mend it.

use std::fmt;

/// One place where a rule is broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    /// Path from the root of the project.
    pub path: String,
    /// Counted from 1; 0 is the file as a whole.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Breach {
    /// A breach at a line.
    pub fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// Fails with every breach and the way to mend them.
#[track_caller]
pub fn expect_none(breaches: &[Breach], mend: &str) {
    let listed: Vec<String> = breaches.iter().map(|breach| format!("  {breach}")).collect();
    assert!(breaches.is_empty(), "{} broken:\n{}\n=> {mend}", breaches.len(), listed.join("\n"));
}
