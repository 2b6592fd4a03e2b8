//! Requests are counted by the table's patterns, never by what a request chooses.

use serde_json::json;

use super::client::get;
use super::harness::{Harness, METRICS_TOKEN};

#[actix_web::test]
async fn requests_are_counted_by_route_and_class_of_status() {
    let harness = Harness::installed().await;
    for n in 0..3 {
        harness.deliver("NEW_PROJECT", &json!({"id": n.to_string()})).await;
    }
    harness.send(get("/secret-path/of/a/stranger")).await.refused(404, "not_found");
    harness.send(get("/ui/runs/some-id")).await.refused(401, "token_missing");
    let answer = harness.send(get("/metrics").header("authorization", format!("Bearer {METRICS_TOKEN}"))).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    for line in [
        r#"clockify_addons_http_requests_total{addon="universal-webhook",route="/webhooks/clockify/{event}",status="2xx"} 3"#,
        r#"clockify_addons_http_requests_total{addon="universal-webhook",route="/ui/runs/{id}",status="4xx"} 1"#,
        r#"clockify_addons_http_requests_total{addon="none",route="none",status="4xx"} 1"#,
        r#"clockify_addons_events_total{addon="universal-webhook",outcome="accepted"} 3"#,
    ] {
        assert!(answer.body.lines().any(|found| found == line), "{line}\n{}", answer.body);
    }
    for private in [harness.home.workspace.to_string(), "NEW_PROJECT".into(), "stranger".into(), "some-id".into()] {
        assert!(!answer.body.contains(&private), "{private}");
    }
}
