//! Other servers' client over real sockets: what it sends, what it refuses, and how much of it there is at a time.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actors::addon::Addon;
use actors::clock::{Clock, SystemClock};
use actors::ids::{Key, WorkspaceId};
use actors::limits::web as limits;
use actors::port::clockify::{CallError, Method};
use actors::port::web::{Destinations, Web, WebRequest};
use actors::secret::Secret;
use clockify_addons::outbound::connector::Resolve;
use clockify_addons::outbound::guard::{Guard, Policy};
use clockify_addons::outbound::web::{NamedDestinations, WebClient};
use futures_util::future::LocalBoxFuture;

use super::server::{BYTES_MAX, Server, guard, ok, until};

fn key(number: u8) -> Key {
    Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::from_bytes([number; 12]) }
}

fn client(port: u16) -> WebClient {
    WebClient::new(&guard(&[port]), Arc::new(SystemClock::new())).unwrap()
}

fn get(url: String) -> WebRequest {
    WebRequest { method: Method::Get, url, headers: vec![], body: None, response_bytes_max: BYTES_MAX, timeout: Duration::from_secs(20) }
}

#[actix_web::test]
async fn a_call_carries_what_the_flow_says_and_nothing_of_ours() {
    let answer = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nX-Request-Id: r1\r\nContent-Type: text/plain\r\nRetry-After: 7\r\n\r\nok";
    let server = Server::saying(answer).await;
    let request = WebRequest {
        method: Method::Post,
        headers: vec![("authorization".into(), Secret::new("Bearer x")), ("content-type".into(), Secret::new("application/json"))],
        body: Some("{}".into()),
        ..get(server.url("/a%2Fb?c=d+e"))
    };
    let response = client(server.address.port()).call(key(1), request).await.unwrap();
    assert_eq!((response.status, response.body.as_ref(), response.retry_after), (201, b"ok".as_slice(), Some(Duration::from_secs(7))));
    let kept: Vec<_> = response.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(kept, [("content-type", "text/plain"), ("x-request-id", "r1")]);
    let sent = server.requests()[0].to_ascii_lowercase();
    assert!(sent.starts_with("post /a%2fb?c=d+e http/1.1\r\n") && sent.ends_with("\r\n\r\n{}"), "{sent}");
    assert!(sent.contains("\r\nauthorization: bearer x\r\n") && !sent.contains("x-addon-token") && !sent.contains("cookie"), "{sent}");
}

#[actix_web::test]
async fn a_redirect_is_an_answer_and_is_never_followed() {
    let elsewhere = Server::saying(ok("secret")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = elsewhere.url("/");
        let server = Server::saying(format!("HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(client(server.address.port()).call(key(1), get(server.url("/"))).await.unwrap().status, status);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[actix_web::test]
async fn an_operators_exemption_of_the_platform_is_none_for_flows() {
    let server = Server::saying(ok("internal")).await;
    let base = server.url("");
    let exempt = Guard::new(Policy { api_bases: vec![base.parse().unwrap()], ..Policy::default() });
    let client = WebClient::new(&exempt, Arc::new(SystemClock::new())).unwrap();
    assert_eq!(client.call(key(1), get(server.url("/"))).await, Err(CallError::NotAllowed));
    assert!(!NamedDestinations::new(&exempt).admits(&server.url("/")));
    assert_eq!(server.connections(), 0);
}

#[test]
fn what_is_named_in_a_flow_is_judged_as_what_is_called() {
    let named = NamedDestinations::new(&Guard::new(Policy { own_hosts: vec!["addons.example.com".into()], ..Policy::default() }));
    for allowed in ["https://hooks.example.com/", "http://example.com:8080/", "https://93.184.216.34/"] {
        assert!(named.admits(allowed), "{allowed}");
    }
    for denied in [
        "http://localhost/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/",
        "http://metadata.google.internal/",
        "http://10.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://x.svc/",
        "http://intranet/",
        "https://addons.example.com/",
        "https://example.com:22/",
        "ftp://example.com/",
        "http://[64:ff9b::7f00:1]/",
    ] {
        assert!(!named.admits(denied), "{denied}");
    }
}

/// Says one address to who asks first, and another one afterwards.
struct Rebinding(SocketAddr);

impl Resolve for Rebinding {
    fn lookup<'a>(&'a self, _: &'a str, port: u16) -> LocalBoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(vec![SocketAddr::new(self.0.ip(), port)]) })
    }
}

#[actix_web::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_called() {
    let server = Server::saying(ok("internal")).await;
    let guard = Guard::new(Policy { allow_ports: vec![server.address.port()], ..Policy::default() });
    let client = WebClient::with_resolver(&guard, Rc::new(Rebinding(server.address)), Arc::new(SystemClock::new())).unwrap();
    let outcome = client.call(key(1), get(format!("http://hooks.example.com:{}/", server.address.port()))).await;
    assert_eq!(outcome, Err(CallError::NotAllowed));
    assert_eq!(outcome.unwrap_err().to_string(), "destination not allowed");
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn a_hostile_workspace_with_slow_servers_takes_no_others_throughput() {
    let slow = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.hold().await
    })
    .await;
    let quick = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write(ok("{}")).await
    })
    .await;
    let clock = Arc::new(SystemClock::new());
    let client = Rc::new(WebClient::new(&guard(&[slow.address.port(), quick.address.port()]), clock.clone() as Arc<dyn Clock>).unwrap());
    // A hundred calls of one workspace to a server that never answers.
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let (client, url) = (Rc::clone(&client), slow.url("/"));
            actix_web::rt::spawn(async move { client.call(key(1), get(url)).await })
        })
        .collect();
    until(|| slow.connections() == limits::CALLS_PER_WORKSPACE_AND_HOST_MAX).await;
    // Another one makes as many calls as it likes meanwhile.
    for _ in 0..200 {
        assert_eq!(client.call(key(2), get(quick.url("/"))).await.unwrap().status, 200);
    }
    assert_eq!(slow.connections(), limits::CALLS_PER_WORKSPACE_AND_HOST_MAX, "the others of the first still wait");
    calls.into_iter().for_each(|call| call.abort());
    // What it held is free again.
    until(|| slow.connections() >= limits::CALLS_PER_WORKSPACE_AND_HOST_MAX).await;
    assert_eq!(client.call(key(1), get(quick.url("/"))).await.unwrap().status, 200);
}
