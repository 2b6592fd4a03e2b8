//! Bodies that are too large, too deep, too slow, cut off, compressed or no JSON: refused with the right word, and the service lives on.

use std::time::Duration;

use actors::limits::effort::REFUSAL_HELD_MS;
use serde_json::json;

use super::client::{Request, Wire, post, request};
use super::harness::{BODY_BYTES_MAX, Harness, path_of};

fn delivery(harness: &Harness) -> Request {
    post(path_of("NEW_PROJECT")).signed(&harness.webhook("NEW_PROJECT"))
}

async fn still_well(harness: &Harness) {
    assert_eq!(harness.send(delivery(harness).json(&json!({"id": "after", "n": harness.clock.next_due().is_some()}))).await.status, 200);
}

#[actix_web::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_it_is_sent() {
    let harness = Harness::installed().await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(&delivery(&harness).stating_length(BODY_BYTES_MAX + 1).head()).await;
    wire.answer().await.refused(413, "body_too_large");
    still_well(&harness).await;
}

#[actix_web::test]
async fn a_body_without_a_length_is_cut_off_at_the_limit() {
    let harness = Harness::installed().await;
    let mut wire = Wire::open(harness.address).await;
    wire.write(&delivery(&harness).header("transfer-encoding", "chunked").head()).await;
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..BODY_BYTES_MAX / 0x1000 + 1 {
        wire.write(chunk.as_bytes()).await;
    }
    wire.answer().await.refused(413, "body_too_large");
    still_well(&harness).await;
}

#[actix_web::test]
async fn a_body_of_the_very_limit_is_taken_in_whatever_pieces() {
    let harness = Harness::installed().await;
    let body = format!("{{\"id\":\"1\",\"text\":\"{}\"}}", "x".repeat(BODY_BYTES_MAX - 20));
    let body = &body[..];
    assert_eq!(body.len(), BODY_BYTES_MAX);
    assert_eq!(harness.send(delivery(&harness).body(body)).await.status, 200);
    let mut wire = Wire::open(harness.address).await;
    wire.write(&delivery(&harness).stating_length(body.len()).head()).await;
    for piece in body.as_bytes().chunks(1_000) {
        wire.write(piece).await;
    }
    let answer = wire.answer().await;
    assert_eq!((answer.status, &answer.json()["duplicate"]), (200, &json!(true)), "the same bytes arrive however they are cut");
}

#[actix_web::test]
async fn a_stranger_is_told_so_before_his_body_is_read() {
    let harness = Harness::installed().await;
    for (path, length) in
        [("/webhooks/clockify/new-project", BODY_BYTES_MAX * 100), ("/lifecycle/installed", 10_000_000), ("/ui/flows", 10_000_000)]
    {
        let mut wire = Wire::open(harness.address).await;
        wire.write(&post(path).header("content-encoding", "gzip").stating_length(length).head()).await;
        wire.answer().await.refused(401, "token_missing");
    }
    still_well(&harness).await;
}

#[actix_web::test]
async fn a_workspace_that_has_to_rest_is_told_so_before_a_body_is_read() {
    let harness = Harness::installed().await;
    let rule = json!({"field": "$..nothing", "operator": "==", "value": "nothing"});
    let flow = json!({
        "name": "searching", "trigger_event_types": ["NEW_PROJECT"], "conditions": {"type": "ANY", "rules": vec![rule; 100]},
        "actions": [{"type": "STOP_IF", "conditions": {"rules": []}}],
    });
    for _ in 0..10 {
        assert_eq!(harness.send(post("/ui/flows").token(&harness.owner()).json(&flow)).await.status, 200);
    }
    let searched = |number: usize| delivery(&harness).json(&json!({"id": format!("p{number}"), "list": vec![0; 20_000]}));
    let mut accepted = 0;
    let refused = loop {
        let before = harness.clock.sleepers();
        // It is told late, so that nothing is gained by coming again at once.
        let passing = async {
            while harness.clock.sleepers() == before {
                tokio::task::yield_now().await;
            }
            harness.clock.advance(Duration::from_millis(REFUSAL_HELD_MS));
            std::future::pending::<()>().await;
        };
        let answer = tokio::select! {
            answer = harness.send(searched(accepted)) => answer,
            () = passing => unreachable!("time passes only once"),
        };
        if answer.status != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 100, "it is never told to rest");
    };
    refused.refused(503, "busy");
    let before = harness.clock.sleepers();
    let mut wire = Wire::open(harness.address).await;
    wire.write(&searched(0).stating_length(BODY_BYTES_MAX).head()).await;
    while harness.clock.sleepers() == before {
        tokio::task::yield_now().await;
    }
    harness.clock.advance(Duration::from_millis(REFUSAL_HELD_MS));
    wire.answer().await.refused(503, "busy");
    assert_eq!(harness.stored(harness.home.workspace).await.1, accepted as u64);
    harness.clock.advance(Duration::from_secs(60));
    still_well(&harness).await;
}

