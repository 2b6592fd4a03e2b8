//! Custom senders that repeat themselves, flood, or are switched off; and what is old goes away while everything else stays.

use std::time::Duration;

use actors::addon::Addon;
use actors::clock::Clock;
use actors::flow::run::RunState;
use actors::ids::Key;
use actors::installation::Verdict;
use actors::port::clockify::Method;
use actors::port::store::events::EventFilter;
use actors::port::store::{Events, Slice};
use actors::registry::Error;
use actors::secret::Secret;
use actors::source::{CustomSource, Scheme, SourceName, SourceSecret, TypeFrom};
use actors::testing::Scripted;
use actors::workspace::deliver::{Accepted, Delivery, Sender};
use actors::workspace::lifecycle::Change;
use actors::workspace::sources::{SourceChange, SourceChanged};
use serde_json::{Map, Value, json};

use crate::stage::{Stage, addon_id, delivery, entry_path, play, put_flow, puts, tags_path};

const ALL: Slice = Slice { limit: 1_000, offset: 0 };

fn name() -> SourceName {
    SourceName::parse("billing").unwrap()
}

async fn source(stage: &Stage, key: Key) {
    let now = stage.clock.now();
    let source = CustomSource {
        name: name(),
        scheme: Scheme::Standard,
        signature_header: None,
        type_from: TypeFrom::Body,
        entity_path: None,
        secrets: vec![SourceSecret { secret: Secret::new("s"), created_at: now, expires_at: None }],
        created_at: now,
        updated_at: now,
    };
    assert_eq!(stage.registry.change_source(key, SourceChange::Create(Box::new(source.clone()))).await, Ok(SourceChanged::Done));
    assert_eq!(stage.registry.change_source(key, SourceChange::Create(Box::new(source))).await, Ok(SourceChanged::Taken));
}

fn message(id: &str, n: i64) -> Delivery {
    let entity = format!("64c777ddd3fcab07cfbb21{n:02}");
    Delivery { sender: Sender::Custom { source: name(), message: Some(id.into()) }, ..delivery(&entity, &json!({ "id": entity, "n": n })) }
}

fn custom_flow() -> Value {
    let mut flow = put_flow();
    flow["trigger_source"] = json!("CUSTOM");
    flow["custom_source"] = json!("billing");
    flow
}

#[test]
fn a_message_of_a_custom_source_is_an_event_once_also_after_a_restart() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        source(&stage, key).await;
        stage.flow(key, custom_flow()).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.rule(|request| (request.method == Method::Put).then(|| Scripted::status(200)));
        assert!(matches!(stage.registry.deliver(key, message("m1", 1)).await, Ok(Accepted::New(_))));
        assert_eq!(stage.registry.deliver(key, message("m1", 1)).await, Ok(Accepted::Repeated));
        stage.restart().await;
        assert_eq!(stage.registry.deliver(key, message("m1", 1)).await, Ok(Accepted::Repeated));
        assert!(
            matches!(stage.registry.deliver(key, message("m2", 1)).await, Ok(Accepted::New(_))),
            "equal bytes under another id are another message"
        );
        stage.live(Duration::from_secs(10)).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded; 2], "Clockify's flow is not started by a custom source");
    });
}

#[test]
fn a_sender_that_floods_is_told_when_to_come_again() {
    play(|stage| async move {
        let key = stage.install(1).await;
        source(&stage, key).await;
        let settings: Map<String, Value> = [("custom_webhook_rate".to_owned(), json!(5))].into_iter().collect();
        stage.registry.lifecycle(key, Change::Settings(addon_id(1), settings), stage.proof(2)).await.unwrap();
        let mut outcomes = Vec::new();
        for n in 0..7 {
            outcomes.push(stage.registry.deliver(key, message(&format!("m{n}"), n)).await);
        }
        assert!(outcomes[..5].iter().all(|outcome| matches!(outcome, Ok(Accepted::New(_)))), "{outcomes:?}");
        assert_eq!(outcomes[5..], [Err(Error::TooFast(Duration::from_secs(12))), Err(Error::TooFast(Duration::from_secs(12)))]);
        stage.clock.run_for(Duration::from_secs(12)).await;
        assert!(matches!(stage.registry.deliver(key, message("m5", 5)).await, Ok(Accepted::New(_))), "live without a restart");
    });
}

