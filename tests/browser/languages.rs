//! Texts: the same keys in every language, and none of them shown in place of its text.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::stage::Stage;

const LANGUAGES: [&str; 6] = ["en", "de", "es", "fr", "pt", "pl"];

/// Keys with the places that their texts fill in.
fn texts(language: &str) -> BTreeSet<(String, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/ui/texts/{language}.js"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix('\'')?.split_once("': "));
    let read = |(key, value): (&str, &str)| {
        let mut places: Vec<String> = value.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
        places.sort();
        (key.to_owned(), places)
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
