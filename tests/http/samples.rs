//! The platform's own samples: one real payload for each of 50 event types, each taken at its own path.

use std::path::Path;

use serde_json::{Map, Value};

use super::client::post;
use super::harness::{AUTHORITY, Harness, grant, path_of};
use actors::ids::{EventId, Key, WorkspaceId};
use actors::port::store::Events;

/// The samples, or a loud word that they are not there. On the build server that is a failure.
fn samples(test: &str) -> Option<Map<String, Value>> {
    let Some(folder) = std::env::var_os("CLOCKIFY_REFERENCE_DIR") else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{test}: CLOCKIFY_REFERENCE_DIR is not set");
        eprintln!("SKIPPED: {test}: CLOCKIFY_REFERENCE_DIR is not set");
        return None;
    };
    let text = std::fs::read_to_string(Path::new(&folder).join("clockify/webhook-samples.json")).unwrap();
    serde_json::from_str(&text).ok()
}

#[actix_web::test]
async fn every_sample_of_the_platform_is_taken_at_its_own_path() {
    let Some(samples) = samples("every_sample_of_the_platform_is_taken_at_its_own_path") else { return };
    assert_eq!(samples.len(), 50);
    let harness = Harness::ready().await;
    let (mut without_workspace, mut without_entity) = (0, Vec::new());
    for (event, payload) in &samples {
        let mut grant = grant('1');
        match payload.get("workspaceId").and_then(Value::as_str) {
            Some(workspace) => grant.workspace = WorkspaceId::parse(workspace).unwrap(),
            None => without_workspace += 1,
        }
        let key = Key { addon: super::harness::ADDON, workspace: grant.workspace };
        if harness.stored(grant.workspace).await.0.is_none() {
            assert_eq!(harness.install(&grant).await.status, 200);
        }
        let token = AUTHORITY.webhook_token(&grant, &path_of(event));
        let request = post(path_of(event)).signed(&token).header("clockify-webhook-event-type", event).json(payload);
        let answer = harness.send(request).await;
        assert_eq!(answer.status, 200, "{event}: {answer:?}");
        let id = EventId::parse(answer.json()["webhookId"].as_str().unwrap()).unwrap();
        let stored = harness.store.event(key, id).await.unwrap().unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&stored.payload).unwrap(), *payload);
        assert_eq!(stored.event_type.as_str(), event);
        if stored.entity.is_none() {
            without_entity.push(event.as_str());
        }
    }
    assert!(without_workspace > 0, "the samples have payloads without a workspace");
    println!("without an entity: {without_entity:?}");
}
