//! A Rust source taken apart just far enough for the rules: code without comments and literals, the literals, the paths that it names,
//! and which lines are tests. A scanner, no parser: macros need no expansion for what is asked here.

/// One source file.
pub struct Source {
    /// Path from the root of the project.
    pub path: String,
    /// As it is.
    pub text: String,
    /// The same lines with comments and the insides of literals blanked.
    pub code: String,
    /// Text literals with the line on which they begin.
    pub literals: Vec<(usize, String)>,
    /// Whether a line belongs to a test, by line from 0.
    tests: Vec<bool>,
}

impl Source {
    /// Takes a source apart.
    pub fn parse(path: &str, text: &str) -> Self {
        let (code, literals) = blank(text);
        let tests = test_lines(path, &code);
        Self { path: path.to_owned(), text: text.to_owned(), code, literals, tests }
    }

    /// Lines of code with their numbers from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Whether a line, counted from 1, belongs to a test.
    pub fn is_test(&self, line: usize) -> bool {
        self.tests.get(line - 1).copied().unwrap_or(false)
    }

    /// Every path that the code names, imports spelled out, `super` and `self` resolved to `crate`.
    pub fn paths(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut rest = self.code.clone();
        while let Some(start) = import(&rest) {
            let Some(length) = rest[start..].find(';') else { break };
            let line = line_of(&rest, start);
            expand("", rest[start + 4..start + length].trim(), &mut |path| found.push((line, path)));
            let blanked: String = rest[start..start + length].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
            rest.replace_range(start..start + length, &blanked);
        }
        for (index, line) in rest.lines().enumerate() {
            inline(line, &mut |path| found.push((index + 1, path)));
        }
        found.into_iter().map(|(line, path)| (line, self.resolve(&path))).collect()
    }

    fn resolve(&self, path: &str) -> String {
        let inside = self.path.rsplit_once("src/").map_or("", |(_, inside)| inside).trim_end_matches(".rs");
        let mut module: Vec<&str> = inside.split('/').filter(|part| !matches!(*part, "" | "mod" | "lib" | "main")).collect();
        let mut rest = path;
        let mut relative = false;
        while let Some((head, tail)) = rest.split_once("::") {
            match head {
                "super" => drop(module.pop()),
                "self" => {}
                _ => break,
            }
            (rest, relative) = (tail, true);
        }
        if !relative {
            return path.trim_start_matches("::").to_owned();
        }
        module.insert(0, "crate");
        format!("{}::{rest}", module.join("::"))
    }
}

/// Where the next `use` statement begins.
fn import(code: &str) -> Option<usize> {
    code.match_indices("use ").map(|(at, _)| at).find(|at| {
        let before = code[..*at].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '{' | '}' | ';' | ')'))
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Spells out `a::{b, c::{d, self}} `.
fn expand(prefix: &str, tree: &str, found: &mut impl FnMut(String)) {
    let tree = tree.trim();
    match tree.split_once('{') {
        Some((head, group)) => {
            let prefix = format!("{prefix}{}", head.trim());
            let group = group.trim_end().strip_suffix('}').unwrap_or(group);
            let (mut depth, mut start) = (0usize, 0);
            for (at, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth = depth.saturating_sub(1),
                    ',' if depth == 0 => {
                        expand(&prefix, &group[start..at], found);
                        start = at + 1;
                    }
                    _ => {}
                }
            }
            expand(&prefix, &group[start..], found);
        }
        None if tree.is_empty() => {}
        None => {
            let path = tree.split(" as ").next().unwrap_or(tree).trim();
            let path = format!("{prefix}{path}");
            found(path.strip_suffix("::self").unwrap_or(&path).to_owned());
        }
    }
}

fn inline(line: &str, found: &mut impl FnMut(String)) {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = line;
    while let Some(start) = rest.find(is_word) {
        let mut length = 0;
        let tail = &rest[start..];
        loop {
            length += tail[length..].find(|c| !is_word(c)).unwrap_or(tail.len() - length);
            match tail[length..].strip_prefix("::") {
                Some(next) if next.starts_with(is_word) => length += 2,
                _ => break,
            }
        }
        let path = &tail[..length];
        if path.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            found(path.to_owned());
        }
        rest = &tail[length..];
    }
}