#[actix_web::test]
async fn a_body_that_ends_early_is_an_incomplete_one() {
    let harness = Harness::installed().await;
    let request = delivery(&harness).header("transfer-encoding", "chunked").head();
    let mut wire = Wire::open(harness.address).await;
    wire.write(&request).await;
    wire.write(b"5\r\n{\"id\"\r\nZZ\r\n").await;
    let answer = wire.answer().await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
    still_well(&harness).await;
}

#[actix_web::test]
async fn a_body_that_drips_is_given_up_after_a_while() {
    let harness = Harness::installed().await;
    let before = harness.clock.sleepers();
    let mut wire = Wire::open(harness.address).await;
    wire.write(&delivery(&harness).stating_length(1_000).head()).await;
    wire.write(b"{").await;
    while harness.clock.sleepers() == before {
        tokio::task::yield_now().await;
    }
    harness.clock.advance(Duration::from_secs(actors::limits::http::BODY_SECONDS_MAX));
    wire.answer().await.refused(408, "body_timeout");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
    still_well(&harness).await;
}

#[actix_web::test]
async fn compressed_bodies_are_refused_and_identity_is_not() {
    let harness = Harness::installed().await;
    for encoding in ["gzip", "br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x"] {
        harness.send(delivery(&harness).header("content-encoding", encoding).body("{}")).await.refused(415, "unsupported_encoding");
    }
    let twice = delivery(&harness).header("content-encoding", "identity").header("content-encoding", "gzip").body("{}");
    harness.send(twice).await.refused(415, "unsupported_encoding");
    assert_eq!(harness.stored(harness.home.workspace).await.1, 0);
    assert_eq!(harness.send(delivery(&harness).header("content-encoding", "Identity").body("{}")).await.status, 200);
}

#[actix_web::test]
async fn what_is_not_one_json_object_is_no_event() {
    let harness = Harness::installed().await;
    let deep = |open: &str, close: &str, n: usize| format!("{{\"a\":{}1{}}}", open.repeat(n), close.repeat(n));
    let home = harness.home.workspace;
    let bodies: Vec<Vec<u8>> = [
        String::new(),
        " ".into(),
        "null".into(),
        "[]".into(),
        "\"x\"".into(),
        "1e999999999".into(),
        "{".into(),
        "{\"id\":}".into(),
        "{}{}".into(),
        "{}\n{}".into(),
        "{} x".into(),
        "\u{feff}{}".into(),
        "{'id': 1}".into(),
        "{\"id\":NaN}".into(),
        "{\"id\":\"\\ud800\"}".into(),
        format!("{{\"workspaceId\":\"{home}\",\"workspaceId\":\"{home}\"}}"),
        "{\"id\":\"1\",\"id\":\"2\"}".into(),
        deep("[", "]", 70),
        deep("[", "]", 600),
        deep("[", "]", 30_000),
        deep("{\"a\":", "}", 9_000),
        format!("{{\"a\":{}", "[".repeat(60_000)),
    ]
    .into_iter()
    .map(String::into_bytes)
    .chain([b"{\"a\":\"\xff\xfe\"}".to_vec(), b"\xff\xfe{\0}\0".to_vec(), b"{\"a\":\"\x00\"}".to_vec(), vec![0x1f, 0x8b, 8, 0]])
    .collect();
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let answer = harness.send(delivery(&harness).body(body)).await;
        println!("{shown}");
        answer.refused(400, "invalid_json");
    }
    assert_eq!(harness.stored(home).await.1, 0);
    still_well(&harness).await;
}

#[actix_web::test]
async fn odd_and_large_values_of_good_json_are_kept_as_they_are() {
    let harness = Harness::installed().await;
    let keys: String = (0..3_000).map(|n| format!(",\"k{n}\":{n}")).collect();
    for (n, value) in [
        "1e400".to_owned(),
        "123456789012345678901234567890".into(),
        "-0".into(),
        "\"\\u0000\"".into(),
        "\"\\ud83d\\ude00\"".into(),
        format!("\"{}\"", "x".repeat(60_000)),
        format!("1{keys}"),
        "[".repeat(60) + &"]".repeat(60),
    ]
    .into_iter()
    .enumerate()
    {
        let body = format!("{{\"id\":\"{n}\",\"value\":{value}}}");
        let answer = harness.send(delivery(&harness).body(body.clone())).await;
        assert_eq!(answer.status, 200, "{n}: {answer:?}");
        let shown = harness
            .send(super::client::get(format!("/ui/webhooks/{}", answer.json()["webhookId"].as_str().unwrap())).token(&harness.owner()))
            .await;
        assert!(shown.body.contains(&body), "{n}: {:.300}", shown.body);
    }
}

