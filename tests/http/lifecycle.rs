//! What the platform says about installations, and what others say in its name.

use actors::installation::{Status, WebhookToken};
use actors::port::store::Installations;
use clockify_addons::auth::token::hash;
use clockify_addons::sandbox::authority::{Grant, Urls, Viewer};
use serde_json::{Value, json};

use super::client::{get, post};
use super::harness::{AUTHORITY, FORGER, Harness, grant, path_of, urls};

fn about(grant: &Grant, more: Value) -> Value {
    let mut body = json!({"workspaceId": grant.workspace, "addonId": grant.addon_id});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[actix_web::test]
async fn an_installation_is_kept_whole_and_answered_in_the_references_shape() {
    let harness = Harness::ready().await;
    let home = &harness.home;
    let answer = harness.install(home).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"status": "installed", "workspaceId": home.workspace, "bootstrap": "disabled"}))
    );
    let kept = harness.store.installation(harness.key()).await.unwrap().unwrap();
    assert_eq!((kept.addon_id, kept.status), (home.addon_id, Status::Active));
    assert_eq!(kept.urls.backend, "https://euc1.clockify.me/api");
    assert_eq!(kept.addon_user.as_deref(), Some("c00000000000000000000002"));
    assert_eq!(kept.as_user.as_deref(), Some("c00000000000000000000001"));
    assert!(kept.token.expose().starts_with("ey"));
    assert_eq!(kept.webhooks.len(), 52);
    let expected = WebhookToken { path: path_of("NEW_PROJECT"), hash: hash(&harness.webhook("NEW_PROJECT")) };
    assert!(kept.webhooks.contains(&expected), "the hash under the manifest's path, although INSTALLED had a double slash");
}

#[actix_web::test]
async fn the_same_install_again_is_answered_well_and_changes_nothing() {
    let harness = Harness::ready().await;
    let (body, token) = (harness.installed_body(&harness.home), harness.lifecycle(&harness.home));
    let call = || post("/lifecycle/installed").header("x-addon-lifecycle-token", &token).json(&body);
    assert_eq!(harness.send(call()).await.status, 200);
    let first = harness.store.installation(harness.key()).await.unwrap();
    harness.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(harness.send(call()).await.status, 200);
    assert_eq!(harness.store.installation(harness.key()).await.unwrap(), first);
}

#[actix_web::test]
async fn the_body_must_be_about_what_the_token_is_about() {
    let harness = Harness::installed().await;
    let before = harness.stored(harness.home.workspace).await;
    let (home, other) = (harness.home.clone(), grant('2'));
    for path in
        ["/lifecycle/installed", "/lifecycle/uninstalled", "/lifecycle/deleted", "/lifecycle/status-changed", "/lifecycle/settings-updated"]
    {
        let more = json!({"authToken": "t", "status": "INACTIVE", "settings": [{"id": "enable_flows", "value": false}]});
        let foreign = Grant { workspace: other.workspace, ..home.clone() };
        harness.lifecycle_call(path, &home, &about(&foreign, more.clone())).await.refused(403, "workspace_mismatch");
        harness.lifecycle_call(path, &other, &about(&home, more.clone())).await.refused(403, "workspace_mismatch");
        let stale = Grant { addon_id: other.addon_id, ..home.clone() };
        harness.lifecycle_call(path, &home, &about(&stale, more.clone())).await.refused(403, "installation_mismatch");
        harness.lifecycle_call(path, &stale, &about(&home, more.clone())).await.refused(403, "installation_mismatch");
        let query = format!("{path}?workspace_id={}", other.workspace);
        harness.lifecycle_call(&query, &home, &about(&home, more)).await.refused(403, "workspace_mismatch");
    }
    assert_eq!(harness.stored(home.workspace).await, before);
    assert_eq!(harness.stored(other.workspace).await.0, None);
}

