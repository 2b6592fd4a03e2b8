//! An actor dies, again and again; the store fails; the service stops. Nothing that was acknowledged is lost.

use std::time::Duration;

use actors::clock::Clock;
use actors::flow::run::RunState;
use actors::port::clockify::Method;
use actors::port::observer::Happening;
use actors::registry::Error;
use actors::testing::Scripted;
use actors::workspace::deliver::Accepted;
use serde_json::json;

use crate::stage::{entry_path, play, put_flow, puts};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn an_actor_that_panics_comes_back_and_its_neighbour_never_notices() {
    play(|stage| async move {
        let (sick, well) = (stage.install(1).await, stage.install(2).await);
        for key in [sick, well] {
            stage.flow(key, put_flow()).await;
            stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        }
        stage.witness.panic_on_accept(1);
        assert_eq!(stage.deliver(sick, "e1", json!({"n": 1})).await, Err(Error::Unavailable));
        assert!(matches!(stage.deliver(well, "e1", json!({"n": 1})).await, Ok(Accepted::New(_))));
        let (again, ()) = tokio::join!(stage.deliver(sick, "e1", json!({"n": 2})), stage.clock.run_for(SECOND));
        assert!(matches!(again, Ok(Accepted::New(_))), "{again:?}");
        stage.clock.settle().await;
        assert_eq!(puts(&stage.clockify, sick, "e1"), [2]);
        assert_eq!(puts(&stage.clockify, well, "e1"), [1]);
        assert_eq!(stage.witness.count(|happening| *happening == Happening::ActorDied), 1);
    });
}

#[test]
fn a_workspace_whose_actor_dies_too_often_is_quarantined_and_loses_nothing() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        stage.witness.panic_on_accept(6);
        for n in 0..6 {
            let (refused, ()) = tokio::join!(stage.deliver(key, "e1", json!({"n": n})), stage.clock.run_for(SECOND * 3));
            assert_eq!(refused, Err(Error::Unavailable));
        }
        stage.live(SECOND * 3).await;
        assert_eq!(stage.witness.count(|happening| *happening == Happening::Quarantined), 1);
        assert!(matches!(stage.deliver(key, "e1", json!({"n": 7})).await, Ok(Accepted::New(_))), "accepted and stored");
        stage.live(SECOND * 60).await;
        let snapshot = stage.registry.status(key).await.unwrap();
        assert!(snapshot.quarantined && !snapshot.running, "{snapshot:?}");
        assert_eq!(stage.states(key).await, [RunState::Queued], "nothing runs");
        stage.live(SECOND * 600).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded], "it ends by itself");
    });
}

#[test]
fn an_admin_lifts_a_quarantine() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        assert_eq!(stage.registry.lift(key).await, Ok(false));
        stage.witness.panic_on_accept(6);
        for n in 0..6 {
            let _ = tokio::join!(stage.deliver(key, "e1", json!({"n": n})), stage.clock.run_for(SECOND * 3));
        }
        stage.live(SECOND * 3).await;
        stage.deliver(key, "e1", json!({"n": 7})).await.unwrap();
        assert_eq!(stage.registry.lift(key).await, Ok(true));
        stage.clock.settle().await;
        assert_eq!(puts(&stage.clockify, key, "e1"), [7]);
    });
}

#[test]
fn a_store_that_fails_is_never_answered_with_success_and_is_asked_again() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        stage.store.set_unavailable(true);
        assert!(matches!(stage.deliver(key, "e1", json!({"n": 1})).await, Err(Error::Store(_))));
        stage.store.set_unavailable(false);
        let again = stage.deliver(key, "e1", json!({"n": 1})).await;
        assert!(matches!(again, Ok(Accepted::New(_))), "what never became durable is no duplicate: {again:?}");
        stage.live(SECOND * 10).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
        assert_eq!(puts(&stage.clockify, key, "e1"), [1]);
    });
}

#[test]
fn an_actor_that_starts_while_the_store_is_down_finds_its_state_later() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        stage.store.set_unavailable(true);
        stage.restart().await;
        for _ in 0..3 {
            assert!(matches!(stage.deliver(key, "e1", json!({"n": 1})).await, Err(Error::Store(_))));
        }
        stage.store.set_unavailable(false);
        stage.clock.run_for(SECOND).await;
        stage.deliver(key, "e1", json!({"n": 2})).await.unwrap();
        stage.live(SECOND * 10).await;
        assert_eq!(puts(&stage.clockify, key, "e1").last(), Some(&2));
    });
}

#[test]
fn a_record_that_the_store_does_not_take_is_offered_again() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.once(Method::Put, &entry_path(key, "e1"), Scripted::status(200).held());
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.clock.settle().await;
        stage.store.set_unavailable(true);
        stage.clockify.release();
        stage.clock.run_for(SECOND * 30).await;
        stage.store.set_unavailable(false);
        stage.live(SECOND * 30).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
        assert_eq!(puts(&stage.clockify, key, "e1"), [1], "what was done is not done again");
    });
}

#[test]
fn an_idle_actor_goes_and_the_next_delivery_finds_a_new_one() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        let Ok(Accepted::New(first)) = stage.deliver(key, "e1", json!({"n": 1})).await else { panic!("not new") };
        stage.live(SECOND * 200).await;
        assert_eq!(stage.registry.len(), 1);
        stage.live(SECOND * 95).await;
        assert_eq!(stage.deliver(key, "e1", json!({"n": 1})).await, Ok(Accepted::Duplicate(first)), "used, so it stays");
        stage.live(SECOND * 310).await;
        assert_eq!(stage.registry.len(), 0);
        assert!(matches!(stage.deliver(key, "e1", json!({"n": 2})).await, Ok(Accepted::New(_))));
        stage.clock.settle().await;
        assert_eq!(puts(&stage.clockify, key, "e1"), [1, 2]);
    });
}

#[test]
fn duplicates_are_recognised_by_the_next_life_too() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        let Ok(Accepted::New(first)) = stage.deliver(key, "e1", json!({"n": 1})).await else { panic!("not new") };
        stage.restart().await;
        assert_eq!(stage.deliver(key, "e1", json!({"n": 1})).await, Ok(Accepted::Duplicate(first)));
    });
}

#[test]
fn a_stopping_service_takes_nothing_more_and_lets_a_call_end() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let mut definition = put_flow();
        let second = definition["actions"][0].clone();
        definition["actions"].as_array_mut().unwrap().push(second);
        stage.flow(key, definition).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200).after(SECOND * 4));
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.clock.settle().await;
        let begun = stage.clock.now();
        tokio::join!(stage.registry.drain(SECOND * 10), async {
            stage.clock.settle().await;
            assert_eq!(stage.deliver(key, "e2", json!({"n": 2})).await, Err(Error::Unavailable));
            stage.clock.run_for(SECOND * 10).await;
        });
        assert_eq!(stage.clockify.in_flight(), 0);
        assert_eq!(puts(&stage.clockify, key, "e1"), [1], "the second step waits in the store");
        let run = stage.runs(key).await.remove(0);
        assert_eq!((run.state, run.steps.len()), (RunState::Running, 1), "begun {begun}: {run:?}");
    });
}
