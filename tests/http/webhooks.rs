//! Deliveries: kept before they are acknowledged, refused when they prove something else, never lost and never doubled.

use std::time::Duration;

use actors::addon::Addon;
use actors::ids::{EventId, Key};
use actors::port::store::Events;
use serde_json::json;

use super::client::{Wire, post};
use super::harness::{AUTHORITY, Harness, grant, path_of};

#[actix_web::test]
async fn a_signed_delivery_is_stored_byte_for_byte_and_answered_in_the_references_shape() {
    let harness = Harness::installed().await;
    let body = format!("{{ \"id\" : \"p1\",\n \"workspaceId\":\"{}\", \"name\": \"\\u00e9\" }}", harness.home.workspace);
    let answer = harness
        .send(
            post(path_of("NEW_PROJECT"))
                .signed(&harness.webhook("NEW_PROJECT"))
                .header("user-agent", "Clockify \"hooks\"")
                .header("cookie", "session=secret")
                .header("authorization", "Bearer secret")
                .header("x-custom", "unknown headers are not kept")
                .body(body.clone()),
        )
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let id = answer.json()["webhookId"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.json(),
        json!({"status": "received", "webhookId": id, "eventType": "NEW_PROJECT", "workspaceId": harness.home.workspace})
    );
    let event = harness.store.event(harness.key(), EventId::parse(&id).unwrap()).await.unwrap().unwrap();
    assert_eq!(event.payload, body.as_bytes());
    assert_eq!((event.event_type.as_str(), event.entity.as_deref()), ("NEW_PROJECT", Some("project:p1")));
    let headers: serde_json::Value = serde_json::from_str(event.headers.as_deref().unwrap()).unwrap();
    assert_eq!(headers, json!({"user-agent": "Clockify \"hooks\""}));
}

#[actix_web::test]
async fn a_delivery_is_not_acknowledged_before_it_is_durable() {
    let harness = Harness::installed().await;
    harness.store.hold_journal();
    let sending = harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "p1"})));
    let mut sending = std::pin::pin!(sending);
    while harness.store.held_entries() == 0 {
        assert!(futures_util::poll!(sending.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(futures_util::poll!(sending.as_mut()).is_pending(), "it is queued and not durable");
    harness.store.resume_journal();
    assert_eq!(sending.await.status, 200);
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
}

#[actix_web::test]
async fn what_the_store_lost_is_answered_503_and_taken_again() {
    let harness = Harness::installed().await;
    harness.store.hold_journal();
    let sending = harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "p1"})));
    let mut sending = std::pin::pin!(sending);
    while harness.store.held_entries() == 0 {
        assert!(futures_util::poll!(sending.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    harness.store.lose_held_entries();
    sending.await.refused(503, "unavailable");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
    let again = harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "p1"}))).await;
    assert_eq!((again.status, again.json()["duplicate"].is_null()), (200, true), "a lost delivery is repeated by nothing");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
}

#[actix_web::test]
async fn a_store_that_is_down_means_503_with_retry_after_and_then_all_is_well() {
    let harness = Harness::installed().await;
    harness.deliver("NEW_PROJECT", &json!({"id": "p0"})).await;
    harness.store.set_unavailable(true);
    harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "p1"}))).await.refused(503, "unavailable");
    harness.store.set_unavailable(false);
    harness.deliver("NEW_PROJECT", &json!({"id": "p1"})).await;
    assert_eq!(harness.stored(harness.home.workspace).await.1, 2);
}

#[actix_web::test]
async fn a_registry_that_drains_takes_nothing() {
    let harness = Harness::installed().await;
    harness.service.registry.drain(Duration::from_secs(1)).await;
    harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "p1"}))).await.refused(503, "unavailable");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
}

