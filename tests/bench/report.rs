//! What was measured beside what is to be reached.

use std::fmt;

/// Lines as they come in.
pub struct Report(Vec<[String; 3]>);

impl Report {
    /// An empty one.
    pub fn new() -> Self {
        Self::titled(["what", "here", "to reach"])
    }

    /// An empty one with titles of its own.
    pub fn titled(titles: [&str; 3]) -> Self {
        Self(vec![titles.map(str::to_owned)])
    }

    /// Adds a line, and prints it, so that somebody who waits sees something.
    pub fn add(&mut self, what: impl Into<String>, here: impl Into<String>, to_reach: impl Into<String>) {
        let line = [what.into(), here.into(), to_reach.into()];
        println!("{}: {}", line[0], line[1]);
        self.0.push(line);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.0.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        for [what, here, to_reach] in &self.0 {
            writeln!(f, "{what:<first$}  {here:<second$}  {to_reach}")?;
        }
        Ok(())
    }
}

/// The middle one of some values, the upper of two.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
