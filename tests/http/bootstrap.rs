//! Reading the workspace's data over HTTP: begun, shown, repeated, and by the names that users of the Clockify Add-on know.

use actors::addon::Addon;
use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{get, post};
use super::harness::Harness;

async fn state(harness: &Harness) -> Value {
    let answer = harness.send(get("/ui/bootstrap/state").token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Every list is empty, but for tags.
pub fn script(harness: &Harness) {
    harness.clockify.rule(|request| (request.method == Method::Get).then(|| Scripted::json(200, &json!([]))));
    let tags = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    harness.clockify.always(Method::Get, &tags, Scripted::json(200, &json!([{"id": "t1", "name": "red"}, {"id": "t2", "name": "Blue"}])));
}

/// Waits until the bootstrap has ended.
pub async fn ended(harness: &Harness) -> Value {
    for _ in 0..5_000 {
        let state = state(harness).await;
        if !state["finished_at"].is_null() {
            return state;
        }
        harness.clock.advance(std::time::Duration::from_millis(50));
        tokio::task::yield_now().await;
    }
    panic!("it does not end: {}", state(harness).await)
}

#[actix_web::test]
async fn it_is_begun_once_and_shown_operation_by_operation() {
    let harness = Harness::installed().await;
    assert_eq!((&state(&harness).await["status"], &state(&harness).await["operations"]), (&json!("DISABLED"), &json!([])));
    script(&harness);
    let trigger = || harness.send(post("/ui/bootstrap/trigger").token(&harness.owner()));
    let answer = trigger().await;
    assert_eq!((answer.status, &answer.json()["status"]), (202, &json!("scheduled")), "{answer:?}");
    let answer = trigger().await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("running")), "{answer:?}");

    let state = ended(&harness).await;
    assert_eq!((&state["progress"], &state["estimated_seconds_left"]), (&state["total"], &json!(null)), "{state}");
    let of = |id: &str| state["operations"].as_array().unwrap().iter().find(|operation| operation["operation_id"] == id).unwrap().clone();
    assert_eq!((&of("getTags")["status"], &of("getTags")["entities"]), (&json!("COMPLETE"), &json!(2)));
    assert_eq!((&of("getTimeEntries")["status"], of("getTimeEntries")["skipped"].is_string()), (&json!("SKIPPED"), true));

    let dashboard = harness.send(get("/ui/dashboard").token(&harness.owner())).await.json();
    assert_eq!((&dashboard["bootstrap"]["status"], &dashboard["entity_counts"]["by_type"]["tags"]), (&state["status"], &json!(2)));
}

#[actix_web::test]
async fn what_failed_is_read_again_and_a_stop_is_a_stop() {
    let harness = Harness::installed().await;
    let owner = harness.owner();
    let answer = harness.send(post("/ui/bootstrap/cancel").token(&owner)).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("not_running")));
    script(&harness);
    let tags = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    harness.clockify.once(Method::Get, &tags, Scripted::status(403));
    harness.send(post("/ui/bootstrap/trigger").token(&owner)).await;
    let state = ended(&harness).await;
    assert!(state["last_error"].as_str().unwrap().contains("getTags: the platform answered with status 403"), "{state}");

    let retry = |body: Value| harness.send(post("/ui/bootstrap/retry").token(&owner).json(&body));
    let faults = retry(json!({"operation_id": "nothing", "more": 1})).await.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert_eq!(retry(json!({"operation_id": "getTags"})).await.status, 202);
    let state = ended(&harness).await;
    assert!(!state["last_error"].as_str().unwrap_or_default().contains("getTags"), "{state}");

    harness.send(post("/ui/bootstrap/trigger").token(&owner)).await;
    let answer = harness.send(post("/ui/bootstrap/cancel").token(&owner)).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("cancelled")));
    assert_eq!(ended(&harness).await["status"], "CANCELLED");
}

#[actix_web::test]
async fn users_of_the_clockify_add_on_find_their_jobs() {
    let harness = Harness::installed_as(Addon::ClockifyAddon).await;
    script(&harness);
    let (owner, at) = (harness.owner(), format!("/bootstrap/{}", harness.home.workspace));
    let status = || harness.send(get(format!("{at}/status")).token(&owner));
    assert_eq!(status().await.json()["status"], "NOT_STARTED");
    let job = harness.send(post(at.clone()).token(&owner)).await.json();
    assert_eq!(job["status"], "started", "{job}");
    ended(&harness).await;
    let shown = status().await.json();
    assert_eq!((&shown["id"], &shown["total_endpoints"]), (&job["job_id"], &shown["completed_endpoints"]), "{shown}");
    assert_eq!(shown["results"]["/v1/workspaces/{workspaceId}/tags"]["count"], 2, "{shown}");
    harness.send(post("/bootstrap/5b641568b07987035750505e").token(&owner)).await.refused(403, "workspace_mismatch");
}
