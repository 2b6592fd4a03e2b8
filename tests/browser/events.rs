//! Events as they come in, and what became of them.

use serde_json::json;

use super::stage::Stage;

#[test]
fn an_event_appears_by_itself_when_something_changes_in_clockify() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/events");
    stage.browser.sees("Live");
    stage.in_shell(|shell| shell.press("New tag"));
    stage
        .browser
        .until("return [...document.querySelectorAll('tbody tr')].some((row) => row.innerText.includes('Tag created'))", json!([]));
    stage.browser.press("Tag created");
    stage.browser.sees("Payload");
    stage.browser.sees("It started no flow.");
    stage.nothing_was_wrong();
}

#[test]
fn the_dashboard_shows_an_event_without_being_asked() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Latest events");
    stage.fire("NEW_CLIENT", None);
    stage.browser.sees("Client created");
    stage.nothing_was_wrong();
}

#[test]
fn events_are_found_by_type() {
    let Some(stage) = Stage::set() else { return };
    stage.fire("NEW_CLIENT", None);
    stage.open("/events");
    stage.browser.choose("main select", "NEW_CLIENT");
    stage.browser.until("const rows = [...document.querySelectorAll('tbody tr')]; return rows.length && rows.every((row) => row.innerText.includes('Client created'))", json!([]));
    stage.nothing_was_wrong();
}

#[test]
fn a_failed_run_is_found_and_run_again() {
    let Some(stage) = Stage::set() else { return };
    stage.control(
        "POST",
        "/faults",
        Some(&json!({"method": "PUT", "path": "/v1/workspaces/*/time-entries/*", "kind": "status", "status": 400, "times": 1})),
    );
    stage.in_shell(|shell| shell.press("New time entry"));
    stage.open("/runs?status=FAILED");
    stage.browser.until(
        "if (document.querySelector('tbody tr')) return true; window.dispatchEvent(new HashChangeEvent('hashchange')); return false",
        json!([]),
    );
    stage.browser.press("Failed");
    stage.browser.sees("Steps");
    stage.browser.press("Run again");
    stage.browser.until(
        "return document.querySelector('.card .badge')?.innerText === 'Succeeded' && location.hash.startsWith('#/runs/')",
        json!([]),
    );
    stage.nothing_was_wrong();
}
