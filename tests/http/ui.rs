//! The page: the same for everybody, kept by its content, and embedded by nobody but Clockify.

use actors::addon::Addon;

use super::client::{Answer, get};
use super::harness::Harness;

async fn page(harness: &Harness, target: &str) -> Answer {
    let answer = harness.send(get(target)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// Addresses in the page, as they are written.
fn links(page: &str) -> Vec<String> {
    let parts = page.split(['"']).filter(|part| part.contains("assets/"));
    parts.map(str::to_owned).collect()
}

#[actix_web::test]
async fn a_page_may_be_embedded_by_clockify_alone_and_runs_nothing_but_its_own_files() {
    let harness = Harness::ready().await;
    let answer = page(&harness, "/ui?auth_token=a.b.c&theme=DARK").await;
    let policy = answer.header("content-security-policy").unwrap();
    for part in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors https://*.clockify.me"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
    assert_eq!(answer.header("x-frame-options"), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(!answer.body.contains("a.b.c"));
}

#[actix_web::test]
async fn its_files_are_found_at_the_root_and_below_a_slug_with_and_without_a_slash() {
    let harness = Harness::ready().await;
    for (opened, base) in
        [("/ui", "/"), ("/ui/", "/ui/"), ("//ui", "/"), ("/api-studio/ui", "/api-studio/"), ("/clockify-addon/ui/", "/clockify-addon/ui/")]
    {
        let answer = page(&harness, opened).await;
        let links = links(&answer.body);
        assert!(links.len() > 10, "{}", answer.body);
        for link in links {
            let file = page(&harness, &format!("{base}{}", link.trim_start_matches("./"))).await;
            assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{link}");
            assert!(file.header("content-type").unwrap().starts_with("text/"), "{link}");
        }
    }
}

#[actix_web::test]
async fn the_icon_is_kept_for_a_while() {
    let harness = Harness::ready().await;
    assert_eq!(page(&harness, "/static/icon.svg").await.header("cache-control"), Some("public, max-age=3600"));
}

#[actix_web::test]
async fn a_file_comes_compressed_to_whom_can_read_it() {
    let harness = Harness::ready().await;
    let link = format!("/{}", links(&page(&harness, "/ui").await.body).pop().unwrap());
    let coding = async |accepted: Option<&str>| {
        let request = get(link.clone());
        let request = if let Some(accepted) = accepted { request.header("accept-encoding", accepted) } else { request };
        harness.send(request).await.header("content-encoding").map(str::to_owned)
    };
    assert_eq!(coding(Some("br, gzip;q=0.5")).await.as_deref(), Some("gzip"));
    for accepted in [None, Some("identity"), Some("gzip;q=0"), Some("x-gzip-like")] {
        assert_eq!(coding(accepted).await, None, "{accepted:?}");
    }
}

#[actix_web::test]
async fn a_file_of_another_build_or_of_none_is_not_there() {
    let harness = Harness::ready().await;
    let link = links(&page(&harness, "/ui").await.body).pop().unwrap();
    let hash = link.split('/').nth(2).unwrap();
    for target in [
        "/ui/assets/0000000000000000/main.js".to_owned(),
        format!("/ui/assets/{hash}/nothing.js"),
        format!("/ui/assets/{hash}/texts/nothing.js"),
        format!("/ui/assets/{hash}/..%2Findex.html"),
    ] {
        harness.send(get(target)).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn about_says_which_parts_the_add_on_has() {
    for addon in Addon::ALL {
        let harness = Harness::installed_as(addon).await;
        let about = harness.send(get("/ui/about").token(&harness.owner())).await.json();
        assert_eq!(about["addon"], addon.slug());
        assert_eq!(about["workspace_id"], harness.home.workspace.to_string());
        assert_eq!(
            (&about["features"]["flows"], &about["features"]["sources"]),
            (&true.into(), &(addon == Addon::UniversalWebhook).into())
        );
        assert_eq!(about["events"].as_array().unwrap().len(), actors::event::KNOWN.len());
    }
}
