//! Messages of custom senders: proved over the whole body, kept before they are acknowledged, and one answer to whatever proves nothing.

use std::time::Duration;

use actors::clock::Clock;
use actors::ids::EventId;
use actors::port::store::Events;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{Answer, Request, post};
use super::custom_sources::created;
use super::harness::{BODY_BYTES_MAX, Harness, grant};

fn tag(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn to(harness: &Harness, source: &str, body: &str) -> Request {
    post(format!("/webhooks/custom/{source}")).header("x-workspace-id", harness.home.workspace.to_string()).body(body)
}

/// As Standard Webhooks sign a message.
fn signed(harness: &Harness, source: &str, secret: &str, id: &str, body: &str) -> Request {
    let time = harness.clock.now().seconds();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let signature = STANDARD.encode(tag(&key, format!("{id}.{time}.{body}").as_bytes()));
    let request = to(harness, source, body).header("webhook-id", id).header("webhook-timestamp", time.to_string());
    request.header("webhook-signature", format!("v1,{signature}"))
}

async fn events(harness: &Harness) -> u64 {
    harness.stored(harness.home.workspace).await.1
}

#[track_caller]
fn accepted(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[actix_web::test]
async fn a_signed_message_is_stored_byte_for_byte_without_its_proof_and_answered_in_the_references_shape() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "billing", "entity_path": "$.invoice.id"})).await;
    let secret = source["secret"].as_str().unwrap();
    let body = r#"{ "event_type": "invoice.paid", "invoice": {"id": 42}, "workspaceId": "theirs" }"#;
    let request = signed(&harness, "billing", secret, "msg_1", body).header("user-agent", "biller").header("cookie", "s=secret");
    let answer = accepted(&harness.send(request).await);
    let id = answer["webhookId"].as_str().unwrap();
    let expected = json!({"status": "received", "webhookId": id, "source": "billing", "eventType": "invoice.paid", "workspaceId": harness.home.workspace});
    assert_eq!(answer, expected);
    let event = harness.store.event(harness.key(), EventId::parse(id).unwrap()).await.unwrap().unwrap();
    assert_eq!(
        (&event.payload[..], event.entity.as_deref(), event.message.as_deref()),
        (body.as_bytes(), Some("custom:billing:42"), Some("msg_1"))
    );
    let time = harness.clock.now().seconds().to_string();
    let headers: Value = serde_json::from_str(event.headers.as_deref().unwrap()).unwrap();
    assert_eq!(headers, json!({"user-agent": "biller", "webhook-id": "msg_1", "webhook-timestamp": time}));
    let shown = harness.send(super::client::get(format!("/ui/webhooks/{id}")).token(&harness.owner())).await.json();
    assert_eq!((&shown["source"], &shown["custom_source"]), (&json!("CUSTOM"), &json!("billing")));
}

#[actix_web::test]
async fn a_message_that_is_sent_again_is_acknowledged_and_kept_once() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "s"})).await;
    let secret = source["secret"].as_str().unwrap();
    let first = accepted(&harness.send(signed(&harness, "s", secret, "m1", "{}")).await);
    assert_eq!((first.get("duplicate"), &first["eventType"]), (None, &json!("CUSTOM_EVENT")));
    let again = accepted(&harness.send(signed(&harness, "s", secret, "m1", "{}")).await);
    assert_eq!((&again["duplicate"], again.get("webhookId"), &again["source"]), (&json!(true), None, &json!("s")));
    assert_eq!(accepted(&harness.send(signed(&harness, "s", secret, "m2", "{}")).await).get("duplicate"), None);
    assert_eq!(events(&harness).await, 2);
}

#[actix_web::test]
async fn every_scheme_proves_with_its_own_header_and_with_no_other() {
    let harness = Harness::installed().await;
    let body = r#"{"type":"ping"}"#;
    for (scheme, header) in [("github", "x-hub-signature-256"), ("hmac", "x-acme"), ("bearer", "authorization")] {
        let mut definition = json!({"name": scheme, "scheme": scheme, "type_from": {"from": "body"}});
        if scheme == "hmac" {
            definition["signature_header"] = json!("X-Acme");
        }
        let source = created(&harness, &definition).await;
        let secret = source["secret"].as_str().unwrap().to_owned();
        let digits = hex(&tag(secret.as_bytes(), body.as_bytes()));
        let proof = match scheme {
            "github" => format!("sha256={digits}"),
            "hmac" => digits.clone(),
            _ => format!("Bearer {secret}"),
        };
        let answer = accepted(&harness.send(to(&harness, scheme, body).header(header, &proof)).await);
        assert_eq!(answer["eventType"], "ping");
        for other in ["x-hub-signature-256", "x-acme", "authorization", "x-webhook-signature", "webhook-signature"] {
            if other != header {
                harness.send(to(&harness, scheme, body).header(other, &proof)).await.refused(401, "source_unproved");
            }
        }
        let twice = to(&harness, scheme, body).header(header, &proof).header(header, &proof);
        harness.send(twice).await.refused(401, "source_unproved");
    }
    assert_eq!(events(&harness).await, 3);
}

