//! The key set's source over the real client: what it fetches, and what it makes of servers that misbehave.

use std::sync::Arc;
use std::time::Duration;

use actors::addon::Addon;
use actors::clock::{Clock, SystemClock};
use actors::ids::{AddonId, WorkspaceId};
use actors::limits::token::KEY_SET_BYTES_MAX;
use clockify_addons::auth::{KeySource, Keys, Kind, Refusal, Verifier};
use clockify_addons::outbound::guard::{Guard, Policy};
use clockify_addons::outbound::key_set::KeySet;
use clockify_addons::sandbox::authority::{Authority, Grant};

use super::server::*;

fn key_set(server: &Server) -> KeySet {
    let arbiter = actix_rt::Arbiter::current();
    KeySet::at(&server.url("/.well-known/jwks.json"), guard(&[server.address.port()]), &arbiter).unwrap()
}

#[actix_web::test]
async fn a_token_is_verified_with_a_key_that_was_fetched_from_another_thread() {
    let authority = Authority::generate().unwrap();
    let server = Server::saying(ok(&authority.jwks().unwrap().to_string())).await;
    let arbiter = actix_rt::Arbiter::new();
    let source = KeySet::at(&server.url("/keys"), guard(&[server.address.port()]), &arbiter.handle()).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let verifier = Verifier::new(Keys::jwks(Arc::new(source), Arc::clone(&clock)), Arc::clone(&clock), |_| "key".into());
    let id = "5b641568b07987035750505e";
    let grant = Grant { addon_key: "key".into(), workspace: WorkspaceId::parse(id).unwrap(), addon_id: AddonId::parse(id).unwrap() };
    for path in ["/a", "/b"] {
        verifier.verify(Addon::UniversalWebhook, Kind::Webhook, &authority.webhook_token(&grant, path)).await.unwrap();
    }
    let stranger = Authority::generate().unwrap().webhook_token(&grant, "/");
    let outcome = verifier.verify(Addon::UniversalWebhook, Kind::Webhook, &stranger).await;
    assert!(matches!(outcome, Err(Refusal::Invalid(_))), "{outcome:?}");
    assert_eq!(server.requests().len(), 1);
    assert!(server.requests()[0].starts_with("GET /keys HTTP/1.1\r\n"));
    arbiter.stop();
}

#[actix_web::test]
async fn a_redirect_an_error_or_a_flood_is_no_key_set() {
    let elsewhere = Server::saying(ok("{}")).await;
    let long = ok(&"x".repeat(KEY_SET_BYTES_MAX + 1));
    for answer in [
        format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url("/")),
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}".into(),
        "HTTP/1.1 204 No Content\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}".into(),
        String::new(),
        long,
    ] {
        let server = Server::saying(answer.clone()).await;
        assert!(key_set(&server).fetch().await.is_err(), "{answer:.80}");
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[actix_web::test]
async fn one_question_waits_and_more_are_turned_away() {
    let server = Server::new(|mut peer| async move {
        peer.request().await?;
        peer.hold().await
    })
    .await;
    let source = key_set(&server);
    let _under_way = source.fetch();
    until(|| server.requests().len() == 1).await;
    let _waiting = source.fetch();
    let turned_away = tokio::time::timeout(Duration::from_secs(5), source.fetch()).await.unwrap();
    assert!(turned_away.is_err_and(|reason| reason.contains("busy")));
}

#[actix_web::test]
async fn a_source_whose_arbiter_has_ended_says_so() {
    let server = Server::saying(ok("{}")).await;
    let arbiter = actix_rt::Arbiter::new();
    let source = KeySet::at(&server.url("/"), guard(&[server.address.port()]), &arbiter.handle()).unwrap();
    arbiter.stop();
    arbiter.join().unwrap();
    assert!(source.fetch().await.is_err());
}

#[actix_web::test]
async fn a_key_set_comes_over_https_unless_the_operator_exempted_its_address() {
    let arbiter = actix_rt::Arbiter::current();
    let open = Arc::new(Guard::new(Policy {
        allow_networks: vec!["10.0.0.0/8".parse().unwrap()],
        api_bases: vec!["http://clockify.internal:7000/api".parse().unwrap()],
        ..Policy::default()
    }));
    for (url, allowed) in [
        ("https://api.clockify.me/.well-known/jwks.json", true),
        ("http://api.clockify.me/.well-known/jwks.json", false),
        ("http://8.8.8.8/jwks.json", false),
        ("http://10.1.2.3/jwks.json", true),
        ("http://clockify.internal:7000/jwks.json", true),
        ("http://127.0.0.1/jwks.json", false),
        ("https://localhost/jwks.json", false),
        ("https://user@api.clockify.me/jwks.json", false),
        ("file:///etc/jwks.json", false),
    ] {
        assert_eq!(KeySet::at(url, Arc::clone(&open), &arbiter).is_ok(), allowed, "{url}");
    }
}
