//! Clockify's client: what it sends and to whom, and what it makes of an answer.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actors::clock::Timestamp;
use actors::port::clockify::{ApiRequest, ApiResponse, ApiUrls, CallError, Clockify, Host, Method};
use actors::secret::Secret;
use actors::testing::ManualClock;
use bytes::Bytes;
use clockify_addons::outbound::client::Client;
use clockify_addons::outbound::clockify::ClockifyClient;
use clockify_addons::outbound::guard::{Guard, Policy};

use super::server::Server;

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.s3cret.token";

/// A platform on loopback that answers as `answer` says.
fn platform<F: Fn(&HttpRequest, &[u8]) -> HttpResponse + Clone + Send + 'static>(answer: F) -> SocketAddr {
    let server = HttpServer::new(move || {
        let answer = answer.clone();
        App::new().default_service(web::to(move |request: HttpRequest, body: Bytes| std::future::ready(answer(&request, &body))))
    })
    .workers(1)
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    actix_rt::spawn(server.run());
    address
}

fn clockify(base: SocketAddr) -> (ClockifyClient, ApiUrls) {
    let origin = format!("http://{base}");
    let guard = Guard::new(Policy { api_bases: vec![origin.parse().unwrap()], ..Policy::default() });
    let clock = ManualClock::new(Timestamp::parse("1994-11-06T08:49:07Z").unwrap());
    let client = ClockifyClient::new(Rc::new(Client::new(Arc::new(guard)).unwrap()), Arc::new(clock));
    (client, ApiUrls { backend: format!("{origin}/api"), reports: Some(format!("{origin}/report")), pto: None })
}

fn request(method: Method, path: &str) -> ApiRequest {
    ApiRequest {
        method,
        host: Host::Backend,
        path: path.into(),
        query: Vec::new(),
        body: None,
        content_type: None,
        response_bytes_max: 1024,
        timeout: Duration::from_secs(20),
    }
}

async fn call(base: SocketAddr, request: ApiRequest) -> Result<ApiResponse, CallError> {
    let (clockify, urls) = clockify(base);
    clockify.call(&urls, &Secret::new(TOKEN), request).await
}

#[actix_web::test]
async fn a_call_carries_the_token_and_says_what_was_answered() {
    let base = platform(|request, body| {
        let header = |name: &str| request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let told = format!("{} {} {} {} {}", request.method(), request.uri(), header("x-addon-token"), header("content-type"), body.len());
        HttpResponse::Created()
            .insert_header(("Last-Page", "true"))
            .insert_header(("Retry-After", "7"))
            .content_type("Application/JSON; charset=utf-8")
            .body(told)
    });
    let put =
        ApiRequest { query: vec![("page-size".into(), "5 0".into())], body: Some("{}".into()), ..request(Method::Put, "/v1/a/b%2Fc") };
    let response = call(base, put).await.unwrap();
    assert_eq!(response.body, format!("PUT /api/v1/a/b%2Fc?page-size=5+0 {TOKEN} application/json 2"));
    assert_eq!((response.status, response.last_page, response.retry_after), (201, Some(true), Some(Duration::from_secs(7))));
    assert_eq!(response.content_type.as_deref(), Some("application/json"));
    for (method, name) in [(Method::Get, "GET"), (Method::Post, "POST"), (Method::Patch, "PATCH"), (Method::Delete, "DELETE")] {
        let response = call(base, ApiRequest { host: Host::Reports, ..request(method, "/v1/x") }).await.unwrap();
        assert_eq!(response.body, format!("{name} /report/v1/x {TOKEN}  0"));
    }
}

