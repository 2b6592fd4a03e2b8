//! The sandbox's voice: aligned lines on standard output, coloured only for people. The one place that prints there.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

/// As wide as the longest name.
const NAME_WIDTH: usize = 10;

/// Writes lines for somebody who reads along.
#[derive(Clone, Copy, Debug)]
pub struct Narrator {
    colour: bool,
}

/// What a part of a line is, for those who see colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// A title or a name.
    Strong,
    /// What went well.
    Good,
    /// What did not.
    Bad,
    /// What may be skipped.
    Quiet,
}

impl Narrator {
    /// A narrator to standard output. Colours are for terminals, and not for those who want it plain.
    pub fn new(plain: bool) -> Self {
        Self { colour: !plain && io::stdout().is_terminal() }
    }

    /// A heading with room around it.
    pub fn title(&self, text: &str) {
        self.line(&format!("\n{}\n", self.toned(Tone::Strong, text)));
    }

    /// The first line of a numbered step.
    pub fn step(&self, number: usize, name: &str, text: impl Display) {
        self.line(&format!("  {number} {} {text}", self.toned(Tone::Strong, &format!("{name:<NAME_WIDTH$}"))));
    }

    /// A further line of a step, or a line of its own.
    pub fn more(&self, text: impl Display) {
        self.line(&format!("    {:<NAME_WIDTH$} {text}", ""));
    }

    /// Names, what stands for them, and notes, in columns.
    pub fn table(&self, rows: &[(&str, String, &str)]) {
        let width = rows.iter().map(|(_, text, _)| text.len()).max().unwrap_or(0);
        for (name, text, note) in rows {
            let name = self.toned(Tone::Strong, &format!("{name:<NAME_WIDTH$}"));
            self.line(&format!("  {name} {text:<width$}  {}", self.toned(Tone::Quiet, note)));
        }
    }

    /// A command to copy, with a word on what it does above it.
    pub fn command(&self, why: &str, command: &str) {
        self.line(&format!("  {}\n  {command}", self.toned(Tone::Quiet, &format!("# {why}"))));
    }

    /// Why it did not work.
    pub fn trouble(&self, text: impl Display) {
        self.line(&format!("\n  {} {text}", self.toned(Tone::Bad, &format!("{:<NAME_WIDTH$}", "trouble"))));
    }

    /// A text in its colour.
    pub fn toned(&self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Strong => "1",
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Quiet => "2",
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line as it is. A reader that has gone is no reason to stop.
    pub fn line(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = writeln!(out, "{}", text.trim_end_matches(' '));
        let _ = out.flush();
    }
}
