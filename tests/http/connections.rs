//! Connections that take their time: heads that drip and readers that take nothing are let go, and the others do not notice.

use std::time::Duration;

use actors::limits::http as limits;
use futures_util::future::{Either, select};
use serde_json::json;

use super::client::{Request, Wire, get};
use super::harness::Harness;

async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what}: not within 20 seconds"));
}

/// A request that keeps its connection.
fn keeping(request: &Request) -> Vec<u8> {
    String::from_utf8(request.head()).unwrap().replace("connection: close\r\n", "").into_bytes()
}

#[actix_web::test]
async fn a_first_head_that_drips_is_given_up() {
    let harness = Harness::ready().await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(b"GET /livez HTTP/1.1\r\nhost: loc").await;
    let mut text = String::new();
    wire.read_until(&mut text, |text| text.ends_with("\r\n\r\n")).await;
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(wire.closes().await);
}

#[actix_web::test]
async fn a_later_head_that_drips_is_given_up_too() {
    let harness = Harness::ready().await;
    let mut wire = Wire::open(harness.address).await;
    let mut text = String::new();
    wire.write(&keeping(&get("/livez"))).await;
    wire.read_until(&mut text, |text| text.ends_with('}')).await;
    harness.connections.advance(Duration::from_secs(limits::REQUEST_SECONDS_MAX - 1));
    wire.write(&keeping(&get("/livez"))).await;
    wire.read_until(&mut text, |text| text.matches("HTTP/1.1 200").count() == 2 && text.ends_with('}')).await;
    wire.write(b"GET /livez HTTP/1.1\r\nhost: loc").await;
    // When the server has seen the half head nobody can tell, so time goes on until it has had enough of it.
    let time_goes_on = async {
        loop {
            harness.connections.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
    };
    let (closes, time_goes_on) = (std::pin::pin!(wire.closes()), std::pin::pin!(time_goes_on));
    assert!(matches!(select(closes, time_goes_on).await, Either::Left((true, _))));
    assert_eq!(text.matches("HTTP/1.1 ").count(), 2);
    assert_eq!(harness.send(get("/livez")).await.status, 200);
}

#[actix_web::test]
async fn a_reader_that_takes_no_answer_is_let_go() {
    let harness = Harness::ready().await;
    let mut wire = Wire::with_small_buffers(harness.address).await;
    let one = keeping(&get("/openapi.json"));
    // More than the system's buffers hold on both sides.
    let asked = 64;
    for _ in 0..asked {
        wire.write(&one).await;
    }
    // One timer for a request that is read, one for an answer that is not.
    until("an answer waits", || harness.connections.sleepers() == 2).await;
    harness.connections.advance(Duration::from_secs(limits::ANSWER_UNREAD_SECONDS_MAX));
    until("the connection is gone", || harness.connections.sleepers() == 0).await;
    let came = wire.everything().await.matches("HTTP/1.1 200").count();
    assert!(came < asked, "{came}");
    assert_eq!(harness.send(get("/livez")).await.status, 200);
}

#[actix_web::test]
async fn a_stream_that_nobody_reads_ends_and_gives_its_place_back() {
    let harness = Harness::installed().await;
    let first = harness.deliver("NEW_TAG", &json!({"id": "first"})).await;
    for n in 0..600 {
        harness.deliver("NEW_TAG", &json!({"id": format!("t{n}"), "name": "x"})).await;
    }
    until("the deliveries' connections are gone", || harness.connections.sleepers() == 0).await;
    let mut wire = Wire::with_small_buffers(harness.address).await;
    wire.write(&get(format!("/ui/stream?after={first}")).token(&harness.owner()).head()).await;
    until("somebody listens", || harness.service.audience.len() == 1).await;
    until("what is told waits", || harness.connections.sleepers() == 2).await;
    harness.connections.advance(Duration::from_secs(limits::ANSWER_UNREAD_SECONDS_MAX));
    until("nobody listens", || harness.service.audience.is_empty()).await;
    assert!(wire.closes().await);
}

#[actix_web::test]
async fn more_connections_than_a_worker_may_hold_wait_until_one_ends() {
    let harness = Harness::ready().await;
    let mut held = Vec::new();
    for _ in 0..limits::CONNECTIONS_PER_WORKER_MAX {
        held.push(Wire::open(harness.address).await);
    }
    let mut texts = [String::new(), String::new()];
    let (mut first, last) = (held.remove(0), held.len() - 1);
    for wire in [&mut first, &mut held[last]] {
        wire.write(&keeping(&get("/livez"))).await;
        wire.read_until(&mut texts[0], |text| text.ends_with('}')).await;
        texts[0].clear();
    }
    let mut waiting = Wire::open(harness.address).await;
    waiting.write(&get("/livez").head()).await;
    for _ in 0..100 {
        first.write(&keeping(&get("/livez"))).await;
        first.read_until(&mut texts[0], |text| text.ends_with('}')).await;
        texts[0].clear();
        assert!(waiting.has_nothing(), "the others are answered, this one is not");
    }
    drop(held);
    waiting.read_until(&mut texts[1], |text| text.ends_with('}')).await;
}
