//! Custom sources over the page's API: a secret is seen once, faults are told by their field, and nobody else's sources exist.

use std::time::Duration;

use actors::port::store::Sources;
use actors::source::SourceName;
use serde_json::{Value, json};

use super::client::{Answer, Request, get, post, request};
use super::harness::{Harness, grant};

async fn ask(harness: &Harness, request: Request) -> Answer {
    harness.send(request.token(&harness.owner())).await
}

/// Creates a source and gives what is shown once.
pub async fn created(harness: &Harness, definition: &Value) -> Value {
    let answer = ask(harness, post("/ui/custom-sources").json(definition)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

async fn secrets(harness: &Harness, name: &str) -> Vec<String> {
    let source = harness.store.source(harness.key(), &SourceName::parse(name).unwrap()).await.unwrap().unwrap();
    source.secrets.iter().map(|secret| secret.secret.expose().to_owned()).collect()
}

#[actix_web::test]
async fn a_source_is_created_shown_changed_and_deleted_and_its_secret_is_seen_once() {
    let harness = Harness::installed().await;
    let made = created(&harness, &json!({"name": "Billing_1"})).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    assert_eq!(made["url"], "https://addons.example.com/universal-webhook/webhooks/custom/Billing_1");
    assert_eq!((&made["scheme"], &made["signature_header"]), (&json!("standard"), &json!("webhook-signature")));
    assert_eq!((&made["type_from"], &made["entity_path"]), (&json!({"from": "body"}), &Value::Null));
    assert_eq!(secrets(&harness, "Billing_1").await, std::slice::from_ref(&secret));

    harness.clock.advance(Duration::from_secs(60));
    let change = json!({"entity_path": "$.id", "type_from": {"from": "header", "name": "X-Kind"}});
    let changed = ask(&harness, request("PUT", "/ui/custom-sources/Billing_1").json(&change)).await.json();
    assert_eq!((&changed["entity_path"], &changed["type_from"]["name"]), (&json!("$.id"), &json!("x-kind")));
    assert_eq!((&changed["created_at"], changed["updated_at"] == made["updated_at"]), (&made["created_at"], false));
    assert_eq!(secrets(&harness, "Billing_1").await, std::slice::from_ref(&secret), "a change leaves the secret");

    created(&harness, &json!({"name": "another", "scheme": "hmac"})).await;
    let list = ask(&harness, get("/ui/custom-sources")).await;
    let shown = ask(&harness, get("/ui/custom-sources/Billing_1")).await;
    for answer in [&list, &shown] {
        assert!(!answer.body.contains(&secret) && !answer.body.contains("\"secret\""), "{answer:?}");
    }
    let names: Vec<_> = list.json()["sources"].as_array().unwrap().iter().map(|source| source["name"].clone()).collect();
    assert_eq!((list.json()["total"].as_u64(), names), (Some(2), vec![json!("Billing_1"), json!("another")]));
    assert_eq!(shown.json(), changed);
    assert_eq!(shown.json()["secrets"], json!([{"created_at": made["created_at"], "expires_at": null}]));

    let deleted = ask(&harness, request("DELETE", "/ui/custom-sources/Billing_1")).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({"status": "deleted", "name": "Billing_1"})));
    for method in ["GET", "DELETE"] {
        ask(&harness, request(method, "/ui/custom-sources/Billing_1")).await.refused(404, "source_not_found");
    }
    ask(&harness, request("PUT", "/ui/custom-sources/Billing_1").json(&json!({}))).await.refused(404, "source_not_found");
    ask(&harness, post("/ui/custom-sources/Billing_1/rotate")).await.refused(404, "source_not_found");
}

#[actix_web::test]
async fn a_rotation_shows_the_new_secret_once_and_the_old_one_ends_when_it_was_said() {
    let harness = Harness::installed().await;
    let first = created(&harness, &json!({"name": "s", "scheme": "bearer"})).await["secret"].clone();
    let rotate = |body: Value| ask(&harness, post("/ui/custom-sources/s/rotate").json(&body));
    let rotated = rotate(json!({"keep_old_seconds": 60})).await.json();
    let second = rotated["secret"].clone();
    assert_ne!(first, second);
    assert_eq!(rotated["secrets"].as_array().unwrap().len(), 2);
    assert!(rotated["secrets"][0]["expires_at"].is_null() && rotated["secrets"][1]["expires_at"].is_string());
    let send = |secret: &Value| {
        let request = post("/webhooks/custom/s").header("x-workspace-id", harness.home.workspace.to_string()).body("{}");
        harness.send(request.header("authorization", format!("Bearer {}", secret.as_str().unwrap())))
    };
    assert_eq!((send(&first).await.status, send(&second).await.status), (200, 200));
    harness.clock.advance(Duration::from_secs(61));
    assert_eq!((send(&first).await.status, send(&second).await.status), (401, 200));
    // Without a word the old one is good for a day; with 0 for no moment.
    let third = ask(&harness, post("/ui/custom-sources/s/rotate")).await.json()["secret"].clone();
    assert_eq!((send(&second).await.status, send(&third).await.status), (200, 200));
    let fourth = rotate(json!({"keep_old_seconds": 0})).await.json()["secret"].clone();
    assert_eq!((send(&second).await.status, send(&third).await.status, send(&fourth).await.status), (401, 401, 200));
    for odd in [
        json!({"keep_old_seconds": -1}),
        json!({"keep_old_seconds": "1"}),
        json!({"keep_old_seconds": 2_592_001}),
        json!({"x": 1}),
        json!([]),
    ] {
        rotate(odd).await.refused(422, "invalid_fields");
    }
    assert_eq!(send(&fourth).await.status, 200);
}

