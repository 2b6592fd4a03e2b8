//! What was changed in a workspace, by whom, when: for the admins who ask each other.

use std::fmt::Write;

use crate::clock::Timestamp;
use crate::ids::ActivityId;
use crate::limits::activity as limits;

/// A change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activity {
    /// Which; they sort by time.
    pub id: ActivityId,
    /// When it was done.
    pub at: Timestamp,
    /// The platform's id of the person. `None`: the platform itself, telling about the installation.
    pub user: Option<String>,
    /// Which kind of change: the method and the path of the endpoint, `PUT /ui/flows/{id}`.
    pub what: String,
    /// What was changed: the path's parameters, or the id of what was made.
    pub subject: Option<String>,
    /// Its name, for people.
    pub detail: Option<String>,
}

impl Activity {
    /// The same with its texts cut to their bounds.
    pub fn cut(self) -> Self {
        Self {
            user: self.user.map(short),
            what: short(self.what),
            subject: self.subject.map(short),
            detail: self.detail.map(short),
            ..self
        }
    }
}

fn short(text: String) -> String {
    if text.chars().count() <= limits::TEXT_CHARS_MAX {
        return text;
    }
    let mut cut: String = text.chars().take(limits::TEXT_CHARS_MAX - 1).collect();
    let _ = cut.write_char('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_bound_and_its_characters_whole() {
        assert_eq!(short("ü".repeat(limits::TEXT_CHARS_MAX)), "ü".repeat(limits::TEXT_CHARS_MAX));
        let cut = short("ü".repeat(limits::TEXT_CHARS_MAX + 1));
        assert_eq!((cut.chars().count(), cut.ends_with("ü…")), (limits::TEXT_CHARS_MAX, true));
    }
}