#[test]
fn a_source_that_is_switched_off_or_deleted_is_not_heard_and_unknown_workspaces_cost_nothing() {
    play(|stage| async move {
        let key = stage.install(1).await;
        source(&stage, key).await;
        assert_eq!(stage.registry.source(key, &name()).await.unwrap().unwrap().name, name());
        let off: Map<String, Value> = [("enable_custom_webhooks".to_owned(), json!(false))].into_iter().collect();
        stage.registry.lifecycle(key, Change::Settings(addon_id(1), off), stage.proof(2)).await.unwrap();
        assert_eq!(stage.registry.deliver(key, message("m1", 1)).await, Err(Error::SwitchedOff));
        assert_eq!(stage.registry.change_source(key, SourceChange::Delete(name())).await, Ok(SourceChanged::Done));
        assert_eq!(stage.registry.deliver(key, message("m1", 1)).await, Err(Error::WrongToken));
        let actors = stage.registry.len();
        assert_eq!(stage.registry.source(crate::stage::key(99), &name()).await, Ok(None));
        assert_eq!(stage.registry.len(), actors, "no actor for a workspace that has no installation");
    });
}

#[test]
fn two_add_ons_in_a_workspace_do_not_see_each_other() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let other = Key { addon: Addon::ApiStudio, ..key };
        let installation = crate::stage::installation(other, 2, stage.clock.now());
        let installed = stage.registry.lifecycle(other, Change::Install(Box::new(installation)), stage.proof(5)).await;
        assert_eq!(installed, Ok(Verdict::Apply));
        stage.flow(key, put_flow()).await;
        source(&stage, key).await;
        stage.clockify.rule(|_| Some(Scripted::status(200)));
        stage.deliver(key, "e1", json!({ "n": 1 })).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(stage.states(other).await, []);
        assert_eq!(stage.registry.source(other, &name()).await, Ok(None));
        assert_eq!(stage.store.events(other, &EventFilter::default(), ALL).await.unwrap().total, 0);
        stage.registry.lifecycle(other, Change::Delete(addon_id(2)), stage.proof(6)).await.unwrap();
        assert_eq!(stage.states(key).await, [RunState::Succeeded], "an uninstall of one leaves the other");
    });
}

#[test]
fn what_is_older_than_the_workspaces_settings_say_goes_and_nothing_that_is_unfinished() {
    play(|stage| async move {
        let (brief, long) = (stage.install(1).await, stage.install(2).await);
        let days: Map<String, Value> =
            [("webhook_log_retention_days".to_owned(), json!(2)), ("flow_execution_retention_days".to_owned(), json!(5))]
                .into_iter()
                .collect();
        stage.registry.lifecycle(brief, Change::Settings(addon_id(1), days), stage.proof(3)).await.unwrap();
        for key in [brief, long] {
            stage.flow(key, put_flow()).await;
            stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
            stage.clockify.always(Method::Put, &entry_path(key, "e2"), Scripted::json(401, &json!({"code": 4017})));
            stage.deliver(key, "e1", json!({ "n": 1 })).await.unwrap();
        }
        stage.clock.settle().await;
        let mut definition = put_flow();
        definition["trigger_event_types"] = json!(["NEW_TAG"]);
        stage.flow(brief, definition).await;
        assert_eq!(stage.passing(stage.registry.tidy()).await, Ok(0));
        let age = Duration::from_secs(3 * 86_400);
        stage.clock.advance(age);
        assert_eq!(stage.passing(stage.registry.tidy()).await, Ok(0), "an event stays as long as its run");
        stage.clock.advance(age);
        stage.deliver(brief, "e2", json!({ "n": 2 })).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(stage.passing(stage.registry.tidy()).await, Ok(2), "the run and its event");
        stage.clock.advance(age * 2);
        stage.passing(stage.registry.tidy()).await.unwrap();
        assert_eq!(stage.states(brief).await.len(), 1, "the waiting run stays, whatever its age");
        assert_eq!(stage.states(long).await, [RunState::Succeeded]);
        assert_eq!((puts(&stage.clockify, brief, "e1"), stage.clockify.count(Method::Post, &tags_path(brief))), (vec![1], 0));
    });
}