#[actix_web::test]
async fn whatever_is_wrong_gets_the_same_answer() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let source = created(&harness, &json!({"name": "s"})).await;
    let secret = source["secret"].as_str().unwrap();
    let good = || signed(&harness, "s", secret, "m", "{}");
    let of = |workspace: &str| {
        let unaddressed = Request::clone(&signed(&harness, "s", secret, "m", "{}")).without("x-workspace-id");
        unaddressed.header("x-workspace-id", workspace)
    };
    let stale = good();
    harness.clock.advance(Duration::from_secs(301));
    let wrong = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let attempts = [
        ("no such workspace", of("a99999999999999999999999")),
        ("another workspace that has no such source", of(&other.workspace.to_string())),
        ("no such source", signed(&harness, "t", secret, "m", "{}")),
        ("no name of a source", signed(&harness, "s%2F..", secret, "m", "{}")),
        ("another secret", signed(&harness, "s", wrong, "m", "{}")),
        ("another body", good().body("{ }")),
        ("nothing at all", to(&harness, "s", "{}")),
        ("an old message", stale),
    ];
    let mut bodies = Vec::new();
    for (what, request) in attempts {
        println!("{what}");
        let answer = harness.send(request.header("x-request-id", "same")).await;
        answer.refused(401, "source_unproved");
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(harness.stored(other.workspace).await.1, 0);
    assert_eq!(events(&harness).await, 0);
    assert_eq!(harness.send(good()).await.status, 200);
}

#[actix_web::test]
async fn a_workspace_must_be_named_once_and_the_path_may_have_two_slashes() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "s"})).await;
    let signed = |id: &str| signed(&harness, "s", source["secret"].as_str().unwrap(), id, "{}");
    harness.send(signed("m").without("x-workspace-id")).await.refused(400, "workspace_missing");
    for odd in ["", "x", "5b641568b07987035750505"] {
        harness.send(signed("m").without("x-workspace-id").header("x-workspace-id", odd)).await.refused(400, "workspace_missing");
    }
    let workspace = harness.home.workspace.to_string();
    harness.send(signed("m").header("x-workspace-id", &workspace)).await.refused(400, "workspace_missing");
    for (id, path) in [("m1", "//webhooks//custom/s/"), ("m2", "/universal-webhook//webhooks/custom/s")] {
        assert_eq!(harness.send(signed(id).target(path)).await.status, 200, "{path}");
    }
    assert_eq!(harness.send(signed("m3").target("/api-studio/webhooks/custom/s")).await.status, 404);
}

