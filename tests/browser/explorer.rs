//! The explorer: found, filled in, sent, kept, made into a flow.

use serde_json::json;

use super::stage::Stage;

/// Opens an operation by searching for it.
fn find(stage: &Stage, words: &str, operation: &str) {
    stage.open("/explorer");
    stage.browser.write(".directory-search", words);
    stage.browser.click(&format!("[data-operation={operation}]"));
    stage.browser.until("return document.querySelector('.bench form')", json!([]));
}

#[test]
fn a_list_is_read_and_shown_as_a_table_and_kept() {
    let Some(stage) = Stage::set() else { return };
    find(&stage, "tags list", "getTags");
    stage.browser.press("Send");
    stage.browser.until("return document.querySelector('.bench .json-tree')", json!([]));
    stage.browser.press("Table");
    stage.browser.until("return [...document.querySelectorAll('.bench td')].some((cell) => cell.innerText === 'relaunch')", json!([]));
    stage.browser.press("History");
    stage.browser.press("getTags");
    stage.browser.sees("What was sent");
    stage.browser.press("Send again");
    stage.browser.sees("200");
    stage.nothing_was_wrong();
}

#[test]
fn an_answer_that_is_too_large_to_be_shown_is_downloaded_whole() {
    const BYTES: u64 = 9 << 20;
    let Some(stage) = Stage::set() else { return };
    let huge = json!({"method": "GET", "path": "/v1/workspaces/*/tags", "kind": "huge", "bytes": BYTES, "times": 2});
    stage.control("POST", "/faults", Some(&huge));
    find(&stage, "tags list", "getTags");
    stage.browser.press("Send");
    stage.browser.sees("The answer was cut; download it to have all of it.");
    let watch =
        "const real = URL.createObjectURL; URL.createObjectURL = (file) => { window.saved = file.size; return real.call(URL, file); }";
    stage.browser.script(watch, json!([]));
    stage.browser.press("Download");
    stage.browser.until("return window.saved === arguments[0]", json!([BYTES]));
    stage.nothing_was_wrong();
}

#[test]
fn a_write_as_the_add_on_is_asked_about_and_changes_the_workspace() {
    let Some(stage) = Stage::set() else { return };
    find(&stage, "tag", "createNewTag");
    stage.browser.write("[data-of='params.body.name'] input", "made in the explorer");
    stage.browser.choose(".bench form select", "addon");
    stage.browser.press("Send");
    stage.browser.sees("Change data as the add-on?");
    stage.browser.press("Send");
    stage.browser.until("return [...document.querySelectorAll('.bench .badge')].some((badge) => badge.innerText === '201')", json!([]));
    let tags = stage.view()["data"]["tags"].clone();
    assert!(tags.as_array().unwrap().iter().any(|tag| tag["name"] == "made in the explorer"), "{tags}");
    stage.nothing_was_wrong();
}

#[test]
fn what_is_missing_is_said_at_its_parameter() {
    let Some(stage) = Stage::set() else { return };
    find(&stage, "getTimeEntry", "getTimeEntry");
    stage.browser.press("Send");
    stage.browser.until("return document.querySelector(\"[data-of='params.path.id'] > .fault:not([hidden])\")", json!([]));
    stage.nobody_else_was_asked();
}
