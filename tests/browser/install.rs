//! Installed by a click in Clockify, and from then on watched.

use serde_json::json;

use super::stage::Stage;

#[test]
fn an_add_on_is_installed_by_a_click_and_its_first_snapshot_is_watched() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    let installation = stage.installation()["addon_id"].as_str().unwrap().to_owned();
    stage.control("DELETE", &format!("/installations/{installation}"), None);
    // Slow pages, so that the work can be seen.
    stage.control("POST", "/faults", Some(&json!({"method": "GET", "path": "/v1/workspaces/**", "kind": "slow", "ms": 150})));
    stage.in_shell(|shell| {
        shell.press("Install Universal Webhook");
        shell.until("return document.querySelector('[data-addon=universal-webhook]').innerText === 'Universal Webhook'", json!([]));
    });
    // The page of the former installation was told that it is no more.
    assert!(stage.browser.console().iter().all(|line| line.contains("404")));
    stage.browser.sees("Copy of the workspace’s data");
    stage.browser.until("return document.querySelector('.card progress')", json!([]));
    stage.browser.sees("Running");
    stage.control("DELETE", "/faults", None);
    stage
        .browser
        .until("return [...document.querySelectorAll('.card .badge')].some((badge) => badge.innerText.startsWith('Complete'))", json!([]));
    stage.browser.until("return [...document.querySelectorAll('.chip')].some((chip) => chip.innerText.startsWith('Projects'))", json!([]));
    stage.nothing_was_wrong();
}
