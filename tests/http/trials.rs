//! Trials of flows and paths: what they would do is told, and nothing is done.

use serde_json::{Value, json};

use super::client::{Answer, post};
use super::flows::{created, definition};
use super::harness::{Harness, grant};

async fn ask(harness: &Harness, target: &str, body: &Value) -> Answer {
    harness.send(post(target).token(&harness.owner()).json(body)).await
}

#[actix_web::test]
async fn a_flow_is_tried_on_an_event_and_nothing_is_called_or_stored() {
    let harness = Harness::installed().await;
    let mut off = definition("x");
    off["enabled"] = json!(false);
    off["actions"] = json!([
        {"operation_id": "getTag", "params": {"path": {"id": "$.webhook.tagId"}}},
        {"operation_id": "updateTag", "params": {"path": {"id": "$.webhook.tagId"}, "body": {"name": "{{ $.action_0.name }}!"}}},
    ]);
    let flow = created(&harness, &off).await;
    let event = harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": false, "tagId": "t1"})).await;
    let before = harness.stored(harness.home.workspace).await;
    let tried = ask(&harness, "/ui/flows/dry-run", &json!({"flow_id": flow, "event_id": event})).await;
    assert_eq!(tried.status, 200, "{tried:?}");
    let tried = tried.json();
    assert_eq!(tried["matches"], false);
    let trigger = json!({"enabled": false, "source_fits": true, "event_type_fits": true, "conditions_hold": false});
    assert_eq!(tried["trigger"], trigger);
    let condition = json!({"at": "conditions.rules[0]", "field": "$.billable", "operator": "==", "value": true, "actual": false, "found": 1, "holds": false});
    assert_eq!(tried["conditions"], json!([condition]));
    let path = format!("/v1/workspaces/{}/tags/t1", harness.home.workspace);
    let request = json!({"method": "GET", "path": path, "query": [], "body": null});
    assert_eq!(tried["actions"][0], json!({"index": 0, "type": "CLOCKIFY_API", "outcome": "would_send", "request": request}));
    assert_eq!((&tried["actions"][1]["outcome"], &tried["actions"][1]["reason"]["code"]), (&json!("not_reached"), &json!("not_reached")));

    let samples = json!({"flow_id": flow, "event_id": event, "samples": {"action_0": {"name": "red"}}});
    let sampled = ask(&harness, "/ui/flows/dry-run", &samples).await.json();
    assert_eq!(sampled["actions"][1]["request"], json!({"method": "PUT", "path": path, "query": [], "body": {"name": "red!"}}));

    let sent = json!({"definition": definition("new"), "payload": {"billable": true}, "event_type": "NEW_TAG"});
    let of_payload = ask(&harness, "/ui/flows/dry-run", &sent).await.json();
    assert_eq!((&of_payload["matches"], &of_payload["trigger"]["event_type_fits"]), (&json!(false), &json!(false)));
    assert_eq!(
        (&of_payload["actions"][0]["outcome"], &of_payload["actions"][0]["reason"]["code"]),
        (&json!("fault"), &json!("path_not_found"))
    );
    let fits = json!({"definition": definition("new"), "payload": {"billable": true, "tagId": "t"}});
    assert_eq!(ask(&harness, "/ui/flows/dry-run", &fits).await.json()["matches"], true);

    assert_eq!(harness.stored(harness.home.workspace).await, before);
    assert!(harness.clockify.calls().is_empty());
}

#[actix_web::test]
async fn what_cannot_be_tried_is_refused_by_its_field() {
    let harness = Harness::installed().await;
    let mut bad = definition("bad");
    bad["actions"][0]["operation_id"] = json!("launchRockets");
    for (sent, field) in [
        (json!({}), ""),
        (json!({"definition": definition("x"), "flow_id": "x", "payload": {}}), ""),
        (json!({"definition": definition("x")}), ""),
        (json!({"definition": definition("x"), "payload": []}), "payload"),
        (json!({"definition": definition("x"), "payload": {}, "event_type": "a b"}), "event_type"),
        (json!({"definition": definition("x"), "payload": {}, "samples": []}), "samples"),
        (json!({"definition": bad, "payload": {}}), "definition.actions[0].operation_id"),
        (json!({"definition": definition("x"), "payload": {}, "colour": 1}), "colour"),
        (json!([]), ""),
    ] {
        let answer = ask(&harness, "/ui/flows/dry-run", &sent).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults()[0].0, field, "{sent}");
    }
    let nothing = "01900000-0000-7000-8000-000000000000";
    ask(&harness, "/ui/flows/dry-run", &json!({"flow_id": nothing, "payload": {}})).await.refused(404, "flow_not_found");
    ask(&harness, "/ui/flows/dry-run", &json!({"definition": definition("x"), "event_id": nothing}))
        .await
        .refused(404, "webhook_not_found");
    let event = harness.deliver("NEW_PROJECT", &json!({"id": "p1"})).await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let sent = json!({"path": "$.id", "event_id": event});
    harness.send(post("/ui/jsonpath").token(&harness.user(&other, "OWNER")).json(&sent)).await.refused(404, "webhook_not_found");
}

#[actix_web::test]
async fn a_path_says_what_it_finds_or_where_it_is_wrong() {
    let harness = Harness::installed().await;
    let event = harness.deliver("NEW_PROJECT", &json!({"id": "p1", "tags": [{"n": 1}, {"n": 2}]})).await;
    let find = async |sent: Value| ask(&harness, "/ui/jsonpath", &sent).await;
    let found = find(json!({"path": "$.tags[*].n", "event_id": event})).await.json();
    assert_eq!(found, json!({"values": [1, 2], "count": 2, "truncated": false}));
    let found = find(json!({"path": "$.event.type", "event_id": event, "over": "context"})).await.json();
    assert_eq!(found["values"], json!(["NEW_PROJECT"]));
    assert_eq!(find(json!({"path": "$.gone", "payload": {}})).await.json()["count"], 0);
    let many = find(json!({"path": "$.l[*]", "payload": {"l": vec![0; 150]}})).await.json();
    assert_eq!((many["values"].as_array().unwrap().len(), &many["count"], &many["truncated"]), (100, &json!(150), &json!(true)));
    let large = find(json!({"path": "$.l[*]", "payload": {"l": vec!["x".repeat(100_000); 5]}})).await.json();
    assert_eq!((large["values"].as_array().unwrap().len(), &large["count"]), (2, &json!(5)));
    let wrong = find(json!({"path": "$.tags[", "payload": {}})).await;
    wrong.refused(422, "invalid_fields");
    assert!(wrong.body.contains("at byte 7"), "{wrong:?}");
    for (sent, field) in
        [(json!({"payload": {}}), "path"), (json!({"path": "$", "payload": {}, "over": "all"}), "over"), (json!({"path": "$"}), "")]
    {
        let answer = find(sent).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults()[0].0, field);
    }
}
