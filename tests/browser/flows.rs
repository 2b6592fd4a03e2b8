//! Flows, made by clicking alone.

use serde_json::json;

use super::stage::Stage;

/// Opens the editor with the newest event of a type as its sample.
fn from_event(stage: &Stage, event: &str) {
    stage.fire(event, None);
    stage.open(&format!("/events?event_type={event}"));
    stage.browser.click("tbody tr a");
    stage.browser.press("Make a flow from this event");
    stage.browser.until("return document.querySelector('.sample .json-pick')", json!([]));
}

#[test]
fn a_condition_is_a_click_on_a_value() {
    let Some(stage) = Stage::set() else { return };
    from_event(&stage, "NEW_TIME_ENTRY");
    stage.browser.click(".sample .json-pick[data-path='$.billable']");
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

#[test]
fn a_flow_made_by_clicking_alone_runs_and_changes_the_workspace() {
    let Some(stage) = Stage::set() else { return };
    // A new client shall get a tag of its name.
    from_event(&stage, "NEW_CLIENT");
    stage.browser.click(".sample .json-pick[data-path='$.archived']");
    stage.browser.press("Add an action");
    stage.browser.click("dialog [data-kind=CLOCKIFY_API]");
    stage.browser.write("dialog .directory-search", "create tag");
    stage.browser.click("dialog [data-operation=createNewTag]");
    stage.browser.click("[data-of='actions[0].params.body.name'] .pick");
    stage.browser.click("dialog .json-pick[data-path='$.webhook.name']");
    stage.browser.until("return [...document.querySelectorAll('.actual')].some((line) => line.innerText.includes('Museum'))", json!([]));
    stage.browser.click(".page-head .button.primary");
    stage.browser.until("return location.hash.startsWith('#/flows/') && !location.hash.includes('new')", json!([]));

    stage.in_shell(|shell| shell.press("New client"));
    let flow = stage.browser.script("return location.hash.split('/').pop()", json!([]));
    let run = stage.first(&format!("/ui/runs?flow_id={}&status=SUCCEEDED", flow.as_str().unwrap()), "runs");
    stage.open(&format!("/runs/{run}"));
    stage.browser.sees("Succeeded");
    let tags = stage.view()["data"]["tags"].clone();
    assert!(tags.as_array().unwrap().iter().any(|tag| tag["name"] == "Client 1"), "{tags}");
    stage.nothing_was_wrong();
}

#[test]
fn a_trial_says_what_would_happen_and_sends_nothing() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows");
    stage.browser.press("Tag what is done for Website relaunch");
    stage.browser.sees("This event would start the flow.");
    stage.browser.sees("would be sent");
    let requests = stage.control("GET", "/counts", None)["requests"].clone();
    stage.browser.write(".rule [data-key='conditions.rules[0].value']", "another project");
    stage.browser.sees("This event would not start the flow.");
    assert_eq!(stage.control("GET", "/counts", None)["requests"], requests);
    stage.nothing_was_wrong();
}

#[test]
fn a_former_version_comes_back() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows");
    stage.browser.press("Tag what is done for Website relaunch");
    stage.browser.write("[data-key=name]", "Another name");
    stage.browser.click(".page-head .button.primary");
    stage.browser.sees("version 2");
    stage.browser.press("Versions");
    stage.browser.press("Restore");
    stage.browser.sees("version 3");
    assert_eq!(
        stage.browser.script("return document.querySelector('[data-key=name]').value", json!([])),
        "Tag what is done for Website relaunch"
    );
    stage.nothing_was_wrong();
}

#[test]
fn a_template_becomes_a_flow() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows/templates");
    stage.browser.press("Use this template");
    stage.browser.until("return document.querySelector('dialog[open]')", json!([]));
    stage.browser.press("Use this template");
    stage.browser.until("return location.hash.startsWith('#/flows/') && document.querySelector('[data-key=name]')?.value", json!([]));
    assert_eq!(stage.ask("GET", "/ui/flows", None)["total"], 2);
    stage.nothing_was_wrong();
}

#[test]
fn changes_that_are_not_saved_are_not_lost_by_a_click() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows");
    stage.browser.press("Tag what is done for Website relaunch");
    stage.browser.write("[data-key=name]", "Half a thought");
    stage.browser.click(".tabs [data-page=runs]");
    stage.browser.sees("The changes to this flow have not been saved.");
    stage.browser.press("Cancel");
    stage.browser.until("return !document.querySelector('dialog') && location.hash.startsWith('#/flows/')", json!([]));
    assert_eq!(stage.browser.script("return document.querySelector('[data-key=name]').value", json!([])), "Half a thought");
    stage.browser.click(".tabs [data-page=runs]");
    stage.browser.press("Leave without saving");
    stage.browser.until("return location.hash === '#/runs' && document.querySelector('h1')?.innerText === 'Runs'", json!([]));
    assert_eq!(stage.ask("GET", "/ui/flows", None)["flows"][0]["name"], "Tag what is done for Website relaunch");
    stage.nothing_was_wrong();
}

#[test]
fn a_paused_flow_says_why_and_goes_on_by_a_click() {
    let Some(stage) = Stage::set() else { return };
    let flow = json!({
        "name": "Fails once", "trigger_event_types": ["NEW_CLIENT"], "pause_after_failures": 1,
        "actions": [{"type": "CLOCKIFY_API", "operation_id": "createNewTag", "params": {"body": {"name": "once"}}}],
    });
    let flow = stage.ask("POST", "/ui/flows", Some(&flow))["id"].as_str().unwrap().to_owned();
    stage.control(
        "POST",
        "/faults",
        Some(&json!({"method": "POST", "path": "/v1/workspaces/*/tags", "kind": "status", "status": 400, "times": 1})),
    );
    stage.fire("NEW_CLIENT", None);
    stage.first(&format!("/ui/runs?flow_id={flow}&status=FAILED"), "runs");
    stage.open(&format!("/flows/{flow}"));
    stage.browser.sees("Paused, because it failed again and again");
    stage.browser.press("Let it go on");
    stage.browser.until("return !document.body.innerText.includes('Paused, because')", json!([]));
    assert_eq!(stage.ask("GET", &format!("/ui/flows/{flow}"), None)["paused"], json!(null));
    stage.nothing_was_wrong();
}

/// From top to bottom, as somebody goes who makes a flow in a narrow panel: what a step speaks of has been seen before it.
#[test]
fn in_a_narrow_panel_the_sample_stands_before_what_is_made_of_it_and_the_preview_before_saving() {
    let Some(stage) = Stage::set_at("?addon=universal-webhook&width=narrow") else { return };
    from_event(&stage, "NEW_CLIENT");
    let order = stage.browser.script(
        "return [...document.querySelectorAll('.editor h2, .editor [data-key=save]')].filter((one) => one.checkVisibility())
            .map((one) => [one.innerText, one.getBoundingClientRect().top]).sort(([, one], [, other]) => one - other).map(([text]) => text)",
        json!([]),
    );
    assert_eq!(
        order,
        json!([
            "The flow",
            "When this happens",
            "Sample event",
            "If these conditions hold",
            "Then do this",
            "Limits",
            "What it would do",
            "Save"
        ])
    );
    stage.browser.click(".sample .json-pick[data-path='$.archived']");
    stage.browser.until("return document.querySelector('.rule')", json!([]));
    stage.nothing_was_wrong();
}
