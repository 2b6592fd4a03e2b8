//! For everybody: in a narrow panel, and without what axe-core calls serious.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use super::driver::ESCAPE;
use super::stage::Stage;

const AXE: &str = "axe-core@4.10.2";

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
pub fn places(stage: &Stage) -> Vec<String> {
    let mut places: Vec<String> = stage.parts().iter().map(|part| format!("/{part}")).collect();
    let first = |path: &str, list: &str| stage.first(path, list);
    places.extend([
        format!("/events/{}", first("/ui/webhooks", "webhooks")),
        format!("/runs/{}", first("/ui/runs", "runs")),
        format!("/flows/{}", first("/ui/flows", "flows")),
        format!("/flows/new?event={}", first("/ui/webhooks", "webhooks")),
        format!("/entities/tags/{}", first("/ui/entities?type=tags", "entities")),
        format!("/explorer/calls/{}", first("/ui/api-calls", "calls")),
        "/flows/templates".into(),
        "/explorer/createNewTag".into(),
        "/explorer/history".into(),
        "/events?event_type=INVOICE_UPDATED".into(),
        "/flows/01a20000-0000-7000-8000-000000000000".into(),
    ]);
    places
}

/// Something on each page that is empty at first.
pub fn furnish(stage: &Stage) {
    stage.ask("PUT", "/ui/secrets/BILLING_KEY", Some(&json!({"value": "0123456789"})));
    stage.ask("POST", "/ui/custom-sources", Some(&json!({"name": "shop", "scheme": "hmac"})));
    stage.ask("POST", "/ui/operations/getTags/execute", Some(&json!({"params": {}, "as": "viewer"})));
}

/// What axe-core calls serious or worse about what is shown.
#[track_caller]
fn examine(stage: &Stage, axe: &str, about: &str) {
    stage.browser.script(axe, json!([]));
    let look = "window.found = null; axe.run(document, {resultTypes: ['violations']}).then((result) => { window.found = result.violations; }, (error) => { window.found = [{impact: 'serious', id: String(error), nodes: []}]; })";
    stage.browser.script(look, json!([]));
    let found = stage.browser.until("return window.found && {violations: window.found.filter(({impact}) => ['serious', 'critical'].includes(impact)).map(({id, help, nodes}) => ({id, help, nodes: nodes.slice(0, 5).map(({html, failureSummary}) => [html, failureSummary])}))}", json!([]));
    assert_eq!(found["violations"], json!([]), "{about}: {found:#}");
}

fn nothing_serious_in(theme: &str) {
    let Some(axe) = axe() else { return };
    let Some(stage) = Stage::set_at(&format!("?addon=universal-webhook&theme={theme}")) else { return };
    stage.browser.sees("Dashboard");
    furnish(&stage);
    for place in places(&stage) {
        stage.open(&place);
        examine(&stage, &axe, &format!("{theme} {place}"));
    }
    let dialogs = [
        ("/sources", "New custom webhook"),
        ("/secrets", "New secret"),
        ("/flows", "Delete"),
        ("/flows/templates", "Use this template"),
        ("/flows/new", "Add an action"),
        ("/subscriptions", "By hand"),
    ];
    for (place, opens) in dialogs {
        stage.open(place);
        stage.browser.press(opens);
        stage.browser.until("return document.querySelector('dialog[open]')", json!([]));
        examine(&stage, &axe, &format!("{theme} {place}: {opens}"));
        stage.browser.keys(&ESCAPE.to_string());
        stage.browser.until("return !document.querySelector('dialog')", json!([]));
    }
}

#[test]
fn axe_finds_nothing_serious_on_any_page_or_dialog() {
    nothing_serious_in("DEFAULT");
}

#[test]
fn axe_finds_nothing_serious_on_any_page_or_dialog_in_the_dark() {
    nothing_serious_in("DARK");
}

#[test]
fn no_page_is_wider_than_a_narrow_panel() {
    for language in ["EN", "DE"] {
        let Some(stage) = Stage::set_at(&format!("?addon=universal-webhook&width=narrow&language={language}")) else { return };
        stage.browser.until("return document.querySelector('main h1')", json!([]));
        furnish(&stage);
        let long = "Donaudampfschifffahrtsgesellschaftskapitän".repeat(6);
        let long: String = long.chars().take(200).collect();
        stage.fire("NEW_TAG", Some(&json!({"id": "x".repeat(120), "name": long})));
        stage.ask("POST", "/ui/custom-sources", Some(&json!({"name": "a".repeat(64), "scheme": "hmac"})));
        let flow = json!({
            "name": long, "description": long, "trigger_event_types": ["NEW_TAG"],
            "conditions": {"type": "ALL", "rules": [{"field": "$.name", "operator": "==", "value": long}, {"type": "ANY", "rules": [{"field": "$.id", "operator": "exists"}]}]},
            "actions": [{"type": "CLOCKIFY_API", "operation_id": "createNewTag", "params": {"body": {"name": long}}}],
        });
        let flow = stage.ask("POST", "/ui/flows", Some(&flow))["id"].as_str().unwrap().to_owned();
        let event = stage.first("/ui/webhooks?event_type=NEW_TAG", "webhooks");
        let mut places = places(&stage);
        places.extend([format!("/flows/{flow}"), format!("/events/{event}")]);
        for place in places {
            stage.open(&place);
            let widths = stage.browser.script("return [document.documentElement.scrollWidth, window.innerWidth]", json!([]));
            assert!(widths[0].as_u64() <= widths[1].as_u64(), "{language} {place}: {widths}");
        }
    }
}