#[actix_web::test]
async fn what_could_not_work_is_refused_field_by_field_and_not_stored() {
    let harness = Harness::installed().await;
    created(&harness, &json!({"name": "sound"})).await;
    for (sent, field, code) in [
        (json!([]), "", "invalid_type"),
        (json!({}), "name", "required"),
        (json!({"name": "a/b"}), "name", "invalid_value"),
        (json!({"name": "x", "scheme": "none"}), "scheme", "invalid_value"),
        (json!({"name": "x", "secret": "mine"}), "secret", "unknown_field"),
        (json!({"name": "x", "signature_header": "x-a"}), "signature_header", "not_of_this_scheme"),
        (json!({"name": "x", "scheme": "hmac", "signature_header": "a b"}), "signature_header", "invalid_value"),
        (json!({"name": "x", "scheme": "hmac", "signature_header": "Cookie"}), "signature_header", "invalid_value"),
        (json!({"name": "x", "type_from": {"from": "moon"}}), "type_from.from", "invalid_value"),
        (json!({"name": "x", "type_from": {"from": "fixed"}}), "type_from.event_type", "required"),
        (json!({"name": "x", "type_from": {"from": "fixed", "event_type": "a b"}}), "type_from.event_type", "invalid_value"),
        (json!({"name": "x", "type_from": {"from": "header", "name": "Authorization"}}), "type_from.name", "invalid_value"),
        (
            json!({"name": "x", "scheme": "hmac", "signature_header": "x-acme", "type_from": {"from": "header", "name": "X-Acme"}}),
            "type_from.name",
            "invalid_value",
        ),
        (json!({"name": "x", "entity_path": "$..a..b"}), "entity_path", "invalid_path"),
        (json!({"name": "x", "entity_path": 1}), "entity_path", "invalid_type"),
    ] {
        let answer = ask(&harness, post("/ui/custom-sources").json(&sent)).await;
        answer.refused(422, "invalid_fields");
        assert!(answer.faults().contains(&(field.into(), code.into())), "{sent}: {:?}", answer.faults());
    }
    let many = json!({"name": "", "scheme": 1, "entity_path": "x", "type_from": {}, "other": 1});
    assert_eq!(ask(&harness, post("/ui/custom-sources").json(&many)).await.faults().len(), 5, "all at once");
    for (sent, field) in [(json!({"name": "other"}), "name"), (json!({"scheme": "bearer"}), "scheme")] {
        let answer = ask(&harness, request("PUT", "/ui/custom-sources/sound").json(&sent)).await;
        assert_eq!(answer.faults(), [(field.to_owned(), "immutable".to_owned())]);
    }
    let list = ask(&harness, get("/ui/custom-sources")).await.json();
    assert_eq!((&list["total"], &list["sources"][0]["name"]), (&json!(1), &json!("sound")));
}

#[actix_web::test]
async fn what_is_shown_of_a_source_may_be_sent_back() {
    let harness = Harness::installed().await;
    for definition in [
        json!({"name": "a"}),
        json!({"name": "b", "scheme": "github"}),
        json!({"name": "c", "scheme": "hmac", "signature_header": "X-Acme", "entity_path": "$.id"}),
        json!({"name": "d", "scheme": "bearer", "type_from": {"from": "fixed", "event_type": "TICK"}}),
    ] {
        created(&harness, &definition).await;
        let path = format!("/ui/custom-sources/{}", definition["name"].as_str().unwrap());
        let shown = ask(&harness, get(path.as_str())).await.json();
        let fields = ["name", "scheme", "signature_header", "type_from", "entity_path"];
        let back: serde_json::Map<String, Value> = fields.map(|field| (field.to_owned(), shown[field].clone())).into_iter().collect();
        let answer = ask(&harness, request("PUT", path.as_str()).json(&Value::Object(back))).await;
        assert_eq!((answer.status, answer.json()), (200, shown));
    }
}

#[actix_web::test]
async fn a_name_is_taken_once_and_a_workspace_has_a_bounded_number() {
    let harness = Harness::installed().await;
    for n in 0..actors::limits::source::SOURCES_MAX {
        created(&harness, &json!({"name": format!("s{n}")})).await;
    }
    let ask = |name: &str| ask(&harness, post("/ui/custom-sources").json(&json!({ "name": name })));
    ask("s0").await.refused(409, "source_taken");
    ask("one-more").await.refused(409, "too_many_sources");
}

#[actix_web::test]
async fn another_workspaces_source_does_not_exist() {
    let harness = Harness::installed().await;
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let secret = created(&harness, &json!({"name": "mine"})).await["secret"].as_str().unwrap().to_owned();
    let stranger = harness.user(&other, "OWNER");
    for request in [
        get("/ui/custom-sources/mine"),
        request("DELETE", "/ui/custom-sources/mine"),
        request("PUT", "/ui/custom-sources/mine").json(&json!({})),
        post("/ui/custom-sources/mine/rotate"),
    ] {
        harness.send(request.token(&stranger)).await.refused(404, "source_not_found");
    }
    assert_eq!(harness.send(get("/ui/custom-sources").token(&stranger)).await.json()["total"], 0);
    assert_eq!(secrets(&harness, "mine").await, [secret]);
}
