//! The dashboard says how the workspace is, in the reference's shape, and nothing secret.

use std::time::Duration;

use actors::port::store::Installations;
use serde_json::{Value, json};

use super::client::{get, post};
use super::flows::{created, definition};
use super::harness::Harness;

async fn dashboard(harness: &Harness) -> Value {
    let answer = harness.send(get("/ui/dashboard").token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let token = harness.store.installation(harness.key()).await.unwrap().unwrap().token;
    assert!(!answer.body.contains(token.expose()) && !answer.body.contains("ey"), "{answer:?}");
    answer.json()
}

#[actix_web::test]
async fn it_counts_flows_runs_and_the_last_days_events() {
    let harness = Harness::installed().await;
    let fresh = dashboard(&harness).await;
    assert_eq!((&fresh["workspace_id"], &fresh["installation"]["status"]), (&json!(harness.home.workspace), &json!("ACTIVE")));
    let bootstrap = &fresh["bootstrap"];
    assert_eq!((&bootstrap["status"], &bootstrap["progress"], &bootstrap["entities"]), (&json!("DISABLED"), &json!(0), &json!(0)));
    assert!(bootstrap["status_label"].is_string() && bootstrap["last_error"].is_null(), "{bootstrap}");
    assert_eq!((&fresh["entity_counts"]["by_type"], &fresh["entity_counts"]["total"]), (&json!({}), &json!(0)));
    assert_eq!(fresh["flows"], json!({"total": 0, "enabled": 0, "summary": "0 flows, 0 enabled"}));
    assert_eq!(fresh["recent_activity"]["summary"], "0 webhooks in the last 24 hours");
    assert_eq!((&fresh["workspace"]["running"], &fresh["workspace"]["quarantined"]), (&json!(true), &json!(false)));

    created(&harness, &definition("x")).await;
    harness.deliver("NEW_PROJECT", &json!({"id": "1", "billable": true})).await;
    let later = dashboard(&harness).await;
    assert_eq!((&later["flows"]["enabled"], &later["runs"]["total"]), (&json!(1), &json!(1)));
    assert_eq!((&later["recent_activity"]["webhooks_24h"], &later["recent_activity"]["webhooks_total"]), (&json!(1), &json!(1)));
    harness.clock.advance(Duration::from_secs(25 * 60 * 60));
    let next_day = dashboard(&harness).await;
    assert_eq!((&next_day["recent_activity"]["webhooks_24h"], &next_day["recent_activity"]["webhooks_total"]), (&json!(0), &json!(1)));
}

#[actix_web::test]
async fn an_admin_may_lift_a_quarantine_where_there_is_one() {
    let harness = Harness::installed().await;
    let answer = harness.send(post("/ui/quarantine/lift").token(&harness.owner())).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "not_quarantined", "lifted": false})));
}
