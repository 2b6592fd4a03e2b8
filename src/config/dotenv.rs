//! Reads a `.env` file: `NAME=value` lines, comments, quotes, values over several lines. No substitution, no commands.

use std::collections::BTreeMap;

use super::Invalid;

/// Reads a file's text. A name that stands there twice has its last value. Lines that cannot be read are faults, by number.
pub(super) fn read(text: &str, faults: &mut Vec<Invalid>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let line = text.len() - rest.len();
        let number = 1 + text.get(..line).map_or(0, |before| before.matches('\n').count());
        let (entry, after) = entry(rest);
        rest = after;
        match entry {
            Ok(Some((name, value))) => {
                values.insert(name, value);
            }
            Ok(None) => {}
            Err(problem) => faults.push(Invalid { name: format!(".env line {number}"), problem: problem.into() }),
        }
    }
    values
}

type Entry = Result<Option<(String, String)>, &'static str>;

/// The first line's entry, and what stands behind it.
fn entry(text: &str) -> (Entry, &str) {
    let (line, after_line) = text.split_once('\n').unwrap_or((text, ""));
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return (Ok(None), after_line);
    }
    let trimmed = trimmed.strip_prefix("export ").unwrap_or(trimmed);
    let Some((name, _)) = trimmed.split_once('=') else { return (Err("expected NAME=value"), after_line) };
    let name = name.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return (Err("a name has letters, digits and underscores only"), after_line);
    }
    let value = text.split_once('=').map_or("", |(_, value)| value);
    let start = value.trim_start_matches([' ', '\t']);
    let (value, after) = match start.chars().next() {
        Some(quote @ ('"' | '\'')) => match quoted(start, quote) {
            Ok((value, after)) => (value, after),
            Err(problem) => return (Err(problem), after_line),
        },
        _ => (bare(start.split('\n').next().unwrap_or_default()).to_owned(), after_line),
    };
    (Ok(Some((name.to_owned(), value))), after)
}

/// Without quotes a value ends with its line, or where a comment begins after a space.
fn bare(line: &str) -> &str {
    let end = line
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| *at == 0 || line.get(..*at).is_some_and(|before| before.ends_with([' ', '\t'])));
    end.and_then(|end| line.get(..end)).unwrap_or(line).trim()
}

/// Between quotes a value may go over lines; in double quotes `\n`, `\"`, `\\` and the like stand for what they do elsewhere.
fn quoted(text: &str, quote: char) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if quote == '"' => match chars.next().map(|(_, escaped)| escaped) {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(escaped) => value.push(escaped),
                None => break,
            },
            _ if c == quote => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                let line = line.trim();
                return if line.is_empty() || line.starts_with('#') { Ok((value, after)) } else { Err("text after the closing quote") };
            }
            _ => value.push(c),
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> (Vec<(String, String)>, Vec<String>) {
        let mut faults = Vec::new();
        let values = read(text, &mut faults);
        (values.into_iter().collect(), faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_usual_way_to_write_a_value_is_read() {
        let text = "\u{feff}# comment\n\nA=1\nexport B = two words # comment\r\nC='single # $X \\n'\nD=\"double \\\"x\\\"\\n\" # comment\nE=a#b\nF=\nG=\"line\nline\"\nA=3\nH=x=y";
        let (values, faults) = all(text);
        let expected = [
            ("A", "3"),
            ("B", "two words"),
            ("C", "single # $X \\n"),
            ("D", "double \"x\"\n"),
            ("E", "a#b"),
            ("F", ""),
            ("G", "line\nline"),
            ("H", "x=y"),
        ];
        assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn each_unreadable_line_is_named_and_the_others_are_read() {
        let (values, faults) = all("A=1\nnonsense\nB-C=2\nD=\"open\nE=5\nF='x' y\n");
        assert_eq!(values, [("A".to_owned(), "1".to_owned()), ("E".to_owned(), "5".to_owned())]);
        let lines: Vec<_> = faults.iter().map(|fault| fault.split(':').next().unwrap()).collect();
        assert_eq!(lines, [".env line 2", ".env line 3", ".env line 4", ".env line 6"]);
    }
}
