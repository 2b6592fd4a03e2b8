//! Runs as an admin sees them: lists without steps, one run with all of them, and never a token.

use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, post, request};
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
    assert_eq!(total("event_type=NEW_PROJECT".into()).await, 10);
    assert_eq!(total("event_type=NEW_TAG".into()).await, 0);
    let odd =
        ask(&harness, "/ui/runs?flow_id=1&event_id=x&event_type=%20&status=DONE&from=now&to=1&attention=yes&limit=101&offset=-1".into())
            .await;
    odd.refused(422, "invalid_fields");
    let fields: Vec<_> = odd.faults().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["flow_id", "event_id", "event_type", "status", "from", "to", "attention", "limit", "offset"]);
    for limit in ["0", "101", "1.5", "x", "-1", "99999999999999999999", "1'--"] {
        ask(&harness, format!("/ui/flows/{flow}/executions?limit={limit}")).await.refused(422, "invalid_fields");
    }
}

/// Waits until as many runs of the workspace as that have ended.
async fn ended(harness: &Harness, count: usize) -> Vec<Value> {
    for _ in 0..5_000 {
        let runs = ask(harness, "/ui/runs".into()).await.json()["runs"].as_array().unwrap().clone();
        if runs.len() == count && runs.iter().all(|run| !run["finished_at"].is_null()) {
            return runs;
        }
        tokio::task::yield_now().await;
    }
    panic!("{:?}", ask(harness, "/ui/runs".into()).await)
}

async fn attention(harness: &Harness) -> Vec<Value> {
    ask(harness, "/ui/runs?attention=true".into()).await.json()["runs"].as_array().unwrap().iter().map(|run| run["id"].clone()).collect()
}

#[actix_web::test]
async fn what_wants_attention_is_dismissed_or_repeated_and_then_wants_it_no_more() {
    let harness = Harness::installed().await;
    let (flow, other) = (created(&harness, &definition("x")).await, created(&harness, &definition("y")).await);
    let path = tag_path(&harness, "t1");
    harness.clockify.always(Method::Get, &path, Scripted::json(400, &json!({"message": "no such tag", "code": 501})));
    for n in 0..3 {
        harness.deliver("NEW_PROJECT", &json!({"id": n.to_string(), "billable": true, "tagId": "t1"})).await;
    }
    let runs = ended(&harness, 6).await;
    assert_eq!(attention(&harness).await.len(), 6);
    let send = async |target: String, body: Value| harness.send(post(target).token(&harness.owner()).json(&body)).await;

    let first = &runs[0]["id"];
    let answer = harness.send(post(format!("/ui/runs/{}/dismiss", first.as_str().unwrap())).token(&harness.owner())).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "dismissed", "id": first})));
    assert!(!attention(&harness).await.contains(first));
    let shown = ask(&harness, format!("/ui/runs/{}", first.as_str().unwrap())).await.json();
    assert_eq!((&shown["status"], shown["dismissed_at"].is_string()), (&json!("FAILED"), true));

    harness.clockify.always(Method::Get, &path, Scripted::json(200, &json!({"id": "t1"})));
    let answer = send("/ui/runs/replay".into(), json!({"filter": {"flow_id": flow, "status": "FAILED"}})).await;
    let of_flow = runs.iter().filter(|run| run["flow_id"] == json!(flow) && run["id"] != *first).count();
    assert_eq!((answer.status, answer.json()), (202, json!({"count": of_flow, "more": false})));
    ended(&harness, 6 + of_flow).await;
    let left = attention(&harness).await;
    assert_eq!(left.len(), 5 - of_flow, "what is repeated wants no attention any more, and its repetition went well");

    let answer = send("/ui/runs/dismiss".into(), json!({"ids": [left[0], left[0], first]})).await;
    assert_eq!(answer.json(), json!({"count": 1, "more": false}));
    let answer = send("/ui/runs/dismiss".into(), json!({"filter": {}})).await;
    assert_eq!(answer.json(), json!({"count": left.len() - 1, "more": false}));
    assert_eq!(attention(&harness).await, Vec::<Value>::new());
    assert_eq!(ask(&harness, format!("/ui/runs?flow_id={other}&event_type=NEW_PROJECT")).await.json()["pagination"]["total"], 3);

    for (body, field) in [
        (json!({}), ""),
        (json!({"ids": [], "filter": {}}), ""),
        (json!({"filter": {"state": "FAILED"}}), ""),
        (json!({"ids": "x"}), "ids"),
        (json!({"ids": vec![json!("x"); 1_001]}), "ids"),
        (json!({"ids": [1]}), "ids[0]"),
        (json!({"filter": {"flow_id": "x"}}), "filter.flow_id"),
        (json!({"filter": {"status": "SUCCEEDED"}}), "filter.status"),
    ] {
        for target in ["/ui/runs/replay", "/ui/runs/dismiss"] {
            let answer = send(target.into(), body.clone()).await;
            answer.refused(422, "invalid_fields");
            assert_eq!(answer.faults()[0].0, field, "{body}");
        }
    }
    harness.send(post("/ui/runs/01900000-0000-7000-8000-000000000000/dismiss").token(&harness.owner())).await.refused(404, "run_not_found");
}

