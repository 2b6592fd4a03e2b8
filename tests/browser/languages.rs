//! Texts: the same keys in every language, and none of them shown in place of its text.

use std::collections::BTreeSet;
use std::path::Path;

use actors::event::{FLOW_EVENTS, KNOWN};
use clockify_addons::{catalogue, flow_templates};
use serde_json::json;

use super::stage::Stage;

const LANGUAGES: [&str; 6] = ["en", "de", "es", "fr", "pt", "pl"];

/// Keys with the places that their texts fill in.
fn texts(language: &str) -> BTreeSet<(String, Vec<String>)> {
    let file = |folder: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/ui/{folder}/{language}.js"))).unwrap()
    };
    let text = ["texts", "said"].map(file).concat();
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix('\'')?.split_once("': "));
    let read = |(key, value): (&str, &str)| {
        let mut places: Vec<String> = value.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
        places.sort();
        (key.replace("\\'", "'"), places)
    };
    let read: Vec<_> = lines.map(read).collect();
    let unique: BTreeSet<_> = read.iter().cloned().collect();
    assert_eq!(read.len(), unique.len(), "{language} says something twice");
    unique
}

#[test]
fn every_language_says_everything_and_fills_in_the_same_places() {
    let english = texts("en");
    assert!(english.len() > 300);
    for language in LANGUAGES {
        let different: Vec<_> = texts(language).symmetric_difference(&english).cloned().collect();
        assert!(different.is_empty(), "{language}: {different:#?}");
    }
}

#[test]
fn every_event_has_a_name_of_its_own_in_every_language() {
    let types: Vec<&str> = KNOWN.iter().map(|known| known.name).chain(FLOW_EVENTS).collect();
    for language in LANGUAGES {
        let file = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/ui/said/{language}.js"))).unwrap();
        let name = |event: &str| file.lines().find_map(|line| line.trim().strip_prefix(&format!("'event.{event}': ")).map(str::to_owned));
        let names: BTreeSet<String> = types.iter().map(|event| name(event).unwrap_or_else(|| panic!("{language}: {event}"))).collect();
        assert_eq!(names.len(), types.len(), "{language}: two events have one name");
        let shown = file.lines().filter(|line| line.trim().starts_with("'event.")).count();
        assert_eq!(shown, types.len(), "{language}: there is no such event");
    }
}

/// `Policy (Deprecated)` is said as the name of the group, and what is to be known of it.
#[test]
fn every_group_of_operations_has_a_name_of_its_own_in_every_language() {
    let catalogue = catalogue::shipped().unwrap();
    let tags: BTreeSet<&str> = catalogue.iter().map(|operation| operation.tag.as_str()).collect();
    let parts: BTreeSet<String> =
        tags.iter().flat_map(|tag| tag.trim_end_matches(')').split(" (")).map(|part| format!("tag.{part}")).collect();
    assert!(parts.len() > 20);
    for language in LANGUAGES {
        let said: BTreeSet<String> = texts(language).into_iter().map(|(key, _)| key).filter(|key| key.starts_with("tag.")).collect();
        assert_eq!(said, parts, "{language}");
    }
}

#[test]
fn the_explorer_names_its_groups_in_the_viewers_language_and_finds_by_those_names() {
    let Some(stage) = Stage::set_at("?addon=universal-webhook&language=DE") else { return };
    stage.open("/explorer");
    let groups = "return [...document.querySelectorAll('.directory summary')].map((one) => one.firstChild.data)";
    let shown = stage.browser.until(groups, json!([]));
    let shown: Vec<&str> = shown.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(["Abwesenheitsregeln", "Abwesenheitsregeln (veraltet)", "Zeiteinträge"].iter().all(|name| shown.contains(name)), "{shown:?}");
    assert!(["Policy", "Time entry", "Deprecated"].iter().all(|name| shown.iter().all(|group| !group.contains(name))), "{shown:?}");
    stage.browser.write(".directory-search", "rechnungen");
    stage.browser.until("return [...document.querySelectorAll('.directory summary')].length === 1 && document.querySelector('[data-operation=getInvoices]')", json!([]));
    stage.nothing_was_wrong();
}

#[test]
fn every_template_is_described_in_every_language() {
    for language in LANGUAGES {
        let known: BTreeSet<String> = texts(language).into_iter().map(|(key, _)| key).collect();
        let mut used = BTreeSet::new();
        for template in flow_templates::all() {
            used.extend([
                format!("template.{}", template.id),
                format!("template.{}_text", template.id),
                format!("category.{}", template.category),
            ]);
            used.extend(template.parameters.iter().map(|parameter| format!("parameter.{}", parameter.label)));
        }
        let said = |key: &&String| ["template.", "category.", "parameter."].iter().any(|start| key.starts_with(start));
        assert_eq!(known.iter().filter(said).cloned().collect::<BTreeSet<_>>(), used, "{language}");
    }
}

/// What may be refused, by the codes of the service's table; a text for anything else would never be seen.
#[test]
fn texts_for_refusals_are_for_refusals_that_there_are() {
    let table = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/error.rs")).unwrap();
    let known = |code: &str| table.contains(&format!("\"{code}\""));
    let of_the_page = ["page", "part", "status", "request", "unreachable", "broken_off"];
    for (key, _) in texts("en") {
        let code = key.strip_prefix("code.").or_else(|| key.strip_prefix("error.").filter(|code| !of_the_page.contains(code)));
        assert!(code.is_none_or(known), "{key}");
    }
}

#[test]
fn a_refusal_and_a_reason_are_told_in_the_viewers_language() {
    let Some(stage) = Stage::set_at("?addon=universal-webhook&language=DE") else { return };
    stage.control(
        "POST",
        "/faults",
        Some(&json!({"method": "PUT", "path": "/v1/workspaces/*/time-entries/*", "kind": "status", "status": 403, "times": 1})),
    );
    stage.in_shell(|shell| shell.press("New time entry"));
    let run = stage.first("/ui/runs?status=FAILED", "runs");
    stage.open(&format!("/runs/{run}"));
    stage.browser.sees("Dem Add-on fehlt eine Berechtigung");
    stage.open("/flows/01a20000-0000-7000-8000-000000000000");
    stage.browser.sees("Diesen Ablauf gibt es nicht mehr.");
    // The refusal that was asked for is all that the console has.
    assert!(stage.browser.console().iter().all(|line| line.contains("404")), "nothing but the refusal");
    stage.nobody_else_was_asked();
}

#[test]
fn no_page_shows_a_key_in_any_language() {
    for language in LANGUAGES {
        let query = format!("?addon=universal-webhook&language={}", language.to_uppercase());
        let Some(stage) = Stage::set_at(&query) else { return };
        stage.browser.until("return document.querySelector('main h1')", json!([]));
        assert_eq!(stage.browser.script("return document.documentElement.lang", json!([])), language);
        for part in stage.parts() {
            stage.open(&format!("/{part}"));
            let bare = "return [...document.querySelectorAll('main *, header *')].filter((one) => one.children.length === 0 && !one.closest('code, pre, .json-tree, svg'))
                .map((one) => one.textContent.trim()).filter((text) => /^[a-z_]+\\.[A-Za-z_]+$/.test(text))";
            assert_eq!(stage.browser.script(bare, json!([])), json!([]), "{language}: {part}");
        }
        stage.nothing_was_wrong();
    }
}
