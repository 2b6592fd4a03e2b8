//! Every change that went well leaves a line that says who; readings and refusals leave none.

use actors::addon::Addon;
use clockify_addons::http::ROUTES;
use clockify_addons::http::activity::leaves_a_line;
use serde_json::{Value, json};

use super::client::{Request, get, post, request};
use super::harness::{Harness, grant_of};

async fn lines(harness: &Harness) -> Vec<Value> {
    let answer = harness.send(get("/ui/activity").token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["activities"].as_array().unwrap().clone()
}

async fn ask(harness: &Harness, request: Request) -> Value {
    let answer = harness.send(request.token(&harness.owner())).await;
    assert!(answer.status < 300, "{answer:?}");
    answer.json()
}

fn flow(name: &str) -> Value {
    json!({"name": name, "trigger_event_types": ["NEW_TAG"], "actions": [{"operation_id": "getTags"}]})
}

#[actix_web::test]
async fn a_change_says_who_did_what_to_what() {
    let harness = Harness::installed().await;
    let made = ask(&harness, post("/ui/flows").json(&flow("Tag the new ones"))).await;
    let id = made["id"].as_str().unwrap();
    ask(&harness, request("PUT", format!("/ui/flows/{id}")).json(&flow("Tag them"))).await;
    ask(&harness, request("DELETE", format!("/ui/flows/{id}"))).await;
    let seen: Vec<_> =
        lines(&harness).await.into_iter().map(|line| (line["what"].clone(), line["subject"].clone(), line["user_id"].clone())).collect();
    let admin = json!("c00000000000000000000001");
    let expected = [
        (json!("DELETE /ui/flows/{id}"), json!(id), admin.clone()),
        (json!("PUT /ui/flows/{id}"), json!(id), admin.clone()),
        (json!("POST /ui/flows"), json!(id), admin),
        (json!("POST /lifecycle/installed"), Value::Null, Value::Null),
    ];
    assert_eq!(seen, expected);
    assert_eq!(lines(&harness).await[2]["detail"], "Tag the new ones");
}

#[actix_web::test]
async fn readings_and_refusals_leave_nothing() {
    let harness = Harness::installed().await;
    let before = lines(&harness).await;
    harness.send(get("/ui/flows").token(&harness.owner())).await;
    harness.send(post("/ui/flows").token(&harness.user(&harness.home, "MEMBER")).json(&flow("f"))).await.refused(403, "admins_only");
    harness.send(post("/ui/flows").token(&harness.owner()).json(&json!({}))).await;
    harness.deliver("NEW_TAG", &json!({"id": "1"})).await;
    assert_eq!(lines(&harness).await, before);
}

#[actix_web::test]
async fn a_workspace_sees_its_own_lines_alone() {
    let harness = Harness::installed().await;
    let other = grant_of(harness.addon, '2');
    harness.install(&other).await;
    ask(&harness, post("/ui/flows").json(&flow("f"))).await;
    let theirs = harness.send(get("/ui/activity").token(&harness.user(&other, "OWNER"))).await.json();
    assert_eq!(theirs["pagination"]["total"], 1, "{theirs}");
    assert_eq!(lines(&harness).await.len(), 2);
}

#[actix_web::test]
async fn a_store_that_fails_costs_the_line_and_not_the_change() {
    let harness = Harness::installed().await;
    let before = lines(&harness).await;
    harness.store.fail_activities(true);
    let made = ask(&harness, post("/ui/flows").json(&flow("f"))).await;
    harness.store.fail_activities(false);
    assert_eq!(lines(&harness).await, before);
    ask(&harness, get(format!("/ui/flows/{}", made["id"].as_str().unwrap()))).await;
}

#[test]
fn every_way_to_change_something_is_told_or_says_why_not() {
    let silent: Vec<_> =
        ROUTES.iter().filter(|route| route.verb.as_str() != "GET" && !leaves_a_line(route)).map(|route| route.path).collect();
    // A delivery is no change, a trial neither, and a call of the explorer has a record of its own.
    let trial = |path: &&str| ["/ui/flows/dry-run", "/ui/jsonpath"].contains(path);
    let recorded = |path: &&str| {
        trial(path) || path.starts_with("/webhooks/") || path.contains("execute") || path.contains("run-again") || *path == "/api-call"
    };
    assert!(silent.iter().all(recorded), "{silent:?}");
    assert!(ROUTES.iter().any(|route| leaves_a_line(route) && route.is_of(Addon::ApiStudio)));
}