#[actix_web::test]
async fn a_body_that_is_not_understood_is_400_or_422_field_by_field() {
    let harness = Harness::ready().await;
    let raw = |path: &'static str, body: &str| {
        harness.send(post(path).header("x-addon-lifecycle-token", harness.lifecycle(&harness.home)).body(body))
    };
    let home = harness.home.workspace;
    for body in ["", "{", "null", "7", "{} {}", "\u{feff}{}", &format!("{{\"workspaceId\":\"{home}\",\"workspaceId\":\"{home}\"}}")] {
        raw("/lifecycle/installed", body).await.refused(400, "invalid_json");
    }
    let faults = |answer: super::client::Answer| {
        answer.refused(422, "invalid_fields");
        answer.faults()
    };
    let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(faults(raw("/lifecycle/installed", "{}").await), [pair("workspaceId", "required")]);
    assert_eq!(
        faults(raw("/lifecycle/deleted", r#"{"workspaceId":7,"addonId":"x"}"#).await),
        [pair("workspaceId", "invalid_value"), pair("addonId", "invalid_value")]
    );
    let incomplete = json!({"workspaceId": home, "webhooks": [{"path": "/elsewhere"}], "asUser": ["x"]}).to_string();
    assert_eq!(
        faults(raw("/lifecycle/installed", &incomplete).await),
        [
            pair("addonId", "required"),
            pair("authToken", "required"),
            pair("asUser", "invalid_value"),
            pair("webhooks[0].path", "invalid_value"),
            pair("webhooks[0].authToken", "invalid_value"),
        ]
    );
    for (status, code) in [(json!("ON"), "invalid_value"), (json!(1), "invalid_value"), (Value::Null, "required")] {
        let body = about(&harness.home, json!({"status": status})).to_string();
        assert_eq!(faults(raw("/lifecycle/status-changed", &body).await), [pair("status", code)]);
    }
    let body = about(&harness.home, json!({"settings": 7})).to_string();
    assert_eq!(faults(raw("/lifecycle/settings-updated", &body).await), [pair("settings", "invalid_type")]);
    assert_eq!(harness.stored(home).await.0, None);
}

#[actix_web::test]
async fn the_installation_token_in_the_body_must_be_of_the_very_installation() {
    let harness = Harness::ready().await;
    let (home, other, now) = (harness.home.clone(), grant('2'), actors::clock::Clock::now(&harness.clock));
    let installation = |grant: &Grant| AUTHORITY.installation_token(grant, "c00000000000000000000002", &urls(), now);
    let mismatch = (403, "installation_mismatch");
    for (token, (status, code)) in [
        ("rubbish".into(), (422, "invalid_fields")),
        (FORGER.installation_token(&home, "c00000000000000000000002", &urls(), now), (422, "invalid_fields")),
        (installation(&Grant { addon_key: "other-add-on".into(), ..home.clone() }), (422, "invalid_fields")),
        (installation(&other), mismatch),
        (installation(&Grant { workspace: other.workspace, ..home.clone() }), mismatch),
        (installation(&Grant { addon_id: other.addon_id, ..home.clone() }), mismatch),
        (AUTHORITY.user_token(&home, &Viewer::with_role("u", "OWNER"), &urls(), now), (403, "wrong_token")),
        (harness.webhook("NEW_PROJECT"), (403, "wrong_token")),
        (AUTHORITY.lifecycle_token(&home, now), (403, "wrong_token")),
    ] {
        let mut body = harness.installed_body(&home);
        body["authToken"] = json!(token);
        let answer = harness.lifecycle_call("/lifecycle/installed", &home, &body).await;
        answer.refused(status, code);
        assert!(!answer.body.contains(&token), "a token is never said back: {answer:?}");
        assert_eq!(harness.stored(home.workspace).await.0, None);
    }
}

#[actix_web::test]
async fn base_urls_come_from_the_signed_claims_and_the_unsigned_api_url_counts_for_nothing() {
    let harness = Harness::ready().await;
    for url in
        [json!("http://169.254.169.254/"), json!("https://evil.example/api"), json!("https://api.clockify.me@evil.example"), json!(7)]
    {
        let mut body = harness.installed_body(&harness.home);
        body["apiUrl"] = url;
        assert_eq!(harness.lifecycle_call("/lifecycle/installed", &harness.home, &body).await.status, 200);
        let kept = harness.store.installation(harness.key()).await.unwrap().unwrap();
        assert_eq!(kept.urls.backend, "https://euc1.clockify.me/api");
    }
    let other = grant('2');
    for origin in [
        "http://api.clockify.me",
        "https://evil.example",
        "https://clockify.me.evil.example",
        "https://127.0.0.1",
        "https://u@api.clockify.me",
    ] {
        let mut body = harness.installed_body(&other);
        let urls = Urls::below(origin);
        body["authToken"] = json!(AUTHORITY.installation_token(&other, "u", &urls, actors::clock::Clock::now(&harness.clock)));
        harness.lifecycle_call("/lifecycle/installed", &other, &body).await.refused(403, "api_host_not_allowed");
    }
    assert_eq!(harness.stored(other.workspace).await.0, None);
}

#[actix_web::test]
async fn a_reinstall_ends_the_old_installations_tokens_at_once() {
    let harness = Harness::installed().await;
    let (old_hook, old_owner) = (harness.webhook("NEW_PROJECT"), harness.owner());
    let new = Grant { addon_id: grant('2').addon_id, ..harness.home.clone() };
    assert_eq!(harness.install(&new).await.status, 200);
    let deliver = |token: &str| harness.send(post(path_of("NEW_PROJECT")).signed(token).json(&json!({"id": "1"})));
    deliver(&old_hook).await.refused(403, "token_mismatch");
    assert_eq!(deliver(&AUTHORITY.webhook_token(&new, &path_of("NEW_PROJECT"))).await.status, 200);
    harness.send(get("/ui/flows").token(&old_owner)).await.refused(403, "installation_mismatch");
    assert_eq!(harness.send(get("/ui/flows").token(&harness.user(&new, "OWNER"))).await.status, 200);
    // A late DELETED of the old installation is answered well and leaves the new one.
    assert_eq!(harness.lifecycle_call("/lifecycle/deleted", &harness.home, &about(&harness.home, json!({}))).await.status, 200);
    assert_eq!(harness.stored(new.workspace).await.0, Some(new.addon_id));
    harness
        .lifecycle_call("/lifecycle/status-changed", &harness.home, &about(&harness.home, json!({"status": "INACTIVE"})))
        .await
        .refused(404, "not_installed");
}

#[actix_web::test]
async fn an_old_install_played_again_after_a_delete_or_a_reinstall_is_refused() {
    let harness = Harness::ready().await;
    let (body, token) = (harness.installed_body(&harness.home), harness.lifecycle(&harness.home));
    let played = || harness.send(post("/lifecycle/installed").header("x-addon-lifecycle-token", &token).json(&body));
    assert_eq!(played().await.status, 200);
    assert_eq!(harness.lifecycle_call("/lifecycle/deleted", &harness.home, &about(&harness.home, json!({}))).await.status, 200);
    played().await.refused(409, "superseded");
    assert_eq!(harness.stored(harness.home.workspace).await.0, None);
    let new = Grant { addon_id: grant('2').addon_id, ..harness.home.clone() };
    assert_eq!(harness.install(&new).await.status, 200);
    played().await.refused(409, "superseded");
    assert_eq!(harness.stored(new.workspace).await.0, Some(new.addon_id));
}

#[actix_web::test]
async fn what_was_never_installed_is_deleted_already_and_cannot_be_changed() {
    let harness = Harness::ready().await;
    let home = &harness.home;
    for path in ["/lifecycle/uninstalled", "/lifecycle/deleted"] {
        let answer = harness.lifecycle_call(path, home, &about(home, json!({"asUser": "x"}))).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "uninstalled", "workspaceId": home.workspace})));
    }
    harness
        .lifecycle_call("/lifecycle/status-changed", home, &about(home, json!({"status": "ACTIVE"})))
        .await
        .refused(404, "not_installed");
    harness.lifecycle_call("/lifecycle/settings-updated", home, &about(home, json!({"settings": []}))).await.refused(404, "not_installed");
    assert_eq!(harness.stored(home.workspace).await, (None, 0, 0, vec![]));
}

