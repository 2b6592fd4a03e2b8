//! Connections that fail, and what may be said of a request then: certainly not done, or nobody knows (I4).

use std::rc::Rc;
use std::time::Duration;

use awc::http::Method;
use clockify_addons::outbound::client::{Client, Exchange, Reuse};
use clockify_addons::outbound::connector::Resolve;
use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, join_all};

use super::server::*;

#[actix_web::test]
async fn a_refused_connection_means_that_nothing_was_done() {
    let port = {
        let gone = Server::saying("").await;
        gone.address.port()
    };
    let url = format!("http://127.0.0.1:{port}/");
    until(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_err()).await;
    for exchange in [get(&url), post(&url, "{}")] {
        assert_not_reached(client(&[port]).exchange(exchange).await, "refused");
    }
}

#[actix_web::test]
async fn a_connection_that_closes_without_an_answer_leaves_the_outcome_unknown() {
    let closes = Server::new(|mut peer| async move { peer.request().await.map(drop) }).await;
    let resets = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.reset();
        None
    })
    .await;
    let closes_at_once = Server::new(|_| async { None }).await;
    for server in [&closes, &resets, &closes_at_once] {
        let client = client(&[server.address.port()]);
        assert_lost(client.exchange(post(&server.url("/"), "{}")).await, "");
        assert_lost(client.exchange(get(&server.url("/"))).await, "");
    }
    assert_eq!(closes.requests().len(), 2, "a fresh connection that fails is not tried again here: that is the caller's to decide");
}

#[actix_web::test]
async fn a_server_that_never_answers_leaves_the_outcome_unknown() {
    let silent = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.hold().await
    })
    .await;
    let unread = Server::new(|peer| async move {
        let _peer = peer;
        futures_util::future::pending().await
    })
    .await;
    let large = "x".repeat(12 * 1024 * 1024);
    for (server, body) in [(&silent, "{}"), (&silent, ""), (&unread, &large)] {
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            let exchange = Exchange { method, timeout: Duration::from_millis(200), ..post(&server.url("/"), body) };
            assert_lost(client(&[server.address.port()]).exchange(exchange).await, "within the time limit");
        }
    }
}

/// Names that nobody can look up in time.
struct Endless;

impl Resolve for Endless {
    fn lookup<'a>(&'a self, _: &'a str, _: u16) -> LocalBoxFuture<'a, std::io::Result<Vec<std::net::SocketAddr>>> {
        futures_util::future::pending().boxed_local()
    }
}

#[actix_web::test]
async fn a_connection_that_is_not_made_in_time_means_that_nothing_was_done() {
    let client = Client::with_resolver(guard(&[]), Rc::new(Endless)).unwrap();
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let exchange = Exchange { method, timeout: Duration::from_millis(100), ..post("http://slow.example.com/", "{}") };
        assert_not_reached(client.exchange(exchange).await, "within the time limit");
    }
}

#[actix_web::test]
async fn a_tls_handshake_that_is_never_answered_means_that_nothing_was_done() {
    let silent = Server::new(|mut peer| async move { peer.hold().await }).await;
    let url = format!("https://{}/", silent.address);
    let exchange = Exchange { timeout: Duration::from_millis(200), ..post(&url, "{}") };
    assert_not_reached(client(&[silent.address.port()]).exchange(exchange).await, "within the time limit");
    let plain = Server::new(|mut peer| async move { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n").await }).await;
    let closes = Server::new(|_| async { None }).await;
    for server in [plain, closes] {
        let outcome = client(&[server.address.port()]).exchange(post(&format!("https://{}/", server.address), "{}")).await;
        assert_not_reached(outcome, "");
    }
}

/// Answers the first request of a connection and closes it when a second comes.
async fn closes_on_reuse() -> Server {
    Server::new(|mut peer| async move {
        peer.request().await?;
        peer.write(ok(&peer.number.to_string())).await?;
        peer.request().await.map(drop)
    })
    .await
}

#[actix_web::test]
async fn a_kept_connection_that_closes_is_replaced_for_what_may_be_repeated() {
    let server = closes_on_reuse().await;
    let client = client(&[server.address.port()]);
    assert_eq!(client.exchange(get(&server.url("/1"))).await.unwrap().body, "1");
    assert_eq!(client.exchange(get(&server.url("/2"))).await.unwrap().body, "2");
    assert_eq!((server.connections(), server.requests().len()), (2, 3), "the second request went out twice");
}

#[actix_web::test]
async fn what_may_not_be_repeated_is_sent_once_into_a_kept_connection_that_closes() {
    let server = closes_on_reuse().await;
    let client = client(&[server.address.port()]);
    client.exchange(get(&server.url("/1"))).await.unwrap();
    assert_lost(client.exchange(post(&server.url("/2"), "{}")).await, "closed without an answer");
    assert_eq!((server.connections(), server.requests().len()), (1, 2));
}

#[actix_web::test]
async fn a_second_try_that_reaches_nobody_does_not_undo_the_first() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut peer, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        assert!(peer.read(&mut buffer).unwrap() > 0);
        peer.write_all(ok("1").as_bytes()).unwrap();
        assert!(peer.read(&mut buffer).unwrap() > 0, "the second request has arrived");
        drop(listener);
    });
    let client = client(&[port]);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(client.exchange(get(&url)).await.unwrap().body, "1");
    assert_lost(client.exchange(Exchange { method: Method::PUT, repeatable: true, ..post(&url, "{}") }).await, "then connect");
    server.join().unwrap();
}

/// Answers any number of requests on a connection.
async fn patient() -> Server {
    Server::new(|mut peer| async move {
        loop {
            peer.request().await?;
            peer.write(ok("1")).await?;
        }
    })
    .await
}

#[actix_web::test]
async fn connections_are_kept_for_the_platform_and_not_for_hosts_that_users_name() {
    for (reuse, connections) in [(Reuse::Pooled, 1), (Reuse::Once, 3)] {
        let server = patient().await;
        let client = client(&[server.address.port()]);
        for _ in 0..3 {
            client.exchange(Exchange { reuse, ..get(&server.url("/")) }).await.unwrap();
        }
        assert_eq!(server.connections(), connections, "{reuse:?}");
        if reuse == Reuse::Once {
            server.has_ended(connections).await;
        }
    }
}

#[actix_web::test]
async fn more_exchanges_than_connections_wait_their_turn() {
    let server = patient().await;
    let client = client(&[server.address.port()]);
    let exchanges = (0..400).map(|_| client.exchange(get(&server.url("/"))));
    assert!(join_all(exchanges).await.into_iter().all(|outcome| outcome.is_ok_and(|answer| answer.body == "1")));
    assert!(server.connections() <= 256, "{}", server.connections());
}

#[actix_web::test]
async fn an_exchange_that_is_dropped_closes_its_connection() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.hold().await
    })
    .await;
    let client = client(&[server.address.port()]);
    let exchange = client.exchange(get(&server.url("/")));
    let dropped = tokio::time::timeout(Duration::from_millis(200), exchange).await;
    assert!(dropped.is_err());
    if server.connections() > 0 {
        server.has_ended(1).await;
    }
}
