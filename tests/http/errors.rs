//! One shape for every refusal, one id for every request, safe headers on every answer.

use std::sync::Arc;

use actix_web::{App, HttpServer, web};
use clockify_addons::http::caller::Mount;
use clockify_addons::http::envelope::Envelope;
use serde_json::json;

use super::client::{Answer, get, post, request, send};
use super::harness::Harness;

fn sealed(answer: &Answer, cache: &str) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{answer:?}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some(cache), "{answer:?}");
    assert_eq!(answer.header("content-security-policy"), Some("default-src 'none'; frame-ancestors 'none'"), "{answer:?}");
    for absent in
        ["x-frame-options", "access-control-allow-origin", "access-control-allow-credentials", "server", "x-powered-by", "set-cookie"]
    {
        assert_eq!(answer.header(absent), None, "{answer:?}");
    }
    assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{answer:?}");
}

#[actix_web::test]
async fn every_answer_has_the_safe_headers_whatever_it_says() {
    let harness = Harness::installed().await;
    let owner = harness.owner();
    for (request, status) in [
        (get("/healthz"), 200),
        (get("/manifest"), 200),
        (get("/static/icon.svg"), 200),
        (get("/ui/flows").token(&owner), 200),
        (harness.delivery("NEW_PROJECT", &json!({"id": "1"})), 200),
        (get("/ui/flows"), 401),
        (get("/nothing"), 404),
        (request("OPTIONS", "/ui/flows").header("origin", "https://evil.example"), 405),
        (post("/ui/flows").token(&owner), 415),
    ] {
        let answer = harness.send(request.header("origin", "https://app.clockify.me")).await;
        assert_eq!(answer.status, status, "{answer:?}");
        // A picture that says nothing about anybody.
        sealed(&answer, if answer.header("content-type") == Some("image/svg+xml") { "public, max-age=3600" } else { "no-store" });
    }
}

#[actix_web::test]
async fn what_is_not_there_and_what_is_not_offered_are_told_apart_in_the_one_shape() {
    let harness = Harness::ready().await;
    for path in
        ["/", "/nothing", "/ui/nothing", "/webhooks", "/lifecycle", "/ui/flows/a/b", "/metrics/x", "/.env", "/%00", "/%3Cscript%3Ealert(1)"]
    {
        let answer = harness.send(get(path)).await;
        answer.refused(404, "not_found");
        assert!(!answer.body.contains("script"), "nothing of the path is said back: {answer:?}");
    }
    for (method, path, allow) in [
        ("DELETE", "/ui/flows", "GET, POST, HEAD"),
        ("PATCH", "/ui/flows/x", "GET, PUT, DELETE, HEAD"),
        ("GET", "/lifecycle/installed", "POST"),
        ("GET", "/webhooks/clockify/new-project", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("TRACE", "/manifest", "GET, HEAD"),
    ] {
        let answer = harness.send(request(method, path)).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[actix_web::test]
async fn a_sane_request_id_is_echoed_and_an_odd_one_replaced() {
    let harness = Harness::ready().await;
    let ask = |id: &str| harness.send(get("/nothing").header("x-request-id", id));
    for id in ["a", "trace-1_2.3", "0190b5a0-0000-7000-8000-000000000000"] {
        let answer = ask(id).await;
        assert_eq!(answer.header("x-request-id"), Some(id));
        answer.refused(404, "not_found");
    }
    let mut seen = std::collections::BTreeSet::new();
    for id in ["", "a b", "a\"},{\"", "<b>", &"x".repeat(65)] {
        let answer = ask(id).await;
        let made = answer.header("x-request-id").unwrap().to_owned();
        assert!(made != id && made.len() == 36 && seen.insert(made), "{answer:?}");
        answer.refused(404, "not_found");
    }
    let twice = harness.send(get("/nothing").header("x-request-id", "a").header("x-request-id", "b")).await;
    assert_eq!(twice.headers.iter().filter(|(name, value)| name == "x-request-id" && value.len() == 36).count(), 1, "{twice:?}");
}

#[actix_web::test]
async fn a_handler_that_panics_is_a_500_in_the_one_shape_and_the_next_request_is_served() {
    let harness = Harness::ready().await;
    let mount = Mount { service: Arc::clone(&harness.service), addon: harness.addon };
    async fn boom() -> &'static str {
        panic!("a test's panic with a secret in it")
    }
    let server = HttpServer::new(move || {
        let scope = web::scope("").wrap(Envelope::around(mount.clone(), Vec::new()));
        App::new().service(scope.route("/boom", web::get().to(boom)).route("/fine", web::get().to(async || "fine")))
    });
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    for _ in 0..3 {
        let answer = send(address, get("/boom").header("x-request-id", "mine")).await;
        answer.refused(500, "internal");
        sealed(&answer, "no-store");
        assert_eq!(answer.header("x-request-id"), Some("mine"));
        assert!(!answer.body.contains("secret") && !answer.body.contains("panic"), "{answer:?}");
    }
    assert_eq!(send(address, get("/fine")).await.body, "fine");
    let counted = harness.service.metrics.render();
    assert!(counted.contains(r#"clockify_addons_http_requests_total{addon="none",route="none",status="5xx"} 3"#), "{counted}");
}

#[actix_web::test]
async fn the_store_s_own_words_stay_inside() {
    let harness = Harness::installed().await;
    harness.store.set_unavailable(true);
    for request in [get("/ui/flows").token(&harness.owner()), get("/ui/dashboard").token(&harness.owner())] {
        let answer = harness.send(request).await;
        answer.refused(503, "unavailable");
        assert!(!answer.body.contains("switched off"), "{answer:?}");
    }
}
