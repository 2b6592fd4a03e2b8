//! What sets the three add-ons apart: paths, words, and what one does not see of the other.

use actors::addon::Addon;
use actors::event::KNOWN;
use actors::webhook;
use clockify_addons::sandbox::authority::Viewer;
use serde_json::{Value, json};

use super::client::{get, post, request};
use super::harness::{AUTHORITY, Harness, grant_of, key_of, path_in, urls};

#[actix_web::test]
async fn every_event_of_the_manifest_is_taken_at_its_path() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let manifest = harness.send(get("/manifest")).await.json();
        assert_eq!(manifest["key"], key_of(addon));
        let webhooks = manifest["webhooks"].as_array().unwrap();
        assert_eq!(webhooks.len(), if addon == Addon::ApiStudio { 12 } else { 50 });
        for (n, webhook) in webhooks.iter().enumerate() {
            let (event, path) = (webhook["event"].as_str().unwrap(), webhook["path"].as_str().unwrap());
            assert_eq!(path, path_in(addon, event));
            harness.deliver(event, &json!({"id": n.to_string()})).await;
        }
        assert_eq!(harness.stored(harness.home.workspace).await.1, webhooks.len() as u64);
    }
}

#[actix_web::test]
async fn a_path_of_several_events_takes_exactly_these_and_the_header_says_which() {
    let harness = Harness::installed_as(Addon::ClockifyAddon).await;
    let token = harness.webhook("COST_RATE_UPDATED");
    let to = |path: &str, event: Option<&str>| {
        let request = post(path.to_owned()).signed(&token).json(&json!({"id": event}));
        event.into_iter().fold(request, |request, event| request.header("clockify-webhook-event-type", event))
    };
    for event in ["BILLABLE_RATE_UPDATED", "COST_RATE_UPDATED"] {
        assert_eq!(harness.send(to("/webhooks/rate", Some(event))).await.status, 200, "{event}");
    }
    let before = harness.stored(harness.home.workspace).await;
    harness.send(to("/webhooks/rate", None)).await.refused(400, "event_missing");
    for other in KNOWN.iter().filter(|known| !known.name.ends_with("RATE_UPDATED")) {
        harness.send(to("/webhooks/rate", Some(other.name))).await.refused(400, "event_mismatch");
        harness.send(to(&path_in(Addon::ClockifyAddon, other.name), Some(other.name))).await.refused(403, "token_mismatch");
    }
    for nowhere in ["/webhooks/project", "/webhooks/custom", "/webhooks/clockify", "/webhooks/clockify/new-tag", "/webhooks/time/other"] {
        harness.send(to(nowhere, Some("COST_RATE_UPDATED"))).await.refused(404, "unknown_event");
    }
    assert_eq!(harness.stored(harness.home.workspace).await, before);
}

#[actix_web::test]
async fn each_of_several_tokens_of_a_path_opens_it() {
    let harness = Harness::ready_as(Addon::ClockifyAddon).await;
    let mut body = harness.installed_body(&harness.home);
    let token = |name: &str| AUTHORITY.webhook_token(&harness.home, name);
    let listed = ["one", "two"].map(|name| json!({"path": "/webhooks/rate", "webhookType": "ADDON", "authToken": token(name)}));
    body["webhooks"] = json!(listed);
    assert_eq!(harness.lifecycle_call("/lifecycle/installed", &harness.home, &body).await.status, 200);
    let deliver = |name: &str| {
        let request = post("/webhooks/rate").signed(&token(name)).header("clockify-webhook-event-type", "COST_RATE_UPDATED");
        harness.send(request.json(&json!({"id": name})))
    };
    for name in ["one", "two"] {
        assert_eq!(deliver(name).await.status, 200, "{name}");
    }
    deliver("three").await.refused(403, "token_mismatch");
}

#[actix_web::test]
async fn a_path_below_the_slug_is_the_same_path() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let delivery = |path: String, id: &str| {
            let request = post(path).signed(&harness.webhook("NEW_TAG")).header("clockify-webhook-event-type", "NEW_TAG");
            harness.send(request.json(&json!({"id": id})))
        };
        assert_eq!(delivery(path_in(addon, "NEW_TAG"), "1").await.status, 200);
        assert_eq!(delivery(format!("//{addon}/{}", path_in(addon, "NEW_TAG")), "2").await.status, 200);
        assert_eq!(harness.stored(harness.home.workspace).await.1, 2);
    }
}

