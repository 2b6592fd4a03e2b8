//! Flows, their versions, and what deleting one does to its runs.

use std::time::Duration;

use actors::clock::Clock;
use actors::flow::model::{
    Action, ActionKind, Comparison, Definition, Flow, Group, Join, OnUncertain, Operator, Params, Retry, Rule, TriggerSource,
};
use actors::flow::run::{Run, RunState};
use actors::port::store::flows::{Saved, flow_deleted};
use actors::port::store::journal::Written;
use serde_json::{Map, json};

use crate::backend::{Backend, submit, write};
use crate::sample::{CLOCK, accept, event, event_type, flow, flow_id, install, key, progress, run, standing};

contract! {
    a_flow_is_read_as_it_was_written,
    a_change_makes_a_new_version_and_the_old_ones_stay,
    flows_are_listed_newest_first_in_their_newest_version,
    there_are_no_flows_without_an_installation,
    a_workspace_has_at_most_as_many_flows_as_it_may,
    flows_of_another_workspace_are_not_seen_and_not_changed,
    deleting_a_flow_cancels_its_unfinished_runs_and_keeps_its_versions,
    a_deleted_flow_makes_room_and_cannot_be_changed,
    many_flows_are_stored_together_or_not_at_all,
    the_newest_versions_are_kept_and_those_that_unfinished_runs_need,
    a_flow_deleted_right_behind_an_event_cancels_the_run_that_the_event_starts,
}

fn full_definition() -> Definition {
    let params = Params {
        path: Map::from_iter([("projectId".to_owned(), json!("$.webhook.id"))]),
        query: Map::new(),
        body: Some(json!({ "name": "{{ $.webhook.name }}", "rate": 12.35, "list": [1, -2, 1e30, null, true, { "deep": {} }] })),
    };
    let compare = |field: &str, operator, value| Rule::Compare(Comparison { field: field.into(), operator, value });
    Definition {
        name: "Ünïcode \"flow\"".into(),
        description: "two\nlines".into(),
        enabled: false,
        trigger_source: TriggerSource::Custom,
        trigger_event_types: vec![event_type("order.paid"), event_type("NEW_TAG")],
        custom_source: Some("shop".into()),
        schedule: None,
        conditions: Some(Group {
            join: Join::Any,
            rules: vec![
                compare("$.billable", Operator::Equal, json!(true)),
                Rule::Group(Group { join: Join::None, rules: vec![compare("$.name", Operator::Exists, json!(null))] }),
            ],
        }),
        actions: vec![
            Action {
                kind: ActionKind::ClockifyApi { operation_id: "updateProject".into(), params: Box::new(params) },
                retry: Retry { max_attempts: 3, ..Retry::default() },
                on_uncertain: OnUncertain::Retry,
            },
            Action {
                kind: ActionKind::StopIf {
                    conditions: Group { join: Join::All, rules: vec![compare("$.action_0.archived", Operator::In, json!([true]))] },
                },
                retry: Retry::default(),
                on_uncertain: OnUncertain::Stop,
            },
        ],
        allow_self_trigger: true,
        pause_after_failures: Some(7),
        managed_by: Some("a_setting".into()),
        runs_per_entity_per_minute: Some(60),
    }
}

async fn a_flow_is_read_as_it_was_written(backend: Backend) {
    install(&*backend.store, key(1)).await;
    let written = Flow { definition: full_definition(), ..flow("") };
    assert_eq!(backend.store.create_flow(key(1), &Flow { version: 9, ..written.clone() }, 10).await, Ok(Saved::Version(1)));
    assert_eq!(backend.store.flow(key(1), written.id).await, Ok(Some(written.clone())));
    assert_eq!(backend.store.flow_version(key(1), written.id, 1).await, Ok(Some(written.clone())));
    assert_eq!(backend.store.flow_version(key(1), written.id, 2).await, Ok(None));
    assert_eq!(backend.store.flow(key(1), flow_id()).await, Ok(None));
}

