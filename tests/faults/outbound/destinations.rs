//! Destinations that must not be reached, at the moment of the connection: whatever a URL looked like when it was saved (I8).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actors::port::clockify::CallError;
use clockify_addons::outbound::client::Client;
use clockify_addons::outbound::connector::Resolve;
use clockify_addons::outbound::guard::{Guard, Policy};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use url::Url;

use super::server::*;

/// Gives these answers in turn, the last one for ever, and counts.
#[derive(Default)]
struct Scripted {
    answers: RefCell<VecDeque<Vec<SocketAddr>>>,
    questions: Cell<usize>,
}

impl Scripted {
    fn new<const N: usize>(answers: [&[&str]; N]) -> Rc<Self> {
        let read = |answer: &[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Rc::new(Self { answers: RefCell::new(answers.into_iter().map(read).collect()), questions: Cell::new(0) })
    }
}

impl Resolve for Scripted {
    fn lookup<'a>(&'a self, _: &'a str, _: u16) -> LocalBoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.questions.set(self.questions.get() + 1);
        let mut answers = self.answers.borrow_mut();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        async move { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) }.boxed_local()
    }
}

/// The rules as they are in production, but for one more port.
fn strict(port: u16) -> Guard {
    Guard::new(Policy { allow_ports: vec![port], ..Policy::default() })
}

/// A server that nobody may come to.
async fn inner() -> Server {
    Server::saying(ok("secret")).await
}

