//! The way to the first page: what is asked for, in which order, and how much of it goes over the wire.

use serde_json::{Value, json};

use super::stage::Stage;

const LANGUAGES: [&str; 6] = ["en", "de", "es", "fr", "pt", "pl"];
/// Scripts and styles of a viewer who opens every page, in bytes as they are sent.
const WIRE_BYTES_MAX: u64 = 100_000;

/// What the page has fetched: the end of its address, when that began and ended, and its bytes as they were sent.
const FETCHED: &str = "return performance.getEntriesByType('resource').map((entry) => {
    const at = new URL(entry.name);
    return {name: at.pathname.replace(/^.*\\/(ui|assets\\/[0-9a-f]+)\\//, '') + at.search, begun: entry.startTime, ended: entry.responseEnd, bytes: entry.encodedBodySize};
})";

/// Waits until the other pages have been gathered, of which this is the last, and gives all that was fetched.
fn gathered(stage: &Stage) -> Vec<Value> {
    stage.browser.until("return performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/settings.js'))", json!([]));
    stage.browser.script(FETCHED, json!([])).as_array().unwrap().clone()
}

fn is_file(entry: &Value) -> bool {
    entry["name"].as_str().unwrap().rsplit_once('.').is_some_and(|(_, kind)| ["js", "css"].contains(&kind))
}

#[test]
fn what_the_first_page_shows_is_asked_for_at_once_and_nothing_twice() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.until("return document.querySelector('.tiles')", json!([]));
    let fetched = gathered(&stage);
    let named = |name: &str| {
        let found = fetched.iter().filter(|entry| entry["name"].as_str().unwrap().split('?').next() == Some(name));
        let moments = found.map(|entry| (entry["begun"].as_f64().unwrap(), entry["ended"].as_f64().unwrap()));
        moments.collect::<Vec<_>>()
    };
    let one = |name: &str| {
        assert_eq!(named(name).len(), 1, "{name}: {fetched:#?}");
        named(name)[0]
    };
    // What is shown is read again when something happens, and not before it is shown.
    let shown_by = ["about", "dashboard", "webhooks"].map(|name| named(name)[0].1).into_iter().fold(0.0, f64::max);
    let early = |name: &str| {
        assert!(named(name).iter().skip(1).all(|(begun, _)| *begun >= shown_by), "{name}: {fetched:#?}");
        named(name)[0]
    };
    let calls = ["about", "dashboard", "webhooks"].map(early);
    let texts = ["texts/en.js", "said/en.js"].map(one);
    let first_answer = calls.iter().map(|(_, ended)| *ended).fold(f64::INFINITY, f64::min);
    assert!(calls.iter().chain(&texts).all(|(begun, _)| *begun <= first_answer), "one waits for another: {fetched:#?}");
    // Modules that import each other do not wait for each other either.
    let (begun, ended) = one("main.js");
    assert!(["dashboard.js", "parts.js", "dom.js", "chart.js"].map(one).iter().all(|(other, _)| *other <= ended && begun <= ended));
    for entry in fetched.iter().filter(|entry| is_file(entry)) {
        one(entry["name"].as_str().unwrap());
    }
    stage.nothing_was_wrong();
}

#[test]
fn a_page_that_stays_open_has_every_file_that_its_parts_need() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.until("return document.querySelector('.tiles')", json!([]));
    let before: Vec<Value> = gathered(&stage).into_iter().filter(is_file).collect();
    // As if a newer service had come, whose files have other names.
    stage.browser.script("performance.clearResourceTimings()", json!([]));
    for part in stage.parts() {
        stage.open(&format!("/{part}"));
    }
    let after: Vec<Value> =
        stage.browser.script(FETCHED, json!([])).as_array().unwrap().iter().filter(|entry| is_file(entry)).cloned().collect();
    assert!(before.len() > 30 && after.is_empty(), "{after:#?}");
    stage.nothing_was_wrong();
}

#[test]
fn a_first_visit_to_every_page_stays_below_a_hundred_kilobytes_in_every_language() {
    for language in LANGUAGES {
        let Some(stage) = Stage::set_at(&format!("?addon=universal-webhook&language={}", language.to_uppercase())) else { return };
        stage.browser.until("return document.querySelector('.tiles')", json!([]));
        let files: Vec<Value> = gathered(&stage).into_iter().filter(is_file).collect();
        let spoken = files.iter().filter(|entry| entry["name"].as_str().unwrap().contains('/')).count();
        assert_eq!(spoken, 2, "{language} alone is fetched: {files:#?}");
        let bytes: u64 = files.iter().map(|entry| entry["bytes"].as_u64().unwrap()).sum();
        println!("{language}: {bytes} bytes in {} files", files.len());
        assert!(bytes > 10_000 && bytes < WIRE_BYTES_MAX, "{language}: {bytes} bytes");
    }
}
