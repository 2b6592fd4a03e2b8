//! Calls of the explorer: whose token they bear, what never leaves, and what the page gets back.

use std::time::Duration;

use actors::addon::Addon;
use actors::limits::explorer as limits;
use actors::port::clockify::{ApiResponse, CallError, Host, Method};
use actors::port::store::calls::CallFilter;
use actors::port::store::{Calls, Installations, Slice};
use actors::testing::Scripted;
use bytes::Bytes;
use serde_json::{Value, json};

use super::client::{Answer, get, post};
use super::harness::Harness;

async fn execute(harness: &Harness, operation: &str, body: &Value) -> Answer {
    harness.send(post(format!("/ui/operations/{operation}/execute")).token(&harness.owner()).json(body)).await
}

fn path(harness: &Harness, below: &str) -> String {
    format!("/v1/workspaces/{}{below}", harness.home.workspace)
}

fn file(media: &str, disposition: &str, body: &'static [u8]) -> Scripted {
    let headers = vec![("content-disposition".to_owned(), disposition.to_owned())];
    let content_type = Some(media.to_owned());
    Scripted::Answer(ApiResponse { status: 200, retry_after: None, last_page: None, content_type, headers, body: Bytes::from_static(body) })
}

async fn installation_token(harness: &Harness) -> String {
    harness.store.installation(harness.key()).await.unwrap().unwrap().token.expose().to_owned()
}

#[actix_web::test]
async fn as_the_viewer_a_call_bears_the_viewers_own_token_and_never_the_installations() {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Get, &path(&harness, "/tags"), Scripted::json(200, &json!([{"id": "t"}])));
    let owner = harness.owner();
    for proof in ["x-addon-token", "authorization"] {
        let value = if proof == "authorization" { format!("Bearer {owner}") } else { owner.clone() };
        let request = post("/ui/operations/getTags/execute").header(proof, value).json(&json!({"params": {"query": {"page": 2}}}));
        let answer = harness.send(request).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let said = answer.json();
        assert_eq!((&said["status_code"], &said["data"]), (&json!(200), &json!([{"id": "t"}])));
        assert_eq!((&said["method"], &said["path"], &said["error"]), (&json!("GET"), &json!(path(&harness, "/tags")), &Value::Null));
    }
    let installation = installation_token(&harness).await;
    let calls = harness.clockify.calls();
    assert_eq!(calls.len(), 2);
    for call in &calls {
        assert_eq!((call.token.expose(), call.request.host), (owner.as_str(), Host::Backend));
        assert_eq!(call.urls.backend, "https://euc1.clockify.me/api");
        assert_ne!(call.token.expose(), installation);
        assert_eq!(call.request.query, [("page".to_owned(), "2".to_owned())]);
    }
}

#[actix_web::test]
async fn the_installations_token_is_used_only_where_it_is_said_and_a_write_with_it_only_where_it_is_meant() {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Get, &path(&harness, "/tags"), Scripted::json(200, &json!([])));
    harness.clockify.always(Method::Post, &path(&harness, "/tags"), Scripted::json(201, &json!({"id": "t"})));
    assert_eq!(execute(&harness, "getTags", &json!({"as": "addon"})).await.status, 200);
    let mut write = json!({"as": "addon", "params": {"body": {"name": "x"}}});
    for confirm in [Value::Null, json!(false)] {
        write["confirm"] = confirm;
        let unmeant = execute(&harness, "createNewTag", &write).await;
        unmeant.refused(422, "invalid_fields");
        assert_eq!(unmeant.faults(), [("confirm".to_owned(), "required".to_owned())]);
    }
    write["confirm"] = json!(true);
    assert_eq!(execute(&harness, "createNewTag", &write).await.json()["status_code"], 201);
    assert_eq!(execute(&harness, "createNewTag", &json!({"params": {"body": {"name": "x"}}})).await.json()["status_code"], 201);
    let bearers: Vec<bool> = harness.clockify.calls().iter().map(|call| call.token.expose() == harness.owner()).collect();
    assert_eq!(bearers, [false, false, true]);
}

