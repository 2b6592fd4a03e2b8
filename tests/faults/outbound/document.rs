//! A document of the operator's over the real client: what is fetched, and what is made of servers that misbehave.

use std::sync::Arc;
use std::time::Duration;

use actors::addon::Addon;
use actors::clock::{Clock, SystemClock};
use actors::ids::{AddonId, WorkspaceId};
use bytes::Bytes;
use clockify_addons::auth::{KeySource, Keys, Kind, Refusal, Verifier};
use clockify_addons::outbound::document::{Bounds, Document};
use clockify_addons::outbound::guard::{Guard, Policy};
use clockify_addons::sandbox::authority::{Authority, Grant};
use futures_util::future::BoxFuture;

use super::server::*;

const BOUNDS: Bounds = Bounds { bytes_max: 64 * 1024, timeout: Duration::from_secs(20), waiting_max: 1 };

fn document(server: &Server) -> Document {
    Document::at(server.url("/keys").parse().unwrap(), guard(&[server.address.port()]), BOUNDS).unwrap()
}

/// As the service puts the two together.
struct Source(Document);

impl KeySource for Source {
    fn fetch(&self) -> BoxFuture<'static, Result<Bytes, String>> {
        self.0.fetch()
    }
}

#[actix_web::test]
async fn a_token_is_verified_on_one_thread_with_a_key_that_was_fetched_on_another() {
    let authority = Authority::generate().unwrap();
    let server = Server::saying(ok(&authority.jwks().unwrap().to_string())).await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let keys = Keys::jwks(Arc::new(Source(document(&server))), Arc::clone(&clock));
    let verifier = Verifier::new(keys, clock, |addon| if addon == Addon::UniversalWebhook { "key".into() } else { addon.to_string() });
    let id = "5b641568b07987035750505e";
    let grant = Grant { addon_key: "key".into(), workspace: WorkspaceId::parse(id).unwrap(), addon_id: AddonId::parse(id).unwrap() };
    let elsewhere = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let verify = async |token: String| verifier.verify(Addon::UniversalWebhook, Kind::Webhook, &token).await.map(drop);
        let stranger = Authority::generate().unwrap().webhook_token(&grant, "/");
        let tokens = [authority.webhook_token(&grant, "/a"), authority.webhook_token(&grant, "/b"), stranger];
        tokens.map(|token| runtime.block_on(verify(token)))
    });
    until(|| elsewhere.is_finished()).await;
    let outcomes = elsewhere.join().unwrap();
    assert!(matches!(outcomes, [Ok(()), Ok(()), Err(Refusal::Invalid(_))]), "{outcomes:?}");
    assert_eq!(server.requests().len(), 1);
    assert!(server.requests()[0].starts_with("GET /keys HTTP/1.1\r\n"));
}

#[actix_web::test]
async fn a_redirect_an_error_or_a_flood_is_no_document() {
    let elsewhere = Server::saying(ok("{}")).await;
    for answer in [
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url("/")),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}".into(),
        "HTTP/1.1 204 No Content\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}".into(),
        String::new(),
        ok(&"x".repeat(BOUNDS.bytes_max + 1)),
    ] {
        let server = Server::saying(answer.clone()).await;
        assert!(document(&server).fetch().await.is_err(), "{answer:.80}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[actix_web::test]
async fn a_question_waits_while_another_is_answered_and_more_are_turned_away() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.hold().await
    })
    .await;
    let document = document(&server);
    let _under_way = document.fetch();
    until(|| server.requests().len() == 1).await;
    let _waiting = document.fetch();
    let turned_away = tokio::time::timeout(Duration::from_secs(10), document.fetch()).await.unwrap();
    assert!(turned_away.is_err_and(|reason| reason.contains("another waits")));
}

#[actix_web::test]
async fn a_document_whose_thread_has_ended_says_so() {
    let arbiter = actix_rt::Arbiter::new();
    let (give, take) = tokio::sync::oneshot::channel();
    arbiter.spawn_fn(|| {
        let document = Document::at("https://api.clockify.me/keys".parse().unwrap(), guard(&[]), BOUNDS).unwrap();
        give.send(document).unwrap_or_else(|_| panic!("nobody takes it"));
    });
    let document = take.await.unwrap();
    arbiter.stop();
    arbiter.join().unwrap();
    assert!(document.fetch().await.is_err());
}

#[actix_web::test]
async fn a_document_comes_over_https_unless_the_operator_exempted_its_address() {
    let guard = Arc::new(Guard::new(Policy {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        api_bases: vec!["http://clockify.localhost:1/api".parse().unwrap()],
        ..Policy::default()
    }));
    for (url, reason) in [
        ("http://api.clockify.me/.well-known/jwks.json", "https is due"),
        ("http://8.8.8.8/jwks.json", "https is due"),
        ("http://localhost/jwks.json", "https is due"),
        ("https://localhost/jwks.json", "not allowed"),
        ("https://user@api.clockify.me/jwks.json", "not allowed"),
        ("http://127.0.0.9/jwks.json", "not reached"),
        ("http://clockify.localhost:1/jwks.json", "not reached"),
    ] {
        let outcome = Document::at(url.parse().unwrap(), Arc::clone(&guard), BOUNDS).unwrap().fetch().await;
        assert!(outcome.as_ref().is_err_and(|why| why.contains(reason)), "{url}: {outcome:?}");
    }
}