#[actix_web::test]
async fn deleting_leaves_no_row_and_deleting_twice_is_well() {
    let harness = Harness::installed().await;
    let flow = json!({"name": "f", "trigger_event_types": [], "actions": [{"operation_id": "getTags"}]});
    assert_eq!(harness.send(post("/ui/flows").token(&harness.owner()).json(&flow)).await.status, 200);
    harness.deliver("NEW_PROJECT", &json!({"id": "1"})).await;
    let (_, events, runs, flows) = harness.stored(harness.home.workspace).await;
    assert_eq!((events, runs, flows.len()), (1, 1, 1));
    for _ in 0..2 {
        let answer = harness.lifecycle_call("/lifecycle/deleted", &harness.home, &about(&harness.home, json!({}))).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(harness.stored(harness.home.workspace).await, (None, 0, 0, vec![]));
    }
    harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "2"}))).await.refused(403, "no_active_installation");
    harness.send(get("/ui/flows").token(&harness.owner())).await.refused(404, "not_installed");
}

#[actix_web::test]
async fn an_inactive_installation_keeps_its_data_and_takes_nothing() {
    let harness = Harness::installed().await;
    harness.deliver("NEW_PROJECT", &json!({"id": "1"})).await;
    let status = |status: &'static str| {
        let body = about(&harness.home, json!({"status": status}));
        let harness = &harness;
        async move { call(harness, "/lifecycle/status-changed", &body).await }
    };
    let answer = status("INACTIVE").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "status_changed", "workspaceId": harness.home.workspace})));
    harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "2"}))).await.refused(403, "inactive");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 1);
    assert_eq!(
        harness.send(get("/ui/webhooks").token(&harness.owner())).await.json()["pagination"]["total"],
        1,
        "an open page keeps working"
    );
    assert_eq!(status("ACTIVE").await.status, 200);
    harness.deliver("NEW_PROJECT", &json!({"id": "2"})).await;
}

