//! The manifest is the operator's alone: no request changes it.

use serde_json::json;

use super::client::get;
use super::harness::{ADDON_KEY, Harness};

#[actix_web::test]
async fn the_manifest_is_served_as_configured_whatever_the_request_says() {
    let harness = Harness::starting().await;
    let plain = harness.send(get("/manifest")).await;
    assert_eq!(plain.header("content-type"), Some("application/json; charset=utf-8"));
    let manifest = plain.json();
    assert_eq!((&manifest["key"], &manifest["schemaVersion"]), (&json!(ADDON_KEY), &json!("1.5")));
    assert_eq!(manifest["baseUrl"], "https://addons.example.com/universal-webhook");
    for (name, value) in [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example"), ("x-forwarded-proto", "http")] {
        assert_eq!(harness.send(get("/manifest?base_url=https://evil.example").header(name, value)).await.body, plain.body);
    }
    assert_eq!(harness.send(get("http://evil.example/manifest")).await.body, plain.body);
}

#[actix_web::test]
async fn every_path_that_the_manifest_names_is_served() {
    let harness = Harness::ready().await;
    let manifest = harness.send(get("/manifest")).await.json();
    let paths = ["webhooks", "lifecycle"].into_iter().flat_map(|list| manifest[list].as_array().unwrap().clone());
    let paths: Vec<String> = paths.map(|entry| entry["path"].as_str().unwrap().to_owned()).collect();
    assert!(paths.len() > 50, "{paths:?}");
    for path in paths {
        harness.send(super::client::post(path)).await.refused(401, "token_missing");
    }
    let icon = harness.send(get(manifest["iconPath"].as_str().unwrap())).await;
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    assert!(icon.body.contains("<svg"), "{icon:?}");
}
