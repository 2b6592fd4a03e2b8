//! The platform's API is down for a while: everything is delivered afterwards, in order for each entity, within the rate limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actors::flow::run::RunState;
use actors::limits::run as limits;
use actors::port::clockify::Method;
use actors::testing::Scripted;
use serde_json::{Value, json};

use crate::stage::{Stage, play, put_flow};

/// A person changes one entity seldom, so that the loop guard has nothing to do here.
const ENTITIES: i64 = 100;

#[test]
fn forty_seconds_down_at_five_events_a_second() {
    play(|stage| down_for(stage, Duration::from_secs(40), false));
}

#[test]
fn ten_minutes_down_at_five_events_a_second_with_a_restart_in_between() {
    play(|stage| down_for(stage, Duration::from_secs(600), true));
}

#[test]
fn six_hours_down_at_five_events_a_second() {
    play(|stage| down_for(stage, Duration::from_secs(6 * 3_600), false));
}

/// Five events a second arrive before, while and after the platform is down. Afterwards every one has been told to it, once.
async fn down_for(mut stage: Stage, outage: Duration, restart: bool) {
    let key = stage.install(1).await;
    stage.flow(key, put_flow()).await;
    let down = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&down);
    stage.clockify.rule(move |_| {
        Some(if state.load(Ordering::SeqCst) { Scripted::refused() } else { Scripted::status(200).after(Duration::from_millis(80)) })
    });
    let fifth = Duration::from_millis(200);
    let (before, after) = (25, 25);
    let during = i64::try_from(outage.as_millis() / fifth.as_millis()).unwrap();
    let mut down_calls = 0;
    for n in 0..before + during + after {
        if n == before {
            down.store(true, Ordering::SeqCst);
            down_calls = stage.clockify.calls().len();
        }
        if n == before + during {
            down_calls = stage.clockify.calls().len() - down_calls;
            down.store(false, Ordering::SeqCst);
        }
        if restart && n == before + during / 2 {
            stage.restart().await;
        }
        stage.deliver(key, &format!("e{}", n % ENTITIES), json!({ "n": n })).await.unwrap();
        if n % 25 == 0 {
            stage.registry.sweep().await.unwrap();
        }
        stage.clock.run_for(fifth).await;
    }
    let probes = usize::try_from(outage.as_millis() as u64 / (limits::GATE_WAIT_MS_MAX / 2)).unwrap();
    assert!(down_calls < 60 + probes, "{down_calls} calls to a platform that is down");
    let backlog = usize::try_from(during).unwrap();
    let bound = Duration::from_secs(60) + Duration::from_secs(2 * backlog as u64 / limits::CALLS_PER_SECOND_MAX as u64);
    stage.live(bound).await;

    let runs = stage.runs(key).await;
    assert_eq!(runs.len(), usize::try_from(before + during + after).unwrap());
    assert!(runs.iter().all(|run| run.state == RunState::Succeeded), "{:?}", runs.iter().find(|run| run.state != RunState::Succeeded));
    let calls = stage.clockify.calls();
    let puts: Vec<_> = calls.iter().filter(|call| call.request.method == Method::Put).collect();
    for entity in 0..ENTITIES {
        let told = puts.iter().filter(|call| call.request.path.ends_with(&format!("/e{entity}")));
        let mut told: Vec<i64> =
            told.map(|call| serde_json::from_slice::<Value>(call.request.body.as_ref().unwrap()).unwrap()["n"].as_i64().unwrap()).collect();
        assert!(told.is_sorted(), "entity {entity} out of order");
        told.dedup();
        assert_eq!(told, (0..before + during + after).filter(|n| n % ENTITIES == entity).collect::<Vec<_>>(), "entity {entity}");
    }
    for (index, call) in puts.iter().enumerate() {
        let next = puts.get(index + limits::CALLS_PER_SECOND_MAX);
        assert!(
            next.is_none_or(|next| next.at.since(call.at) >= Duration::from_secs(1)),
            "more than the limit in the second from {}",
            call.at
        );
    }
}