async fn call(harness: &Harness, path: &str, body: &Value) -> super::client::Answer {
    harness.lifecycle_call(path, &harness.home, body).await
}

#[actix_web::test]
async fn the_newest_status_wins_whatever_the_order_of_arrival() {
    let harness = Harness::installed().await;
    let (older, newer) = (harness.lifecycle(&harness.home), harness.lifecycle(&harness.home));
    let send = |token: &str, status: &str| {
        harness.send(
            post("/lifecycle/status-changed")
                .header("x-addon-lifecycle-token", token)
                .json(&about(&harness.home, json!({"status": status}))),
        )
    };
    assert_eq!(send(&newer, "ACTIVE").await.status, 200);
    send(&older, "INACTIVE").await.refused(409, "superseded");
    harness.deliver("NEW_PROJECT", &json!({"id": "1"})).await;
}

#[actix_web::test]
async fn settings_come_as_list_as_bare_list_and_as_object() {
    let harness = Harness::installed().await;
    let kept = async || harness.store.installation(harness.key()).await.unwrap().unwrap().settings;
    for (sent, id, value) in [
        (
            about(&harness.home, json!({"settings": [{"id": "flow_concurrency", "name": "Side by side", "value": 3}]})),
            "flow_concurrency",
            json!(3),
        ),
        (json!([{"id": "tags", "name": "Tags", "value": ["a", "b"]}]), "tags", json!(["a", "b"])),
        (about(&harness.home, json!({"settings": {"enable_flows": false}})), "enable_flows", json!(false)),
    ] {
        let answer = call(&harness, "/lifecycle/settings-updated", &sent).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "settings_updated", "workspaceId": harness.home.workspace})));
        assert_eq!(kept().await.get(id), Some(&value));
    }
    assert_eq!(kept().await.len(), 3, "what is not named stays");
}