async fn a_change_makes_a_new_version_and_the_old_ones_stay(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let first = flow("first");
    store.create_flow(key(1), &first, 10).await.unwrap();
    let later = first.created_at + Duration::from_secs(9);
    let second = Flow { definition: full_definition(), created_at: later, updated_at: later, version: 77, ..first.clone() };
    assert_eq!(store.update_flow(key(1), &second).await, Ok(Saved::Version(2)));
    let expected = Flow { version: 2, created_at: first.created_at, ..second };
    assert_eq!(store.flow(key(1), first.id).await, Ok(Some(expected.clone())));
    assert_eq!(store.flow_version(key(1), first.id, 1).await, Ok(Some(first.clone())));
    assert_eq!(store.flow_version(key(1), first.id, 2).await, Ok(Some(expected)));
    assert_eq!(store.update_flow(key(1), &first).await, Ok(Saved::Version(3)));
}

async fn flows_are_listed_newest_first_in_their_newest_version(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let flows: Vec<_> = ["a", "b", "c"].map(flow).into();
    for flow in &flows {
        store.create_flow(key(1), flow, 10).await.unwrap();
    }
    store.update_flow(key(1), &flows[1]).await.unwrap();
    let changed = Flow { version: 2, ..flows[1].clone() };
    assert_eq!(store.flows(key(1)).await, Ok(vec![flows[2].clone(), changed, flows[0].clone()]));
}

async fn there_are_no_flows_without_an_installation(backend: Backend) {
    let flow = flow("nowhere");
    assert_eq!(backend.store.create_flow(key(1), &flow, 10).await, Ok(Saved::Absent));
    assert_eq!(backend.store.update_flow(key(1), &flow).await, Ok(Saved::Absent));
    assert_eq!(backend.store.delete_flow(key(1), flow.id, CLOCK.now()).await, Ok(false));
    install(&*backend.store, key(1)).await;
    assert_eq!(backend.store.flows(key(1)).await, Ok(vec![]));
}

async fn a_workspace_has_at_most_as_many_flows_as_it_may(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    assert_eq!(store.create_flow(key(2), &flow("other"), 1).await, Ok(Saved::Version(1)));
    assert_eq!(store.create_flow(key(1), &flow("a"), 2).await, Ok(Saved::Version(1)));
    assert_eq!(store.create_flow(key(1), &flow("b"), 2).await, Ok(Saved::Version(1)));
    assert_eq!(store.create_flow(key(1), &flow("c"), 2).await, Ok(Saved::TooMany));
    assert_eq!(store.flows(key(1)).await.unwrap().len(), 2);
}

async fn flows_of_another_workspace_are_not_seen_and_not_changed(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let mine = flow("mine");
    store.create_flow(key(1), &mine, 10).await.unwrap();
    assert_eq!(store.flow(key(2), mine.id).await, Ok(None));
    assert_eq!(store.flow_version(key(2), mine.id, 1).await, Ok(None));
    assert_eq!(store.flows(key(2)).await, Ok(vec![]));
    assert_eq!(store.update_flow(key(2), &mine).await, Ok(Saved::Absent));
    assert_eq!(store.delete_flow(key(2), mine.id, CLOCK.now()).await, Ok(false));
    assert_eq!(store.flow(key(1), mine.id).await, Ok(Some(mine)));
}

async fn deleting_a_flow_cancels_its_unfinished_runs_and_keeps_its_versions(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let (doomed, other) = (flow("doomed"), flow("other"));
    store.create_flow(key(1), &doomed, 10).await.unwrap();
    store.create_flow(key(1), &other, 10).await.unwrap();
    let mut runs = Vec::new();
    for (flow, state) in RunState::ALL.map(|state| (doomed.id, state)).into_iter().chain([(other.id, RunState::Queued)]) {
        let event = event();
        let run = standing(&run(key(1), &event, flow), state);
        assert_eq!(write(store, accept(key(1), &event, std::slice::from_ref(&run))).await, Ok(Written::Done));
        runs.push(run);
    }
    let now = CLOCK.now();
    assert_eq!(store.delete_flow(key(1), doomed.id, now).await, Ok(true));
    for run in runs {
        let cancelled = run.flow == doomed.id && !run.state.finished();
        let ended = Run { state: RunState::Cancelled, due_at: None, finished_at: Some(now), reason: Some(flow_deleted()), ..run.clone() };
        let expected = if cancelled { ended } else { run };
        assert_eq!(store.run(key(1), expected.id).await, Ok(Some(expected)));
    }
    assert_eq!(store.flow(key(1), doomed.id).await, Ok(None));
    assert_eq!(store.flow_version(key(1), doomed.id, 1).await, Ok(Some(doomed.clone())));
    assert_eq!(store.flows(key(1)).await, Ok(vec![other]));
    assert_eq!(store.delete_flow(key(1), doomed.id, now).await, Ok(false));
}

