//! Before everything stands and while the service stops, tenants are told to come again: never a 2xx that is not kept, never a 404.

use actors::addon::Addon;
use clockify_addons::http::ROUTES;
use clockify_addons::http::caller::Proof;

use super::client::{get, request};
use super::harness::Harness;

async fn closed(harness: &Harness) {
    for route in ROUTES.iter().filter(|route| route.is_of(harness.addon)) {
        let path = harness.target(route);
        let token = harness.owner();
        let request = request(route.verb.as_str(), path).token(&token).signed(&harness.webhook("NEW_PROJECT"));
        let answer = harness.send(request).await;
        println!("{}", route.path);
        match route.proof {
            Proof::Lifecycle | Proof::WebhookSignature | Proof::SourceSecret | Proof::Admin => answer.refused(503, "not_ready"),
            Proof::MetricsToken => answer.refused(401, "token_missing"),
            Proof::Open if route.path == "/ready" => assert_eq!((answer.status, answer.json()["ready"].as_bool()), (503, Some(false))),
            Proof::Open => assert_eq!(answer.status, 200, "{answer:?}"),
        }
    }
}

#[actix_web::test]
async fn a_service_that_is_starting_takes_nothing_and_says_when_to_come_again() {
    let harness = Harness::starting().await;
    closed(&harness).await;
    harness.service.readiness.open();
    assert_eq!(harness.send(get("/ready")).await.status, 200);
    assert_eq!(harness.install(&harness.home).await.status, 200);
}

#[actix_web::test]
async fn a_service_that_stops_takes_nothing_more() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let before = harness.stored(harness.home.workspace).await;
        harness.service.readiness.stop();
        closed(&harness).await;
        let answer = harness.send(get("/ready")).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (503, Some("stopping")));
        assert_eq!(harness.stored(harness.home.workspace).await, before);
    }
}