#[actix_web::test]
async fn nothing_leaves_that_is_not_right() {
    let harness = Harness::installed().await;
    let other = "64c777ddd3fcab07cfbb210c";
    for (operation, body, field, code) in [
        ("getTags", json!({"params": {"query": {"nmae": "x"}}}), "params.query.nmae", "unknown_parameter"),
        ("getTags", json!({"params": {"query": {"page": "x"}}}), "params.query.page", "invalid_type"),
        ("getTag", json!({}), "params.path.id", "required"),
        ("getTag", json!({"params": {"path": {"id": ".."}}}), "params.path.id", "invalid_value"),
        ("getTags", json!({"params": {"path": {"workspaceId": other}}}), "params.path.workspaceId", "not_allowed"),
        ("createNewTag", json!({"params": {"body": {"name": 1}}}), "params.body.name", "invalid_type"),
        ("createNewTag", json!({"params": {"body": {"name": "x", "workspaceId": other}}}), "params.body.workspaceId", "not_allowed"),
        ("getTags", json!({"params": []}), "params", "invalid_type"),
        ("getTags", json!({"params": {"headers": {}}}), "params.headers", "unknown_field"),
        ("getTags", json!({"as": "root"}), "as", "invalid_value"),
        ("getTags", json!({"token": "x"}), "token", "unknown_field"),
        ("getTags", json!([]), "", "invalid_type"),
    ] {
        let answer = execute(&harness, operation, &body).await;
        answer.refused(422, "invalid_fields");
        assert_eq!(answer.faults(), [(field.to_owned(), code.to_owned())], "{operation} {body}");
    }
    execute(&harness, "getTags", &json!({"workspace_id": other})).await.refused(403, "workspace_mismatch");
    execute(&harness, "getNothing", &json!({})).await.refused(404, "operation_not_found");
    let huge = json!({"params": {"body": {"name": "x".repeat(super::harness::BODY_BYTES_MAX)}}});
    execute(&harness, "createNewTag", &huge).await.refused(413, "body_too_large");
    let member = harness.user(&harness.home, "MEMBER");
    harness.send(post("/ui/operations/getTags/execute").token(&member).json(&json!({}))).await.refused(403, "admins_only");
    assert_eq!(harness.clockify.calls(), []);
    let kept = harness.store.calls(harness.key(), &CallFilter::default(), Slice { limit: 1, offset: 0 }).await.unwrap();
    assert_eq!(kept.total, 0);
}

#[actix_web::test]
async fn api_studio_makes_no_writes_whoever_asks() {
    let harness = Harness::installed_as(Addon::ApiStudio).await;
    harness.clockify.always(Method::Get, &path(&harness, "/tags"), Scripted::json(200, &json!([])));
    assert_eq!(execute(&harness, "getTags", &json!({})).await.json()["status_code"], 200);
    for bearer in ["viewer", "addon"] {
        let write = json!({"as": bearer, "confirm": true, "params": {"body": {"name": "x"}}});
        execute(&harness, "createNewTag", &write).await.refused(403, "operation_not_allowed");
    }
    execute(&harness, "getInvoices", &json!({})).await.refused(403, "operation_not_allowed");
    assert_eq!(harness.clockify.calls().len(), 1);
}

#[actix_web::test]
async fn a_refusal_of_the_platform_is_an_answer() {
    let harness = Harness::installed().await;
    let tags = path(&harness, "/tags");
    harness.clockify.once(Method::Get, &tags, Scripted::json(401, &json!({"message": "Token is not valid", "code": 4017})));
    harness.clockify.once(Method::Get, &tags, Scripted::status(500));
    harness.clockify.once(Method::Get, &tags, Scripted::too_many(Some(Duration::ZERO)));
    let first = execute(&harness, "getTags", &json!({})).await.json();
    assert_eq!((&first["status_code"], &first["data"]["code"]), (&json!(401), &json!(4017)));
    assert_eq!(first["error"], "Clockify answered with status 401: Token is not valid");
    for status in [500, 429] {
        let said = execute(&harness, "getTags", &json!({})).await.json();
        assert_eq!((&said["status_code"], &said["data"]), (&json!(status), &Value::Null));
        assert_eq!(said["error"], json!(format!("Clockify answered with status {status}")));
    }
    let dashboard = harness.send(get("/ui/dashboard").token(&harness.owner())).await;
    assert_eq!(dashboard.status, 200, "a viewer's dead token says nothing about the installation's");
}