async fn a_deleted_flow_makes_room_and_cannot_be_changed(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let first = flow("first");
    store.create_flow(key(1), &first, 1).await.unwrap();
    store.delete_flow(key(1), first.id, CLOCK.now()).await.unwrap();
    assert_eq!(store.update_flow(key(1), &first).await, Ok(Saved::Absent));
    assert_eq!(store.create_flow(key(1), &flow("second"), 1).await, Ok(Saved::Version(1)));
}

async fn a_flow_deleted_right_behind_an_event_cancels_the_run_that_the_event_starts(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    let doomed = flow("doomed");
    store.create_flow(key(1), &doomed, 10).await.unwrap();
    let event = event();
    let run = run(key(1), &event, doomed.id);
    let accepted = submit(store, accept(key(1), &event, std::slice::from_ref(&run)));
    let deleted = store.delete_flow(key(1), doomed.id, CLOCK.now()).await;
    assert_eq!((accepted.outcome().await, deleted), (Ok(Written::Done), Ok(true)));
    assert_eq!(store.run(key(1), run.id).await.unwrap().unwrap().state, RunState::Cancelled);
    assert_eq!(write(store, progress(&run)).await, Ok(Written::Absent));
}

async fn many_flows_are_stored_together_or_not_at_all(backend: Backend) {
    let store = &*backend.store;
    let three: Vec<_> = ["a", "b", "c"].map(flow).into();
    assert_eq!(store.create_flows(key(1), &three, 5).await, Ok(Saved::Absent));
    install(store, key(1)).await;
    assert_eq!(store.create_flows(key(1), &three, 2).await, Ok(Saved::TooMany));
    assert_eq!(store.flows(key(1)).await, Ok(vec![]));
    assert_eq!(store.create_flows(key(1), &three, 3).await, Ok(Saved::Version(1)));
    assert_eq!(store.create_flows(key(1), &[], 3).await, Ok(Saved::Version(1)));
    assert_eq!(
        store.flows(key(1)).await.unwrap().iter().map(|flow| flow.id).rev().collect::<Vec<_>>(),
        three.iter().map(|flow| flow.id).collect::<Vec<_>>()
    );
}

async fn the_newest_versions_are_kept_and_those_that_unfinished_runs_need(backend: Backend) {
    let store = &*backend.store;
    install(store, key(1)).await;
    install(store, key(2)).await;
    let (first, other) = (flow("x"), flow("other"));
    store.create_flow(key(1), &first, 9).await.unwrap();
    store.create_flow(key(1), &other, 9).await.unwrap();
    for (version, state) in [(2, RunState::Waiting), (3, RunState::Succeeded), (4, RunState::Queued)] {
        let event = event();
        let run = standing(&Run { flow_version: version, ..run(key(1), &event, first.id) }, state);
        assert_eq!(write(store, accept(key(1), &event, &[run])).await, Ok(Written::Done));
    }
    for version in 2..=60 {
        assert_eq!(store.update_flow(key(1), &first).await, Ok(Saved::Version(version)));
    }
    let slice = |limit, offset| actors::port::store::Slice { limit, offset };
    let listed = store.flow_versions(key(1), first.id, slice(100, 0)).await.unwrap();
    let expected: Vec<u32> = (11..=60).rev().chain([4, 2]).collect();
    assert_eq!(listed.items.iter().map(|flow| flow.version).collect::<Vec<_>>(), expected);
    assert_eq!(listed.total, 52);
    let part = store.flow_versions(key(1), first.id, slice(2, 1)).await.unwrap();
    assert_eq!(part.items.iter().map(|flow| flow.version).collect::<Vec<_>>(), [59, 58]);
    assert_eq!(store.flow_version(key(1), first.id, 3).await, Ok(None));
    assert_eq!(store.flow_versions(key(1), other.id, slice(9, 0)).await.unwrap().total, 1);
    assert_eq!(store.flow_versions(key(2), first.id, slice(9, 0)).await.unwrap().total, 0);
    assert_eq!(store.delete_flow(key(1), first.id, CLOCK.now()).await, Ok(true));
    assert_eq!(store.flow_versions(key(1), first.id, slice(9, 0)).await.unwrap().total, 0);
}