#[actix_web::test]
async fn a_webhooks_token_does_not_pass_as_a_lifecycle_token_even_with_the_same_claims() {
    let harness = Harness::ready().await;
    // A webhook token with nothing that tells its kind: the claims that the platform documents for both.
    let bare = AUTHORITY.sign(&json!({
        "iss": "clockify", "type": "addon", "sub": harness.home.addon_key,
        "workspaceId": harness.home.workspace, "addonId": harness.home.addon_id,
    }));
    let mut body = harness.installed_body(&harness.home);
    body["webhooks"] = json!([{"path": path_of("NEW_PROJECT"), "authToken": bare}]);
    assert_eq!(call(&harness, "/lifecycle/installed", &body).await.status, 200);
    for (path, more) in [
        ("/lifecycle/deleted", json!({})),
        ("/lifecycle/status-changed", json!({"status": "INACTIVE"})),
        ("/lifecycle/settings-updated", json!({"settings": []})),
    ] {
        let request = post(path).header("x-addon-lifecycle-token", &bare).json(&about(&harness.home, more));
        harness.send(request).await.refused(403, "token_mismatch");
    }
    let request = post("/lifecycle/installed").header("x-addon-lifecycle-token", &bare).json(&harness.installed_body(&harness.home));
    harness.send(request).await.refused(403, "token_mismatch");
    assert_eq!(harness.stored(harness.home.workspace).await.0, Some(harness.home.addon_id));
    let delivery = post(path_of("NEW_PROJECT")).signed(&bare).json(&json!({"id": "1"}));
    assert_eq!(harness.send(delivery).await.status, 200, "and it is still good for what it is");
}

#[actix_web::test]
async fn every_name_of_the_header_and_the_older_spellings_of_fields_are_read() {
    for (digit, name) in
        ["X-Addon-Lifecycle-Token", "Clockify-Signature", "X-Addon-Signature", "X-Webhook-Signature"].into_iter().enumerate()
    {
        let harness = Harness::ready().await;
        let full = harness.installed_body(&harness.home);
        let (token_field, workspace_field) = if digit % 2 == 0 { ("auth_token", "workspace_id") } else { ("addonToken", "workspaceId") };
        let body = json!({"addon_id": harness.home.addon_id, workspace_field: harness.home.workspace, token_field: full["authToken"], "settings": {"max_rps": 5}});
        let request = post("/universal-webhook/lifecycle/installed").header(name, harness.lifecycle(&harness.home)).json(&body);
        assert_eq!(harness.send(request).await.status, 200, "{name}");
        let kept = harness.store.installation(harness.key()).await.unwrap().unwrap();
        assert_eq!((kept.webhooks.len(), kept.settings.get("max_rps")), (0, Some(&json!(5))));
    }
}

#[actix_web::test]
async fn installs_and_deletes_at_once_leave_a_whole_installation_or_none() {
    let harness = Harness::ready().await;
    for round in 0..5 {
        let home = harness.home.clone();
        let mut calls = Vec::new();
        for n in 0..6 {
            let (path, body) = if n % 2 == 0 {
                ("/lifecycle/installed", harness.installed_body(&home))
            } else {
                ("/lifecycle/deleted", about(&home, json!({})))
            };
            calls.push(harness.send(post(path).header("x-addon-lifecycle-token", harness.lifecycle(&home)).json(&body)));
        }
        for answer in futures_util::future::join_all(calls).await {
            assert!(matches!(answer.status, 200 | 409), "round {round}: {answer:?}");
        }
        let delivered = harness.send(harness.delivery("NEW_PROJECT", &json!({"id": "1", "round": round}))).await.status;
        let expected = if harness.stored(home.workspace).await.0.is_some() { 200 } else { 403 };
        assert_eq!(delivered, expected, "round {round}");
    }
}

#[actix_web::test]
async fn a_store_that_is_down_means_that_the_platform_comes_again() {
    let harness = Harness::installed().await;
    harness.store.set_unavailable(true);
    call(&harness, "/lifecycle/deleted", &about(&harness.home, json!({}))).await.refused(503, "unavailable");
    harness.store.set_unavailable(false);
    assert_eq!(harness.stored(harness.home.workspace).await.0, Some(harness.home.addon_id));
    assert_eq!(call(&harness, "/lifecycle/deleted", &about(&harness.home, json!({}))).await.status, 200);
}