#[actix_web::test]
async fn lifecycle_calls_and_definitions_have_limits_of_their_own() {
    let harness = Harness::installed().await;
    let large = "x".repeat(300 * 1024);
    let token = harness.lifecycle(&harness.home);
    let call = post("/lifecycle/deleted").header("x-addon-lifecycle-token", token).json(&json!({"workspaceId": large}));
    harness.send(call).await.refused(413, "body_too_large");
    for method in ["POST", "PUT"] {
        let path = if method == "PUT" { "/ui/flows/01900000-0000-7000-8000-000000000000" } else { "/ui/flows" };
        let request = request(method, path).token(&harness.owner()).json(&json!({"name": large}));
        harness.send(request).await.refused(413, "body_too_large");
    }
}

#[actix_web::test]
async fn a_pages_body_must_be_json_and_say_so() {
    let harness = Harness::installed().await;
    let flow = |request: Request| harness.send(request.token(&harness.owner()).body(r#"{"name":"x"}"#));
    flow(post("/ui/flows")).await.refused(415, "unsupported_media_type");
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx", "text/json"] {
        flow(post("/ui/flows").header("content-type", kind)).await.refused(415, "unsupported_media_type");
    }
    flow(post("/ui/flows").header("content-type", "Application/JSON; charset=utf-8")).await.refused(422, "invalid_fields");
    let broken = post("/ui/flows").token(&harness.owner()).header("content-type", "application/json").body("{\"name\": nope}");
    let answer = harness.send(broken).await;
    answer.refused(400, "invalid_json");
    assert!(answer.body.contains("line 1") && !answer.body.contains("nope"), "{answer:?}");
    let deep = post("/ui/flows").token(&harness.owner()).header("content-type", "application/json").body("[".repeat(100_000));
    harness.send(deep).await.refused(400, "invalid_json");
}

/// Where JSON is taken, with what stands around a value there.
const TAKES: [(&str, &str, &str, &str); 7] = [
    ("POST", "/ui/flows", r#"{"name":"x","conditions":"#, "}"),
    (
        "POST",
        "/ui/flows",
        r#"{"name":"x","trigger_source":"CLOCKIFY","trigger_event_types":["NEW_TAG"],"actions":[{"type":"CLOCKIFY_API","operation_id":"createTag","body":"#,
        "}]}",
    ),
    ("POST", "/ui/flows/dry-run", r#"{"payload":"#, "}"),
    ("POST", "/ui/flow-import", r#"{"flows":["#, "]}"),
    ("PATCH", "/ui/settings", r#"{"enable_flows":"#, "}"),
    ("POST", "/ui/custom-sources", r#"{"name":"s","type_from":"#, "}"),
    ("POST", "/ui/operations/getTags/execute", r#"{"body":"#, "}"),
];

#[actix_web::test]
async fn deep_json_is_refused_wherever_json_is_taken() {
    let harness = Harness::installed().await;
    for (method, path, before, behind) in TAKES {
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"{"operator":"AND","rules":["#, "]}")] {
            for levels in [600, 100_000 / (open.len() + close.len()) / 2] {
                let body = format!("{before}{}1{}{behind}", open.repeat(levels), close.repeat(levels));
                let answer =
                    harness.send(request(method, path).token(&harness.owner()).header("content-type", "application/json").body(body)).await;
                assert!(matches!(answer.status, 400 | 413 | 422), "{method} {path} {open} {levels}: {answer:?}");
            }
        }
    }
    let token = harness.lifecycle(&harness.home);
    let settings = format!("{{\"settings\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    harness
        .send(post("/lifecycle/settings-updated").header("x-addon-lifecycle-token", token).body(settings))
        .await
        .refused(400, "invalid_json");
    assert_eq!(harness.stored(harness.home.workspace).await.3, Vec::<String>::new());
    still_well(&harness).await;
}

#[actix_web::test]
async fn numbers_and_texts_that_are_none_are_refused_wherever_json_is_taken() {
    let harness = Harness::installed().await;
    for (method, path, before, behind) in TAKES {
        for odd in ["NaN", "Infinity", "-", "01", "1.", "0x10", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\u{0}\"", "\"\\x41\"", "'x'"] {
            let body = format!("{before}{odd}{behind}");
            let answer =
                harness.send(request(method, path).token(&harness.owner()).header("content-type", "application/json").body(body)).await;
            answer.refused(400, "invalid_json");
        }
        for large in ["1e999999999", "-1e999999999", "18446744073709551616", &"9".repeat(50_000)] {
            let body = format!("{before}{large}{behind}");
            let answer =
                harness.send(request(method, path).token(&harness.owner()).header("content-type", "application/json").body(body)).await;
            assert!(answer.status < 500, "{method} {path} {:.20}: {answer:?}", large);
        }
    }
    still_well(&harness).await;
}