#[actix_web::test]
async fn no_spelling_of_an_inner_address_is_reached() {
    let server = inner().await;
    let port = server.address.port();
    let client = Client::new(Arc::new(strict(port))).unwrap();
    let mut asked = 0;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "0",
        "0.0.0.0",
        "0x0",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[::ffff:0:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[fe80::1]",
        "[fc00::1]",
        "[fec0::1]",
        "[ff02::1]",
        "①②⑦.⓪.⓪.①",
        "１２７.０.０.１",
        "127。0。0。1",
        "12\u{ad}7.0.0.1",
        "%31%32%37.0.0.1",
        "localhost",
        "LOCALHOST",
        "x.localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "metadata.google.internal",
        "kubernetes.default.svc",
        "db",
        "user@127.0.0.1",
        "user:pass@127.0.0.1",
        "example.com@127.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        for scheme in ["http", "https"] {
            // What does not parse is not sent; what does goes past the checks that a flow has when it is saved.
            let Ok(url) = Url::parse(&format!("{scheme}://{host}:{port}/latest/meta-data")) else { continue };
            assert_eq!(client.exchange(get(url.as_str())).await.unwrap_err(), CallError::NotAllowed, "{url}");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn no_other_scheme_and_no_other_port_is_reached() {
    let server = inner().await;
    let client = client(&[]);
    for url in [
        server.url("/"),
        format!("ftp://{}/", server.address),
        format!("ws://{}/", server.address),
        format!("gopher://{}/", server.address),
        "file:///etc/passwd".into(),
        "data:text/plain,x".into(),
        "unix:/run/docker.sock".into(),
    ] {
        assert_eq!(client.exchange(get(&url)).await.unwrap_err(), CallError::NotAllowed, "{url}");
    }
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn a_public_name_with_an_inner_address_is_not_reached() {
    let server = inner().await;
    let port = server.address.port();
    for addresses in [
        &["127.0.0.1:1"][..],
        &["[::1]:1"],
        &["[::ffff:127.0.0.1]:1"],
        &["0.0.0.0:1"],
        &["[::]:1"],
        &["169.254.169.254:1"],
        &["10.0.0.1:1"],
        &["[fd00:ec2::254]:1"],
        &["[fe80::1%1]:1"],
        &["[64:ff9b::7f00:1]:1"],
        &["8.8.8.8:1", "127.0.0.1:1"],
        &["127.0.0.1:1", "8.8.8.8:1"],
        &["2606:4700::1111", "[::1]:1"].map(|address| if address.starts_with('[') { address } else { "[2606:4700::1111]:1" }),
    ] {
        let resolver = Scripted::new([addresses]);
        let client = Client::with_resolver(Arc::new(strict(port)), resolver.clone()).unwrap();
        for scheme in ["http", "https"] {
            let outcome = client.exchange(get(&format!("{scheme}://rebind.example.com:{port}/"))).await;
            assert_eq!(outcome.unwrap_err(), CallError::NotAllowed, "{addresses:?}");
        }
        assert_eq!(resolver.questions.get(), 2);
    }
    assert_eq!(server.connections(), 0, "one inner address among public ones is enough to refuse");
}

#[actix_web::test]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    let server = Server::saying(ok("1")).await;
    let port = server.address.port();
    let resolver = Scripted::new([&["127.0.0.1:1"], &["127.0.0.2:1"], &["10.0.0.1:1"]]);
    let client = Client::with_resolver(guard(&[port]), resolver.clone()).unwrap();
    let url = format!("http://pinned.example.com:{port}/");
    assert_eq!(client.exchange(get(&url)).await.unwrap().body, "1");
    assert_eq!(resolver.questions.get(), 1, "no second look-up between check and connection");
    assert!(server.requests()[0].to_ascii_lowercase().contains(&format!("host: pinned.example.com:{port}\r\n")));
    assert_not_reached(client.exchange(get(&url)).await, "connect");
    assert_eq!(client.exchange(get(&url)).await.unwrap_err(), CallError::NotAllowed, "each connection is checked anew");
}

#[actix_web::test]
async fn the_port_is_the_urls_and_never_the_resolvers() {
    let (wanted, other) = (Server::saying(ok("wanted")).await, inner().await);
    let resolver = Scripted::new([&[other.address.to_string().as_str()]]);
    let client = Client::with_resolver(guard(&[wanted.address.port()]), resolver).unwrap();
    let answer = client.exchange(get(&format!("http://name.example.com:{}/", wanted.address.port()))).await.unwrap();
    assert_eq!((answer.body.as_ref(), other.connections()), (&b"wanted"[..], 0));
}

#[actix_web::test]
async fn a_second_address_serves_when_the_first_does_not() {
    let server = Server::saying(ok("1")).await;
    let port = server.address.port();
    let resolver = Scripted::new([&["127.0.0.9:1", "127.0.0.1:1"]]);
    let client = Client::with_resolver(guard(&[port]), resolver).unwrap();
    assert_eq!(client.exchange(get(&format!("http://two.example.com:{port}/"))).await.unwrap().body, "1");
}

#[actix_web::test]
async fn a_name_without_addresses_or_with_too_many_is_not_reached() {
    let many: Vec<String> = (1..=33).map(|last| format!("8.8.8.{last}:80")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let client = |resolver| Client::with_resolver(Arc::new(strict(80)), resolver).unwrap();
    assert_not_reached(client(Rc::new(Scripted::default())).exchange(post("http://a.example.com/", "")).await, "look-up");
    assert_not_reached(client(Scripted::new([&[]])).exchange(post("http://a.example.com/", "")).await, "no address");
    assert_eq!(client(Scripted::new([&many])).exchange(get("http://a.example.com/")).await.unwrap_err(), CallError::NotAllowed);
}

/// Loopback allowed, and this service listening at `own`.
fn own(own: &str, port: u16, networks: &[&str]) -> Arc<Guard> {
    Arc::new(Guard::new(Policy {
        allow_networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        allow_ports: vec![port],
        own_addresses: vec![format!("{own}:{port}").parse().unwrap()],
        own_hosts: vec!["addons.example.com".into()],
        ..Policy::default()
    }))
}

#[actix_web::test]
async fn the_service_does_not_call_itself() {
    let server = inner().await;
    let port = server.address.port();
    for listening in ["127.0.0.1", "0.0.0.0", "[::]"] {
        let resolver = Scripted::new([&["127.0.0.1:1"]]);
        let client = Client::with_resolver(own(listening, port, &["127.0.0.0/8", "::1/128"]), resolver).unwrap();
        for host in ["127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "loop.example.com", "addons.example.com", "ADDONS.example.com"] {
            let outcome = client.exchange(get(&format!("http://{host}:{port}/"))).await;
            assert_eq!(outcome.unwrap_err(), CallError::NotAllowed, "{listening} {host}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[actix_web::test]
async fn nor_by_an_address_of_the_machine_that_no_list_knows() {
    // Which address the machine would leave by; nothing is sent.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let address = probe.connect("198.51.100.1:9").ok().and_then(|()| probe.local_addr().ok()).map(|address| address.ip());
    let Some(address) = address.filter(|address| !address.is_loopback() && !address.is_unspecified()) else {
        eprintln!("SKIPPED: nor_by_an_address_of_the_machine_that_no_list_knows: the machine has no address but loopback");
        return;
    };
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let client = Client::new(own("0.0.0.0", port, &["0.0.0.0/0"])).unwrap();
    let outcome = client.exchange(post(&format!("http://{address}:{port}/"), "{}")).await;
    assert_eq!(outcome.unwrap_err(), CallError::NotAllowed);
    let (mut peer, _) = listener.accept().unwrap();
    let mut sent = Vec::new();
    std::io::Read::read_to_end(&mut peer, &mut sent).unwrap();
    assert_eq!(sent, b"", "the connection is closed before a byte is sent");
}

#[actix_web::test]
async fn a_refusal_says_the_same_of_every_destination() {
    let client = Client::with_resolver(Arc::new(strict(80)), Scripted::new([&["10.0.0.1:80"]])).unwrap();
    for url in ["http://127.0.0.1/s3cret", "http://localhost/s3cret", "http://a.example.com/s3cret", "http://8.8.8.8:22/s3cret"] {
        let error = client.exchange(get(url)).await.unwrap_err();
        assert_eq!(format!("{error} {error:?}"), "destination not allowed NotAllowed", "{url}");
    }
}
