//! The description of what is served: for anybody, for each add-on its own, and nothing of tenants in it.

use actors::addon::Addon;

use super::client::get;
use super::harness::Harness;

#[actix_web::test]
async fn each_add_on_describes_its_own_routes_to_anybody() {
    let harness = Harness::installed().await;
    let own = harness.send(get("/openapi.json")).await;
    assert_eq!((own.status, own.header("content-type")), (200, Some("application/json")));
    assert!(own.json()["paths"]["/webhooks/custom/{source}"]["post"].is_object());
    for addon in Addon::ALL {
        let document = harness.send(get(format!("/{addon}/openapi.json"))).await.json();
        assert_eq!(document["paths"]["/webhooks/custom/{source}"].is_object(), addon == Addon::UniversalWebhook, "{addon}");
        assert_eq!(document["paths"]["/webhooks/{category}"].is_object(), addon == Addon::ClockifyAddon, "{addon}");
    }
}

#[actix_web::test]
async fn what_is_answered_is_what_is_described() {
    let harness = Harness::installed().await;
    let document = harness.send(get("/openapi.json")).await.json();
    let described = |method: &str, path: &str, status: u16| document["paths"][path][method]["responses"][status.to_string()].clone();
    for (request, path) in [
        (get("/ui/custom-sources"), "/ui/custom-sources"),
        (get("/ui/custom-sources/none").token(&harness.owner()), "/ui/custom-sources/{name}"),
        (get("/ui/settings").token(&harness.user(&harness.home, "MEMBER")), "/ui/settings"),
        (get("/ui/runs?limit=0").token(&harness.owner()), "/ui/runs"),
    ] {
        let answer = harness.send(request).await;
        let said = described("get", path, answer.status);
        assert!(said["description"].as_str().is_some_and(|codes| codes.contains(&answer.code())), "{path}: {answer:?}: {said}");
    }
}
