//! The documents say what the code does: examples are read and compiled, tables list every member, links lead somewhere, and the commands
//! of the README are those that are checked.

use actors::flow::{compiled, model::Operator, read, run::RunState};
use actors::ids::WorkspaceId;
use actors::operation::Catalogue;
use serde_json::Value;

use super::report::{Breach, expect_none};
use super::tree::{self, File};

const FLOWS: &str = "docs/flows.md";

/// The fenced blocks of a language, with the line of their fence.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = None;
    for (index, line) in text.lines().enumerate() {
        match (line.trim().strip_prefix("```"), inside) {
            (Some(_), Some(_)) => inside = None,
            (Some(named), None) => {
                inside = Some(named == language);
                if named == language {
                    found.push((index + 1, String::new()));
                }
            }
            (None, Some(true)) => found.last_mut().unwrap().1.push_str(&format!("{line}\n")),
            (None, _) => {}
        }
    }
    found
}

fn check_flow(line: usize, example: &str, catalogue: &Catalogue) -> Option<Breach> {
    let breach = |what: String| Some(Breach::new(FLOWS, line, what));
    let sent: Value = match serde_json::from_str(example) {
        Ok(sent) => sent,
        Err(error) => return breach(format!("is no JSON: {error}")),
    };
    let workspace = WorkspaceId::parse("5b641568b07987035750505e").unwrap();
    let checked = read::definition(&sent).and_then(|definition| compiled::check(&definition, workspace, catalogue));
    checked.err().and_then(|faults| breach(format!("is refused: {}", serde_json::to_string(&faults).unwrap())))
}

/// What a page quotes as a log line.
fn log_lines(page: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for rest in page.split("log line `").skip(1) {
        found.extend(rest.split('`').next());
        // "`a` or `b`"
        if let Some((_, other)) = rest.split_once("` or `").filter(|(first, _)| !first.contains('`')) {
            found.extend(other.split('`').next());
        }
    }
    found
}

/// Names that the first column of some table must hold in backquotes.
fn check_table<'n>(path: &str, text: &str, names: impl Iterator<Item = &'n str>) -> Vec<Breach> {
    let first_columns: String = text.lines().filter_map(|line| line.strip_prefix('|')?.split(" | ").next()).collect();
    let missing = names.filter(|name| !first_columns.contains(&format!("`{name}`")));
    missing.map(|name| Breach::new(path, 0, format!("no table lists `{name}`"))).collect()
}

fn check_links(file: &File, exists: impl Fn(&str) -> bool) -> Vec<Breach> {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut breaches = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = format!("{folder}/{target}");
            if !exists(path.trim_start_matches('/')) {
                breaches.push(Breach::new(&file.path, index + 1, format!("links to {target}, which is not there")));
            }
        }
    }
    breaches
}

/// Commands that the README gives for checking, which the script does not call as they are.
fn check_commands(readme: &str, script: &str) -> Vec<Breach> {
    let given = blocks(readme, "sh")
        .into_iter()
        .flat_map(|(line, block)| block.lines().map(move |command| (line, command.to_owned())).collect::<Vec<_>>());
    let checked = given.filter(|(_, command)| command.starts_with("cargo ") || command.contains(" cargo "));
    let forgotten = checked.filter(|(_, command)| !script.contains(command.split(" #").next().unwrap_or_default().trim()));
    forgotten.map(|(line, command)| Breach::new("README.md", line, format!("`{command}` is not what .ci/run calls"))).collect()
}

#[test]
fn every_flow_of_the_documents_can_be_saved() {
    let catalogue = Catalogue::read(tree::text("manifests/operations.json").as_bytes()).unwrap();
    let examples = blocks(tree::text(FLOWS), "json");
    assert!(examples.len() >= 5, "the examples of {FLOWS} were not found");
    let breaches: Vec<Breach> = examples.iter().filter_map(|(line, example)| check_flow(*line, example, &catalogue)).collect();
    expect_none(&breaches, "an example is what a newcomer pastes: make it right");
}

#[test]
fn the_tables_of_the_documents_are_complete() {
    let text = tree::text(FLOWS);
    let mut breaches = check_table(FLOWS, text, Operator::ALL.iter().map(|operator| operator.as_str()));
    breaches.extend(check_table(FLOWS, text, RunState::ALL.iter().map(|state| state.as_str())));
    expect_none(&breaches, "add the missing line to the table");
}

#[test]
fn log_lines_that_operators_look_for_are_written() {
    let page = tree::text("docs/operations.md");
    let written = |words: &str| tree::sources().iter().any(|source| source.literals.iter().any(|(_, literal)| literal.contains(words)));
    assert!(log_lines(page).len() > 3, "the log lines were not found");
    let breaches: Vec<Breach> =
        log_lines(page).into_iter().filter(|words| !written(words)).map(|words| Breach::new("docs/operations.md", 0, words)).collect();
    expect_none(&breaches, "quote the log line as the code writes it");
}

#[test]
fn links_between_files_lead_somewhere() {
    let exists = |path: &str| tree::root().join(path).exists();
    let pages = tree::files().iter().filter(|file| file.path.ends_with(".md"));
    expect_none(&pages.flat_map(|page| check_links(page, exists)).collect::<Vec<_>>(), "mend the link");
}

#[test]
fn the_commands_of_the_readme_are_those_that_are_checked() {
    let breaches = check_commands(tree::text("README.md"), tree::text(".ci/run"));
    expect_none(&breaches, "give the same command in both places");
}

#[test]
fn a_document_that_lies_is_found() {
    let catalogue = Catalogue::read(b"[]").unwrap();
    assert!(check_flow(1, "{", &catalogue).is_some());
    assert!(check_flow(1, r#"{"name": "x", "trigger_event_types": [], "actions": [{"operation_id": "lost"}]}"#, &catalogue).is_some());
    let stop = r#"{"name": "x", "trigger_event_types": [], "actions": [{"type": "STOP_IF", "conditions": {}}]}"#;
    assert_eq!(check_flow(1, stop, &catalogue), None);
    assert_eq!(check_table("a.md", "| `a` `b` | c |\n", ["a", "b", "c"].into_iter()).len(), 1);
    assert_eq!(log_lines("x; log line `a b` or `c` at; log line `d`, `e`"), ["a b", "c", "d"]);
    let page = File { path: "docs/a.md".to_owned(), text: "[a](b.md) [c](#c) [d](https://d.example)\n[e](lost.md#x)\n".to_owned() };
    assert_eq!(check_links(&page, |path| path == "docs/b.md").len(), 1);
    let readme = "```sh\ncargo test # all\ncargo run\nls\n```\n```json\ncargo lost\n```\n";
    let found = check_commands(readme, "stage tests cargo test --all");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn blocks_are_those_of_their_language() {
    let text = "```json\n{}\n```\n```\nno\n```\n```json\n[\n]\n```\n";
    assert_eq!(blocks(text, "json"), [(1, "{}\n".to_owned()), (7, "[\n]\n".to_owned())]);
}
