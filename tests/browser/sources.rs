//! Custom webhooks: made by clicking, with the secret shown once, and a signed message that arrives.

use serde_json::json;

use super::stage::Stage;
use super::wire;

#[test]
fn a_custom_webhook_is_made_and_its_first_message_arrives() {
    let Some(stage) = Stage::set() else { return };
    stage.open("/sources");
    stage.browser.press("New custom webhook");
    stage.browser.write("dialog [data-of=name] input", "shop");
    stage.browser.choose("dialog [data-of=scheme] select", "bearer");
    stage.browser.press("Create");
    stage.browser.sees("This is the only time that the secret is shown.");
    let secret = stage.browser.until("return document.querySelector('dialog textarea')?.value", json!([]));
    stage.browser.press("I have copied it");
    stage.browser.until("return !document.querySelector('dialog')", json!([]));
    let shown = stage.browser.script("return document.documentElement.outerHTML.includes(arguments[0])", json!([secret]));
    assert_eq!(shown, false, "the secret is not shown again");

    let (bearer, workspace) =
        (format!("Bearer {}", secret.as_str().unwrap()), stage.view()["workspaces"][0]["id"].as_str().unwrap().to_owned());
    let headers = [("content-type", "application/json"), ("x-workspace-id", workspace.as_str()), ("authorization", bearer.as_str())];
    let answer = wire::send(stage.addon(), "POST", "/webhooks/custom/shop", &headers, Some(r#"{"type":"order.paid","id":"7"}"#));
    assert_eq!(answer.status, 200, "{}", answer.body);
    stage.open("/events?source=CUSTOM");
    stage.browser.sees("Order.paid");
    stage.nothing_was_wrong();
}

/// Runs the command that the page shows, as a person would in a terminal.
fn run(command: &str) -> String {
    let ran = std::process::Command::new("sh").args(["-c", command]).output().unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

#[test]
fn the_test_command_of_each_scheme_is_signed_well() {
    let Some(stage) = Stage::set() else { return };
    for scheme in ["standard", "github", "hmac", "bearer"] {
        stage.open("/sources");
        stage.browser.press("New custom webhook");
        stage.browser.write("dialog [data-of=name] input", &format!("by-{scheme}"));
        stage.browser.choose("dialog [data-of=scheme] select", scheme);
        stage.browser.press("Create");
        let command = stage.browser.until("return document.querySelector('dialog [aria-label=\"Test command\"]')?.value", json!([]));
        stage.browser.press("I have copied it");
        stage.browser.until("return !document.querySelector('dialog')", json!([]));
        let said = run(command.as_str().unwrap());
        stage.open("/events?source=CUSTOM");
        let arrived = "if ([...document.querySelectorAll('tbody .badge')].some((badge) => badge.innerText === arguments[0])) return true;
            window.dispatchEvent(new HashChangeEvent('hashchange')); return false";
        assert!(!said.contains("error"), "{scheme}: {said}");
        stage.browser.until(arrived, json!([format!("by-{scheme}")]));
    }
    stage.nothing_was_wrong();
}

#[test]
fn a_new_secret_is_shown_once_and_the_present_one_stays_good_for_a_while() {
    let Some(stage) = Stage::set() else { return };
    stage.ask("POST", "/ui/custom-sources", Some(&json!({"name": "shop", "scheme": "bearer"})));
    stage.open("/sources");
    stage.browser.press("New secret");
    stage.browser.sees("The present one stays good for a day");
    stage.browser.press("New secret");
    stage.browser.sees("This is the only time that the secret is shown.");
    stage.browser.press("I have copied it");
    stage.browser.sees("ends");
    let known = stage.ask("GET", "/ui/custom-sources", None);
    assert_eq!(known["sources"][0]["secrets"].as_array().unwrap().len(), 2);
    stage.nothing_was_wrong();
}
