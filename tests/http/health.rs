//! Health that fails when the service cannot keep what it is told, and costs the store nothing however often strangers ask.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actors::clock::Timestamp;
use actors::port::store::{Error, Health};
use actors::testing::ManualClock;
use clockify_addons::http::health::Pulse;
use serde_json::json;

use super::client::get;
use super::harness::Harness;

#[actix_web::test]
async fn a_service_that_can_keep_things_is_ok() {
    let harness = Harness::ready().await;
    for path in ["/healthz", "/health"] {
        let answer = harness.send(get(path)).await;
        assert_eq!(answer.status, 200);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(answer.json(), json!({"status": "ok", "service": "universal-webhook", "database": "ok", "version": version}));
    }
    assert_eq!(harness.send(get("/ui/health")).await.json(), json!({"status": "ok", "service": "universal-webhook"}));
    let ready = harness.send(get("/ready")).await;
    assert_eq!((ready.status, ready.json()), (200, json!({"ready": true, "checks": {"database": true, "service": "universal-webhook"}})));
}

#[actix_web::test]
async fn a_store_that_does_not_answer_makes_it_degraded_and_not_dead() {
    let harness = Harness::ready().await;
    harness.store.set_unavailable(true);
    let answer = harness.send(get("/healthz")).await;
    assert_eq!(
        (answer.status, answer.json()["status"].as_str(), answer.json()["database"].as_str()),
        (503, Some("degraded"), Some("error"))
    );
    assert!(answer.header("retry-after").is_some() && !answer.body.contains("switched off"), "{answer:?}");
    assert_eq!(harness.send(get("/ready")).await.json()["checks"]["database"], false);
    assert_eq!(harness.send(get("/livez")).await.status, 200);
    harness.store.set_unavailable(false);
    harness.clock.advance(Duration::from_millis(actors::limits::http::PING_GOOD_MS));
    assert_eq!(harness.send(get("/healthz")).await.status, 200);
    assert_eq!(harness.send(get("/ready")).await.status, 200);
}

#[derive(Default)]
struct Asked {
    times: AtomicUsize,
    hangs: bool,
}

#[async_trait::async_trait]
impl Health for Asked {
    async fn ping(&self) -> Result<(), Error> {
        self.times.fetch_add(1, Ordering::Relaxed);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[actix_web::test]
async fn a_hundred_askers_in_a_second_ask_the_store_once() {
    let (store, clock, pulse) = (Asked::default(), ManualClock::new(Timestamp::from_seconds(1)), Pulse::default());
    let all = futures_util::future::join_all((0..100).map(|_| pulse.feel(&store, &clock))).await;
    assert!(all.into_iter().all(|alive| alive));
    assert_eq!(store.times.load(Ordering::Relaxed), 1);
    clock.advance(Duration::from_millis(actors::limits::http::PING_GOOD_MS));
    assert!(pulse.feel(&store, &clock).await);
    assert_eq!(store.times.load(Ordering::Relaxed), 2);
}

#[actix_web::test]
async fn a_store_that_hangs_is_a_no_within_two_seconds() {
    let (store, clock) = (Asked { hangs: true, ..Asked::default() }, ManualClock::new(Timestamp::from_seconds(1)));
    let pulse = Pulse::default();
    let (alive, ()) = tokio::join!(pulse.feel(&store, &clock), clock.run_for(Duration::from_secs(2)));
    assert!(!alive);
}
