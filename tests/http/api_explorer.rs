//! The explorer in the reference's shapes, each add-on's own, over the one way of making a call.

use actors::addon::Addon;
use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, post};
use super::harness::Harness;

async fn ready(addon: Addon) -> Harness {
    let harness = Harness::installed_as(addon).await;
    let tags = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    harness.clockify.always(Method::Get, &tags, Scripted::json(200, &json!([{"id": "t"}])));
    harness.clockify.always(Method::Get, &format!("{tags}/none"), Scripted::json(404, &json!({"message": "No such tag"})));
    harness
}

async fn list(harness: &Harness, query: &str) -> Value {
    let answer = harness.send(get(format!("/ui/api-explorer/endpoints?{query}")).token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn call(harness: &Harness, path: &str, body: &Value) -> Answer {
    harness.send(post(path).token(&harness.owner()).json(body)).await
}

const EXECUTE: &str = "/ui/api-explorer/execute";

#[actix_web::test]
async fn api_studio_keeps_its_shapes() {
    let harness = ready(Addon::ApiStudio).await;
    let listed = list(&harness, "").await;
    let tags = listed["groups"]["Tag"].as_array().unwrap();
    assert!(tags.iter().any(|one| one["operation_id"] == "getTags" && one["method"] == "GET" && one["summary"].is_string()));
    let body = json!({"workspace_id": harness.home.workspace, "operation_id": "getTags", "path_params": {}, "query_params": {"page": 1}});
    let said = call(&harness, EXECUTE, &body).await;
    assert_eq!(said.status, 200, "{said:?}");
    assert_eq!(said.json(), json!({"status_code": 200, "headers": {}, "data": [{"id": "t"}]}));
    let body = json!({"operation_id": "getTag", "path_params": {"id": "none"}});
    assert_eq!(call(&harness, EXECUTE, &body).await.json()["status_code"], 404);
    call(&harness, EXECUTE, &json!({"operation_id": "getNothing"})).await.refused(404, "operation_not_found");
    call(&harness, EXECUTE, &json!({"operation_id": "deleteTag", "path_params": {"id": "t"}})).await.refused(403, "operation_not_allowed");
    call(&harness, EXECUTE, &json!({"workspace_id": "64c777ddd3fcab07cfbb210c", "operation_id": "getTags"}))
        .await
        .refused(403, "workspace_mismatch");
}

#[actix_web::test]
async fn universal_webhook_keeps_its_shapes() {
    let harness = ready(Addon::UniversalWebhook).await;
    let listed = list(&harness, "tag=Tag&method=GET").await;
    assert_eq!((&listed["total"], &listed["workspace_id"]), (&json!(2), &json!(harness.home.workspace)));
    let said = call(&harness, EXECUTE, &json!({"operation_id": "getTags", "params": {"query": {}}})).await.json();
    assert_eq!((&said["status"], &said["status_code"], &said["data"]), (&json!("success"), &json!(200), &json!([{"id": "t"}])));
    assert_eq!((&said["metadata"]["operation_id"], &said["metadata"]["method"]), (&json!("getTags"), &json!("GET")));
    assert!(said["metadata"]["path"].as_str().unwrap().ends_with("/tags") && said["metadata"]["latency_ms"].is_u64());
    let said = call(&harness, EXECUTE, &json!({"operation_id": "getTag", "params": {"path": {"id": "none"}}})).await.json();
    assert_eq!((&said["status"], &said["error"]), (&json!("error"), &json!("Clockify answered with status 404: No such tag")));
    call(&harness, EXECUTE, &json!({})).await.refused(422, "invalid_fields");
}

#[actix_web::test]
async fn the_clockify_add_on_keeps_its_shapes() {
    let harness = ready(Addon::ClockifyAddon).await;
    let listed = list(&harness, "").await;
    assert_eq!(listed["total_operations"], 170);
    let tags: Vec<String> =
        listed["groups"].as_array().unwrap().iter().map(|group| group["tag"].as_str().unwrap().to_lowercase()).collect();
    assert!(tags.is_sorted() && tags.len() == 28, "{tags:?}");
    assert_eq!(list(&harness, "tag=tAG").await["groups"][0]["count"], 5);
    let workspace = harness.home.workspace;
    for (path, body) in [
        (EXECUTE, json!({"workspaceId": workspace, "operationId": "getTags", "query": {"page": 1}})),
        (EXECUTE, json!({"workspace_id": workspace, "operation_id": "getTags", "params": {"page": 1}})),
        (EXECUTE, json!({"method": "get", "path": "/workspaces/{workspaceId}/tags", "query": {"page": 1}})),
        (
            "/api-call",
            json!({"method": "GET", "endpoint": "/workspaces/{workspaceId}/tags", "params": {"workspaceId": workspace, "page": 1}}),
        ),
        (
            "/api-call",
            json!({"method": "GET", "endpoint": format!("/v1/workspaces/{workspace}/tags/"), "query": {"page": 1}, "developer_mode": true}),
        ),
    ] {
        let answer = call(&harness, path, &body).await;
        assert_eq!(answer.status, 200, "{body}: {answer:?}");
        let said = answer.json();
        assert_eq!(
            (&said["success"], &said["status_code"], &said["response_body"]),
            (&json!(true), &json!(200), &json!([{"id": "t"}])),
            "{body}"
        );
        assert_eq!(said["metadata"]["method"], "GET");
        assert!(said["duration_ms"].is_u64() && said["timestamp"].is_string() && said["error_message"].is_null());
    }
    let pages: Vec<_> = harness.clockify.calls().iter().map(|call| call.request.query.clone()).collect();
    assert!(pages.iter().all(|query| *query == [("page".to_owned(), "1".to_owned())]), "{pages:?}");
    let said =
        call(&harness, "/api-call", &json!({"method": "GET", "endpoint": format!("/workspaces/{workspace}/tags/none")})).await.json();
    assert_eq!((&said["success"], &said["status_code"]), (&json!(false), &json!(404)));
    for endpoint in ["/nothing", "https://evil.example/v1/workspaces", "/workspaces/../tags", "//evil.example", ""] {
        let answer = call(&harness, "/api-call", &json!({"method": "GET", "endpoint": endpoint})).await;
        assert!(matches!(answer.status, 404 | 422), "{endpoint}: {answer:?}");
    }
    let foreign = json!({"method": "GET", "endpoint": "/workspaces/64c777ddd3fcab07cfbb210c/tags"});
    let answer = call(&harness, "/api-call", &foreign).await;
    answer.refused(422, "invalid_fields");
    assert_eq!(answer.faults(), [("params.path.workspaceId".to_owned(), "not_allowed".to_owned())]);
    assert_eq!(harness.clockify.calls().len(), 6);
}

#[actix_web::test]
async fn developers_are_told_what_was_sent_and_never_the_token() {
    let harness = ready(Addon::ClockifyAddon).await;
    let tags = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    harness.clockify.always(Method::Post, &tags, Scripted::json(201, &json!({"id": "t"})));
    let write = json!({"operationId": "createNewTag", "body": {"name": "x"}});
    let read = json!({"method": "GET", "endpoint": "/workspaces/{workspaceId}/tags", "query": {"page": 1}});
    let run = "/ui/operations/getTags/execute";
    assert!(call(&harness, "/api-call", &read).await.json().get("request").is_none());
    assert!(call(&harness, run, &json!({})).await.json().get("request").is_none());

    let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "settings": [{"id": "developer_mode", "value": true}]});
    assert_eq!(harness.lifecycle_call("/lifecycle/settings-updated", &harness.home, &body).await.status, 200);
    let told = call(&harness, "/api-call", &read).await.json();
    let names = json!(["x-addon-token", "accept"]);
    let expected = json!({"method": "GET", "path": tags, "query": [["page", "1"]], "headers": names, "body": null, "truncated": false});
    assert_eq!((&told["request"], &told["metadata"]["developer_mode"]), (&expected, &json!(true)));
    assert_eq!(call(&harness, run, &json!({})).await.json()["request"]["path"], tags);
    let told = call(&harness, EXECUTE, &write).await;
    assert_eq!(told.json()["request"]["body"], r#"{"name":"x"}"#, "{told:?}");
    assert_eq!(told.json()["request"]["headers"][2], "content-type");
    assert!(!told.json().to_string().contains(harness.owner().as_str()), "the token is not told");
    let mut quiet = read;
    quiet["developerMode"] = json!(false);
    assert!(call(&harness, "/api-call", &quiet).await.json().get("request").is_none(), "a call may say otherwise");
}