#[actix_web::test]
async fn a_call_without_an_answer_says_why_and_is_made_once() {
    let harness = Harness::installed().await;
    let tags = path(&harness, "/tags");
    for (scripted, words) in [
        (Scripted::refused(), "not reached"),
        (Scripted::lost(), "answer lost"),
        (Scripted::Fail(CallError::NotAllowed), "not allowed"),
        (Scripted::Panic, "answer lost"),
        (Scripted::huge(limits::RESPONSE_BYTES_MAX + 1), "larger than"),
    ] {
        harness.clockify.once(Method::Get, &tags, scripted.clone());
        let before = harness.clockify.calls().len();
        let said = execute(&harness, "getTags", &json!({})).await.json();
        let error = said["error"].as_str().unwrap();
        assert!(error.contains(words), "{scripted:?}: {error}");
        assert_eq!(said["truncated"], json!(words == "larger than"));
        assert_eq!(harness.clockify.calls().len(), before + 1);
    }
    let slow = Scripted::json(200, &json!([])).after(Duration::from_millis(limits::CALL_MS_MAX));
    harness.clockify.once(Method::Get, &tags, slow);
    let (asleep, nothing) = (harness.clock.sleepers(), json!({}));
    let mut calling = std::pin::pin!(execute(&harness, "getTags", &nothing));
    // The call and the wait for its actor: before both sleep, time that passes is not theirs.
    while harness.clock.sleepers() < asleep + 2 {
        assert!(futures_util::poll!(calling.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    harness.clock.advance(Duration::from_millis(limits::CALL_MS_MAX));
    let said = calling.await;
    let said = said.json();
    assert_eq!((&said["status_code"], said["latency_ms"].as_u64().unwrap()), (&Value::Null, limits::CALL_MS_MAX));
}

#[actix_web::test]
async fn files_are_named_and_come_whole_when_they_are_asked_for() {
    let harness = Harness::installed().await;
    let export = path(&harness, "/invoices/i/export");
    harness.clockify.always(Method::Get, &export, file("application/pdf", "attachment; filename=\"../in\"voice.pdf\"", b"%PDF-\xff"));
    let body = json!({"params": {"path": {"invoiceId": "i"}, "query": {"userLocale": "en"}}});
    let said = execute(&harness, "exportInvoice", &body).await.json();
    assert_eq!(said["file"]["bytes"], 6, "{said}");
    assert_eq!((&said["media_type"], &said["data"], &said["text"]), (&json!("application/pdf"), &Value::Null, &Value::Null));
    let name = said["file"]["name"].as_str().unwrap();
    assert!(!name.contains(['/', '"', '\\']), "{name}");
    let raw = post("/ui/operations/exportInvoice/execute?download=true").token(&harness.owner()).json(&body);
    let answer = harness.send(raw).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/pdf")));
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment; filename=\""), "{answer:?}");
    assert!(answer.body.starts_with("%PDF-"));
    harness.clockify.always(Method::Get, &export, file("text/html", "inline", b"<script>alert(1)</script>"));
    let raw = post("/ui/operations/exportInvoice/execute?download=true").token(&harness.owner()).json(&body);
    let answer = harness.send(raw).await;
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"), "no browser runs what the platform sends");
    harness.clockify.always(Method::Get, &export, Scripted::status(404));
    let raw = post("/ui/operations/exportInvoice/execute?download=true").token(&harness.owner()).json(&body);
    harness.send(raw).await.refused(502, "platform_refused");
}

#[actix_web::test]
async fn a_form_with_a_file_leaves_as_a_form() {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Post, "/v1/file/image", Scripted::json(200, &json!({"url": "u"})));
    let body = json!({"params": {"body": {"file": {"name": "a.png", "media_type": "image/png", "base64": "aGVsbG8="}}}});
    assert_eq!(execute(&harness, "uploadImage", &body).await.json()["status_code"], 200);
    let calls = harness.clockify.calls();
    let request = &calls[0].request;
    let boundary = request.content_type.as_deref().unwrap().strip_prefix("multipart/form-data; boundary=").unwrap();
    let text = String::from_utf8(request.body.as_ref().unwrap().to_vec()).unwrap();
    assert!(text.starts_with(&format!("--{boundary}\r\n")) && text.contains("filename=\"a.png\"") && text.contains("\r\n\r\nhello\r\n"));
}

#[actix_web::test]
async fn only_so_many_calls_of_a_workspace_are_under_way() {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Get, &path(&harness, "/tags"), Scripted::json(200, &json!([])).held());
    let nothing = json!({});
    let mut calls: Vec<_> = (0..limits::CALLS_AT_ONCE_MAX).map(|_| Box::pin(execute(&harness, "getTags", &nothing))).collect();
    while harness.clockify.in_flight() < limits::CALLS_AT_ONCE_MAX {
        for call in &mut calls {
            assert!(futures_util::poll!(call.as_mut()).is_pending());
        }
        tokio::task::yield_now().await;
    }
    execute(&harness, "getTags", &nothing).await.refused(429, "too_many_requests");
    harness.clockify.release();
    for call in calls {
        assert_eq!(call.await.status, 200);
    }
}
