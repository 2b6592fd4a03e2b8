//! The REST API: proof, paging, replacing, refusing.

use std::time::Duration;

use actors::port::clockify::Host;
use serde_json::{Value, json};

use super::Stage;

#[actix_web::test]
async fn each_bad_proof_has_its_code_and_another_workspace_is_forbidden() {
    let stage = Stage::set().await;
    let url = format!("{}/api/v1/workspaces/{}/tags", stage.platform.base_url(), stage.installed.workspace);
    let code = async |headers: &[(&str, &str)]| {
        let mut request = stage.http.get(&url);
        for header in headers {
            request = request.append_header(*header);
        }
        let mut response = request.send().await.unwrap();
        let body: Value = response.json().await.unwrap_or_default();
        (response.status().as_u16(), body["code"].as_u64())
    };
    let token = stage.token();
    assert_eq!(code(&[]).await, (401, Some(1000)));
    assert_eq!(code(&[("Authorization", &format!("Bearer {token}"))]).await, (401, Some(1000)));
    assert_eq!(code(&[("X-Addon-Token", &token), ("X-Api-Key", "k")]).await, (401, Some(1000)));
    assert_eq!(code(&[("X-Api-Key", "k")]).await, (401, Some(4003)));
    assert_eq!(code(&[("X-Addon-Token", "a.b.c")]).await, (401, Some(4017)));
    let other = stage.platform.add_workspace().unwrap();
    let (status, _) = stage.call("GET", &format!("/workspaces/{other}/tags"), None).await;
    assert_eq!(status, 403);
    stage.platform.revoke(stage.installed.addon_id).unwrap();
    assert_eq!(code(&[("X-Addon-Token", &token)]).await, (401, Some(4017)));
}

