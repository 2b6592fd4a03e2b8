//! Other spellings of a path lead to the same route with the same proof, or nowhere.

use clockify_addons::http::ROUTES;
use clockify_addons::http::caller::Proof;

use super::client::{get, request};
use super::harness::Harness;

#[actix_web::test]
async fn no_spelling_of_a_path_gets_around_its_proof() {
    let harness = Harness::installed().await;
    for route in ROUTES.iter().filter(|route| route.proof != Proof::Open) {
        let path = route.path.replace("{event}", "new-project").replace("{id}", "01900000-0000-7000-8000-000000000000");
        let spellings = [
            path.replace('/', "//"),
            format!("{path}/"),
            format!("///{path}///"),
            format!("{path}?"),
            format!("{path}?workspace_id="),
            format!("{path}#x"),
            format!("/universal-webhook{path}"),
            format!("//universal-webhook/{path}/"),
            format!("http://elsewhere.example{path}"),
        ];
        for spelling in spellings {
            let answer = harness.send(request(route.verb.as_str(), spelling.clone())).await;
            println!("{spelling}");
            answer.refused(401, "token_missing");
        }
        let dead_ends = [
            format!("/./{path}"),
            format!("/x/..{path}"),
            format!("/healthz/..{path}"),
            path.to_uppercase(),
            format!("{path}%2f"),
            format!("{path};x=1"),
            path.replacen('/', "/%2f", 1),
            path.replacen('/', "\\", 1),
            format!("/universal-webhook/universal-webhook{path}"),
        ];
        for dead_end in dead_ends {
            let answer = harness.send(request(route.verb.as_str(), dead_end.clone())).await;
            println!("{dead_end}");
            // An odd last segment may still be taken for an event or an id, behind the same proof.
            assert!(matches!(answer.status, 400 | 401 | 404), "{dead_end}: {answer:?}");
        }
    }
}

#[actix_web::test]
async fn every_add_on_is_served_below_its_slug_as_at_its_own_listener() {
    let harness = Harness::installed().await;
    for path in ["/manifest", "/healthz", "/livez", "/static/icon.svg"] {
        let (root, below) = (harness.send(get(path)).await, harness.send(get(format!("/universal-webhook{path}"))).await);
        assert_eq!((root.status, &root.body), (200, &below.body), "{path}");
    }
    let owner = harness.owner();
    assert_eq!(harness.send(get("/universal-webhook/ui/flows").token(&owner)).await.status, 200);
    harness.send(get("/api-studio/ui/flows").token(&owner)).await.refused(404, "not_found");
    harness.send(get("/universal-webhookx/healthz")).await.refused(404, "not_found");
}
