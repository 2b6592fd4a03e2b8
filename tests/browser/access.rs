//! For everybody: by keyboard, in a narrow panel, and without what axe-core calls serious.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::stage::Stage;

const AXE: &str = "axe-core@4.10.2";
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// The text of axe-core, fetched from the registry once for each folder of build output. `None`: it cannot be had.
fn axe() -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let kept = folder.join("axe-core.js");
    if let Ok(text) = std::fs::read_to_string(&kept) {
        return Some(text);
    }
    let unpacked = tempfile::tempdir().unwrap();
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).current_dir(unpacked.path()).output().is_ok_and(|output| output.status.success())
    };
    let fetched = run("npm", &["pack", "--silent", AXE]) && run("sh", &["-c", "tar -xzf axe-core-*.tgz package/axe.min.js"]);
    if !fetched {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{AXE} cannot be fetched");
        eprintln!("SKIPPED: {}: {AXE} cannot be fetched", std::thread::current().name().unwrap_or_default());
        return None;
    }
    let text = std::fs::read_to_string(unpacked.path().join("package/axe.min.js")).unwrap();
    std::fs::write(kept, &text).unwrap();
    Some(text)
}

/// Every page, with something on it.
fn places(stage: &Stage) -> Vec<String> {
    let mut places: Vec<String> = stage.parts().iter().map(|part| format!("/{part}")).collect();
    places.push(format!("/events/{}", stage.first("/ui/webhooks", "webhooks")));
    places.push(format!("/runs/{}", stage.first("/ui/runs", "runs")));
    places.push(format!("/flows/{}", stage.first("/ui/flows", "flows")));
    places
}

#[test]
fn axe_finds_nothing_serious_on_any_page_in_either_theme() {
    let Some(axe) = axe() else { return };
    for theme in ["DEFAULT", "DARK"] {
        let Some(stage) = Stage::set_at(&format!("?addon=universal-webhook&theme={theme}")) else { return };
        stage.browser.sees("Dashboard");
        for place in places(&stage) {
            stage.open(&place);
            stage.browser.script(&axe, json!([]));
            let look = "window.found = null; axe.run(document, {resultTypes: ['violations']}).then((result) => { window.found = result.violations; }, (error) => { window.found = [{impact: 'serious', id: String(error), nodes: []}]; })";
            stage.browser.script(look, json!([]));
            let found = stage.browser.until("return window.found && {violations: window.found.filter(({impact}) => ['serious', 'critical'].includes(impact)).map(({id, help, nodes}) => ({id, help, nodes: nodes.slice(0, 5).map(({html, failureSummary}) => [html, failureSummary])}))}", json!([]));
            assert_eq!(found["violations"], json!([]), "{theme} {place}: {found:#}");
        }
    }
}

#[test]
fn no_page_is_wider_than_a_narrow_panel() {
    let Some(stage) = Stage::set_at("?addon=universal-webhook&width=narrow") else { return };
    stage.browser.sees("Dashboard");
    for place in places(&stage) {
        stage.open(&place);
        let widths = stage.browser.script("return [document.documentElement.scrollWidth, window.innerWidth]", json!([]));
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{place}: {widths}");
    }
}

#[test]
fn the_keyboard_reaches_every_part() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    stage.browser.script("document.querySelector('.skip').focus()", json!([]));
    for _ in 0..3 {
        stage.browser.keys(TAB);
    }
    stage.browser.until("return document.activeElement.dataset.page === 'flows'", json!([]));
    stage.browser.keys(ENTER);
    stage.browser.until("return document.activeElement?.tagName === 'H1' && document.activeElement.innerText === 'Flows'", json!([]));
    stage.browser.keys(TAB);
    stage.browser.until("return document.activeElement.matches('a, button, input')", json!([]));
    stage.nothing_was_wrong();
}
