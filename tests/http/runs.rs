//! Runs as an admin sees them: lists without steps, one run with all of them, and never a token.

use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, post};
use super::flows::{created, definition};
use super::harness::{Harness, grant};

async fn ask(harness: &Harness, target: String) -> Answer {
    harness.send(get(target).token(&harness.owner())).await
}

/// Waits until the newest run of the workspace stands like this.
async fn newest(harness: &Harness, status: &str) -> Value {
    for _ in 0..5_000 {
        let run = ask(harness, "/ui/runs?limit=1".into()).await.json()["runs"][0].clone();
        if run["status"] == status {
            return run;
        }
        tokio::task::yield_now().await;
    }
    panic!("no run became {status}: {:?}", ask(harness, "/ui/runs".into()).await)
}

fn tag_path(harness: &Harness, id: &str) -> String {
    format!("/v1/workspaces/{}/tags/{id}", harness.home.workspace)
}

#[actix_web::test]
async fn a_run_is_cancelled_once_and_only_by_its_own_workspace() {
    let harness = Harness::installed().await;
    let mut patient = definition("x");
    // A wait that is long enough to be worth a write.
    patient["actions"][0]["retry"] = json!({"initial_ms": 60_000});
    created(&harness, &patient).await;
    harness.clockify.always(Method::Get, &tag_path(&harness, "t1"), Scripted::status(500));
    harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true, "tagId": "t1"})).await;
    let run = newest(&harness, "WAITING").await;
    let target = format!("/ui/runs/{}/cancel", run["id"].as_str().unwrap());
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    harness.send(post(&target).token(&harness.user(&other, "OWNER"))).await.refused(404, "run_not_found");
    let answer = harness.send(post(&target).token(&harness.owner())).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "cancelled", "id": run["id"]})));
    newest(&harness, "CANCELLED").await;
    harness.send(post(&target).token(&harness.owner())).await.refused(409, "run_finished");
    for nobody in ["/ui/runs/01900000-0000-7000-8000-000000000000/cancel", "/ui/runs/x/cancel"] {
        harness.send(post(nobody).token(&harness.owner())).await.refused(404, "run_not_found");
    }
}

#[actix_web::test]
async fn a_run_is_shown_with_its_steps_and_without_any_token() {
    let harness = Harness::installed().await;
    let flow = created(&harness, &definition("x")).await;
    harness.clockify.always(Method::Get, &tag_path(&harness, "t1"), Scripted::json(200, &json!({"id": "t1", "name": "red"})));
    let event = harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true, "tagId": "t1"})).await;
    let line = newest(&harness, "SUCCEEDED").await;
    assert_eq!((&line["flow_id"], &line["webhook_log_id"], &line["event_type"]), (&json!(flow), &json!(event), &json!("NEW_PROJECT")));
    assert!(line.get("steps").is_none());

    let answer = ask(&harness, format!("/ui/runs/{}", line["id"].as_str().unwrap())).await;
    let run = answer.json();
    assert_eq!(
        (&run["status"], &run["entity"], &run["workspace_id"]),
        (&json!("SUCCEEDED"), &json!("project:p1"), &json!(harness.home.workspace))
    );
    let step = &run["steps"][0];
    assert_eq!(
        (&step["action"], &step["state"], &step["status"], &step["data"]["name"]),
        (&json!("CLOCKIFY_API"), &json!("SUCCEEDED"), &json!(200), &json!("red"))
    );
    assert!(step["request"]["path"].as_str().unwrap().ends_with("/tags/t1"), "{step}");
    let token = harness.clockify.calls()[0].token.clone();
    assert!(!answer.body.contains(token.expose()) && !answer.body.contains("ey"), "{answer:?}");

    let executions = ask(&harness, format!("/ui/flows/{flow}/executions")).await.json();
    assert_eq!((&executions["flow_id"], &executions["total"]), (&json!(flow), &json!(1)));
    let execution = &executions["executions"][0];
    assert_eq!((&execution["id"], &execution["webhook_log_id"], &execution["status"]), (&line["id"], &json!(event), &json!("SUCCEEDED")));
    assert!(execution["detail"].is_null() && execution["created_at"].is_string());
}

