//! The platform misbehaves towards one workspace: the others do not notice, and the run says what happened.

use std::time::Duration;

use actors::clock::Clock;
use actors::flow::run::{RunState, StepState};
use actors::installation::{Health, Verdict};
use actors::port::clockify::{CallError, Method};
use actors::testing::Scripted;
use actors::workspace::deliver::Accepted;
use actors::workspace::flows::{FlowChange, FlowChanged};
use actors::workspace::lifecycle::Change;
use serde_json::json;

use crate::stage::{addon_id, entry_path, installation, play, post_flow, put_flow, puts, tags_path};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_the_platform_does_to_one_workspace_the_others_do_not_notice() {
    let bad: Vec<(&str, Scripted, RunState, &str)> = vec![
        ("panics", Scripted::Panic, RunState::Failed, "panicked"),
        ("answers 429", Scripted::too_many(Some(SECOND * 30)), RunState::Waiting, "rate_limited"),
        ("answers 500", Scripted::status(500), RunState::Waiting, "server_error"),
        ("answers 503", Scripted::status(503), RunState::Waiting, "unavailable"),
        ("is slow", Scripted::status(200).after(SECOND * 40), RunState::Waiting, "answer_lost"),
        ("answers hugely", Scripted::huge(300 * 1024), RunState::Failed, "response_too_large"),
        ("refuses", Scripted::json(403, &json!({"message": "no scope"})), RunState::Failed, "permission_missing"),
        ("has no such entity", Scripted::status(404), RunState::Failed, "status_404"),
        ("redirects", Scripted::status(302), RunState::Failed, "redirected"),
        ("is a forbidden destination", Scripted::Fail(CallError::NotAllowed), RunState::Failed, "destination_not_allowed"),
    ];
    for (what, answer, state, code) in bad {
        play(|stage| async move {
            let (sick, well) = (stage.install(1).await, stage.install(2).await);
            for key in [sick, well] {
                stage.flow(key, put_flow()).await;
            }
            stage.clockify.always(Method::Put, &entry_path(sick, "e1"), answer);
            stage.clockify.always(Method::Put, &entry_path(well, "e1"), Scripted::json(200, &json!({})));
            let started = stage.clock.now();
            for key in [sick, well] {
                stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
            }
            stage.clock.settle().await;
            assert_eq!(stage.states(well).await, [RunState::Succeeded], "it {what}");
            assert_eq!(stage.clock.now(), started, "the well one did not wait while it {what}");
            stage.clock.run_for(SECOND * 60).await;
            let run = stage.runs(sick).await.remove(0);
            let step = run.steps.first().unwrap_or_else(|| panic!("it {what}: {run:?}"));
            let told = run.reason.as_ref().or(step.error.as_ref()).map(|reason| reason.code.as_str());
            assert_eq!(told, Some(code), "it {what}: {run:?}");
            if state == RunState::Waiting {
                assert!(!run.state.finished() && step.attempts >= 1, "it {what}: {run:?}");
                stage.clockify.always(Method::Put, &entry_path(sick, "e1"), Scripted::json(200, &json!({})));
                stage.live(SECOND * 120).await;
                assert_eq!(stage.states(sick).await, [RunState::Succeeded], "well again, it {what}");
            } else {
                assert_eq!((run.state, step.state), (state, StepState::Failed), "it {what}");
            }
        });
    }
}

#[test]
fn a_post_whose_outcome_is_unknown_is_shown_and_never_made_again() {
    for lost in [Scripted::lost(), Scripted::status(500), Scripted::status(502), Scripted::status(200).after(SECOND * 31)] {
        play(|stage| async move {
            let key = stage.install(1).await;
            stage.flow(key, post_flow()).await;
            stage.clockify.always(Method::Post, &tags_path(key), lost);
            stage.deliver(key, "e1", json!({})).await.unwrap();
            stage.live(Duration::from_secs(3_600)).await;
            assert_eq!(stage.states(key).await, [RunState::Uncertain]);
            assert_eq!(stage.clockify.count(Method::Post, &tags_path(key)), 1);
        });
    }
}

