//! What wants attention is said on the first page, and nothing else is.

use serde_json::json;

use super::stage::Stage;

/// Lets the dashboard's answer say something that would take long to come about.
const PRETEND: &str = "const real = window.fetch; const [change] = arguments;
    const merge = (into, from) => { for (const [name, value] of Object.entries(from)) { if (value && typeof value === 'object' && into[name]) merge(into[name], value); else into[name] = value; } };
    window.fetch = async (...given) => {
        const answer = await real(...given);
        if (!String(given[0]).includes('/ui/dashboard')) return answer;
        const board = await answer.json();
        merge(board, change);
        return new Response(JSON.stringify(board), {status: 200, headers: {'content-type': 'application/json'}});
    };
    window.dispatchEvent(new HashChangeEvent('hashchange'))";

#[test]
fn what_wants_attention_is_said() {
    let states = [
        (json!({"installation": {"status": "INACTIVE"}}), "The add-on is switched off"),
        (
            json!({"installation": {"health": {"state": "broken", "since": "2026-01-02T03:04:05Z", "reason": "no"}}}),
            "Clockify no longer accepts the add-on’s token.",
        ),
        (json!({"workspace": {"quarantined": true}}), "Flows stand still after repeated defects."),
        (json!({"workspace": {"platform_down": true}}), "Clockify does not answer."),
        (json!({"workspace": {"forwarding": {"state": "refused", "reason": "no host"}}}), "Events are not sent on: no host"),
        (json!({"runs": {"attention": {"failed": 3}}}), "Failed runs: 3"),
        (json!({"runs": {"attention": {"uncertain": 4}}}), "Runs whose outcome nobody knows: 4"),
        (json!({"runs": {"waiting": 5}}), "Runs that wait for another try: 5"),
    ];
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Everything is well. Nothing waits for you.");
    for (change, said) in states {
        stage.browser.script(PRETEND, json!([change]));
        stage.browser.sees(said);
    }
    assert_eq!(stage.browser.script("return document.querySelectorAll('.alerts li').length", json!([])), 8);
    assert_eq!(stage.browser.script("return document.body.innerText.includes('Everything is well')", json!([])), false);
    stage.nothing_was_wrong();
}

#[test]
fn a_page_that_cannot_be_shown_says_which_it_is_and_comes_back() {
    let Some(stage) = Stage::set() else { return };
    stage.browser.sees("Dashboard");
    stage.browser.script("window.real = window.fetch; window.fetch = () => Promise.reject(new TypeError('gone'))", json!([]));
    stage.browser.script("window.location.hash = '/runs'", json!([]));
    stage.browser.sees("The add-on cannot be reached.");
    assert_eq!(stage.browser.script("return document.querySelector('h1').innerText", json!([])), "Runs");
    stage.browser.script("window.fetch = window.real", json!([]));
    stage.browser.press("Try again");
    stage.browser.sees("Tag what is done for Website relaunch");
    stage.nobody_else_was_asked();
}
