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
