//! Whatever a payload holds, it stays text: no script runs, no request leaves, the content policy has nothing to refuse.

use serde_json::{Value, json};

use super::driver::ESCAPE;
use super::stage::Stage;

const HOSTILE: [&str; 6] = [
    "<script>window.broken = 1</script>",
    "<img src=x onerror=\"window.broken = 1\">",
    "\"><svg onload=window.broken=1>",
    "javascript:window.broken=1",
    "{{constructor.constructor('window.broken=1')()}}",
    "</textarea><iframe srcdoc=\"<script>parent.broken=1</script>\">\u{202e}\u{0}",
];

#[test]
fn hostile_texts_stay_texts_on_every_page() {
    let Some(stage) = Stage::set() else { return };
    let workspace = stage.view()["workspaces"][0]["id"].clone();
    for (n, text) in HOSTILE.iter().enumerate() {
        let payload = json!({"id": format!("{text}{n}"), "workspaceId": workspace, "name": text, "description": text, text.to_owned(): [text, {"__proto__x": text}]});
        stage.fire("NEW_TAG", Some(&payload));
        // With an id that can be one it comes into the copy of the data too.
        stage.fire("NEW_TAG", Some(&json!({"id": format!("hostile{n}"), "workspaceId": workspace, "name": text})));
        stage.ask("POST", "/ui/operations/createNewTag/execute", Some(&json!({"params": {"body": {"name": text}}, "as": "viewer"})));
    }
    let flow = json!({
        "name": HOSTILE[1], "description": HOSTILE[0], "trigger_event_types": ["NEW_TAG"],
        "conditions": {"type": "ALL", "rules": [{"field": "$.name", "operator": "==", "value": HOSTILE[2]}]},
        "actions": [{"type": "CLOCKIFY_API", "operation_id": "createNewTag", "params": {"body": {"name": HOSTILE[1]}}}],
    });
    let flow = stage.ask("POST", "/ui/flows", Some(&flow))["id"].as_str().unwrap().to_owned();
    stage.fire("NEW_TAG", Some(&json!({"id": "t", "workspaceId": workspace, "name": HOSTILE[2]})));
    let run = stage.first(&format!("/ui/runs?flow_id={flow}"), "runs");
    let event = stage.first("/ui/webhooks?event_type=NEW_TAG&offset=1", "webhooks");
    let call = stage.first("/ui/api-calls", "calls");
    let entity = stage.first("/ui/entities?type=tags&q=hostile0", "entities");

    let mut places: Vec<String> = stage.parts().iter().map(|part| format!("/{part}")).collect();
    places.extend([
        format!("/events/{event}"),
        format!("/flows/{flow}"),
        format!("/runs/{run}"),
        format!("/flows/new?event={event}"),
        format!("/entities/tags/{entity}"),
        format!("/explorer/calls/{call}"),
        "/explorer/history".into(),
        "/entities?q=%3Cimg%20src=x%20onerror=broken=1%3E".into(),
        "/entities/tags/%3Cimg%20src=x%20onerror=broken=1%3E".into(),
        "/%3Cimg%20src=x%20onerror=broken=1%3E".into(),
        "/runs?status=%3Cimg%20src=x%20onerror=broken=1%3E".into(),
    ]);
    for place in places {
        stage.open(&place);
    }
    // Where a person clicks: a value of the payload becomes a condition, a path, a version.
    let hostile = stage.ask("GET", "/ui/webhooks?event_type=NEW_TAG&limit=100", None);
    let spoken = |event: &Value| event["entity"].as_str().is_some_and(|entity| entity.contains("svg"));
    let spoken = hostile["webhooks"].as_array().unwrap().iter().find(|event| spoken(event)).unwrap()["id"].as_str().unwrap().to_owned();
    stage.open(&format!("/flows/new?event={spoken}"));
    stage.browser.until("const picks = [...document.querySelectorAll('.sample .json-pick')]; picks.forEach((pick) => pick.click()); return picks.length > 4", json!([]));
    stage.browser.until("return document.querySelectorAll('.rule').length > 4", json!([]));
    stage.browser.press("Add a condition");
    stage.browser.until("return document.querySelector('dialog .json-pick')", json!([]));
    stage.browser.keys(&ESCAPE.to_string());
    stage.browser.until("return !document.querySelector('dialog')", json!([]));
    stage.browser.script("window.location.hash = '#/flows'", json!([]));
    stage.browser.press("Leave without saving");
    stage.open(&format!("/flows/{flow}"));
    stage.browser.press("Versions");
    stage.browser.until("return document.querySelector('dialog td')", json!([]));
    stage.browser.keys(&ESCAPE.to_string());
    stage.open("/flows");
    stage.browser.sees(HOSTILE[1]);
    let broken = stage.browser.script(
        "return [window.broken ?? null, document.querySelectorAll('script:not([src]), iframe, img, [onerror], [onload], [style]').length]",
        json!([]),
    );
    assert_eq!(broken, json!([null, 0]));
    // What is wrong in an address is refused by the service, and that is all that the console has.
    let refused = |line: &String| ["422", "404", "400"].iter().any(|status| line.contains(&format!("status of {status}")));
    let complaints: Vec<String> = stage.browser.console().into_iter().filter(|line| !refused(line)).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    stage.nobody_else_was_asked();
}
