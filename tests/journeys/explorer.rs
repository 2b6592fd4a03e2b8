//! An integrator with the explorer: finds an operation, tries it as himself, sees what was sent, fetches a file, and makes a flow of a call.

use clockify_addons::sandbox::platform::fault::{Fault, Kind};
use clockify_addons::sandbox::platform::journal::TokenKind;
use clockify_addons::sandbox::platform::lifecycle::Install;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::app::Running;
use super::running::api::Api;
use super::running::process::Setting;
use super::webhook::platform;

#[actix_web::test]
async fn operations_are_tried_as_the_viewer_kept_over_a_restart_and_made_into_a_flow() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let setting = Setting::of(&platform, folder.path());
    let service = Running::start(&setting).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let token = platform.user_token(installed.addon_id, "OWNER").unwrap();
    let api = Api::of(&service.url, token.clone());

    let found = api.get("/ui/operations?q=tag&method=POST").await;
    let operation = found["operations"][0].clone();
    assert_eq!((&operation["operation_id"], &operation["allowed"]), (&json!("createNewTag"), &json!(true)));
    let path = "/ui/operations/createNewTag/execute";
    let made = api.post(path, &json!({"params": {"body": {"name": "From the explorer"}}})).await;
    assert_eq!((&made["status_code"], &made["data"]["name"]), (&json!(201), &json!("From the explorer")));
    let again = api.post(path, &json!({"params": {"body": {"name": "From the explorer"}}})).await;
    assert_eq!(again["status_code"], 400, "a name is taken once: {again}");
    assert!(again["error"].as_str().unwrap().contains("taken"), "the platform's own words: {again}");
    let listed = api.post("/ui/operations/getTags/execute", &json!({"as": "addon", "params": {"query": {"name": "explorer"}}})).await;
    assert_eq!((&listed["data"][0]["id"], &listed["headers"]["last-page"]), (&made["data"]["id"], &json!("true")));
    let sought = "sought-4711-and-not-found";
    api.post("/ui/operations/getProjects/execute", &json!({"params": {"query": {"name": sought}}})).await;
    let seen = platform.with(|world| world.journal.all());
    let kind = |method: &str| seen.iter().find(|seen| seen.fits(method, "/api/v1/workspaces/*/tags")).unwrap().token;
    assert_eq!((kind("POST"), kind("GET")), (TokenKind::User, TokenKind::Installation));

    let clients = api.post("/ui/operations/getClients/execute", &json!({})).await;
    let client = clients["data"][0]["id"].as_str().unwrap();
    let bill = json!({"clientId": client, "currency": "EUR", "number": "7", "issuedDate": "2026-01-31T00:00:00Z",
        "dueDate": "2026-02-28T00:00:00Z"});
    let invoice = api.post("/ui/operations/createInvoice/execute", &json!({"params": {"body": bill}})).await;
    let invoice = json!({"params": {"path": {"invoiceId": invoice["data"]["id"]}, "query": {"userLocale": "en"}}});
    let export = api.post("/ui/operations/exportInvoice/execute", &invoice).await;
    assert_eq!((&export["media_type"], &export["file"]["name"]), (&json!("application/pdf"), &json!("7.pdf")), "{export}");
    assert!(export["file"]["bytes"].as_u64().unwrap() > 100);

    let action = api.get(&format!("/ui/api-calls/{}/action", made["call_id"].as_str().unwrap())).await;
    api.post("/ui/flows", &json!({"name": "tag", "trigger_event_types": ["NEW_CLIENT"], "actions": [action]})).await;
    service.stop().await;

    let service = Running::start(&setting).await;
    let api = Api::of(&service.url, token.clone());
    let calls = api.get("/ui/api-calls").await;
    assert_eq!(calls["pagination"]["total"], 7, "{calls}");
    let kept = api.get(&format!("/ui/api-calls/{}", made["call_id"].as_str().unwrap())).await;
    let body: Value = serde_json::from_str(kept["response"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["id"], &kept["params"]["body"]["name"]), (&made["data"]["id"], &json!("From the explorer")));
    service.stop().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        // What was sought stands in a call's parameters and nowhere else.
        for secret in [token.expose(), sought] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} lies in the clear");
        }
    }
}

/// What a plain client gets of a download: all bytes until the connection closes.
async fn downloaded(url: &str, token: &str) -> Vec<u8> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /ui/operations/getTags/execute?download=true HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-addon-token: {token}\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    while let Ok(read @ 1..) = stream.read(&mut chunk).await {
        bytes.extend_from_slice(&chunk[..read]);
    }
    bytes
}

#[actix_web::test]
async fn a_large_file_comes_through_and_half_a_file_is_none() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let service = Running::start(&Setting::of(&platform, folder.path())).await;
    let installed = platform.install(Install::of(&service.url)).await.unwrap();
    let token = platform.user_token(installed.addon_id, "OWNER").unwrap();
    let api = Api::of(&service.url, token.clone());
    let tags = |kind: Kind| Fault::new("GET", "/v1/workspaces/*/tags/**", kind).times(1).after();
    let newest = async || api.get("/ui/api-calls?limit=1").await["calls"][0].clone();

    const ALL: usize = 20 * 1024 * 1024;
    platform.fault(tags(Kind::Huge { bytes: ALL as u64 })).unwrap();
    let bytes = downloaded(&service.url, token.expose()).await;
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n") && bytes.ends_with(b"\r\n0\r\n\r\n"));
    assert_eq!(bytes.iter().filter(|byte| **byte == b'"').count(), 4, "those around the text and those around its name");
    let xs = bytes.iter().filter(|byte| **byte == b'x').count();
    assert!((ALL - 2..ALL + 100).contains(&xs), "{xs}");
    assert_eq!((&newest().await["status_code"], &newest().await["error"]), (&json!(200), &Value::Null));

    platform.fault(tags(Kind::CutShort)).unwrap();
    let bytes = downloaded(&service.url, token.expose()).await;
    assert!(!bytes.ends_with(b"0\r\n\r\n"), "half a file has no end: {}", String::from_utf8_lossy(&bytes));
    let call = newest().await;
    assert!(call["status_code"] == 200 && call["error"].as_str().unwrap().contains("cut off"), "{call}");

    platform.fault(tags(Kind::Huge { bytes: 100 * 1024 * 1024 })).unwrap();
    let bytes = downloaded(&service.url, token.expose()).await;
    assert!(bytes.starts_with(b"HTTP/1.1 502 "), "{}", String::from_utf8_lossy(&bytes));
    assert!(newest().await["error"].as_str().unwrap().contains("larger than 67108864 bytes"));
    service.stop().await;
}
