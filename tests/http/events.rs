//! Accepted events as they are shown: the reference's shapes, without a proof of anything.

use serde_json::json;

use super::client::{get, post};
use super::harness::{Harness, grant, path_of};

#[actix_web::test]
async fn an_event_is_shown_as_it_came() {
    let harness = Harness::installed().await;
    let body = r#"{"id":"p1","big":123456789012345678901234567890,"same":1,"same":2,  "text":"</script>"}"#;
    let sent = post(path_of("NEW_PROJECT"))
        .signed(&harness.webhook("NEW_PROJECT"))
        .header("content-type", "application/json")
        .header("authorization", "Bearer secret")
        .body(body);
    let id = harness.send(sent).await.json()["webhookId"].as_str().unwrap().to_owned();
    let answer = harness.send(get(format!("/ui/webhooks/{id}")).token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let shown = answer.json();
    assert_eq!((&shown["id"], &shown["workspace_id"]), (&json!(id), &json!(harness.home.workspace)));
    assert_eq!(
        (&shown["source"], &shown["custom_source"], &shown["event_type"]),
        (&json!("CLOCKIFY"), &json!(null), &json!("NEW_PROJECT"))
    );
    assert_eq!(shown["headers"], json!({"content-type": "application/json"}));
    assert_eq!(shown["summary"], json!(format!("NEW_PROJECT received {}", shown["received_at"].as_str().unwrap())));
    assert!(answer.body.contains(body), "byte for byte: {answer:?}");
    assert!(!answer.body.contains("secret") && !answer.body.contains(&harness.webhook("NEW_PROJECT")), "{answer:?}");
}

#[actix_web::test]
async fn the_list_is_newest_first_cut_and_filtered() {
    let harness = Harness::installed().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(harness.deliver("NEW_PROJECT", &json!({"id": n.to_string()})).await);
    }
    ids.push(harness.deliver("NEW_TAG", &json!({"id": "t"})).await);
    ids.reverse();
    let ask = |query: &str| harness.send(get(format!("/ui/webhooks?{query}")).token(&harness.owner()));
    let all = ask("").await.json();
    assert_eq!(
        (&all["workspace_id"], &all["pagination"]),
        (&json!(harness.home.workspace), &json!({"total": 4, "limit": 50, "offset": 0, "has_more": false}))
    );
    let listed: Vec<_> = all["webhooks"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(listed, ids);
    assert!(all["webhooks"][0].get("payload").is_none() && all["webhooks"][0].get("headers").is_none());
    let part = ask("limit=2&offset=1").await.json();
    assert_eq!((&part["webhooks"][0]["id"], &part["pagination"]["has_more"]), (&json!(ids[1]), &json!(true)));
    for (query, total) in [
        ("event_type=NEW_TAG", 1),
        ("event_type=NEW_TASK", 0),
        ("event_type=", 4),
        ("source=CLOCKIFY", 4),
        ("source=clockify&event_type=NEW_PROJECT", 3),
        ("source=CUSTOM", 0),
        ("source=CUSTOM&custom_source=github", 0),
    ] {
        assert_eq!(ask(query).await.json()["pagination"]["total"], total, "{query}");
    }
    let searched = ask("text=%22id%22%3A%221%22").await.json();
    assert_eq!(
        (&searched["pagination"]["total"], &searched["searched"]),
        (&json!(1), &json!({"events": 4, "complete": true, "oldest": null}))
    );
    assert_eq!(ask(&format!("before={}", ids[1])).await.json()["pagination"]["total"], 2, "two of four came before it");
    assert_eq!(ask("entity=tag:t").await.json()["webhooks"][0]["event_type"], "NEW_TAG");
    assert_eq!(ask("run_status=FAILED").await.json()["pagination"]["total"], 0);
    let now = actors::clock::Clock::now(&harness.clock);
    assert_eq!(ask(&format!("from={now}&to=2100-01-01T00:00:00Z")).await.json()["pagination"]["total"], 4);
    assert_eq!(ask(&format!("to={now}")).await.json()["pagination"]["total"], 0);
    let long = "x".repeat(257);
    for query in ["run_status=DONE", "from=yesterday", "to=1", "before=1", &format!("text={long}"), &format!("entity={long}")] {
        ask(query).await.refused(422, "invalid_fields");
    }
    for query in ["limit=0", "limit=101", "limit=all", "offset=-1", "offset=1000001", "source=MARS", "event_type=a%20b"] {
        ask(query).await.refused(422, "invalid_fields");
    }
}

#[actix_web::test]
async fn another_workspaces_event_does_not_exist() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let id = harness.deliver("NEW_PROJECT", &json!({"id": "1"})).await;
    let stranger = harness.user(&other, "OWNER");
    harness.send(get(format!("/ui/webhooks/{id}")).token(&stranger)).await.refused(404, "webhook_not_found");
    assert_eq!(harness.send(get("/ui/webhooks").token(&stranger)).await.json()["pagination"]["total"], 0);
    for odd in ["1", "x", "..%2f", "01900000-0000-7000-8000-000000000000"] {
        harness.send(get(format!("/ui/webhooks/{odd}")).token(&harness.owner())).await.refused(404, "webhook_not_found");
    }
}
