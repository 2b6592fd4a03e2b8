//! What is kept of the explorer's calls: shown, filtered, made again, turned into a flow's action.

use actors::addon::Addon;
use actors::limits::explorer as limits;
use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, post};
use super::harness::{AUTHORITY, Harness, grant, urls};

async fn ask(harness: &Harness, path: &str) -> Answer {
    harness.send(get(path).token(&harness.owner())).await
}

async fn send(harness: &Harness, path: &str, body: &Value) -> Value {
    let answer = harness.send(post(path).token(&harness.owner()).json(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// A workspace with a tag renamed and a list that failed; the ids of the two calls.
async fn with_calls() -> (Harness, String, String) {
    let harness = Harness::installed().await;
    let tags = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    harness.clockify.always(Method::Put, &format!("{tags}/t"), Scripted::json(200, &json!({"id": "t", "name": "new"})));
    harness.clockify.always(Method::Get, &tags, Scripted::status(500));
    let rename = json!({"params": {"path": {"id": "t"}, "body": {"name": "new"}}});
    let renamed = send(&harness, "/ui/operations/updateTag/execute", &rename).await;
    let failed = send(&harness, "/ui/operations/getTags/execute", &json!({"as": "addon", "params": {"query": {"page": 1}}})).await;
    let id = |said: &Value| said["call_id"].as_str().unwrap().to_owned();
    (harness, id(&renamed), id(&failed))
}

#[actix_web::test]
async fn every_call_is_kept_and_can_be_filtered() {
    let (harness, renamed, failed) = with_calls().await;
    let listed = ask(&harness, "/ui/api-calls").await.json();
    assert_eq!(listed["pagination"], json!({"total": 2, "limit": 50, "offset": 0, "has_more": false}));
    let line = &listed["calls"][1];
    assert_eq!((&line["id"], &line["operation_id"], &line["as"]), (&json!(renamed), &json!("updateTag"), &json!("viewer")));
    assert_eq!((&line["method"], &line["status_code"], &line["error"]), (&json!("PUT"), &json!(200), &Value::Null));
    assert!(line["user_id"].is_string() && line["created_at"].is_string());
    for (query, expected) in [
        ("operation_id=updateTag", vec![&renamed]),
        ("method=get", vec![&failed]),
        ("as=addon", vec![&failed]),
        ("outcome=ok", vec![&renamed]),
        ("outcome=failed", vec![&failed]),
        ("from=2099-01-01T00:00:00Z", vec![]),
        ("to=2099-01-01T00:00:00Z&limit=1", vec![&failed]),
    ] {
        let listed = ask(&harness, &format!("/ui/api-calls?{query}")).await.json();
        let ids: Vec<&str> = listed["calls"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{query}");
    }
    let odd = ask(&harness, "/ui/api-calls?outcome=maybe&as=x&from=soon&method=z").await;
    odd.refused(422, "invalid_fields");
    assert_eq!(odd.faults().len(), 4);
}

#[actix_web::test]
async fn a_call_shows_what_was_sent_and_answered_and_no_token() {
    let (harness, renamed, _) = with_calls().await;
    let answer = ask(&harness, &format!("/ui/api-calls/{renamed}")).await;
    assert!(!answer.body.contains("eyJ"), "{answer:?}");
    let shown = answer.json();
    assert_eq!(shown["params"], json!({"path": {"id": "t"}, "body": {"name": "new"}}));
    let body: Value = serde_json::from_str(shown["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["name"], &shown["response"]["truncated"]), (&json!("new"), &json!(false)));
    ask(&harness, "/ui/api-calls/01900000-0000-7000-8000-000000000000").await.refused(404, "call_not_found");
    ask(&harness, "/ui/api-calls/x").await.refused(404, "call_not_found");
    let neighbour = grant('2');
    assert_eq!(harness.install(&neighbour).await.status, 200);
    let viewer = clockify_addons::sandbox::authority::Viewer::with_role("c00000000000000000000001", "OWNER");
    let token = AUTHORITY.user_token(&neighbour, &viewer, &urls(), actors::clock::Clock::now(&harness.clock));
    harness.send(get(format!("/ui/api-calls/{renamed}")).token(&token)).await.refused(404, "call_not_found");
}

#[actix_web::test]
async fn a_call_is_made_again_with_what_it_sent() {
    let (harness, renamed, failed) = with_calls().await;
    let again = send(&harness, &format!("/ui/api-calls/{renamed}/run-again"), &json!({})).await;
    assert_eq!((&again["status_code"], again["call_id"] != json!(renamed)), (&json!(200), true));
    let calls = harness.clockify.calls();
    assert_eq!(calls[2].request, calls[0].request);
    assert_eq!(calls[2].token.expose(), harness.owner());
    send(&harness, &format!("/ui/api-calls/{failed}/run-again"), &json!({})).await;
    assert_eq!(harness.clockify.calls()[3].token.expose(), harness.owner(), "as whom is said each time");
    let unmeant = post(format!("/ui/api-calls/{renamed}/run-again")).token(&harness.owner()).json(&json!({"as": "addon"}));
    harness.send(unmeant).await.refused(422, "invalid_fields");
}

#[actix_web::test]
async fn a_call_becomes_an_action_that_a_flow_takes() {
    let (harness, renamed, _) = with_calls().await;
    let action = ask(&harness, &format!("/ui/api-calls/{renamed}/action")).await.json();
    assert_eq!(
        action,
        json!({"type": "CLOCKIFY_API", "operation_id": "updateTag", "params": {"path": {"id": "t"}, "query": {}, "body": {"name": "new"}}})
    );
    let flow = json!({"name": "again", "trigger_event_types": ["TAG_UPDATED"], "actions": [action]});
    send(&harness, "/ui/flows", &flow).await;
}

#[actix_web::test]
async fn a_large_answer_is_cut_and_what_was_too_large_to_keep_is_not_made_again() {
    let harness = Harness::installed().await;
    let tags = format!("/v1/workspaces/{}/time-entries", harness.home.workspace);
    let answer = "ü".repeat(limits::ANSWER_KEPT_BYTES_MAX);
    harness.clockify.always(Method::Post, &tags, Scripted::json(201, &json!(answer)));
    let large = json!({"params": {"body": {"unknown": "x".repeat(limits::PARAMS_KEPT_BYTES_MAX)}}});
    let said = send(&harness, "/ui/operations/createTimeEntry/execute", &large).await;
    assert_eq!(said["data"], json!(answer), "the caller gets all of it");
    let id = said["call_id"].as_str().unwrap();
    let shown = ask(&harness, &format!("/ui/api-calls/{id}")).await.json();
    assert_eq!((&shown["params"], &shown["response"]["truncated"]), (&Value::Null, &json!(true)));
    let kept = shown["response"]["body"].as_str().unwrap().len();
    assert!(kept <= limits::ANSWER_KEPT_BYTES_MAX && kept > limits::ANSWER_KEPT_BYTES_MAX - 4);
    let again = post(format!("/ui/api-calls/{id}/run-again")).token(&harness.owner()).json(&json!({}));
    harness.send(again).await.refused(409, "call_incomplete");
    ask(&harness, &format!("/ui/api-calls/{id}/action")).await.refused(409, "call_incomplete");
}

#[actix_web::test]
async fn a_store_that_fails_withholds_no_answer() {
    let harness = Harness::installed_as(Addon::ClockifyAddon).await;
    let tags = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    let store = harness.store.clone();
    harness.clockify.rule(move |request| {
        (request.path == tags).then(|| {
            // The call is under way; what comes next is its record.
            store.fail_next(1);
            Scripted::json(200, &json!([]))
        })
    });
    let said = send(&harness, "/ui/operations/getTags/execute", &json!({})).await;
    assert_eq!(said["status_code"], 200);
    assert_eq!(ask(&harness, "/ui/api-calls").await.json()["pagination"]["total"], 0);
}
