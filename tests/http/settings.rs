//! Settings over the page's API: what applies and who chose it; a change goes to the platform first, and only what it took applies here.

use std::time::Duration;

use actors::limits::setting::WRITE_MS_MAX;
use actors::port::clockify::{Host, Method};
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, request};
use super::harness::{Harness, grant};

async fn change(harness: &Harness, body: &Value) -> Answer {
    harness.send(request("PATCH", "/ui/settings").token(&harness.owner()).json(body)).await
}

/// One setting as it is shown.
async fn shown(harness: &Harness, id: &str) -> Value {
    let answer = harness.send(get("/ui/settings").token(&harness.owner())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["settings"].as_array().unwrap().iter().find(|setting| setting["id"] == id).cloned().unwrap()
}

fn path(harness: &Harness) -> String {
    format!("/addon/workspaces/{}/settings", harness.home.workspace)
}

#[actix_web::test]
async fn what_applies_is_shown_with_who_chose_it() {
    let harness = Harness::installed().await;
    let list = harness.send(get("/ui/settings").token(&harness.owner())).await.json();
    assert_eq!(list["settings"].as_array().unwrap().len(), 14);
    assert_eq!(
        shown(&harness, "max_rps").await,
        json!({"id": "max_rps", "type": "number", "value": 25, "source": "operator", "minimum": 1, "maximum": 50})
    );
    assert_eq!(
        shown(&harness, "enable_flows").await,
        json!({"id": "enable_flows", "type": "boolean", "value": true, "source": "operator"})
    );
    let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id,
        "settings": [{"id": "max_rps", "value": 7.0}, {"id": "enable_flows", "value": "odd"}]});
    assert_eq!(harness.lifecycle_call("/lifecycle/settings-updated", &harness.home, &body).await.status, 200);
    let number = shown(&harness, "max_rps").await;
    assert_eq!((&number["value"], &number["source"]), (&json!(7), &json!("workspace")));
    let flag = shown(&harness, "enable_flows").await;
    assert_eq!((&flag["value"], &flag["source"]), (&json!(true), &json!("operator")), "what is no choice chooses nothing");
}

#[actix_web::test]
async fn a_change_is_written_to_the_platform_and_applies_at_once() {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Patch, &path(&harness), Scripted::json(200, &json!({"tabs": []})));
    let answer = change(&harness, &json!({"max_rps": 9.0, "enable_custom_webhooks": false})).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("updated")), "{answer:?}");
    let calls = harness.clockify.calls();
    let [call] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((call.request.host, call.urls.backend.as_str()), (Host::Backend, "https://euc1.clockify.me/api"));
    let sent: Value = serde_json::from_slice(call.request.body.as_ref().unwrap()).unwrap();
    let mut sent = sent.as_array().unwrap().clone();
    sent.sort_by_key(|change| change["id"].to_string());
    assert_eq!(sent, [json!({"id": "enable_custom_webhooks", "value": false}), json!({"id": "max_rps", "value": 9})]);
    let kept = shown(&harness, "max_rps").await;
    assert_eq!((&kept["value"], &kept["source"]), (&json!(9), &json!("workspace")));
    // The platform's own word has no older time to overcome.
    let body =
        json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "settings": [{"id": "max_rps", "value": 11}]});
    assert_eq!(harness.lifecycle_call("/lifecycle/settings-updated", &harness.home, &body).await.status, 200);
    assert_eq!(shown(&harness, "max_rps").await["value"], 11);
    assert_eq!(shown(&harness, "enable_custom_webhooks").await["value"], false);
}

#[actix_web::test]
async fn what_the_platform_says_meanwhile_is_newer_than_what_was_written() {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Patch, &path(&harness), Scripted::json(200, &json!({})).held());
    let nine = json!({"max_rps": 9});
    let asleep = harness.clock.sleepers();
    let writing = change(&harness, &nine);
    let mut writing = std::pin::pin!(writing);
    // The call and the wait for its actor: before both sleep, time that passes is not theirs.
    while harness.clock.sleepers() < asleep + 2 {
        assert!(futures_util::poll!(writing.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    let body =
        json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "settings": [{"id": "max_rps", "value": 30}]});
    assert_eq!(harness.lifecycle_call("/lifecycle/settings-updated", &harness.home, &body).await.status, 200, "the actor is not held up");
    harness.clockify.release();
    assert_eq!(writing.await.status, 200);
    assert_eq!(shown(&harness, "max_rps").await["value"], 30);
}

