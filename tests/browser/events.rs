//! Events as they come in, and what became of them.

use serde_json::json;

use super::driver::{ENTER, TAB};
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
    stage.browser.choose("[data-key=event_type]", "NEW_CLIENT");
    stage.browser.until("const rows = [...document.querySelectorAll('tbody tr')]; return rows.length && rows.every((row) => row.innerText.includes('Client created'))", json!([]));
    stage.nothing_was_wrong();
}

/// As if so many events had come since one of them that a search does not get to it at once. What is asked for before it is answered as it is.
const STOP_SHORT: &str = "const real = window.fetch; const [pivot] = arguments;
    window.fetch = async (...given) => {
        const answer = await real(...given);
        const asked = new URL(String(given[0]));
        if (!asked.searchParams.get('text') || asked.searchParams.has('before')) return answer;
        const list = await answer.json();
        const newer = list.webhooks.filter(({id}) => id > pivot);
        const told = {...list, webhooks: newer, pagination: {...list.pagination, total: newer.length, has_more: false}, searched: {events: 5000, complete: false, oldest: pivot}};
        return new Response(JSON.stringify(told), {status: 200, headers: {'content-type': 'application/json'}});
    }";

#[test]
fn a_search_goes_further_back_by_keyboard_and_says_what_it_found() {
    let Some(stage) = Stage::set() else { return };
    // One after the other: the next one is fired when the one before has come.
    let [_, between, _] = ["searched-old", "between", "searched-new"].map(|name| {
        stage.fire("NEW_CLIENT", Some(&json!({"id": name, "name": name})));
        stage.first(&format!("/ui/webhooks?event_type=NEW_CLIENT&entity=client:{name}"), "webhooks")
    });
    stage.open("/events?event_type=NEW_CLIENT");
    stage.browser.script(STOP_SHORT, json!([between]));
    stage.browser.write("[data-key=text]", "searched-");
    stage.browser.keys(&ENTER.to_string());
    stage.browser.sees("Found 1 in the newest 5,000 events.");
    // Whoever searches stays in the field; the way on is behind it, and is told.
    let there = "return document.activeElement?.dataset.key";
    assert_eq!(stage.browser.script(there, json!([])), "text");
    assert_eq!(stage.browser.script("return document.querySelectorAll('tbody tr').length", json!([])), 1);
    let announces = "return document.querySelector('.further [role=status]').innerText";
    (0..10).find(|_| {
        stage.browser.keys(&TAB.to_string());
        stage.browser.script(there, json!([])) == "further"
    });
    assert_eq!(stage.browser.script("return document.activeElement.innerText", json!([])), "Search further back");
    stage.browser.keys(&ENTER.to_string());
    stage.browser.sees("Found 2 in all 5,001 events.");
    assert_eq!(stage.browser.script(announces, json!([])), "Found 2 in all 5,001 events.");
    assert_eq!(stage.browser.script("return document.querySelectorAll('tbody tr').length", json!([])), 2);
    // There is nothing older: the way on is gone, and the focus is still where it was.
    stage.browser.until(
        "return !document.querySelector('[data-key=further]') && document.querySelector('.further').contains(document.activeElement)",
        json!([]),
    );
    stage.nothing_was_wrong();
}

#[test]
fn events_are_found_by_the_state_of_their_runs() {
    let Some(stage) = Stage::set() else { return };
    stage.first("/ui/runs?status=SUCCEEDED", "runs");
    stage.open("/events");
    stage.browser.choose("[data-key=run_status]", "SUCCEEDED");
    stage.browser.until(
        "return document.querySelector('.further [role=status]')?.innerText.startsWith('Found ') && document.querySelector('tbody tr')",
        json!([]),
    );
    stage.browser.choose("[data-key=run_status]", "CANCELLED");
    stage.browser.sees("Nothing fits these filters.");
    stage.nothing_was_wrong();
}

#[test]
fn events_are_found_by_what_they_are_about_and_by_time() {
    let Some(stage) = Stage::set() else { return };
    for name in ["one", "other"] {
        stage.fire("NEW_CLIENT", Some(&json!({"id": name, "name": name})));
        stage.first(&format!("/ui/webhooks?event_type=NEW_CLIENT&entity=client:{name}"), "webhooks");
    }
    let rows = |count: usize| stage.browser.until("return document.querySelectorAll('tbody tr').length === arguments[0]", json!([count]));
    stage.open("/events?event_type=NEW_CLIENT&text=other");
    rows(1);
    stage.browser.press("Client created");
    stage.browser.press("client:other");
    stage.browser.sees("Found 1 in all");
    rows(1);

    // A time is committed when its field is left, and is one of the viewer's zone.
    stage.open("/events?event_type=NEW_CLIENT");
    rows(2);
    let leave =
        "const field = document.querySelector(`[data-key=${arguments[0]}]`); field.focus(); field.value = arguments[1]; field.blur()";
    stage.browser.script(leave, json!(["to", "2000-01-01T10:00"]));
    stage.browser.sees("Nothing fits these filters.");
    let asked = "return new URLSearchParams(location.hash.split('?')[1]).get('to')";
    let shown = "return import(document.querySelector('link[href$=\"/time.js\"]').href).then(({wall}) => wall(arguments[0]))";
    let to = stage.browser.script(asked, json!([]));
    assert_eq!(stage.browser.script(shown, json!([to])), "2000-01-01T10:00");
    assert_eq!(stage.browser.script("return document.querySelector('[data-key=to]').value", json!([])), "2000-01-01T10:00");
    stage.browser.script(leave, json!(["to", ""]));
    rows(2);
    stage.browser.script(leave, json!(["from", "2000-01-01T10:00"]));
    stage.browser.until("return location.hash.includes('from=')", json!([]));
    rows(2);
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
