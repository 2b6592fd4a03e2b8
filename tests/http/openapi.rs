//! The description of what is served: for anybody, for each add-on its own, and nothing of tenants in it.

use std::collections::BTreeSet;

use actors::addon::Addon;
use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use super::client::{Answer, get, request};
use super::harness::Harness;

#[actix_web::test]
async fn each_add_on_describes_its_own_routes_to_anybody() {
    let harness = Harness::installed().await;
    let own = harness.send(get("/openapi.json")).await;
    assert_eq!((own.status, own.header("content-type")), (200, Some("application/json")));
    assert!(own.json()["paths"]["/webhooks/custom/{source}"]["post"].is_object());
    for addon in Addon::ALL {
        let document = harness.send(get(format!("/{addon}/openapi.json"))).await.json();
        assert_eq!(document["paths"]["/webhooks/custom/{source}"].is_object(), addon == Addon::UniversalWebhook, "{addon}");
        assert_eq!(document["paths"]["/webhooks/{category}"].is_object(), addon == Addon::ClockifyAddon, "{addon}");
    }
}

#[actix_web::test]
async fn what_is_answered_is_what_is_described() {
    let harness = Harness::installed().await;
    let document = harness.send(get("/openapi.json")).await.json();
    let described = |method: &str, path: &str, status: u16| document["paths"][path][method]["responses"][status.to_string()].clone();
    for (request, path) in [
        (get("/ui/custom-sources"), "/ui/custom-sources"),
        (get("/ui/custom-sources/none").token(&harness.owner()), "/ui/custom-sources/{name}"),
        (get("/ui/settings").token(&harness.user(&harness.home, "MEMBER")), "/ui/settings"),
        (get("/ui/runs?limit=0").token(&harness.owner()), "/ui/runs"),
    ] {
        let answer = harness.send(request).await;
        let said = described("get", path, answer.status);
        assert!(said["description"].as_str().is_some_and(|codes| codes.contains(&answer.code())), "{path}: {answer:?}: {said}");
    }
}

/// The schema that a document states for a good answer.
fn stated(document: &Value, method: &str, path: &str, status: u16) -> Value {
    let answer = &document["paths"][path][method]["responses"][status.to_string()];
    let schema = answer["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{method} {path} {status}: {answer}");
    schema
}

fn faults(schema: &Value, body: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(schema).unwrap();
    validator.iter_errors(body).map(|error| format!("{error} at {}", error.instance_path())).collect()
}