#[test]
fn a_post_that_certainly_did_nothing_is_made_again() {
    for nothing in [Scripted::refused(), Scripted::status(503), Scripted::too_many(None)] {
        play(|stage| async move {
            let key = stage.install(1).await;
            stage.flow(key, post_flow()).await;
            stage.clockify.once(Method::Post, &tags_path(key), nothing);
            stage.clockify.always(Method::Post, &tags_path(key), Scripted::json(201, &json!({"id": "t"})));
            stage.deliver(key, "e1", json!({})).await.unwrap();
            stage.live(Duration::from_secs(120)).await;
            assert_eq!(stage.states(key).await, [RunState::Succeeded]);
            assert_eq!(stage.clockify.count(Method::Post, &tags_path(key)), 2);
        });
    }
}

#[test]
fn a_post_under_way_when_the_process_dies_is_uncertain_afterwards_and_a_put_is_made_again() {
    play(|mut stage| async move {
        let key = stage.install(1).await;
        for (mut definition, entity) in [(post_flow(), "e1"), (put_flow(), "e2")] {
            definition["conditions"] = json!({"type": "ALL", "rules": [{"field": "$.id", "operator": "==", "value": entity}]});
            stage.flow(key, definition).await;
        }
        stage.clockify.once(Method::Post, &tags_path(key), Scripted::status(201).held());
        stage.clockify.once(Method::Put, &entry_path(key, "e2"), Scripted::status(200).held());
        stage.clockify.always(Method::Put, &entry_path(key, "e2"), Scripted::status(200));
        for entity in ["e1", "e2"] {
            stage.deliver(key, entity, json!({"n": 1})).await.unwrap();
        }
        stage.clock.settle().await;
        assert_eq!(stage.clockify.in_flight(), 2);
        stage.restart().await;
        stage.live(Duration::from_secs(10)).await;
        assert_eq!(stage.states(key).await, [RunState::Uncertain, RunState::Succeeded]);
        assert_eq!(stage.runs(key).await[0].reason.as_ref().unwrap().code, "interrupted");
        assert_eq!((stage.clockify.count(Method::Post, &tags_path(key)), puts(&stage.clockify, key, "e2").len()), (1, 2));
    });
}

#[test]
fn a_dead_token_parks_the_runs_until_a_reinstall_brings_a_new_one() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::json(401, &json!({"code": 4017})));
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.live(SECOND * 100).await;
        assert_eq!(stage.health(key).await, Health::Sound, "a fresh token may need a while");
        stage.live(SECOND * 120).await;
        assert!(matches!(stage.health(key).await, Health::Broken { .. }));
        let tried = stage.clockify.calls().len();
        stage.deliver(key, "e2", json!({"n": 2})).await.unwrap();
        stage.live(SECOND * 600).await;
        assert_eq!(stage.clockify.calls().len(), tried, "nothing is called with a dead token");
        assert_eq!(stage.states(key).await, [RunState::Waiting, RunState::Queued]);
        for entity in ["e1", "e2"] {
            stage.clockify.always(Method::Put, &entry_path(key, entity), Scripted::status(200));
        }
        let again = stage.registry.lifecycle(key, Change::Install(Box::new(installation(key, 2, stage.clock.now()))), stage.proof(9)).await;
        assert_eq!(again, Ok(Verdict::Apply));
        stage.live(SECOND * 10).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded, RunState::Succeeded]);
    });
}

#[test]
fn a_fresh_token_that_is_not_known_everywhere_yet_is_tried_again() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        for _ in 0..3 {
            stage.clockify.once(Method::Put, &entry_path(key, "e1"), Scripted::json(401, &json!({"code": 4017})));
        }
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.live(SECOND * 30).await;
        assert_eq!((stage.states(key).await, stage.health(key).await), (vec![RunState::Succeeded], Health::Sound));
    });
}

