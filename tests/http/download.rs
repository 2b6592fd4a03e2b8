//! Files from the explorer: handed on as they come and no faster than they are taken, whole or broken off and never in between, and always kept.

use std::time::Duration;

use actors::call::Call;
use actors::limits::explorer as limits;
use actors::limits::http::ANSWER_UNREAD_SECONDS_MAX;
use actors::limits::outbound::PIECE_BYTES_MAX;
use actors::port::clockify::{CallError, Method};
use actors::port::store::calls::CallFilter;
use actors::port::store::{Calls, Slice};
use actors::testing::Scripted;
use serde_json::json;

use super::client::{Request, Wire, get, post, unchunked};
use super::harness::Harness;

const MIB: usize = 1024 * 1024;

async fn until(what: &str, condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what}: not within 20 seconds"));
}

/// Bytes that are not the same anywhere within a piece.
fn file(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8 ^ (at / PIECE_BYTES_MAX) as u8).collect()
}

/// A service with a platform that answers like this, and a request for it.
async fn stage(scripted: Scripted) -> (Harness, Request) {
    let harness = Harness::installed().await;
    harness.clockify.always(Method::Get, &format!("/v1/workspaces/{}/tags", harness.home.workspace), scripted);
    let request = post("/ui/operations/getTags/execute?download=true").token(&harness.owner()).json(&json!({}));
    (harness, request)
}

/// The request, sent by somebody on whose side little waits to be read.
async fn ask(harness: &Harness, request: &Request) -> Wire {
    let mut wire = Wire::with_small_buffers(harness.address).await;
    wire.write(&request.whole()).await;
    wire
}

/// The status line of an answer, what stands in its body, and whether that has an end.
fn read(bytes: &[u8]) -> (String, Vec<u8>, bool) {
    let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("a head");
    let (body, whole) = unchunked(&bytes[head + 4..]);
    (String::from_utf8_lossy(&bytes[..head]).lines().next().unwrap().to_owned(), body, whole)
}

