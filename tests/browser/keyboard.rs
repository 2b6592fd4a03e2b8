//! By keyboard alone: every page can be reached and left, one sees where one is, dialogs close and give the focus back.

use serde_json::json;

use super::access::{furnish, places};
use super::driver::{ENTER, ESCAPE, TAB};
use super::stage::Stage;

/// More than any page has places to go.
const STEPS_MAX: usize = 400;
/// Steps from the head of a page that are enough to see how it goes on.
const STEPS_SEEN: usize = 40;

/// What has the focus: which element in the page's order, whether it can be seen, and whether its outline can.
const FOCUS: &str = "const at = document.activeElement;
    if (!at || at === document.body) return null;
    const all = [...document.querySelectorAll('*')];
    const shown = at.matches('input[role=switch]') && at.closest('.switch') ? at.nextElementSibling : at;
    const style = getComputedStyle(shown);
    const box = at.getBoundingClientRect();
    return {place: all.indexOf(at), tag: at.outerHTML.slice(0, 120), outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
        inside: box.bottom > 0 && box.top < innerHeight && box.width > 0, covered: box.top < document.querySelector('.top').getBoundingClientRect().bottom - 1 && !at.closest('.top') && !at.closest('.editor-side')}";

fn key(stage: &Stage, key: char) {
    stage.browser.keys(&key.to_string());
}

#[test]
fn tab_goes_through_every_page_in_its_order_and_shows_where_it_is() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    furnish(&stage);
    for place in places(&stage) {
        stage.open(&place);
        // From the head of the page on: whoever has come here hears it first.
        stage.browser.until(
            "document.querySelector('h1')?.focus(); return document.activeElement?.tagName === 'H1' || document.querySelector('.trouble')",
            json!([]),
        );
        let mut last = -1;
        for _ in 0..STEPS_SEEN {
            key(&stage, TAB);
            let now = stage.browser.script(FOCUS, json!([]));
            // Behind the last place comes the browser itself.
            let Some(found) = now["place"].as_i64().filter(|found| *found > last) else { break };
            assert!(now["outline"] == true && now["inside"] == true && now["covered"] == false, "{place}: {now}");
            last = found;
        }
        assert!(last > 0 || place.contains("01a20000"), "{place} has nothing to go to");
    }
    stage.nobody_else_was_asked();
}

#[test]
fn the_last_control_of_a_long_form_is_reached() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/settings");
    stage.browser.script("document.querySelector('h1').focus()", json!([]));
    let reached = (0..STEPS_MAX).any(|_| {
        key(&stage, TAB);
        stage.browser.script("return document.activeElement?.innerText === 'Save'", json!([])) == true
    });
    assert!(reached);
    stage.nothing_was_wrong();
}

#[test]
fn the_keyboard_reaches_every_part() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    stage.browser.script("document.querySelector('.skip').focus()", json!([]));
    for _ in 0..3 {
        key(&stage, TAB);
    }
    stage.browser.until("return document.activeElement.dataset.page === 'flows'", json!([]));
    key(&stage, ENTER);
    stage.browser.until("return document.activeElement?.tagName === 'H1' && document.activeElement.innerText === 'Flows'", json!([]));
    key(&stage, TAB);
    stage.browser.until("return document.activeElement.matches('a, button, input')", json!([]));
    stage.nothing_was_wrong();
}

#[test]
fn the_first_step_skips_to_the_content() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/events");
    stage.browser.script("document.querySelector('.skip').focus()", json!([]));
    stage.browser.until("return document.querySelector('.skip').getBoundingClientRect().top >= 0", json!([]));
    key(&stage, ENTER);
    stage.browser.until("return document.activeElement?.tagName === 'H1'", json!([]));
    assert_eq!(stage.browser.script("return location.hash", json!([])), "#/events");
    stage.nothing_was_wrong();
}

#[test]
fn escape_closes_a_dialog_and_the_focus_returns() {
    let Some(stage) = Stage::set() else { return };
    for (place, opens) in
        [("/secrets", "New secret"), ("/sources", "New custom webhook"), ("/flows/new", "Add an action"), ("/flows", "Delete")]
    {
        stage.open(place);
        stage.browser.until(
            "const opener = [...document.querySelectorAll('main button')].find((one) => one.innerText.trim() === arguments[0]); opener?.focus(); return opener",
            json!([opens]),
        );
        key(&stage, ENTER);
        stage.browser.until("return document.querySelector('dialog[open]')?.contains(document.activeElement)", json!([]));
        key(&stage, TAB);
        stage.browser.shifted(TAB);
        // The page behind a dialog cannot be reached.
        let reached = "return [...document.querySelectorAll('main :is(a, button, input, select), .top a')].filter((one) => { one.focus(); return document.activeElement === one; }).length";
        assert_eq!(stage.browser.script(reached, json!([])), 0, "{place}");
        key(&stage, ESCAPE);
        stage
            .browser
            .until("return !document.querySelector('dialog') && document.activeElement?.innerText.trim() === arguments[0]", json!([opens]));
    }
    assert_eq!(stage.ask("GET", "/ui/flows", None)["total"], 1, "nothing was deleted");
    stage.nothing_was_wrong();
}

#[test]
fn who_adds_and_removes_stays_in_the_form() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/flows/new");
    stage.browser.choose("[data-key=add-event]", "NEW_TAG");
    stage.browser.until("const close = document.querySelector('.chip-close'); close?.focus(); return close", json!([]));
    key(&stage, ENTER);
    stage.browser.until(
        "return !document.querySelector('.chip-close') && document.activeElement?.closest('[data-of=trigger_event_types]')",
        json!([]),
    );
    key(&stage, TAB);
    stage.browser.until("return document.activeElement?.closest('.editor-form')", json!([]));
    stage.nothing_was_wrong();
}

#[test]
fn whoever_narrows_a_list_stays_at_the_control() {
    let Some(stage) = Stage::set() else { return };
    let shown = "return location.hash.includes(arguments[0]) && document.querySelector('main').dataset.shown === location.hash && !document.querySelector('main[aria-busy]')";
    let at = "return document.activeElement.dataset.key ?? document.activeElement.tagName";
    stage.open("/entities");
    stage.browser.write("[data-key=search]", "web");
    stage.browser.until(shown, json!(["q=web"]));
    assert_eq!(stage.browser.script(at, json!([])), "search");
    stage.open("/runs");
    stage.browser.script("document.querySelector('[data-key=status]').focus()", json!([]));
    stage.browser.choose("[data-key=status]", "FAILED");
    stage.browser.until(shown, json!(["status=FAILED"]));
    assert_eq!(stage.browser.script(at, json!([])), "status");
    // Another page begins at its head.
    stage.open("/flows");
    assert_eq!(stage.browser.script(at, json!([])), "H1");
    stage.nothing_was_wrong();
}
