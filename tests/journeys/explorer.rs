//! An integrator with the explorer: finds an operation, tries it as himself, sees what was sent, fetches a file, and makes a flow of a call.

use clockify_addons::sandbox::platform::journal::TokenKind;
use clockify_addons::sandbox::platform::lifecycle::Install;
use serde_json::{Value, json};

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
