//! Entities that are looked up in what is remembered: without a call, and with a word about what follows if they are not there.

use std::time::Duration;

use actors::clock::Clock;
use actors::entity::{Entity, EntityChange, EntityId, EntityType};
use actors::flow::run::RunState;
use actors::port::clockify::Method;
use actors::port::store::Entities;
use actors::testing::Scripted;
use serde_json::{Value, json};

use crate::stage::{entry_path, play};

fn flow(on_missing: Value) -> Value {
    json!({
        "name": "look", "trigger_event_types": ["NEW_TIME_ENTRY"],
        "actions": [
            { "type": "CACHE_LOOKUP", "entity_type": "projects", "id": "$.webhook.projectId", "on_missing": on_missing },
            { "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": { "path": { "id": "$.webhook.id" }, "body": { "name": "$.action_0.name ?? \"none\"" } } },
        ],
    })
}

#[test]
fn what_is_remembered_is_found_and_what_is_not_leads_where_the_action_says() {
    let known = json!("5b641568b07987035750aaaa");
    for (on_missing, id, state, code, sent) in [
        (json!("fail"), known.clone(), RunState::Succeeded, "", Some("Alpha")),
        (json!(null), json!("unknown"), RunState::Failed, "entity_missing", None),
        (json!("null"), json!("unknown"), RunState::Succeeded, "", Some("none")),
        (json!("stop"), json!("unknown"), RunState::Stopped, "entity_missing", None),
        (json!("null"), json!(null), RunState::Succeeded, "", Some("none")),
        (json!("stop"), json!("not an id"), RunState::Stopped, "entity_missing", None),
        (json!("null"), json!([1]), RunState::Failed, "parameter_invalid", None),
    ] {
        let known = known.clone();
        play(|stage| async move {
            let key = stage.install(1).await;
            let seen = Entity {
                kind: EntityType::parse("projects").unwrap(),
                id: EntityId::parse(known.as_str().unwrap()).unwrap(),
                name: Some("Alpha".into()),
                parent: None,
                data: json!({ "id": known, "name": "Alpha" }),
                fetched_at: stage.clock.now(),
            };
            assert_eq!(stage.store.change_entities(key, &[EntityChange::Seen(seen)]).await, Ok(true));
            stage.clockify.always(Method::Put, &entry_path(key, "e"), Scripted::status(200));
            stage.flow(key, flow(on_missing.clone())).await;
            stage.deliver(key, "e", json!({ "projectId": id })).await.unwrap();
            stage.live(Duration::from_secs(5)).await;
            let run = stage.runs(key).await.remove(0);
            assert_eq!((run.state, run.reason.map(|reason| reason.code).unwrap_or_default().as_str()), (state, code), "{on_missing} {id}");
            let calls = stage.clockify.calls();
            let body = calls.first().map(|call| call.request.body.clone().unwrap());
            assert_eq!(body, sent.map(|name| json!({ "name": name }).to_string().into()), "{on_missing} {id}");
        });
    }
}

#[test]
fn another_workspaces_entities_are_not_found() {
    play(|stage| async move {
        let (key, other) = (stage.install(1).await, crate::stage::key(2));
        let seen = Entity {
            kind: EntityType::parse("projects").unwrap(),
            id: EntityId::parse("p").unwrap(),
            name: None,
            parent: None,
            data: json!({}),
            fetched_at: stage.clock.now(),
        };
        stage
            .registry
            .lifecycle(
                other,
                actors::workspace::lifecycle::Change::Install(Box::new(crate::stage::installation(other, 2, stage.clock.now()))),
                stage.proof(9),
            )
            .await
            .unwrap();
        assert_eq!(stage.store.change_entities(other, &[EntityChange::Seen(seen)]).await, Ok(true));
        stage.flow(key, flow(json!("fail"))).await;
        stage.deliver(key, "e", json!({ "projectId": "p" })).await.unwrap();
        stage.live(Duration::from_secs(5)).await;
        assert_eq!(stage.states(key).await, [RunState::Failed]);
    });
}
