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
async fn it_says_how_many_runs_want_attention() {
    let harness = Harness::installed().await;
    created(&harness, &definition("x")).await;
    harness.deliver("NEW_PROJECT", &json!({"id": "1", "billable": true})).await;
    for _ in 0..5_000 {
        if dashboard(&harness).await["runs"]["failed"] == 1 {
            break;
        }
    }
    assert_eq!(dashboard(&harness).await["runs"]["attention"], json!({"total": 1, "failed": 1, "uncertain": 0}));
    let answer = harness.send(post("/ui/runs/dismiss").token(&harness.owner()).json(&json!({"filter": {}}))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let runs = dashboard(&harness).await["runs"].clone();
    assert_eq!((&runs["attention"]["total"], &runs["failed"]), (&json!(0), &json!(1)));
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
    assert_eq!((&later["runs"]["runs_24h"], &later["recent_activity"]["flow_executions_24h"]), (&json!(1), &json!(1)));
    harness.clock.advance(Duration::from_secs(2 * 60 * 60));
    let hours = dashboard(&harness).await["activity"].as_array().unwrap().clone();
    assert_eq!(hours.len(), 25, "24 hours touch 25 hours of the clock");
    let with: Vec<_> =
        hours.iter().enumerate().filter(|(_, hour)| hour["events"] != 0).map(|(index, hour)| (index, &hour["runs"])).collect();
    assert_eq!(with, [(22, &json!(1))], "{hours:?}");
    let run = harness.send(get("/ui/runs").token(&harness.owner())).await.json()["runs"][0]["created_at"].clone();
    assert_eq!(hours[22]["hour"].as_str().unwrap()[..13], run.as_str().unwrap()[..13]);
    harness.clock.advance(Duration::from_secs(23 * 60 * 60));
    let next_day = dashboard(&harness).await;
    assert_eq!((&next_day["recent_activity"]["webhooks_24h"], &next_day["recent_activity"]["webhooks_total"]), (&json!(0), &json!(1)));
}

#[actix_web::test]
async fn an_admin_may_lift_a_quarantine_where_there_is_one() {
    let harness = Harness::installed().await;
    let answer = harness.send(post("/ui/quarantine/lift").token(&harness.owner())).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "not_quarantined", "lifted": false})));
}