#[actix_web::test]
async fn a_user_token_ends_after_thirty_minutes_and_a_member_may_not_administer() {
    let (stage, clock) = Stage::held().await;
    let member = stage.platform.user_token(stage.installed.addon_id, "MEMBER").unwrap();
    let owner = stage.platform.user_token(stage.installed.addon_id, "OWNER").unwrap();
    let status = async |method: &str, token: &str| {
        let body = (method == "POST").then(|| json!({"name": "from a page"}));
        stage.call_with(method, "~/tags", body, token).await.0
    };
    assert_eq!([status("GET", member.expose()).await, status("POST", member.expose()).await], [200, 403]);
    assert_eq!(status("POST", owner.expose()).await, 201);
    clock.advance(Duration::from_secs(1_799));
    assert_eq!(status("GET", owner.expose()).await, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(status("GET", owner.expose()).await, 401);
}

#[actix_web::test]
async fn an_installation_token_is_exchanged_for_a_user_token_and_a_user_token_is_not() {
    let stage = Stage::set().await;
    let user = stage.first("~/users?include-roles=false").await;
    let exchange = async |token: &str| {
        let url = format!("{}/api/addon/user/{user}/token", stage.platform.base_url());
        let mut response = stage.http.post(url).insert_header(("X-Addon-Token", token)).send().await.unwrap();
        (response.status().as_u16(), String::from_utf8(response.body().await.unwrap().to_vec()).unwrap())
    };
    let (status, token) = exchange(&stage.token()).await;
    assert_eq!(status, 200);
    let (status, _, me) = stage.call_with("GET", "/user", None, &token).await;
    assert_eq!((status, me["id"].as_str()), (200, Some(user.as_str())));
    assert_eq!(exchange(&token).await.0, 403);
}

#[actix_web::test]
async fn lists_are_paged_and_say_which_page_is_the_last() {
    let stage = Stage::set().await;
    stage.platform.grow(stage.installed.workspace, 120).unwrap();
    let page = async |query: &str| {
        let (status, last, list) = stage.call_with("GET", &format!("~/tags{query}"), None, &stage.token()).await;
        (status, last, list.as_array().map_or(0, Vec::len))
    };
    let (yes, no) = (Some("true".to_owned()), Some("false".to_owned()));
    assert_eq!(page("").await, (200, no.clone(), 50));
    assert_eq!(page("?page=2&page-size=62").await, (200, yes.clone(), 62));
    assert_eq!(page("?page=3&page-size=50").await, (200, yes.clone(), 24));
    assert_eq!(page("?page=9").await, (200, yes, 0));
    assert_eq!(page("?page=0").await, (400, None, 0));
    assert_eq!(page("?page-size=200&name=TAG%2000001").await.2, 1);
    let (_, last, fields) = stage.call_with("GET", "~/custom-fields?page=7", None, &stage.token()).await;
    assert_eq!((last, fields.as_array().unwrap().len()), (None, 1), "custom fields ignore paging");
}

#[actix_web::test]
async fn a_put_replaces_the_whole_time_entry_and_custom_values_are_written_under_another_name() {
    let stage = Stage::set().await;
    let (tag, project) = (stage.first("~/tags").await, stage.first("~/projects").await);
    let field = stage.first("~/custom-fields").await;
    let value = json!([{"customFieldId": field, "sourceType": "WORKSPACE", "value": "T-1"}]);
    let body = json!({
        "start": "2026-11-23T08:00:00Z", "end": "2026-11-23T09:30:00Z", "description": "d", "projectId": project, "tagIds": [tag], "billable": true,
        "customFields": value,
    });
    let (status, made) = stage.call("POST", "~/time-entries", Some(body)).await;
    assert_eq!((status, made["timeInterval"]["duration"].as_str()), (201, Some("PT1H30M")));
    assert_eq!(made["customFieldValues"][0]["value"], "T-1");
    let path = format!("~/time-entries/{}", made["id"].as_str().unwrap());
    let replacement = json!({"start": "2026-11-23T08:00:00Z", "end": "2026-11-23T09:00:00Z", "customFieldValues": value});
    let (status, replaced) = stage.call("PUT", &path, Some(replacement)).await;
    assert_eq!(status, 200);
    assert_eq!((&replaced["tagIds"], &replaced["projectId"], &replaced["description"]), (&json!([]), &Value::Null, &json!("")));
    assert_eq!(replaced["customFieldValues"], json!([]), "the name that they are read by is dropped silently");
    assert_eq!(stage.call("GET", &path, None).await.1, replaced);
    assert_eq!(stage.call("PUT", &path, Some(json!({"end": "2026-11-23T09:00:00Z"}))).await.0, 400);
}

#[actix_web::test]
async fn refusals_have_the_platforms_codes() {
    let stage = Stage::set().await;
    let refusal = async |method: &str, path: &str, body: Option<Value>| {
        let (status, answer) = stage.call(method, path, body).await;
        assert!(answer["message"].is_string(), "{method} {path}: {answer}");
        (status, answer["code"].as_u64())
    };
    let entry = |more: Value| {
        let mut entry = json!({"start": "2026-11-23T08:00:00Z", "end": "2026-11-23T09:00:00Z"});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Some(entry)
    };
    let (client, foreign) = (stage.first("~/clients").await, "64b641568b07987035750fff");
    assert_eq!(refusal("POST", "~/time-entries", entry(json!({"description": "a < b"}))).await, (400, Some(501)));
    assert_eq!(refusal("POST", "~/time-entries", entry(json!({"projectId": foreign}))).await, (400, Some(501)));
    assert_eq!(refusal("POST", "~/time-entries", entry(json!({"end": "2026-11-23T07:00:00Z"}))).await, (400, Some(501)));
    assert_eq!(refusal("POST", "~/time-entries", Some(json!([]))).await, (400, Some(3002)));
    assert_eq!(refusal("GET", &format!("~/tags/{foreign}"), None).await, (400, Some(501)));
    assert_eq!(refusal("DELETE", &format!("~/clients/{client}"), None).await, (400, Some(501)), "archive first");
    assert_eq!(refusal("GET", "~/users", None).await, (400, Some(3001)), "include-roles is required");
    assert_eq!(refusal("GET", "~/policies", None).await, (404, Some(3000)));
    assert_eq!(refusal("PATCH", "~/tags", None).await, (405, Some(3000)));
    assert_eq!(refusal("GET", "~/invoices", None).await, (401, None), "the manifest has no scope for it");
    for (method, path) in [("GET", "/workspaces"), ("GET", "~/webhooks"), ("POST", "~/webhooks"), ("POST", "~/custom-fields")] {
        assert_eq!(refusal(method, path, Some(json!({}))).await, (401, None), "{method} {path} is refused to add-ons");
    }
}

#[actix_web::test]
async fn a_post_is_not_idempotent_and_names_are_free_again_after_a_delete() {
    let stage = Stage::set().await;
    let entry = json!({"start": "2026-11-23T08:00:00Z", "end": "2026-11-23T09:00:00Z"});
    let first = stage.call("POST", "~/time-entries", Some(entry.clone())).await.1;
    let second = stage.call("POST", "~/time-entries", Some(entry)).await.1;
    assert_ne!(first["id"], second["id"]);
    let (status, tag) = stage.call("POST", "~/tags", Some(json!({"name": "once"}))).await;
    assert_eq!(status, 201);
    assert_eq!(stage.call("POST", "~/tags", Some(json!({"name": "Once"}))).await.0, 400);
    assert_eq!(stage.call("DELETE", &format!("~/tags/{}", tag["id"].as_str().unwrap()), None).await.0, 200);
    assert_eq!(stage.call("POST", "~/tags", Some(json!({"name": "once"}))).await.0, 201);
}

#[actix_web::test]
async fn the_51st_request_of_a_second_is_429_for_that_installation_alone() {
    let (stage, clock) = Stage::held().await;
    let owner = stage.platform.user_token(stage.installed.addon_id, "OWNER").unwrap();
    for n in 0..50 {
        let token = if n % 2 == 0 { stage.token() } else { owner.expose().to_owned() };
        assert_eq!(stage.call_with("GET", "~/tags", None, &token).await.0, 200, "request {n}");
    }
    assert_eq!(stage.call("GET", "~/tags", None).await, (429, json!({"message": "Too many requests"})));
    let in_person = stage.platform.in_person(stage.installed.addon_id, "MEMBER").unwrap();
    assert_eq!(stage.call_with("GET", "~/tags", None, in_person.expose()).await.0, 200, "Clockify's own pages are not the add-on");
    let other = stage.platform.add_workspace().unwrap();
    let elsewhere =
        clockify_addons::sandbox::platform::lifecycle::Install { workspace: Some(other), ..super::Install::of(&stage.addon.url) };
    let elsewhere = stage.platform.install(elsewhere).await.unwrap();
    let token = stage.platform.installation(elsewhere.addon_id).unwrap().token.expose().to_owned();
    assert_eq!(stage.call_with("GET", &format!("/workspaces/{other}/tags"), None, &token).await.0, 200);
    clock.advance(Duration::from_millis(999));
    assert_eq!(stage.call("GET", "~/tags", None).await.0, 429);
    clock.advance(Duration::from_millis(1));
    assert_eq!(stage.call("GET", "~/tags", None).await.0, 200);
}

#[actix_web::test]
async fn every_operation_of_the_catalogue_is_answered() {
    let stage = Stage::set().await;
    let catalogue = clockify_addons::sandbox::platform::catalogue::catalogue();
    stage.open();
    for operation in catalogue.iter() {
        let mut path = operation.path.replace("{workspaceId}", &stage.installed.workspace.to_string());
        for name in operation.path_parameters() {
            path = path.replace(&format!("{{{name}}}"), "64b641568b07987035750fff");
        }
        let needed = operation.parameters.iter().filter(|parameter| parameter.required && path.find(&parameter.name).is_none());
        let query: Vec<String> = needed.map(|parameter| format!("{}=true", parameter.name)).collect();
        let base = match operation.host {
            Host::Backend => "api",
            Host::Reports => "report",
            Host::Pto => "pto",
        };
        let url = format!("{}/{base}{path}?{}", stage.platform.base_url(), query.join("&"));
        let request = stage.http.request(operation.method.as_str().parse().unwrap(), url).insert_header(("X-Addon-Token", stage.token()));
        let mut response = request.send_json(&json!({"name": "x", "amount": 1})).await.unwrap();
        let body: Value = response.json().await.unwrap_or_default();
        if operation.host == Host::Pto {
            // In practice these have gone.
            assert_eq!(response.status(), 404, "{}", operation.id);
            continue;
        }
        assert!(response.status().as_u16() < 500 && body["code"] != 3000, "{}: {} {body}", operation.id, response.status());
    }
}