#[actix_web::test]
async fn each_add_on_answers_in_the_words_of_its_users() {
    for addon in Addon::ALL {
        let harness = Harness::ready_as(addon).await;
        let (home, at) = (harness.home.clone(), harness.home.workspace);
        let about = |more: Value| {
            let mut body = json!({"workspaceId": at, "addonId": home.addon_id});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let ok = |message: &str| json!({"status": "ok", "message": message});
        let done = |message: &str, more: Value| {
            let mut data = json!({"workspaceId": at});
            data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"success": true, "message": message, "data": data})
        };
        let expected = match addon {
            Addon::ApiStudio => [
                ok("Installation successful"),
                ok("Settings updated successfully"),
                ok("Status updated successfully"),
                ok("Uninstallation successful"),
            ],
            Addon::UniversalWebhook => [
                json!({"status": "installed", "workspaceId": at, "bootstrap": "disabled"}),
                json!({"status": "settings_updated", "workspaceId": at}),
                json!({"status": "status_changed", "workspaceId": at}),
                json!({"status": "uninstalled", "workspaceId": at}),
            ],
            Addon::ClockifyAddon => [
                done("Installation successful", json!({})),
                done("Settings updated successfully", json!({"settings": {"a": 1}})),
                done("Status updated successfully", json!({})),
                done("Uninstallation successful", json!({})),
            ],
        };
        let installed = harness.install(&home).await.json();
        let event = harness.send(harness.delivery("NEW_TAG", &json!({"id": "t"}))).await.json();
        let settings = about(json!({"settings": [{"id": "a", "value": 1}]}));
        let told = [
            installed,
            harness.lifecycle_call("/lifecycle/settings-updated", &home, &settings).await.json(),
            harness.lifecycle_call("/lifecycle/status-changed", &home, &about(json!({"status": "ACTIVE"}))).await.json(),
            harness.lifecycle_call("/lifecycle/deleted", &home, &about(json!({}))).await.json(),
        ];
        assert_eq!(told, expected, "{addon}");
        let names: Vec<&String> = event.as_object().unwrap().keys().collect();
        match addon {
            Addon::ApiStudio => {
                assert_eq!((&event["status"], names.len()), (&json!("received"), 2));
                assert!(event["webhook_id"].is_string(), "{event}");
            }
            Addon::UniversalWebhook => assert_eq!((&event["eventType"], &event["workspaceId"]), (&json!("NEW_TAG"), &json!(at))),
            Addon::ClockifyAddon => {
                assert_eq!((event["received"].as_bool(), names.len()), (Some(true), 3));
                assert!(event["event_id"].is_string() && event["timestamp"].as_str().unwrap().ends_with('Z'), "{event}");
            }
        }
    }
}

#[actix_web::test]
async fn api_studio_lists_whole_flows_and_payloads_and_changes_what_is_sent() {
    let harness = Harness::installed_as(Addon::ApiStudio).await;
    let owner = harness.owner();
    let flow = json!({
        "name": "first", "trigger_event_types": ["NEW_TAG"], "conditions": {"type": "ALL", "rules": [{"field": "$.id", "operator": "exists"}]},
        "actions": [{"operation_id": "getTags"}],
    });
    let made = harness.send(post("/ui/flows").token(&owner).json(&flow)).await.json();
    let path = format!("/ui/flows/{}", made["id"].as_str().unwrap());
    let change = json!({"name": "second", "enabled": false, "conditions": null});
    let changed = harness.send(request("PUT", path.clone()).token(&owner).json(&change)).await.json();
    assert_eq!((&changed["name"], &changed["enabled"]), (&json!("second"), &json!(false)));
    let listed = harness.send(get("/ui/flows").token(&owner)).await.json();
    for field in ["trigger_event_types", "conditions", "actions"] {
        assert_eq!((&changed[field], &listed["flows"][0][field]), (&made[field], &made[field]), "{field}");
    }
    harness.send(request("PUT", path).token(&owner).json(&json!({"actions": []}))).await.refused(422, "invalid_fields");

    harness.deliver("NEW_TAG", &json!({"id": "t", "name": "x"})).await;
    harness.deliver("NEW_TAG", &json!({"id": "u", "name": "x".repeat(63 * 1024)})).await;
    let events = harness.send(get("/ui/webhooks").token(&owner)).await.json();
    assert_eq!(events["webhooks"][1]["payload"], json!({"id": "t", "name": "x"}));
}

#[actix_web::test]
async fn clockify_add_on_says_at_its_root_what_it_is_and_how_it_is() {
    let harness = Harness::ready_as(Addon::ClockifyAddon).await;
    for root in ["/", "/clockify-addon", "/clockify-addon/"] {
        let welcome = harness.send(get(root)).await.json();
        assert_eq!((&welcome["name"], &welcome["status"]), (&json!("Clockify Add-on"), &json!("running")));
        for path in ["manifest", "health"] {
            assert_eq!(harness.send(get(welcome["endpoints"][path].as_str().unwrap())).await.status, 200);
        }
    }
    let health = harness.send(get("/health")).await.json();
    assert_eq!((&health["status"], health["timestamp"].is_string()), (&json!("healthy"), true));
    harness.send(get("/universal-webhook/")).await.refused(404, "not_found");
}

#[actix_web::test]
async fn what_is_not_offered_is_not_there() {
    let harness = Harness::ready_as(Addon::ClockifyAddon).await;
    for path in ["/bootstrap/x", "/installations"] {
        harness.send(post(path)).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn a_token_of_one_add_on_opens_no_other() {
    let harness = Harness::installed_as(Addon::UniversalWebhook).await;
    let grant = grant_of(Addon::ApiStudio, '1');
    let now = actors::clock::Clock::now(&harness.clock);
    let user = AUTHORITY.user_token(&grant, &Viewer::with_role("c00000000000000000000001", "OWNER"), &urls(), now);
    harness.send(get("/ui/flows").token(&user)).await.refused(403, "wrong_token");
    harness.send(get("/api-studio/ui/flows").token(&user)).await.refused(404, "not_installed");
    let path = webhook::path(Addon::ApiStudio, &KNOWN[0]);
    let webhook = AUTHORITY.webhook_token(&grant, &path);
    harness.send(post(path.clone()).signed(&webhook).json(&json!({}))).await.refused(403, "wrong_token");
}
