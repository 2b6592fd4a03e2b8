//! Other spellings of a path lead to the same route with the same proof, or nowhere.

use actors::addon::Addon;
use clockify_addons::http::ROUTES;
use clockify_addons::http::caller::Proof;

use super::client::{get, request};
use super::harness::Harness;

#[actix_web::test]
async fn no_spelling_of_a_path_gets_around_its_proof() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        for route in ROUTES.iter().filter(|route| route.proof != Proof::Open && route.is_of(addon)) {
            let path = harness.target(route);
            let spellings = [
                path.replace('/', "//"),
                format!("{path}/"),
                format!("///{path}///"),
                format!("{path}?"),
                format!("{path}?workspace_id="),
                format!("{path}#x"),
                format!("/{addon}{path}"),
                format!("//{addon}/{path}/"),
                format!("http://elsewhere.example{path}"),
            ];
            for spelling in spellings {
                let sent = request(route.verb.as_str(), spelling.clone()).header("x-workspace-id", harness.home.workspace.to_string());
                let answer = harness.send(sent).await;
                println!("{spelling}");
                answer.refused(401, if route.proof == Proof::SourceSecret { "source_unproved" } else { "token_missing" });
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
                format!("/{addon}/{addon}{path}"),
            ];
            for dead_end in dead_ends {
                let answer = harness.send(request(route.verb.as_str(), dead_end.clone())).await;
                println!("{dead_end}");
                // An odd last segment may still be taken for an event or an id, behind the same proof, or for one with other methods.
                assert!(matches!(answer.status, 400 | 401 | 404 | 405), "{dead_end}: {answer:?}");
            }
        }
    }
}

#[actix_web::test]
async fn every_add_on_is_served_below_its_slug_as_at_its_own_listener() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        for path in ["/manifest", "/healthz", "/livez", "/static/icon.svg"] {
            let (root, below) = (harness.send(get(path)).await, harness.send(get(format!("/{addon}{path}"))).await);
            assert_eq!((root.status, &root.body), (200, &below.body), "{path}");
        }
        let owner = harness.owner();
        for other in Addon::ALL {
            let answer = harness.send(get(format!("/{other}/ui/flows")).token(&owner)).await;
            assert_eq!(answer.status, if other == addon { 200 } else { 403 }, "{answer:?}");
        }
        harness.send(get(format!("/{addon}x/healthz"))).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn a_path_that_some_add_ons_have_is_not_there_for_the_others() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        for route in ROUTES.iter().filter(|route| route.only.is_some()) {
            let path = harness.target(route);
            let there = ROUTES.iter().any(|other| other.is_of(addon) && covers(other.path, &path));
            for target in [format!("/{addon}{path}"), path] {
                let answer = harness.send(request(route.verb.as_str(), target.clone())).await;
                assert_eq!(answer.status != 404, there, "{target}: {answer:?}");
            }
        }
    }
}

/// Whether a pattern of the table takes a path.
fn covers(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(path).all(|(part, segment)| part.starts_with('{') || *part == segment)
}

#[actix_web::test]
async fn a_method_that_a_path_lacks_is_told_the_ones_that_this_add_on_has() {
    let harness = Harness::installed_as(Addon::ClockifyAddon).await;
    for (path, allow) in
        [("/ui/flows", "GET, POST, HEAD"), ("/ui/flows/x", "GET, PUT, DELETE, HEAD"), ("/health", "GET, HEAD"), ("", "GET, HEAD")]
    {
        for prefix in ["", "/clockify-addon"] {
            let sent = if prefix.is_empty() && path.is_empty() { "/".to_owned() } else { format!("{prefix}{path}") };
            let answer = harness.send(request("PATCH", sent)).await;
            answer.refused(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some(allow), "{prefix}{path}");
        }
    }
}