/// The newest call, once it is kept.
async fn kept(harness: &Harness) -> Call {
    let find = async {
        loop {
            let page = harness.store.calls(harness.key(), &CallFilter::default(), Slice { limit: 1, offset: 0 }).await.unwrap();
            if let Some(call) = page.items.first() {
                return harness.store.call(harness.key(), call.id).await.unwrap().unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), find).await.expect("a record within 20 seconds")
}

#[actix_web::test]
async fn a_file_of_20_mib_comes_as_it_is_and_its_record_has_the_beginning() {
    let text = format!("x{}", "ü".repeat(10 * MIB));
    let (harness, request) = stage(Scripted::body(200, text.clone())).await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(&request.whole()).await;
    let (status, body, whole) = read(&wire.bytes().await);
    assert_eq!((status.as_str(), body.len(), whole), ("HTTP/1.1 200 OK", text.len(), true));
    assert!(body == text.as_bytes());
    let call = kept(&harness).await;
    assert_eq!((call.status, call.error), (Some(200), None));
    let answer = call.content.unwrap().answer.unwrap();
    assert!(answer.truncated && answer.media_type.as_deref() == Some("application/json"));
    assert_eq!(answer.body.unwrap(), text[..limits::ANSWER_KEPT_BYTES_MAX - 1], "a character that would be cut is left out");
    until("the call is over", || harness.clockify.in_flight() == 0).await;
}

#[actix_web::test]
async fn a_caller_who_does_not_read_makes_the_platform_wait_and_gets_all_of_it_in_the_end() {
    let all = file(20 * MIB);
    let (harness, request) = stage(Scripted::body(200, all.clone())).await;
    let wire = ask(&harness, &request).await;
    until("somebody waits to be read", || harness.connections.sleepers() == 2).await;
    until("the channel is full", || harness.clockify.pieces() > limits::DOWNLOAD_PIECES_WAITING_MAX).await;
    // What else there may be is in the connection's buffers, ours and the system's; time for more to come is given in plenty.
    for _ in 0..20_000 {
        tokio::task::yield_now().await;
    }
    let taken = harness.clockify.pieces();
    assert!(taken <= limits::DOWNLOAD_PIECES_WAITING_MAX + 8, "{taken} pieces of {}", all.len() / PIECE_BYTES_MAX);
    assert_eq!(harness.send(get("/ui/dashboard").token(&harness.owner())).await.status, 200, "the workspace does other things meanwhile");
    let (_, body, whole) = read(&wire.bytes().await);
    assert!(whole && body == all);
    assert_eq!(harness.clockify.pieces(), all.len() / PIECE_BYTES_MAX);
}

#[actix_web::test]
async fn callers_who_never_read_are_let_go_and_give_their_places_back() {
    let (harness, request) = stage(Scripted::body(200, file(20 * MIB))).await;
    let mut wires = Vec::new();
    for _ in 0..limits::CALLS_AT_ONCE_MAX {
        wires.push(ask(&harness, &request).await);
    }
    until("all wait to be read", || harness.connections.sleepers() == 2 * limits::CALLS_AT_ONCE_MAX).await;
    harness.send(request.clone()).await.refused(429, "too_many_requests");
    harness.connections.advance(Duration::from_secs(ANSWER_UNREAD_SECONDS_MAX));
    until("the exchanges have ended", || harness.clockify.in_flight() == 0).await;
    for wire in wires {
        let (_, body, whole) = read(&wire.bytes().await);
        assert!(!whole && body.len() < MIB, "{}", body.len());
    }
    let call = kept(&harness).await;
    assert_eq!((call.status, call.error.as_deref()), (Some(200), Some("the caller did not take all of the answer")));
    assert!(call.content.unwrap().answer.unwrap().truncated);
    place_is_free(&harness, &request).await;
}

/// Waits until a call is taken again, and sees that it is.
async fn place_is_free(harness: &Harness, request: &Request) {
    let path = format!("/v1/workspaces/{}/tags", harness.home.workspace);
    harness.clockify.always(Method::Get, &path, Scripted::json(200, &json!([])));
    let asking = async {
        while harness.send(request.clone()).await.status == 429 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.expect("a place within 20 seconds");
    assert_eq!(harness.send(request.clone()).await.body, "[]");
}

#[actix_web::test]
async fn a_caller_who_goes_away_ends_the_exchange_even_while_the_platform_is_silent() {
    const PIECES: usize = 6;
    let (harness, request) = stage(Scripted::body(200, file(PIECES * PIECE_BYTES_MAX)).then(Scripted::status(200).held())).await;
    let mut wires = Vec::new();
    for _ in 0..limits::CALLS_AT_ONCE_MAX {
        let mut wire = ask(&harness, &request).await;
        assert!(!wire.some().await.is_empty());
        wires.push(wire);
    }
    until("nothing more comes", || harness.clockify.pieces() == limits::CALLS_AT_ONCE_MAX * PIECES).await;
    harness.send(request.clone()).await.refused(429, "too_many_requests");
    drop(wires);
    until("the exchanges have ended", || harness.clockify.in_flight() == 0).await;
    assert_eq!(kept(&harness).await.error.as_deref(), Some("the caller did not take all of the answer"));
    place_is_free(&harness, &request).await;
}

#[actix_web::test]
async fn what_breaks_off_never_looks_complete_and_its_record_says_why() {
    let too_large = CallError::TooLarge { status: 200, bytes_max: limits::DOWNLOAD_BYTES_MAX };
    for (end, words) in [
        (Scripted::lost(), "answer lost: connection reset"),
        (Scripted::Fail(too_large), "larger than 67108864 bytes"),
        (Scripted::Panic, "answer lost: the call panicked"),
    ] {
        for bytes in [1, PIECE_BYTES_MAX, 3 * MIB + 1] {
            let all = file(bytes);
            let (harness, request) = stage(Scripted::body(200, all.clone()).then(end.clone())).await;
            let bytes = {
                let mut wire = Wire::open(harness.address).await;
                wire.write(&request.whole()).await;
                wire.bytes().await
            };
            // Of a short one not even the head may have gone out.
            if !bytes.is_empty() {
                let (status, body, whole) = read(&bytes);
                assert!(status == "HTTP/1.1 200 OK" && !whole && all.starts_with(&body), "{end:?}");
            }
            let call = kept(&harness).await;
            let error = call.error.unwrap();
            assert!(error.contains(words), "{error}");
            assert_eq!(call.status, Some(200));
            assert!(call.content.unwrap().answer.unwrap().truncated);
            place_is_free(&harness, &request).await;
        }
    }
}

#[actix_web::test]
async fn a_download_has_an_end_in_time() {
    let (harness, request) = stage(Scripted::body(200, "[").then(Scripted::status(200).held())).await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(&request.whole()).await;
    let mut bytes = wire.some().await;
    harness.clock.advance(Duration::from_millis(limits::DOWNLOAD_MS_MAX));
    bytes.extend(wire.bytes().await);
    let (_, body, whole) = read(&bytes);
    assert_eq!((body.as_slice(), whole), (&b"["[..], false));
    let call = kept(&harness).await;
    assert_eq!(call.error.as_deref(), Some("answer lost: not complete within the time limit"));
    assert_eq!(u64::from(call.latency_ms), limits::DOWNLOAD_MS_MAX);
    assert_eq!(call.content.unwrap().answer.unwrap().body.as_deref(), Some("["));
    until("the exchange has ended", || harness.clockify.in_flight() == 0).await;
}

#[actix_web::test]
async fn the_head_decides_before_anything_is_handed_on() {
    let words = json!({"message": "no such report"});
    let huge = Scripted::body(500, "x".repeat(MIB));
    let silent = Scripted::body(404, "gone").then(Scripted::lost());
    for (scripted, status, body, truncated) in [
        (Scripted::json(404, &words), 404, words.to_string(), false),
        (huge, 500, "x".repeat(limits::ANSWER_KEPT_BYTES_MAX), true),
        (silent, 404, "gone".to_owned(), true),
    ] {
        let (harness, request) = stage(scripted).await;
        let answer = harness.send(request.clone()).await;
        answer.refused(502, "platform_refused");
        assert!(answer.json()["error"]["message"].as_str().unwrap().contains(&format!("status {status}")), "{answer:?}");
        let call = kept(&harness).await;
        assert_eq!((call.status, call.error), (Some(status), None));
        let kept = call.content.unwrap().answer.unwrap();
        assert_eq!((kept.body, kept.truncated), (Some(body), truncated));
        place_is_free(&harness, &request).await;
    }
    for (scripted, status, code) in [
        (Scripted::Fail(CallError::TooLarge { status: 200, bytes_max: limits::DOWNLOAD_BYTES_MAX }), 502, "platform_refused"),
        (Scripted::refused(), 504, "platform_silent"),
        (Scripted::lost(), 504, "platform_silent"),
        (Scripted::Panic, 504, "platform_silent"),
    ] {
        let (harness, request) = stage(scripted.clone()).await;
        harness.send(request.clone()).await.refused(status, code);
        let call = kept(&harness).await;
        assert!(call.error.is_some() && call.content.unwrap().answer.is_none(), "{scripted:?}");
        place_is_free(&harness, &request).await;
    }
}

#[actix_web::test]
async fn a_download_may_be_as_large_as_it_may_be_and_what_is_shown_may_not() {
    let (harness, request) = stage(Scripted::huge(limits::RESPONSE_BYTES_MAX + 1)).await;
    let shown = harness.send(request.clone().target("/ui/operations/getTags/execute")).await.json();
    assert_eq!((&shown["truncated"], &shown["file"]), (&json!(true), &json!(null)));
    let asked = harness.clockify.calls();
    assert_eq!(asked[0].request.response_bytes_max, limits::RESPONSE_BYTES_MAX);
    let mut wire = Wire::open(harness.address).await;
    wire.write(&request.whole()).await;
    let (_, body, whole) = read(&wire.bytes().await);
    assert!(whole && body.len() == limits::RESPONSE_BYTES_MAX + 1);
    assert_eq!(harness.clockify.calls()[1].request.response_bytes_max, limits::DOWNLOAD_BYTES_MAX);
    let again = format!("/ui/api-calls/{}/run-again?download=true", shown["call_id"].as_str().unwrap());
    let mut wire = Wire::open(harness.address).await;
    wire.write(&request.target(again).whole()).await;
    let (_, body, whole) = read(&wire.bytes().await);
    assert!(whole && body.len() == limits::RESPONSE_BYTES_MAX + 1);
}

#[actix_web::test]
async fn a_caller_who_could_not_see_it_break_off_gets_it_in_one_piece() {
    let old = |request: &Request| String::from_utf8(request.whole()).unwrap().replace(" HTTP/1.1", " HTTP/1.0");
    let (harness, request) = stage(Scripted::json(200, &json!([1]))).await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(old(&request).as_bytes()).await;
    let text = wire.everything().await.to_ascii_lowercase();
    assert!(text.contains("content-length: 3\r\n") && text.contains("attachment") && text.ends_with("\r\n\r\n[1]"), "{text}");
    let (harness, request) = stage(Scripted::body(200, "[").then(Scripted::lost())).await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(old(&request).as_bytes()).await;
    let text = wire.everything().await;
    assert!(text.starts_with("HTTP/1.0 504 ") && !text.contains("\r\n\r\n["), "{text}");
}