#[test]
fn a_flow_that_answers_itself_is_not_started_by_its_own_echo() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        let entity = "64c777ddd3fcab07cfbb210c";
        stage.clockify.always(Method::Put, &entry_path(key, entity), Scripted::json(200, &json!({"id": entity})));
        stage.deliver(key, entity, json!({"n": 1})).await.unwrap();
        stage.clock.settle().await;
        for echo in 2..6 {
            stage.deliver(key, entity, json!({"n": echo})).await.unwrap();
            stage.clock.run_for(SECOND).await;
        }
        assert_eq!(puts(&stage.clockify, key, entity), [1]);
        stage.clock.run_for(SECOND * 10).await;
        stage.deliver(key, entity, json!({"n": 9})).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(puts(&stage.clockify, key, entity), [1, 9], "a later change by somebody else counts");
    });
}

#[test]
fn a_flow_that_loops_on_purpose_is_slowed_down_and_shown_and_loses_nothing() {
    play(|stage| async move {
        let (key, other) = (stage.install(1).await, stage.install(2).await);
        let mut definition = put_flow();
        definition["allow_self_trigger"] = json!(true);
        definition["runs_per_entity_per_minute"] = json!(3);
        stage.flow(key, definition).await;
        stage.flow(other, put_flow()).await;
        let entity = "64c777ddd3fcab07cfbb210c";
        for key in [key, other] {
            stage.clockify.always(Method::Put, &entry_path(key, entity), Scripted::status(200));
        }
        for n in 0..10 {
            stage.deliver(key, entity, json!({"n": n})).await.unwrap();
            stage.clock.settle().await;
        }
        assert_eq!(puts(&stage.clockify, key, entity), [0, 1, 2]);
        let waiting = stage.runs(key).await.into_iter().filter(|run| run.state == RunState::Waiting).collect::<Vec<_>>();
        assert!(waiting.iter().all(|run| run.reason.as_ref().unwrap().code == "loop_guard") && !waiting.is_empty());
        stage.deliver(other, entity, json!({"n": 1})).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(stage.states(other).await, [RunState::Succeeded]);
        stage.live(SECOND * 240).await;
        assert_eq!(puts(&stage.clockify, key, entity), (0..10).collect::<Vec<_>>());
        assert!(stage.states(key).await.iter().all(|state| *state == RunState::Succeeded));
    });
}

#[test]
fn a_poisoned_event_ends_its_own_run_after_a_bounded_number_of_tries_and_the_others_pass_it() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let mut definition = put_flow();
        definition["actions"][0]["retry"] = json!({"max_attempts": 5, "initial_ms": 1000, "max_ms": 4000});
        stage.flow(key, definition).await;
        stage.clockify.rule(|request| request.path.ends_with("/poison").then(|| Scripted::status(500)));
        stage.clockify.rule(|request| request.path.ends_with("/fine").then(|| Scripted::status(200)));
        stage.deliver(key, "poison", json!({"n": 1})).await.unwrap();
        stage.deliver(key, "poison", json!({"n": 2})).await.unwrap();
        stage.deliver(key, "fine", json!({"n": 3})).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(puts(&stage.clockify, key, "fine"), [3]);
        stage.live(SECOND * 120).await;
        assert_eq!(stage.states(key).await, [RunState::Failed, RunState::Failed, RunState::Succeeded]);
        assert_eq!(puts(&stage.clockify, key, "poison"), [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    });
}

#[test]
fn a_switched_off_installation_accepts_nothing_and_its_runs_wait() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.once(Method::Put, &entry_path(key, "e1"), Scripted::status(503));
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.clock.settle().await;
        let off = Change::Status(addon_id(1), actors::installation::Status::Inactive);
        stage.registry.lifecycle(key, off, stage.proof(2)).await.unwrap();
        assert_eq!(stage.deliver(key, "e2", json!({"n": 2})).await, Err(actors::registry::Error::Inactive));
        stage.live(SECOND * 60).await;
        assert_eq!(puts(&stage.clockify, key, "e1"), [1]);
        let on = Change::Status(addon_id(1), actors::installation::Status::Active);
        stage.registry.lifecycle(key, on, stage.proof(3)).await.unwrap();
        stage.live(SECOND * 60).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
    });
}