#[actix_web::test]
async fn a_redirect_is_an_answer_and_the_token_goes_nowhere_else() {
    let elsewhere = Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let target = elsewhere.address;
    for status in [301, 302, 303, 307, 308] {
        for location in [
            format!("http://{target}/"),
            format!("//{target}/"),
            format!("http://user@{target}/"),
            "file:///etc/passwd".into(),
            "/api/v1/x".into(),
        ] {
            let visits = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&visits);
            let base = platform(move |_, _| {
                counted.fetch_add(1, Ordering::SeqCst);
                HttpResponse::build(StatusCode::from_u16(status).unwrap()).insert_header(("Location", location.clone())).finish()
            });
            for method in [Method::Get, Method::Post] {
                assert_eq!(call(base, request(method, "/v1/x")).await.unwrap().status, status);
            }
            assert_eq!(visits.load(Ordering::SeqCst), 2);
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[actix_web::test]
async fn a_redirect_to_the_metadata_service_is_not_followed_either() {
    let base = platform(|_, _| HttpResponse::Found().insert_header(("Location", "http://169.254.169.254/latest/meta-data/")).finish());
    assert_eq!(call(base, request(Method::Get, "/v1/x")).await.unwrap().status, 302);
}

#[actix_web::test]
async fn refusals_of_the_platform_are_answers() {
    for status in [400_u16, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504] {
        let base = platform(move |_, _| {
            let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
            if status == 429 { answer.finish() } else { answer.json(serde_json::json!({"message": "Token is not valid", "code": 4017})) }
        });
        let response = call(base, request(Method::Post, "/v1/x")).await.unwrap();
        assert_eq!((response.status, response.body.is_empty()), (status, status == 429));
        assert_eq!((response.retry_after, response.last_page), (None, None));
    }
}

#[actix_web::test]
async fn retry_after_and_last_page_are_read_in_every_form_that_means_something() {
    for (retry, page, seconds, last) in [
        ("0", "false", Some(0), Some(false)),
        ("120", "TRUE", Some(120), Some(true)),
        ("Sun, 06 Nov 1994 08:49:37 GMT", " true ", Some(30), Some(true)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", "1", Some(0), None),
        ("-5", "yes", None, None),
        ("soon", "", None, None),
        ("99999999999999999999999", "true,true", None, None),
    ] {
        let base = platform(move |_, _| {
            HttpResponse::TooManyRequests().insert_header(("Retry-After", retry)).insert_header(("Last-Page", page)).finish()
        });
        let response = call(base, request(Method::Get, "/v1/x")).await.unwrap();
        assert_eq!((response.retry_after, response.last_page), (seconds.map(Duration::from_secs), last), "{retry:?} {page:?}");
    }
}

#[actix_web::test]
async fn an_answer_larger_than_asked_for_keeps_its_status() {
    let base = platform(|_, _| HttpResponse::Created().body("x".repeat(1025)));
    assert_eq!(call(base, request(Method::Post, "/v1/x")).await.unwrap_err(), CallError::TooLarge { status: 201, bytes_max: 1024 });
}

#[actix_web::test]
async fn a_base_that_is_not_configured_is_not_called_over_http_or_inside() {
    let server = Server::saying("").await;
    let (clockify, _) = clockify("127.0.0.1:1".parse().unwrap());
    for backend in
        [server.url("/api"), format!("https://{}/api", server.address), "http://api.clockify.me/api".into(), "https://localhost/api".into()]
    {
        let urls = ApiUrls { backend, reports: None, pto: None };
        let outcome = clockify.call(&urls, &Secret::new(TOKEN), request(Method::Get, "/v1/x")).await;
        assert_eq!(outcome.unwrap_err(), CallError::NotAllowed, "{}", urls.backend);
    }
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn no_error_repeats_the_token_the_path_or_the_answer() {
    let unhelpful = Server::saying("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ns3cret answer").await;
    let refusing: SocketAddr = "127.0.0.1:9".parse().unwrap();
    for base in [unhelpful.address, refusing] {
        let error = call(base, request(Method::Post, "/v1/s3cret")).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    let (clockify, urls) = clockify(unhelpful.address);
    for token in ["s3cret\r\nX: y", "s3cret\0", "s3cret\u{7f}"] {
        let error = clockify.call(&urls, &Secret::new(token), request(Method::Get, "/v1/x")).await.unwrap_err();
        assert!(matches!(error, CallError::Malformed(_)) && !format!("{error:?}").contains("s3cret"), "{error:?}");
    }
}