#[actix_web::test]
async fn a_failed_run_says_why_and_can_be_replayed() {
    let harness = Harness::installed().await;
    created(&harness, &definition("x")).await;
    let path = tag_path(&harness, "t1");
    harness.clockify.once(Method::Get, &path, Scripted::json(400, &json!({"message": "no such tag", "code": 501})));
    harness.clockify.always(Method::Get, &path, Scripted::json(200, &json!({"id": "t1"})));
    harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true, "tagId": "t1"})).await;
    let failed = newest(&harness, "FAILED").await;
    assert!(failed["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{failed}");
    assert_eq!(failed["detail"], failed["reason"]["message"]);
    let id = failed["id"].as_str().unwrap();
    let answer = harness.send(post(format!("/ui/runs/{id}/replay")).token(&harness.owner())).await;
    assert_eq!((answer.status, &answer.json()["status"], &answer.json()["replay_of"]), (202, &json!("QUEUED"), &json!(id)));
    let again = newest(&harness, "SUCCEEDED").await;
    assert_eq!((&again["id"], &again["replay_of"]), (&answer.json()["id"], &json!(id)));
}

#[actix_web::test]
async fn a_run_that_has_not_ended_cannot_be_replayed() {
    let harness = Harness::installed().await;
    created(&harness, &definition("x")).await;
    harness.clockify.always(Method::Get, &tag_path(&harness, "t1"), Scripted::status(200).held());
    harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true, "tagId": "t1"})).await;
    let id = newest(&harness, "QUEUED").await["id"].as_str().unwrap().to_owned();
    harness.send(post(format!("/ui/runs/{id}/replay")).token(&harness.owner())).await.refused(409, "run_unfinished");
    harness.clockify.release();
    newest(&harness, "SUCCEEDED").await;
}

#[actix_web::test]
async fn lists_are_cut_and_filtered_as_asked() {
    let harness = Harness::installed().await;
    let mut first = definition("first");
    first["conditions"] = Value::Null;
    first["actions"] = json!([{"type": "STOP_IF", "conditions": {"rules": []}}]);
    let (flow, other) = (created(&harness, &first).await, created(&harness, &first).await);
    let mut events = Vec::new();
    for n in 0..5 {
        events.push(harness.deliver("NEW_PROJECT", &json!({"id": n.to_string()})).await);
    }
    for _ in 0..5_000 {
        if ask(&harness, "/ui/runs?status=STOPPED".into()).await.json()["pagination"]["total"] == 10 {
            break;
        }
    }
    let ids = |answer: &Answer, list: &str| -> Vec<String> {
        answer.json()[list].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ids(&ask(&harness, format!("/ui/flows/{flow}/executions")).await, "executions");
    assert_eq!(all.len(), 5);
    assert!(all.windows(2).all(|pair| pair[0] > pair[1]), "newest first");
    let part = ask(&harness, format!("/ui/flows/{flow}/executions?limit=2&offset=3")).await;
    assert_eq!(ids(&part, "executions"), all[3..]);
    assert_eq!(part.json()["pagination"], json!({"total": 5, "limit": 2, "offset": 3, "has_more": false}));
    assert_eq!(part.json()["total"], 5, "all there are, not the length of the page");
    let total = async |query: String| ask(&harness, format!("/ui/runs?{query}")).await.json()["pagination"]["total"].clone();
    assert_eq!(total(String::new()).await, 10);
    assert_eq!(total(format!("flow_id={other}")).await, 5);
    assert_eq!(total(format!("event_id={}", events[0])).await, 2);
    assert_eq!(total(format!("event_id={}&flow_id={flow}&status=STOPPED", events[0])).await, 1);
    assert_eq!(total("status=FAILED".into()).await, 0);
    let odd = ask(&harness, "/ui/runs?flow_id=1&event_id=x&status=DONE&limit=101&offset=-1".into()).await;
    odd.refused(422, "invalid_fields");
    let fields: Vec<_> = odd.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["flow_id", "event_id", "status", "limit", "offset"]);
    for limit in ["0", "101", "1.5", "x", "-1", "99999999999999999999", "1'--"] {
        ask(&harness, format!("/ui/flows/{flow}/executions?limit={limit}")).await.refused(422, "invalid_fields");
    }
}

#[actix_web::test]
async fn another_workspaces_run_does_not_exist() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    created(&harness, &definition("x")).await;
    harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true, "tagId": "t1"})).await;
    let id = newest(&harness, "FAILED").await["id"].as_str().unwrap().to_owned();
    let stranger = harness.user(&other, "OWNER");
    harness.send(get(format!("/ui/runs/{id}")).token(&stranger)).await.refused(404, "run_not_found");
    harness.send(post(format!("/ui/runs/{id}/replay")).token(&stranger)).await.refused(404, "run_not_found");
    assert_eq!(harness.stored(harness.home.workspace).await.2, 1);
    for odd in ["1", "x", "%00"] {
        ask(&harness, format!("/ui/runs/{odd}")).await.refused(404, "run_not_found");
    }
}
