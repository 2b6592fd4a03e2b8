//! What a setting keeps: the dashboard says that events are forwarded, and the flow that does it is looked at, not changed.

use serde_json::json;

use super::stage::Stage;

#[test]
fn forwarding_is_chosen_in_the_settings_and_shown_where_it_matters() {
    let Some(stage) = Stage::set_at("?addon=clockify-addon") else { return };
    stage.browser.sees("Events are not sent on.");
    stage.open("/settings");
    stage.browser.write("[data-of=forwarding_url] input", "https://hooks.example.com/clockify");
    stage.browser.press("Save");
    stage.browser.until("return document.querySelector('.message, .only-read')?.parentElement && [...document.querySelectorAll('.messages p')].some((line) => line.textContent === 'Saved.')", json!([]));
    stage.open("/dashboard");
    stage.browser.until(
        "if (document.body.innerText.includes('Every event is sent on')) return true; window.dispatchEvent(new HashChangeEvent('hashchange')); return false",
        json!([]),
    );
    stage.browser.press("Its flow");
    stage.browser.sees("Kept by the setting Forwarding URL. It is changed and ended there.");
    assert_eq!(
        stage.browser.script("return [...document.querySelectorAll('main button')].some((one) => one.innerText === 'Save')", json!([])),
        false
    );
    stage.open("/flows");
    let row = stage.browser.until("return document.querySelector('tbody tr')?.innerText", json!([]));
    let row = row.as_str().unwrap();
    assert!(row.contains("Kept by the setting") && !row.contains("Delete"), "{row}");
    stage.nothing_was_wrong();
}