#[actix_web::test]
async fn a_repeated_delivery_is_answered_200_with_the_first_ones_id_and_counted_there() {
    let harness = Harness::installed().await;
    let first = harness.deliver("NEW_PROJECT", &json!({"id": "p1", "n": 1})).await;
    let again = harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "p1", "n": 1})).header("idempotency-key", "new")).await;
    assert_eq!(again.status, 200);
    assert_eq!((again.json()["webhookId"].as_str(), &again.json()["duplicate"]), (Some(first.as_str()), &json!(true)));
    assert_ne!(harness.deliver("NEW_PROJECT", &json!({"id": "p1", "n": 2})).await, first);
    assert_ne!(harness.deliver("NEW_PROJECT", &json!({"id": "p1", "n": 1})).await, first, "there and back again is no duplicate");
    let event = harness.store.event(harness.key(), EventId::parse(&first).unwrap()).await.unwrap().unwrap();
    assert_eq!(event.deliveries, 2);
    assert_eq!(harness.stored(harness.home.workspace).await.1, 3);
}

#[actix_web::test]
async fn only_the_token_of_its_own_path_opens_a_path() {
    let harness = Harness::installed().await;
    let to = |path: &str, token: &str| harness.send(post(path).signed(token).json(&json!({"id": "1"})));
    to(&path_of("NEW_PROJECT"), &harness.webhook("NEW_TAG")).await.refused(403, "token_mismatch");
    to("/universal-webhook/webhooks/clockify/new-project", &harness.webhook("NEW_TAG")).await.refused(403, "token_mismatch");
    // Signed by the platform for this installation, and yet none of those that INSTALLED listed.
    to(&path_of("NEW_PROJECT"), &AUTHORITY.webhook_token(&harness.home, "/webhooks/clockify/elsewhere"))
        .await
        .refused(403, "token_mismatch");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
}

#[actix_web::test]
async fn the_bare_path_takes_the_event_from_the_header_and_its_token_alone() {
    let harness = Harness::installed().await;
    let to = |event: Option<&str>, token: &str| {
        let request = post("/webhooks/clockify").signed(token).json(&json!({"id": "1"}));
        harness.send(event.map_or(request.clone(), |event| request.header("clockify-webhook-event-type", event)))
    };
    let token = harness.webhook("NEW_PROJECT");
    let answer = to(Some("NEW_PROJECT"), &token).await;
    assert_eq!((answer.status, answer.json()["eventType"].as_str()), (200, Some("NEW_PROJECT")));
    to(Some("NEW_TAG"), &token).await.refused(403, "token_mismatch");
    to(None, &token).await.refused(400, "event_missing");
    for odd in ["new_project", "PROJECT_EVENT", "", "NEW_PROJECT,NEW_TAG", "../NEW_PROJECT"] {
        to(Some(odd), &token).await.refused(400, "ambiguous_event");
    }
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
}

#[actix_web::test]
async fn the_events_header_may_only_repeat_the_path() {
    let harness = Harness::installed().await;
    let delivery = || post(path_of("NEW_PROJECT")).signed(&harness.webhook("NEW_PROJECT")).json(&json!({"id": "1"}));
    let event = "clockify-webhook-event-type";
    harness.send(delivery().header(event, "NEW_TAG")).await.refused(400, "event_mismatch");
    harness.send(delivery().header(event, "new_project")).await.refused(400, "event_mismatch");
    harness.send(delivery().header(event, "NEW_PROJECT").header(event, "NEW_PROJECT")).await.refused(400, "ambiguous_event");
    harness.send(delivery().header(event, "NEW_PROJECT").header(event, "NEW_TAG")).await.refused(400, "ambiguous_event");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
    assert_eq!(harness.send(delivery()).await.status, 200, "the header is not needed");
}

#[actix_web::test]
async fn an_event_that_the_platform_does_not_have_has_no_path() {
    let harness = Harness::installed().await;
    for slug in ["new-moon", "NEW-PROJECT", "new_project", "new-project%00", "..%2fnew-project"] {
        let request = post(format!("/webhooks/clockify/{slug}")).signed(&harness.webhook("NEW_PROJECT")).json(&json!({}));
        harness.send(request).await.refused(404, "unknown_event");
    }
    harness.send(post("/webhooks/clockify/new-moon").json(&json!({}))).await.refused(401, "token_missing");
}