#[actix_web::test]
async fn a_proved_message_that_is_no_object_or_names_no_type_is_told_so() {
    let harness = Harness::installed().await;
    for definition in [
        json!({"name": "body"}),
        json!({"name": "header", "type_from": {"from": "header", "name": "X-Kind"}}),
        json!({"name": "fixed", "type_from": {"from": "fixed", "event_type": "TICK"}}),
    ] {
        let source = created(&harness, &definition).await;
        let name = source["name"].as_str().unwrap();
        let send = async |body: &str, id: &str| {
            let request = signed(&harness, name, source["secret"].as_str().unwrap(), id, body);
            harness.send(if name == "header" { request.header("x-kind", "from.header") } else { request }).await
        };
        for body in ["", "[]", "1", "{", "{} {}", "\"x\"", "{\"a\":\u{1}}"] {
            send(body, "bad").await.refused(400, "invalid_json");
        }
        let expected = match name {
            "header" => "from.header",
            "fixed" => "TICK",
            _ => "from_body",
        };
        let answer = accepted(&send(r#"{"event_type": 1, "eventType": "from_body", "type": "no"}"#, "good").await);
        assert_eq!(answer["eventType"], expected);
    }
    let source = created(&harness, &json!({"name": "again"})).await;
    let ask = |name: &str, body: &str, secret: &Value| harness.send(signed(&harness, name, secret.as_str().unwrap(), "x", body));
    ask("again", r#"{"type":"a b"}"#, &source["secret"]).await.refused(400, "ambiguous_event");
    ask("again", r#"{"type":"a","type":"b"}"#, &source["secret"]).await.refused(400, "invalid_json");
    let named = created(&harness, &json!({"name": "named", "type_from": {"from": "header", "name": "x-kind"}})).await;
    ask("named", "{}", &named["secret"]).await.refused(400, "event_missing");
}

#[actix_web::test]
async fn what_the_workspace_switched_off_is_403_and_a_flood_is_429_with_a_time() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "s"})).await;
    let send = |id: &str| harness.send(signed(&harness, "s", source["secret"].as_str().unwrap(), id, "{}"));
    let about = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id});
    let set = async |id: &str, value: Value| {
        let mut body = about.clone();
        body["settings"] = json!([{"id": id, "value": value}]);
        let answer = harness.lifecycle_call("/lifecycle/settings-updated", &harness.home, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    set("custom_webhook_rate", json!(2)).await;
    assert_eq!((send("1").await.status, send("2").await.status), (200, 200));
    let flooded = send("3").await;
    flooded.refused(429, "too_many_requests");
    assert_eq!(flooded.header("retry-after"), Some("30"));
    set("enable_custom_webhooks", json!(false)).await;
    send("3").await.refused(403, "switched_off");
    set("enable_custom_webhooks", json!(true)).await;
    let mut body = about.clone();
    body["status"] = json!("INACTIVE");
    assert_eq!(harness.lifecycle_call("/lifecycle/status-changed", &harness.home, &body).await.status, 200);
    send("3").await.refused(403, "inactive");
    assert_eq!(harness.lifecycle_call("/lifecycle/deleted", &harness.home, &about).await.status, 200);
    send("3").await.refused(401, "source_unproved");
}

#[actix_web::test]
async fn nothing_is_read_beyond_the_bound_or_taken_before_the_service_is_ready() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "s"})).await;
    let secret = source["secret"].as_str().unwrap();
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX));
    harness.send(signed(&harness, "s", secret, "m", &large)).await.refused(413, "body_too_large");
    harness.send(signed(&harness, "s", secret, "m", "{}").header("content-encoding", "gzip")).await.refused(415, "unsupported_encoding");
    harness.store.set_unavailable(true);
    harness.send(signed(&harness, "s", secret, "m", "{}")).await.refused(503, "unavailable");
    harness.store.set_unavailable(false);
    assert_eq!(harness.send(signed(&harness, "s", secret, "m", "{}")).await.status, 200);
    let starting = Harness::starting().await;
    starting.send(signed(&starting, "s", secret, "m", "{}")).await.refused(503, "not_ready");
}

#[actix_web::test]
async fn a_message_is_not_acknowledged_before_it_is_durable() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "s"})).await;
    harness.store.hold_journal();
    let sending = harness.send(signed(&harness, "s", source["secret"].as_str().unwrap(), "m", "{}"));
    let mut sending = std::pin::pin!(sending);
    while harness.store.held_entries() == 0 {
        assert!(futures_util::poll!(sending.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    harness.store.lose_held_entries();
    sending.await.refused(503, "unavailable");
    harness.store.resume_journal();
    let again = signed(&harness, "s", source["secret"].as_str().unwrap(), "m", "{}");
    assert_eq!(accepted(&harness.send(again).await).get("duplicate"), None, "what was lost is repeated by nothing");
}

#[actix_web::test]
async fn a_member_that_stands_twice_chooses_no_entity() {
    let harness = Harness::installed().await;
    let source = created(&harness, &json!({"name": "s", "entity_path": "$.invoice.id"})).await;
    let secret = source["secret"].as_str().unwrap();
    for (n, body) in [r#"{"invoice":{"id":1,"id":2}}"#, r#"{"invoice":{"id":1},"invoice":{"id":2}}"#, r#"{"invoice":{"id":1,"\u0069d":2}}"#]
        .iter()
        .enumerate()
    {
        harness.send(signed(&harness, "s", secret, &format!("m{n}"), body)).await.refused(400, "invalid_json");
    }
    assert_eq!(events(&harness).await, 0);
    accepted(&harness.send(signed(&harness, "s", secret, "m", r#"{"invoice":{"id":1},"other":{"id":2}}"#)).await);
}
