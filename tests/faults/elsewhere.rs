//! Other servers than the platform's, and what they do to runs: each answer leads where the rules say, and none says anything about the platform.

use std::time::Duration;

use actors::flow::run::{RunState, StepState};
use actors::port::clockify::{CallError, Method};
use actors::testing::Scripted;
use serde_json::json;

use crate::stage::{Stage, entry_path, play, put_flow, web_flow};

const HOOK: &str = "https://hooks.example.com/x";

#[test]
fn an_answer_of_another_server_leads_where_the_rules_say() {
    let second = Duration::from_secs(1);
    let table: Vec<(&str, Scripted, &str, RunState, usize)> = vec![
        ("is well", Scripted::json(201, &json!({"id": 1})), "POST", RunState::Succeeded, 1),
        ("says not JSON", Scripted::body(200, "<p>"), "POST", RunState::Succeeded, 1),
        ("asks for patience", Scripted::too_many(Some(second)), "POST", RunState::Succeeded, 2),
        ("is not available", Scripted::status(503), "POST", RunState::Succeeded, 2),
        ("refuses the connection", Scripted::refused(), "POST", RunState::Succeeded, 2),
        ("fails over a POST", Scripted::status(500), "POST", RunState::Uncertain, 1),
        ("loses a POST", Scripted::lost(), "POST", RunState::Uncertain, 1),
        ("loses a PATCH", Scripted::lost(), "PATCH", RunState::Uncertain, 1),
        ("loses a PUT", Scripted::lost(), "PUT", RunState::Succeeded, 2),
        ("fails over a DELETE", Scripted::status(502), "DELETE", RunState::Succeeded, 2),
        ("loses a GET", Scripted::lost(), "GET", RunState::Succeeded, 2),
        ("refuses", Scripted::json(422, &json!({"message": "no"})), "POST", RunState::Failed, 1),
        ("redirects", Scripted::status(302), "GET", RunState::Failed, 1),
        ("is not allowed", Scripted::Fail(CallError::NotAllowed), "GET", RunState::Failed, 1),
        ("panics", Scripted::Panic, "POST", RunState::Failed, 1),
        ("says too much", Scripted::huge(300 * 1024), "GET", RunState::Failed, 1),
        ("is slow", Scripted::status(200).after(Duration::from_secs(31)), "POST", RunState::Uncertain, 1),
    ];
    for (what, answer, method, state, calls) in table {
        play(|stage| async move {
            let key = stage.install(1).await;
            let verb: Method = serde_json::from_value(json!(method)).unwrap();
            stage.web.script.once(verb, HOOK, answer).always(verb, HOOK, Scripted::status(200));
            stage.flow(key, web_flow(method, HOOK)).await;
            stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
            stage.live(Duration::from_secs(60)).await;
            let runs = stage.runs(key).await;
            assert_eq!((runs[0].state, stage.web.script.count(verb, HOOK)), (state, calls), "it {what}: {runs:?}");
            assert!(!stage.registry.status(key).await.unwrap().platform_down, "it {what}");
        });
    }
}

#[test]
fn an_admin_may_say_that_an_uncertain_call_is_made_again() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.web.script.once(Method::Post, HOOK, Scripted::lost()).always(Method::Post, HOOK, Scripted::status(200));
        let mut flow = web_flow("POST", HOOK);
        flow["actions"][0]["on_uncertain"] = json!("retry");
        stage.flow(key, flow).await;
        stage.deliver(key, "e", json!({ "n": 1 })).await.unwrap();
        stage.live(Duration::from_secs(30)).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
        assert_eq!(stage.web.script.count(Method::Post, HOOK), 2);
    });
}

#[test]
fn later_actions_see_what_was_answered() {
    play(|stage| async move {
        let key = stage.install(1).await;
        let answered = json!({"user": {"id": "u1"}, "list": [1, 2]});
        stage.web.script.always(Method::Get, HOOK, Scripted::json(200, &answered));
        stage.clockify.always(Method::Put, &entry_path(key, "u1"), Scripted::status(200));
        stage
            .flow(
                key,
                json!({
                    "name": "chain", "trigger_event_types": ["NEW_TIME_ENTRY"],
                    "actions": [
                        { "type": "GENERIC_HTTP", "method": "GET", "url": HOOK, "response": { "who": "$.user.id" } },
                        { "type": "CLOCKIFY_API", "operation_id": "updateTimeEntry", "params": { "path": { "id": "$.action_0.who" },
                          "body": { "all": "$.action_0.data.list", "s": "$.action_0.status", "r": "$.action_0_result.data.user.id", "c": "$.action_0_result.status_code" } } },
                    ],
                }),
            )
            .await;
        stage.deliver(key, "e", json!({})).await.unwrap();
        stage.live(Duration::from_secs(5)).await;
        assert_eq!(stage.states(key).await, [RunState::Succeeded]);
        let sent: serde_json::Value = serde_json::from_slice(stage.clockify.calls()[0].request.body.as_ref().unwrap()).unwrap();
        assert_eq!(sent, json!({"all": [1, 2], "s": 200, "r": "u1", "c": 200}));
    });
}