/// Blanks comments and the insides of literals, and collects the text literals.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let mut code = String::with_capacity(text.len());
    let mut literals = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let before = code.chars().next_back();
        let (length, kept) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), 0)
        } else if rest.starts_with("/*") {
            (block_comment(rest), 0)
        } else if let Some((open, length, close)) = text_literal(rest, before) {
            literals.push((line, rest[open..length - close].to_owned()));
            (length, open)
        } else if let Some(length) = char_literal(rest) {
            (length, 0)
        } else {
            (first.len_utf8(), first.len_utf8())
        };
        let (taken, left) = rest.split_at(length);
        code.push_str(&taken[..kept]);
        code.extend(taken[kept..].chars().map(|c| if c == '\n' { c } else { ' ' }));
        line += taken.matches('\n').count();
        rest = left;
    }
    (code, literals)
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Lengths of the opening, of the whole and of the closing, if a text literal begins here.
fn text_literal(text: &str, before: Option<char>) -> Option<(usize, usize, usize)> {
    if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    let prefix = text.len() - text.trim_start_matches(['b', 'c', 'r']).len();
    if prefix > 2 {
        return None;
    }
    let raw = text[..prefix].ends_with('r');
    let hashes = if raw { text[prefix..].len() - text[prefix..].trim_start_matches('#').len() } else { 0 };
    let open = prefix + hashes + 1;
    if !text[prefix + hashes..].starts_with('"') {
        return None;
    }
    if raw {
        let close = format!("\"{}", "#".repeat(hashes));
        let end = text[open..].find(&close).map_or(text.len(), |at| open + at + close.len());
        return Some((open, end, hashes + 1));
    }
    let mut escaped = false;
    for (at, c) in text[open..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some((open, open + at + 1, 1)),
            _ => {}
        }
    }
    Some((open, text.len(), 0))
}

/// The length of a character literal, if one begins here and it is no lifetime.
fn char_literal(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let mut chars = inside.char_indices();
    match chars.next()? {
        (_, '\\') => {
            let end = inside[2..].find('\'')?;
            Some(1 + 2 + end + 1)
        }
        (_, first) => match chars.next()? {
            (at, '\'') => Some(1 + at + 1),
            _ if first == '\'' => None,
            _ => None,
        },
    }
}

fn test_lines(path: &str, code: &str) -> Vec<bool> {
    let count = code.lines().count();
    let of_tests = path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/testing/");
    let mut tests = vec![of_tests; count];
    for (start, _) in code.match_indices("#[cfg(test)]") {
        let Some(open) = code[start..].find(['{', ';']).map(|at| start + at) else { continue };
        let mut end = open;
        if code[open..].starts_with('{') {
            let mut depth = 0usize;
            for (at, c) in code[open..].char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    end = open + at;
                    break;
                }
            }
        }
        let (first, last) = (line_of(code, start), line_of(code, end));
        tests.iter_mut().take(last).skip(first - 1).for_each(|line| *line = true);
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r####"
        use std::{env, fs::{self, File}};
        use super::store as kept; // use nothing::here;
        /* use a::block /* nested */ ; */
        fn f<'a>(x: &'a str) -> char {
            let raw = r#"SELECT "1" FROM t"#;
            let plain = "a \" quote // no comment";
            tokio::time::sleep(x); let c = '"'; let d = '\'';
            'x'
        }
        #[cfg(test)]
        mod tests {
            fn t() { actix::run() }
        }
        fn behind() {}
    "####;

    fn sample() -> Source {
        Source::parse("src/http/events.rs", SAMPLE)
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let source = sample();
        for absent in ["SELECT", "quote", "nothing", "block", "no comment"] {
            assert!(!source.code.contains(absent), "{absent} is still there in:\n{}", source.code);
        }
        assert_eq!(source.code.lines().count(), SAMPLE.lines().count());
        let literals: Vec<&str> = source.literals.iter().map(|(_, literal)| literal.as_str()).collect();
        assert_eq!(literals, ["SELECT \"1\" FROM t", "a \\\" quote // no comment"]);
        assert_eq!(source.literals[0].0, 6);
    }

    #[test]
    fn imports_are_spelled_out_and_relative_ones_resolved() {
        let paths: Vec<String> = sample().paths().into_iter().map(|(_, path)| path).collect();
        for expected in ["std::env", "std::fs", "std::fs::File", "crate::http::store", "tokio::time::sleep", "actix::run"] {
            assert!(paths.iter().any(|path| path == expected), "{expected} is missing from {paths:?}");
        }
    }

    #[test]
    fn lines_of_tests_are_known() {
        let source = sample();
        let line = |needle: &str| source.lines().find(|(_, line)| line.contains(needle)).unwrap().0;
        assert!(source.is_test(line("actix::run")));
        assert!(!source.is_test(line("tokio::time")));
        assert!(!source.is_test(line("fn behind")));
        assert!(Source::parse("tests/house/main.rs", "fn a() {}").is_test(1));
    }
}
