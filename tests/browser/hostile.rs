//! Whatever a payload holds, it stays text: no script runs, no request leaves, the content policy has nothing to refuse.

use serde_json::json;

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

    let mut places: Vec<String> = stage.parts().iter().map(|part| format!("/{part}")).collect();
    places.extend([
        format!("/events/{event}"),
        format!("/flows/{flow}"),
        format!("/runs/{run}"),
        format!("/flows/new?event={event}"),
        "/runs?status=%3Cimg%20src=x%20onerror=broken=1%3E".into(),
    ]);
    for place in places {
        stage.open(&place);
    }
    stage.open("/flows");
    stage.browser.sees(HOSTILE[1]);
    let broken = stage.browser.script(
        "return [window.broken ?? null, document.querySelectorAll('script:not([src]), iframe, img, [onerror], [onload], [style]').length]",
        json!([]),
    );
    assert_eq!(broken, json!([null, 0]));
    // The bad state in the address is refused by the service, and that is all that the console has.
    let complaints: Vec<String> = stage.browser.console().into_iter().filter(|line| !line.contains("422")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    stage.nobody_else_was_asked();
}