#[test]
fn switched_off_nothing_leaves_and_the_run_says_why() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.flow(key, web_flow("GET", HOOK)).await;
        let off = serde_json::Map::from_iter([("enable_generic_http_actions".to_owned(), false.into())]);
        let change = actors::workspace::lifecycle::Change::Settings(crate::stage::addon_id(1), off);
        stage.registry.lifecycle(key, change, stage.proof(2)).await.unwrap();
        stage.deliver(key, "e", json!({})).await.unwrap();
        stage.live(Duration::from_secs(5)).await;
        let runs = stage.runs(key).await;
        assert_eq!((runs[0].state, runs[0].steps[0].state), (RunState::Failed, StepState::Failed));
        assert_eq!(runs[0].reason.as_ref().unwrap().code, "generic_http_off");
        assert_eq!(stage.web.requests(), []);
    });
}

#[test]
fn a_platform_that_is_down_is_not_asked_by_the_success_of_others() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.web.script.always(Method::Get, HOOK, Scripted::status(200));
        stage.clockify.rule(|_| Some(Scripted::refused()));
        stage.flow(key, put_flow()).await;
        for n in 0..8 {
            stage.deliver(key, &format!("e{n}"), json!({ "n": n })).await.unwrap();
        }
        stage.live(Duration::from_secs(20)).await;
        assert!(stage.registry.status(key).await.unwrap().platform_down);
        stage.flow(key, web_flow("GET", HOOK)).await;
        stage.deliver(key, "other", json!({ "n": 9 })).await.unwrap();
        stage.live(Duration::from_secs(60)).await;
        assert!(stage.registry.status(key).await.unwrap().platform_down, "another server's answer is no sign of the platform");
    });
}

#[test]
fn while_the_platform_is_down_runs_that_do_without_it_go_on() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.web.script.always(Method::Get, HOOK, Scripted::status(200));
        stage.clockify.rule(|_| Some(Scripted::refused()));
        stage.flow(key, put_flow()).await;
        for n in 0..8 {
            stage.deliver(key, &format!("e{n}"), json!({ "n": n })).await.unwrap();
        }
        stage.live(Duration::from_secs(120)).await;
        assert!(stage.registry.status(key).await.unwrap().platform_down);
        stage.flow(key, web_flow("GET", HOOK)).await;
        let asked = stage.clockify.calls().len();
        // About an entity whose other run waits for the platform, and about one of its own.
        for entity in ["e0", "other"] {
            stage.deliver(key, entity, json!({ "n": entity })).await.unwrap();
        }
        stage.live(Duration::from_millis(10)).await;
        assert_eq!(stage.web.script.count(Method::Get, HOOK), 2);
        assert!(stage.clockify.calls().len() <= asked + 1, "the gate stays closed for those that call the platform");
    });
}

#[test]
fn a_run_that_asks_for_patience_elsewhere_goes_on_in_its_own_time_while_the_platform_is_down() {
    play(|stage| async move {
        let key = stage.install(1).await;
        stage.web.script.once(Method::Get, HOOK, Scripted::too_many(Some(Duration::from_secs(1)))).always(
            Method::Get,
            HOOK,
            Scripted::status(200),
        );
        stage.clockify.rule(|_| Some(Scripted::refused()));
        stage.flow(key, put_flow()).await;
        for n in 0..8 {
            stage.deliver(key, &format!("e{n}"), json!({ "n": n })).await.unwrap();
        }
        stage.live(Duration::from_secs(120)).await;
        stage.flow(key, web_flow("GET", HOOK)).await;
        stage.deliver(key, "other", json!({ "n": 9 })).await.unwrap();
        stage.live(Duration::from_secs(3)).await;
        assert_eq!(stage.web.script.count(Method::Get, HOOK), 2, "the next probe of the platform is half a minute away");
    });
}