#[actix_web::test]
async fn a_run_of_a_deleted_flow_is_not_repeated() {
    let harness = Harness::installed().await;
    let flow = created(&harness, &definition("x")).await;
    harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true, "tagId": "t1"})).await;
    let id = newest(&harness, "FAILED").await["id"].as_str().unwrap().to_owned();
    harness.send(request("DELETE", format!("/ui/flows/{flow}")).token(&harness.owner())).await;
    harness.send(post(format!("/ui/runs/{id}/replay")).token(&harness.owner())).await.refused(404, "flow_not_found");
    let answer = harness.send(post("/ui/runs/replay").token(&harness.owner()).json(&json!({"ids": [id]}))).await;
    assert_eq!(answer.json(), json!({"count": 0, "more": false}));
    assert_eq!(harness.stored(harness.home.workspace).await.2, 1);
}

#[actix_web::test]
async fn an_event_is_matched_again_by_the_flows_of_now() {
    let harness = Harness::installed().await;
    let stops = |name: &str| {
        let mut definition = definition(name);
        definition["actions"] = json!([{"type": "STOP_IF", "conditions": {"rules": []}}]);
        definition
    };
    let before = created(&harness, &stops("before")).await;
    let event = harness.deliver("NEW_PROJECT", &json!({"id": "p1", "billable": true})).await;
    let run = newest(&harness, "STOPPED").await;
    let after = created(&harness, &stops("after")).await;
    let mut never = stops("never");
    never["conditions"]["rules"][0]["value"] = json!(false);
    created(&harness, &never).await;
    let replay = async |event: &str| harness.send(post(format!("/ui/webhooks/{event}/replay")).token(&harness.owner())).await;
    let answer = replay(&event).await;
    assert_eq!((answer.status, answer.json()["runs"].as_array().unwrap().len()), (202, 2), "{answer:?}");
    let runs = ended(&harness, 3).await;
    let of = |flow: &str| runs.iter().filter(|run| run["flow_id"] == json!(flow)).collect::<Vec<_>>();
    assert_eq!(
        (&of(&before)[0]["replay_of"], &of(&after)[0]["replay_of"]),
        (&run["id"], &json!(null)),
        "a flow's first run is its one run"
    );
    assert!(runs.iter().all(|run| run["webhook_log_id"] == json!(event)));
    replay(&event).await;
    let again = ended(&harness, 5).await;
    let newest = again.iter().find(|run| run["flow_id"] == json!(after)).unwrap();
    assert_eq!(newest["replay_of"], of(&after)[0]["id"]);
    replay("01900000-0000-7000-8000-000000000000").await.refused(404, "webhook_not_found");
}

#[actix_web::test]
async fn a_flow_says_what_it_did_in_the_last_day() {
    let harness = Harness::installed().await;
    let flow = created(&harness, &definition("x")).await;
    let path = tag_path(&harness, "t1");
    harness.clockify.once(Method::Get, &path, Scripted::json(400, &json!({"message": "no such tag", "code": 501})));
    harness.clockify.always(Method::Get, &path, Scripted::json(200, &json!({"id": "t1"})));
    for n in 0..3 {
        harness.deliver("NEW_PROJECT", &json!({"id": n.to_string(), "billable": true, "tagId": "t1"})).await;
        ended(&harness, n + 1).await;
    }
    let stats = json!({"runs_24h": 3, "succeeded": 2, "failed": 1});
    assert_eq!(ask(&harness, format!("/ui/flows/{flow}")).await.json()["stats"], stats);
    assert_eq!(ask(&harness, "/ui/flows".into()).await.json()["flows"][0]["stats"], stats);
    harness.clock.advance(std::time::Duration::from_secs(25 * 3_600));
    assert_eq!(ask(&harness, "/ui/flows".into()).await.json()["flows"][0]["stats"], json!({"runs_24h": 0, "succeeded": 0, "failed": 0}));
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
