//! Secrets over the page's API: they go in and never come out.

use actors::addon::Addon;
use serde_json::{Value, json};

use super::client::{Answer, Request, get, post, request};
use super::harness::{Harness, grant};

const VALUE: &str = "sk_live_Gh77-value";

async fn ask(harness: &Harness, request: Request) -> Answer {
    harness.send(request.token(&harness.owner())).await
}

fn put(name: &str, body: &Value) -> Request {
    request("PUT", format!("/ui/secrets/{name}")).json(body)
}

#[actix_web::test]
async fn a_secret_is_stored_replaced_and_deleted_and_never_shown() {
    let harness = Harness::installed().await;
    let made = ask(&harness, put("API_KEY", &json!({"value": VALUE}))).await;
    assert_eq!((made.status, &made.json()["name"]), (201, &json!("API_KEY")));
    harness.clock.advance(std::time::Duration::from_secs(60));
    let again = ask(&harness, put("API_KEY", &json!({"value": format!("{VALUE}2")}))).await;
    assert_eq!((again.status, &again.json()["created_at"]), (200, &made.json()["created_at"]));
    assert_ne!(again.json()["updated_at"], made.json()["updated_at"]);
    let list = ask(&harness, get("/ui/secrets")).await;
    assert_eq!((list.json()["total"].as_u64(), &list.json()["secrets"][0]), (Some(1), &again.json()));
    let activity = ask(&harness, get("/ui/activity")).await;
    for answer in [&made, &again, &list, &activity] {
        assert!(!answer.body.contains(VALUE), "{answer:?}");
    }
    assert!(activity.body.contains("API_KEY"), "who changed it is written down: {activity:?}");
    let deleted = ask(&harness, request("DELETE", "/ui/secrets/API_KEY")).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({"status": "deleted", "name": "API_KEY"})));
    ask(&harness, request("DELETE", "/ui/secrets/API_KEY")).await.refused(404, "secret_not_found");
    ask(&harness, request("DELETE", "/ui/secrets/no-name")).await.refused(404, "secret_not_found");
}

#[actix_web::test]
async fn faults_are_told_by_their_field_and_repeat_no_value() {
    let harness = Harness::installed().await;
    for (name, body, field, code) in [
        ("lower", json!({"value": VALUE}), "name", "invalid_value"),
        ("1A", json!({"value": VALUE}), "name", "invalid_value"),
        (&*"A".repeat(65), json!({"value": VALUE}), "name", "invalid_value"),
        ("A", json!({}), "value", "required"),
        ("A", json!({"value": 7}), "value", "required"),
        ("A", json!({"value": ""}), "value", "out_of_range"),
        ("A", json!({"value": VALUE.repeat(300)}), "value", "out_of_range"),
        ("A", json!({"value": VALUE, "more": 1}), "more", "unknown_field"),
        ("A", json!([VALUE]), "", "invalid_type"),
    ] {
        let answer = ask(&harness, put(name, &body)).await;
        answer.refused(422, "invalid_fields");
        assert!(answer.faults().contains(&(field.into(), code.into())), "{answer:?}");
        assert!(!answer.body.contains(VALUE), "{answer:?}");
    }
    assert_eq!(ask(&harness, get("/ui/secrets")).await.json()["total"], 0);
}

#[actix_web::test]
async fn a_workspace_has_a_bounded_number_of_secrets_and_sees_no_others() {
    let harness = Harness::installed().await;
    for n in 0..actors::limits::secret::SECRETS_MAX {
        assert_eq!(ask(&harness, put(&format!("S{n}"), &json!({"value": VALUE}))).await.status, 201);
    }
    ask(&harness, put("ONE_MORE", &json!({"value": VALUE}))).await.refused(409, "too_many_secrets");
    assert_eq!(ask(&harness, put("S1", &json!({"value": VALUE}))).await.status, 200);
    let other = grant('2');
    assert_eq!(harness.install(&other).await.status, 200);
    let stranger = harness.user(&other, "OWNER");
    assert_eq!(harness.send(get("/ui/secrets").token(&stranger)).await.json()["total"], 0);
    harness.send(request("DELETE", "/ui/secrets/S1").token(&stranger)).await.refused(404, "secret_not_found");
}

#[actix_web::test]
async fn a_flow_names_only_secrets_that_there_are_and_only_where_they_may_stand() {
    let harness = Harness::with_other_servers().await;
    let flow = |action: Value| {
        let mut whole = json!({"type": "GENERIC_HTTP", "method": "POST", "url": "https://hooks.example.com/x"});
        whole.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        post("/ui/flows").json(&json!({"name": "f", "trigger_event_types": ["NEW_TAG"], "actions": [whole]}))
    };
    let in_header = json!({"headers": {"Authorization": "Bearer {{ secret.API_KEY }}"}});
    let unknown = ask(&harness, flow(in_header.clone())).await;
    unknown.refused(422, "invalid_fields");
    assert_eq!(unknown.faults(), [("actions[0]".to_owned(), "unknown_secret".to_owned())]);
    ask(&harness, put("API_KEY", &json!({"value": VALUE}))).await;
    let saved = ask(&harness, flow(in_header)).await;
    assert_eq!(saved.status, 200, "{saved:?}");
    assert_eq!(saved.json()["actions"][0]["headers"]["Authorization"], "Bearer {{ secret.API_KEY }}");
    for (elsewhere, field) in [
        (json!({"url": "https://hooks.example.com/{{ secret.API_KEY }}"}), "actions[0].url"),
        (json!({"query": {"k": "{{ secret.API_KEY }}"}}), "actions[0].query.k"),
    ] {
        let answer = ask(&harness, flow(elsewhere)).await;
        assert_eq!(answer.faults(), [(field.to_owned(), "secret_not_allowed".to_owned())]);
    }
    let clockify = json!({"name": "f", "trigger_event_types": [], "actions": [{"operation_id": "createNewTag", "params": {"body": {"name": "{{ secret.API_KEY }}"}}}]});
    let answer = ask(&harness, post("/ui/flows").json(&clockify)).await;
    assert_eq!(answer.faults(), [("actions[0].params.body.name".to_owned(), "secret_not_allowed".to_owned())]);
}

#[actix_web::test]
async fn an_add_on_whose_policy_has_no_other_servers_takes_no_flow_that_calls_one() {
    let call = json!({"type": "GENERIC_HTTP", "method": "GET", "url": "https://hooks.example.com/x"});
    let flow = json!({"name": "f", "trigger_event_types": ["NEW_TAG"], "actions": [call]});
    for addon in [Addon::ApiStudio, Addon::ClockifyAddon, Addon::UniversalWebhook] {
        let harness = Harness::installed_as(addon).await;
        // Universal Webhook's setting is off until an admin turns it on; the others have none.
        let answer = ask(&harness, post("/ui/flows").json(&flow)).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults(), [("actions[0].type".to_owned(), "generic_http_off".to_owned())], "{addon}");
        let secrets = ask(&harness, get("/ui/secrets")).await;
        assert_eq!(secrets.status, if addon == Addon::UniversalWebhook { 200 } else { 404 }, "{addon}");
    }
    let harness = Harness::with_other_servers().await;
    assert_eq!(ask(&harness, post("/ui/flows").json(&flow)).await.status, 200);
    let mut inside = flow;
    inside["actions"][0]["url"] = json!("https://denied.example.com/x");
    let answer = ask(&harness, post("/ui/flows").json(&inside)).await;
    assert_eq!(answer.faults(), [("actions[0].url".to_owned(), "destination_not_allowed".to_owned())]);
}