#[test]
fn runs_about_one_entity_call_other_servers_in_the_order_of_their_events() {
    play(|stage| async move {
        let key = stage.install(1).await;
        for n in 0..6 {
            let slow = Scripted::status(200).after(Duration::from_millis(400 - 60 * n));
            stage.web.script.once(Method::Put, HOOK, slow);
        }
        let mut flow = web_flow("PUT", HOOK);
        flow["runs_per_entity_per_minute"] = json!(60);
        stage.flow(key, flow).await;
        for n in 0..6 {
            stage.deliver(key, "same", json!({ "n": n })).await.unwrap();
        }
        stage.live(Duration::from_secs(30)).await;
        let bodies: Vec<_> =
            stage.web.requests().iter().map(|(_, request)| String::from_utf8(request.body.as_ref().unwrap().to_vec()).unwrap()).collect();
        assert_eq!(bodies, (0..6).map(|n| format!("{{\"n\":{n}}}")).collect::<Vec<_>>());
        assert_eq!(stage.web.script.in_flight_peak(), 1);
    });
}

/// Saving is refused, field by field, with the faults of [`actors::flow::permission`].
#[test]
fn what_is_not_permitted_here_is_not_saved() {
    play(|stage: Stage| async move {
        use actors::workspace::flows::{FlowChange, FlowChanged};
        let key = stage.install(1).await;
        let save = async |flow: serde_json::Value| {
            let definition = actors::flow::read::definition(&flow).unwrap();
            match stage.registry.change_flow(key, FlowChange::Create(Box::new(definition))).await.unwrap() {
                FlowChanged::NotPermitted(faults) => faults.into_iter().map(|fault| (fault.field, fault.code)).collect(),
                FlowChanged::Saved(_) => Vec::new(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(save(web_flow("GET", HOOK)).await, []);
        assert_eq!(save(web_flow("GET", "https://denied.example.com/")).await, [("actions[0].url".to_owned(), "destination_not_allowed")]);
        let mut secret = web_flow("GET", HOOK);
        secret["actions"][0]["headers"] = json!({"Authorization": "{{ secret.NONE }}"});
        assert_eq!(save(secret).await, [("actions[0]".to_owned(), "unknown_secret")]);
        let off = serde_json::Map::from_iter([("enable_generic_http_actions".to_owned(), false.into())]);
        let change = actors::workspace::lifecycle::Change::Settings(crate::stage::addon_id(1), off);
        stage.registry.lifecycle(key, change, stage.proof(2)).await.unwrap();
        assert_eq!(save(web_flow("GET", HOOK)).await, [("actions[0].type".to_owned(), "generic_http_off")]);
    });
}

#[test]
fn a_secret_is_used_as_it_is_now_and_one_that_is_gone_fails_the_step() {
    play(|stage| async move {
        use actors::clock::Clock;
        use actors::port::store::Secrets;
        use actors::secret::{Secret, SecretName};
        let key = stage.install(1).await;
        let name = SecretName::parse("KEY").unwrap();
        let put = async |value: &str| stage.store.put_secret(key, &name, &Secret::new(value), 10, stage.clock.now()).await.unwrap();
        put("first-value").await;
        stage.web.script.always(Method::Get, HOOK, Scripted::status(200));
        let mut flow = web_flow("GET", HOOK);
        flow["actions"][0]["headers"] = json!({"X-Key": "{{ secret.KEY }}"});
        stage.flow(key, flow).await;
        for (number, then) in [(1, "second-value"), (2, "")] {
            stage.deliver(key, &format!("e{number}"), json!({ "n": number })).await.unwrap();
            stage.live(Duration::from_secs(2)).await;
            if then.is_empty() { assert!(stage.store.delete_secret(key, &name).await.unwrap()) } else { drop(put(then).await) }
        }
        stage.deliver(key, "e3", json!({ "n": 3 })).await.unwrap();
        stage.live(Duration::from_secs(2)).await;
        let sent: Vec<_> = stage.web.requests().iter().map(|(_, request)| request.headers[0].1.expose().to_owned()).collect();
        assert_eq!(sent, ["first-value", "second-value"]);
        let runs = stage.runs(key).await;
        assert_eq!((runs[2].state, runs[2].reason.as_ref().unwrap().code.as_str()), (RunState::Failed, "secret_missing"));
        assert!(!format!("{runs:?}").contains("-value"), "no record has a value");
    });
}
