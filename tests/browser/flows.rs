//! Flows, made by clicking alone.

use serde_json::json;

use super::stage::Stage;

/// Opens the editor with the newest event of a type as its sample.
fn from_event(stage: &Stage, event: &str) {
    stage.fire(event, None);
    stage.open(&format!("/events?event_type={event}"));
    stage.browser.click("tbody tr a");
    stage.browser.press("Make a flow from this event");
    stage.browser.until("return document.querySelector('.editor-side .json-pick')", json!([]));
}

#[test]
fn a_condition_is_a_click_on_a_value() {
    let Some(stage) = Stage::set() else { return };
    from_event(&stage, "NEW_TIME_ENTRY");
    stage.browser.click(".editor-side .json-pick[data-path='$.billable']");
    let rule = stage.browser.until(
        "const rule = document.querySelector('.rule'); return rule && [...rule.querySelectorAll('input,select')].map((one) => one.value)",
        json!([]),
    );
    assert_eq!(rule[0], "$.billable");
    assert_eq!(rule[1], "==");
    stage.browser.sees("now:");
    stage.nothing_was_wrong();
}

#[test]
fn a_flow_is_switched_off_and_on_in_the_list() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows");
    let enabled = |expected: bool| {
        stage.browser.until(
            "return document.querySelector('tbody input[type=checkbox]:not(:disabled)')?.checked === arguments[0]",
            json!([expected]),
        );
        assert_eq!(stage.ask("GET", "/ui/flows", None)["flows"][0]["enabled"], expected);
    };
    enabled(true);
    stage.browser.click("tbody .switch");
    enabled(false);
    stage.browser.click("tbody .switch");
    enabled(true);
    stage.nothing_was_wrong();
}

#[test]
fn what_is_missing_is_said_at_its_field() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows/new");
    stage.browser.click(".page-head .button.primary");
    stage.browser.until("return document.querySelector('[data-of=name] > .fault:not([hidden])')", json!([]));
    stage.browser.until("return document.activeElement.dataset.key === 'name'", json!([]));
    assert!(stage.browser.console().iter().all(|line| line.contains("422")), "only the refusal itself");
}

#[test]
fn deleting_a_flow_asks_first() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows");
    stage.browser.press("Delete");
    stage.browser.sees("Delete the flow");
    stage.browser.press("Cancel");
    assert_eq!(stage.ask("GET", "/ui/flows", None)["total"], 1);
    stage.browser.press("Delete");
    stage.browser.sees("Delete the flow");
    stage.browser.press("Delete");
    stage.browser.sees("No flows yet");
    stage.nothing_was_wrong();
}