#[actix_web::test]
async fn a_refusal_of_the_platform_is_told_with_its_status_and_changes_nothing() {
    let harness = Harness::installed().await;
    harness.clockify.once(Method::Patch, &path(&harness), Scripted::json(403, &json!({"message": "Missing\nscope", "code": 4000})));
    let refused = change(&harness, &json!({"max_rps": 9})).await;
    refused.refused(502, "platform_refused");
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("403") && message.contains("Missingscope"), "{message}");
    harness.clockify.once(Method::Patch, &path(&harness), Scripted::refused());
    change(&harness, &json!({"max_rps": 9})).await.refused(504, "platform_silent");
    harness.clockify.once(Method::Patch, &path(&harness), Scripted::Panic);
    change(&harness, &json!({"max_rps": 9})).await.refused(504, "platform_silent");
    harness.clockify.once(Method::Patch, &path(&harness), Scripted::too_many(Some(Duration::from_secs(7))));
    let busy = change(&harness, &json!({"max_rps": 9})).await;
    busy.refused(429, "too_many_requests");
    assert_eq!(busy.header("retry-after"), Some("7"));
    assert_eq!(shown(&harness, "max_rps").await["source"], "operator");
    // The platform asked for a pause: nobody waits that long, and it is not asked.
    let calls = harness.clockify.calls().len();
    change(&harness, &json!({"max_rps": 9})).await.refused(429, "too_many_requests");
    assert_eq!(harness.clockify.calls().len(), calls);
    harness.clock.advance(Duration::from_secs(8));
    harness.clockify.once(Method::Patch, &path(&harness), Scripted::status(204));
    assert_eq!(change(&harness, &json!({"max_rps": 9})).await.status, 200);
}

#[actix_web::test]
async fn a_platform_that_hangs_is_waited_for_within_the_bound() {
    let harness = Harness::installed().await;
    let slow = Scripted::status(200).after(Duration::from_secs(60));
    harness.clockify.always(Method::Patch, &path(&harness), slow);
    let nine = json!({"max_rps": 9});
    let asleep = harness.clock.sleepers();
    let writing = change(&harness, &nine);
    let mut writing = std::pin::pin!(writing);
    // The call and the wait for its actor: before both sleep, time that passes is not theirs.
    while harness.clock.sleepers() < asleep + 2 {
        assert!(futures_util::poll!(writing.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    harness.clock.advance(Duration::from_millis(WRITE_MS_MAX));
    writing.await.refused(504, "platform_silent");
}

#[actix_web::test]
async fn what_no_setting_takes_is_refused_field_by_field_and_never_sent() {
    let harness = Harness::installed().await;
    for (sent, field, code) in [
        (json!([]), "", "invalid_type"),
        (json!({}), "", "required"),
        (json!({"developer_mode": true}), "developer_mode", "unknown_setting"),
        (json!({"max_rps": 0}), "max_rps", "out_of_range"),
        (json!({"max_rps": 51}), "max_rps", "out_of_range"),
        (json!({"max_rps": "25"}), "max_rps", "out_of_range"),
        (json!({"max_rps": 1.5}), "max_rps", "out_of_range"),
        (json!({"enable_flows": "yes"}), "enable_flows", "invalid_type"),
        (json!({"enable_flows": null}), "enable_flows", "invalid_type"),
    ] {
        let answer = change(&harness, &sent).await;
        answer.refused(422, "invalid_fields");
        assert!(answer.faults().contains(&(field.into(), code.into())), "{sent}: {:?}", answer.faults());
    }
    assert_eq!(change(&harness, &json!({"a": 1, "max_rps": 99, "enable_flows": 1})).await.faults().len(), 3, "all at once");
    assert_eq!(harness.clockify.calls(), []);
}

#[actix_web::test]
async fn an_inactive_installation_calls_nobody_and_another_workspace_is_not_touched() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    harness.clockify.rule(|_| Some(Scripted::status(200)));
    assert_eq!(change(&harness, &json!({"max_rps": 9})).await.status, 200);
    let theirs = harness.send(get("/ui/settings").token(&harness.user(&other, "OWNER"))).await;
    assert!(theirs.body.contains(r#""id":"max_rps","type":"number","value":25,"source":"operator""#), "{theirs:?}");
    let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "status": "INACTIVE"});
    assert_eq!(harness.lifecycle_call("/lifecycle/status-changed", &harness.home, &body).await.status, 200);
    let calls = harness.clockify.calls().len();
    change(&harness, &json!({"max_rps": 10})).await.refused(403, "inactive");
    assert_eq!(harness.clockify.calls().len(), calls);
}
