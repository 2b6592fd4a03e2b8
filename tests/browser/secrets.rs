//! Secrets: chosen by name where one may stand, made in place, and never shown.

use serde_json::json;

use super::stage::Stage;

#[test]
fn a_secret_is_made_in_place_and_inserted_into_a_header_and_a_body() {
    let Some(stage) = Stage::set() else { return };
    stage.ask("PATCH", "/ui/settings", Some(&json!({"enable_generic_http_actions": true})));
    stage.open("/flows/new");
    stage.browser.write("[data-key=name]", "Tell the billing service");
    stage.browser.press("Add an action");
    stage.browser.click("dialog [data-kind=GENERIC_HTTP]");
    stage.browser.write("[data-of='actions[0].url'] input", "https://billing.example.com/hours");
    stage.browser.click("[data-of='actions[0].headers'] > .button");
    stage.browser.write("[data-of='actions[0].headers'] .pair input", "Authorization");
    stage.browser.write("[data-key='actions[0].headers[0].value']", "Bearer ");
    stage.browser.click("[data-of='actions[0].headers'] [aria-label='Secret… Value']");
    stage.browser.sees("No secrets yet");
    stage.browser.press("New secret");
    stage.browser.write("dialog:last-of-type [data-of=name] input", "BILLING_KEY");
    stage.browser.write("dialog:last-of-type [data-of=value] input", "b1ll1ng");
    stage.browser.press("Save");
    stage.browser.until(
        "return document.querySelector(\"[data-key='actions[0].headers[0].value']\")?.value === 'Bearer {{ secret.BILLING_KEY }}'",
        json!([]),
    );
    stage.browser.choose("[data-of='actions[0].body'] select", "text");
    stage.browser.click("[data-of='actions[0].body.value'] [aria-label='Secret… Body']");
    stage.browser.click("dialog [data-secret=BILLING_KEY]");
    stage
        .browser
        .until("return document.querySelector(\"[data-key='actions[0].body.value']\").value === '{{ secret.BILLING_KEY }}'", json!([]));
    assert_eq!(stage.browser.script("return document.documentElement.outerHTML.includes('b1ll1ng')", json!([])), false);
    stage.browser.click(".page-head .button.primary");
    stage.browser.until("return location.hash.startsWith('#/flows/') && !location.hash.includes('new')", json!([]));
    let flow = stage.browser.script("return location.hash.split('/').pop()", json!([]));
    let kept = stage.ask("GET", &format!("/ui/flows/{}", flow.as_str().unwrap()), None);
    assert_eq!(kept["actions"][0]["headers"]["Authorization"], "Bearer {{ secret.BILLING_KEY }}");
    assert_eq!(kept["actions"][0]["body"]["value"], "{{ secret.BILLING_KEY }}");
    stage.nothing_was_wrong();
}