#[actix_web::test]
async fn the_payloads_workspace_must_be_the_tokens_and_so_must_headers_and_query() {
    let harness = Harness::installed().await;
    let other = grant('2').workspace;
    let body = |workspace: serde_json::Value| harness.delivery("NEW_PROJECT", &json!({"id": "1", "workspaceId": workspace}));
    for foreign in [json!(other), json!(""), json!(harness.home.workspace.to_string().to_uppercase())] {
        harness.send(body(foreign)).await.refused(403, "workspace_mismatch");
    }
    let with = |name: &str, value: String| harness.delivery("NEW_PROJECT", &json!({"id": "1"})).header(name, value);
    harness.send(with("clockify-webhook-workspace-id", other.to_string())).await.refused(403, "workspace_mismatch");
    let query = post(format!("{}?workspace_id={other}", path_of("NEW_PROJECT"))).signed(&harness.webhook("NEW_PROJECT")).json(&json!({}));
    harness.send(query).await.refused(403, "workspace_mismatch");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
    assert_eq!(harness.send(with("clockify-webhook-workspace-id", harness.home.workspace.to_string())).await.status, 200);
    assert_eq!(harness.stored(other).await.1, 0);
}

#[actix_web::test]
async fn a_workspace_without_the_add_on_is_refused_and_gets_nothing_stored() {
    let harness = Harness::ready().await;
    harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "1"}))).await.refused(403, "no_active_installation");
    assert_eq!(harness.stored(harness.home.workspace).await, (None, 0, 0, vec![]));
}

#[actix_web::test]
async fn deliveries_arrive_at_double_slashes_and_below_the_slug_as_well() {
    let harness = Harness::installed().await;
    let token = harness.webhook("NEW_PROJECT");
    for (n, path) in [
        "//webhooks/clockify/new-project",
        "/webhooks//clockify///new-project/",
        "/universal-webhook/webhooks/clockify/new-project",
        "//universal-webhook//webhooks/clockify/new-project",
        "/%77ebhooks/clockify/new-project",
    ]
    .into_iter()
    .enumerate()
    {
        let answer = harness.send(post(path).signed(&token).json(&json!({"id": n.to_string()}))).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
    }
    harness.send(post("/other-add-on/webhooks/clockify/new-project").signed(&token).json(&json!({}))).await.refused(404, "not_found");
}

#[actix_web::test]
async fn older_names_of_the_signatures_header_count_as_well() {
    let harness = Harness::installed().await;
    for (n, name) in ["Clockify-Signature", "X-Webhook-Signature", "X-Addon-Signature"].into_iter().enumerate() {
        let request = post(path_of("NEW_PROJECT")).header(name, harness.webhook("NEW_PROJECT")).json(&json!({"id": n.to_string()}));
        assert_eq!(harness.send(request).await.status, 200, "{name}");
    }
    let other = post(path_of("NEW_PROJECT")).header("X-Addon-Lifecycle-Token", harness.webhook("NEW_PROJECT")).json(&json!({}));
    harness.send(other).await.refused(401, "token_missing");
}

#[actix_web::test]
async fn deliveries_of_two_workspaces_stay_apart() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    harness.deliver("NEW_PROJECT", &json!({"id": "1"})).await;
    let token = AUTHORITY.webhook_token(&other, &path_of("NEW_PROJECT"));
    for n in ["1", "2"] {
        let answer = harness.send(post(path_of("NEW_PROJECT")).signed(&token).json(&json!({"id": n}))).await;
        assert_eq!(answer.json()["workspaceId"], json!(other.workspace), "{answer:?}");
    }
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
    assert_eq!(harness.stored(other.workspace).await.1, 2);
    let key = Key { addon: Addon::UniversalWebhook, workspace: other.workspace };
    assert!(harness.service.registry.status(key).await.unwrap().installed);
}

#[actix_web::test]
async fn many_deliveries_on_one_connection_are_all_answered_in_order() {
    let harness = Harness::installed().await;
    let mut wire = Wire::open(harness.address).await;
    for n in 0..20 {
        let body = json!({"id": n.to_string()}).to_string();
        let close = if n == 19 { "connection: close\r\n" } else { "" };
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nclockify-signature: {}\r\n{close}content-length: {}\r\n\r\n{body}",
            path_of("NEW_PROJECT"),
            harness.webhook("NEW_PROJECT"),
            body.len()
        );
        wire.write(head.as_bytes()).await;
    }
    let answer = wire.answers().await;
    assert_eq!(answer.body.matches("\"status\":\"received\"").count(), 20, "{answer:?}");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 20);
}