#[test]
fn an_uninstall_cuts_off_what_is_under_way_and_leaves_nothing() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let mut definition = put_flow();
        let second = definition["actions"][0].clone();
        definition["actions"].as_array_mut().unwrap().push(second);
        stage.flow(key, definition).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200).held());
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.deliver(key, "e1", json!({"n": 2})).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(stage.registry.lifecycle(key, Change::Delete(addon_id(1)), stage.proof(2)).await, Ok(Verdict::Apply));
        stage.clockify.release();
        stage.live(SECOND * 30).await;
        assert_eq!(puts(&stage.clockify, key, "e1"), [1], "no step begins after the uninstall");
        assert!(stage.runs(key).await.is_empty());
        assert_eq!(stage.deliver(key, "e1", json!({"n": 3})).await, Err(actors::registry::Error::NotInstalled));
    });
}

#[test]
fn a_deleted_flow_begins_no_further_step() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let flow = stage.flow(key, put_flow()).await;
        stage.clockify.once(Method::Put, &entry_path(key, "e1"), Scripted::status(500));
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        stage.deliver(key, "e1", json!({"n": 1})).await.unwrap();
        stage.clock.settle().await;
        assert_eq!(stage.registry.change_flow(key, FlowChange::Delete(flow)).await, Ok(FlowChanged::Deleted));
        stage.live(SECOND * 60).await;
        assert_eq!(puts(&stage.clockify, key, "e1"), [1]);
        assert_eq!(stage.states(key).await, [RunState::Cancelled]);
    });
}

#[test]
fn the_same_delivery_again_is_recognised_and_there_and_back_again_is_not() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, put_flow()).await;
        stage.clockify.always(Method::Put, &entry_path(key, "e1"), Scripted::status(200));
        let Ok(Accepted::New(first)) = stage.deliver(key, "e1", json!({"n": 1})).await else { panic!("not new") };
        assert_eq!(stage.deliver(key, "e1", json!({"n": 1})).await, Ok(Accepted::Duplicate(first)));
        assert!(matches!(stage.deliver(key, "e1", json!({"n": 2})).await, Ok(Accepted::New(_))));
        assert!(matches!(stage.deliver(key, "e1", json!({"n": 1})).await, Ok(Accepted::New(_))));
        stage.clock.settle().await;
        assert_eq!(puts(&stage.clockify, key, "e1"), [1, 2, 1]);
    });
}

#[test]
fn steps_see_the_answers_of_earlier_ones() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(
            key,
            json!({
                "name": "chain", "trigger_event_types": ["NEW_TIME_ENTRY"],
                "actions": [
                    { "type": "CLOCKIFY_API", "operation_id": "getTimeEntry", "params": { "path": { "id": "$.webhook.id" } } },
                    { "type": "STOP_IF", "conditions": { "type": "ALL", "rules": [{ "field": "$.action_0.locked", "operator": "==", "value": true }] } },
                    { "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry",
                      "params": { "path": { "id": "$.action_0.id" }, "body": { "n": "$.action_0.n", "was": "{{ $.action_0_result.status_code }} by {{ $.event.type }}" } } },
                ],
            }),
        )
        .await;
        for (entity, locked) in [("e1", false), ("e2", true)] {
            stage.clockify.always(
                Method::Get,
                &entry_path(key, entity),
                Scripted::json(200, &json!({"id": entity, "n": 42, "locked": locked})),
            );
            stage.clockify.always(Method::Put, &entry_path(key, entity), Scripted::status(204));
            stage.deliver(key, entity, json!({})).await.unwrap();
        }
        stage.clock.settle().await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded, RunState::Stopped]);
        let calls = stage.clockify.calls();
        let put = calls.iter().find(|call| call.request.method == Method::Put).unwrap();
        let body: serde_json::Value = serde_json::from_slice(put.request.body.as_ref().unwrap()).unwrap();
        assert_eq!(body, json!({"n": 42, "was": "200 by NEW_TIME_ENTRY"}));
        assert_eq!(puts(&stage.clockify, key, "e2"), [] as [i64; 0]);
    });
}
