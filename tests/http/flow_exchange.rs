//! Flows out of one workspace and into another, whole or not at all.

use serde_json::{Value, json};

use super::client::{Answer, Request, get, post};
use super::flows::{created, definition};
use super::harness::{Harness, grant};

async fn ask(harness: &Harness, request: Request) -> Answer {
    harness.send(request.token(&harness.owner())).await
}

#[actix_web::test]
async fn what_is_exported_is_imported_elsewhere_and_is_the_same() {
    let harness = Harness::installed().await;
    let (first, _) = (created(&harness, &definition("first")).await, created(&harness, &definition("second")).await);
    let all = ask(&harness, get("/ui/flow-export")).await.json();
    assert_eq!((&all["format"], &all["version"]), (&json!("clockify-addons/flows"), &json!(1)));
    let names: Vec<_> = all["flows"].as_array().unwrap().iter().map(|flow| flow["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["second", "first"]);
    assert!(all["flows"][0].get("id").is_none());
    let one = ask(&harness, get(format!("/ui/flow-export?id={first}&id={first}"))).await.json();
    assert_eq!(one["flows"], json!([all["flows"][1]]));
    ask(&harness, get("/ui/flow-export?id=x")).await.refused(422, "invalid_fields");
    ask(&harness, get("/ui/flow-export?id=01900000-0000-7000-8000-000000000000")).await.refused(404, "flow_not_found");

    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let stranger = harness.user(&other, "OWNER");
    let made = harness.send(post("/ui/flow-import").token(&stranger).json(&all)).await;
    assert_eq!((made.status, &made.json()["created"][1]["name"]), (201, &json!("first")), "{made:?}");
    let there = harness.send(get("/ui/flow-export").token(&stranger)).await.json();
    assert_eq!(there["flows"].as_array().unwrap().len(), 2);
    for flow in all["flows"].as_array().unwrap() {
        assert!(there["flows"].as_array().unwrap().contains(flow));
    }
}

#[actix_web::test]
async fn a_document_with_one_fault_makes_nothing() {
    let harness = Harness::installed().await;
    let mut bad = definition("bad");
    bad["actions"][0]["operation_id"] = json!("launchRockets");
    let document = |flows: Value| json!({"format": "clockify-addons/flows", "version": 1, "flows": flows});
    for (sent, field) in [
        (document(json!([definition("good"), bad])), "flows[1].actions[0].operation_id"),
        (document(json!([definition("good"), []])), "flows[1]"),
        (document(json!([])), "flows"),
        (json!({"format": "n8n", "version": 1, "flows": [definition("good")]}), "format"),
        (json!({"format": "clockify-addons/flows", "version": 2, "flows": [definition("good")]}), "version"),
        (json!([]), "format"),
    ] {
        let answer = ask(&harness, post("/ui/flow-import").json(&sent)).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults()[0].0, field, "{sent}");
    }
    let many: Vec<_> = (0..300).map(|n| definition(&n.to_string())).collect();
    assert_eq!(ask(&harness, post("/ui/flow-import").json(&document(json!(many)))).await.status, 201);
    ask(&harness, post("/ui/flow-import").json(&document(json!(many)))).await.refused(409, "too_many_flows");
    assert_eq!(harness.stored(harness.home.workspace).await.3.len(), 300);
}