#[actix_web::test]
async fn real_answers_have_the_shapes_that_are_stated() {
    let harness = Harness::installed().await;
    harness.clockify.rule(|request| (request.method == Method::Patch).then(|| Scripted::json(200, &json!({}))));
    let document = harness.send(get("/openapi.json")).await.json();
    let owner = harness.owner();
    let mut seen = BTreeSet::new();
    let mut holds = |method: &'static str, path: &str, answer: Answer| {
        let schema = stated(&document, &method.to_lowercase(), path, answer.status);
        assert_eq!(faults(&schema, &answer.json()), Vec::<String>::new(), "{method} {path}: {answer:?}");
        seen.insert((method, path.to_owned()));
        answer.json()
    };
    let ask = async |method: &'static str, target: &str, body: Option<Value>| {
        let asked = request(method, target).token(&owner);
        harness.send(if let Some(body) = &body { asked.json(body) } else { asked }).await
    };

    let flow = json!({"name": "f", "trigger_event_types": ["NEW_TAG"], "actions": [{"operation_id": "getTags"}]});
    let flow_id = holds("POST", "/ui/flows", ask("POST", "/ui/flows", Some(flow.clone())).await)["id"].as_str().unwrap().to_owned();
    let delivery = harness.send(harness.delivery("NEW_TAG", &json!({"id": "64b641568b07987035751999"}))).await;
    let event = holds("POST", "/webhooks/clockify/{event}", delivery)["webhookId"].as_str().unwrap().to_owned();
    let runs = holds("GET", "/ui/runs", ask("GET", "/ui/runs", None).await);
    let run = runs["runs"][0]["id"].as_str().unwrap().to_owned();
    holds("POST", "/ui/custom-sources", ask("POST", "/ui/custom-sources", Some(json!({"name": "shop"}))).await);
    for (path, target) in [
        ("/ui/dashboard", "/ui/dashboard".to_owned()),
        ("/ui/webhooks", "/ui/webhooks".to_owned()),
        ("/ui/webhooks/{id}", format!("/ui/webhooks/{event}")),
        ("/ui/flows", "/ui/flows".to_owned()),
        ("/ui/flows/{id}", format!("/ui/flows/{flow_id}")),
        ("/ui/flows/{id}/versions", format!("/ui/flows/{flow_id}/versions")),
        ("/ui/flows/{id}/versions/{version}", format!("/ui/flows/{flow_id}/versions/1")),
        ("/ui/flow-templates", "/ui/flow-templates".to_owned()),
        ("/ui/flow-export", "/ui/flow-export".to_owned()),
        ("/ui/flows/{id}/executions", format!("/ui/flows/{flow_id}/executions")),
        ("/ui/runs/{id}", format!("/ui/runs/{run}")),
        ("/ui/custom-sources", "/ui/custom-sources".to_owned()),
        ("/ui/custom-sources/{name}", "/ui/custom-sources/shop".to_owned()),
        ("/ui/settings", "/ui/settings".to_owned()),
        ("/ui/subscriptions", "/ui/subscriptions".to_owned()),
        ("/ui/activity", "/ui/activity".to_owned()),
        ("/ui/about", "/ui/about".to_owned()),
    ] {
        holds("GET", path, ask("GET", &target, None).await);
    }
    for path in ["/manifest", "/openapi.json", "/healthz", "/health", "/ui/health", "/livez", "/ready"] {
        holds("GET", path, harness.send(get(path)).await);
    }
    holds("POST", "/ui/quarantine/lift", ask("POST", "/ui/quarantine/lift", None).await);
    holds("PATCH", "/ui/settings", ask("PATCH", "/ui/settings", Some(json!({"max_rps": 9}))).await);
    holds("PUT", "/ui/custom-sources/{name}", ask("PUT", "/ui/custom-sources/shop", Some(json!({}))).await);
    holds("POST", "/ui/custom-sources/{name}/rotate", ask("POST", "/ui/custom-sources/shop/rotate", None).await);
    holds("DELETE", "/ui/custom-sources/{name}", ask("DELETE", "/ui/custom-sources/shop", None).await);
    let exported = ask("GET", "/ui/flow-export", None).await.json();
    for (path, target, body) in [
        ("/ui/flows/{id}/disable", format!("/ui/flows/{flow_id}/disable"), None),
        ("/ui/flows/{id}/enable", format!("/ui/flows/{flow_id}/enable"), None),
        ("/ui/flows/{id}/duplicate", format!("/ui/flows/{flow_id}/duplicate"), None),
        ("/ui/flows/{id}/versions/{version}/restore", format!("/ui/flows/{flow_id}/versions/1/restore"), None),
        ("/ui/flows/dry-run", "/ui/flows/dry-run".to_owned(), Some(json!({"flow_id": flow_id, "event_id": event}))),
        ("/ui/jsonpath", "/ui/jsonpath".to_owned(), Some(json!({"path": "$.id", "event_id": event}))),
        ("/ui/flow-import", "/ui/flow-import".to_owned(), Some(exported)),
        ("/ui/webhooks/{id}/replay", format!("/ui/webhooks/{event}/replay"), None),
        ("/ui/runs/replay", "/ui/runs/replay".to_owned(), Some(json!({"filter": {}}))),
        ("/ui/runs/dismiss", "/ui/runs/dismiss".to_owned(), Some(json!({"filter": {}}))),
        ("/ui/runs/{id}/dismiss", format!("/ui/runs/{run}/dismiss"), None),
    ] {
        holds("POST", path, ask("POST", &target, body).await);
    }
    holds("PUT", "/ui/flows/{id}", ask("PUT", &format!("/ui/flows/{flow_id}"), Some(flow)).await);
    holds("DELETE", "/ui/flows/{id}", ask("DELETE", &format!("/ui/flows/{flow_id}"), None).await);
    let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "status": "INACTIVE"});
    let told = harness.lifecycle_call("/lifecycle/status-changed", &harness.home, &body).await;
    holds("POST", "/lifecycle/status-changed", told);
    assert!(seen.len() > 25, "{seen:?}");
    assert!(!faults(&stated(&document, "get", "/ui/flows", 200), &json!({"flows": [{"id": 1}]})).is_empty(), "a wrong answer is found");
}

#[actix_web::test]
async fn the_page_shows_every_operation_and_runs_nothing() {
    let harness = Harness::ready().await;
    for addon in Addon::ALL {
        let page = harness.send(get(format!("/{addon}/docs"))).await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"), "{policy}");
        for forbidden in ["<script", " style=", " onclick", "://", "javascript:"] {
            assert!(!page.body.contains(forbidden), "{forbidden}");
        }
        let document = harness.send(get(format!("/{addon}/openapi.json"))).await.json();
        for item in document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(page.body.contains(&format!("<details id=\"{id}\">")), "{id}");
            }
        }
        assert_eq!(page.body.matches("<details").count(), page.body.matches("</details>").count());
        assert_eq!(page.body.matches("<ul>").count(), page.body.matches("</ul>").count());
        let style = harness.send(get(format!("/{addon}/static/docs.css"))).await;
        assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
        assert!(style.body.contains("prefers-color-scheme: dark") && !style.body.contains("url("));
    }
}
