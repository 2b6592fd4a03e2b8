//! The copy of the workspace's data: fetched by a click, watched while it comes, found in the list.

use serde_json::json;

use super::stage::Stage;

#[test]
fn a_snapshot_is_fetched_by_a_click_and_its_entities_are_found() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Copy of the workspace’s data");
    // The first one begins with the installation.
    stage.browser.press("Fetch again");
    stage
        .browser
        .until("return [...document.querySelectorAll('.card .badge')].some((badge) => badge.innerText.startsWith('Complete'))", json!([]));
    stage.open("/entities?type=tags");
    stage.browser.press("relaunch");
    stage.browser.sees("About this entity");
    stage.browser.until("return document.querySelector('.json-tree')?.innerText.includes('relaunch')", json!([]));
    stage.nothing_was_wrong();
}
