//! Paths as they are meant: slashes collapsed before routing, and webhook paths as the manifest names them.
//!
//! The platform joins base URL and path with a slash of its own, so deliveries arrive at `//webhooks/…`, and INSTALLED names paths as full URL,
//! relative or with a double slash. Routing sees the collapsed path alone, so there is no second spelling that another rule applies to.

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;
use actix_web::http::uri::PathAndQuery;
use actors::limits::http::WEBHOOK_PATH_BYTES_MAX;

const WEBHOOKS: &str = "/webhooks/";

/// Marks a request whose path ended with a slash: a page that is opened so finds its files elsewhere.
pub struct WithSlash;

/// Collapses the slashes of a request's path, before it is routed. A usual path is left as it is, without a copy.
pub fn settle(request: &mut ServiceRequest) {
    let Some(path) = collapsed(request.path()) else { return };
    if request.path().ends_with('/') {
        request.extensions_mut().insert(WithSlash);
    }
    let mut parts = request.uri().clone().into_parts();
    let query = parts.path_and_query.as_ref().and_then(PathAndQuery::query);
    let text = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    let Ok(path_and_query) = PathAndQuery::try_from(text) else { return };
    parts.path_and_query = Some(path_and_query);
    let Ok(uri) = Uri::from_parts(parts) else { return };
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
}

/// Takes `slug` off the front of the path that is yet to be routed, if it is the whole first segment. The URI itself stays as it was sent.
pub fn enter(request: &mut ServiceRequest, slug: &str) -> bool {
    let rest = request.match_info().unprocessed().strip_prefix('/').and_then(|path| path.strip_prefix(slug));
    let inside = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let bytes = u16::try_from(1 + slug.len()).ok().filter(|_| inside);
    if let Some(bytes) = bytes {
        request.match_info_mut().skip(bytes);
    }
    bytes.is_some()
}

/// The path with single slashes and none at its end; `None` if it is so already.
fn collapsed(path: &str) -> Option<String> {
    let settled = path.len() <= 1 || !(path.contains("//") || path.ends_with('/'));
    if settled {
        return None;
    }
    let mut text = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        text.push('/');
        text.push_str(segment);
    }
    if text.is_empty() {
        text.push('/');
    }
    (text != path).then_some(text)
}

/// The manifest's path in what INSTALLED calls the path of a webhook: a full URL or a path, below whatever the base URL adds. `None`: it is none
/// of ours.
pub fn of_webhook(sent: &str) -> Option<String> {
    if sent.len() > WEBHOOK_PATH_BYTES_MAX {
        return None;
    }
    let path = match sent.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => sent,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path = collapsed(&format!("/{path}")).unwrap_or_else(|| format!("/{path}"));
    let start = path.rfind(WEBHOOKS)?;
    let path = path.get(start..)?;
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
    (plain && path.len() > WEBHOOKS.len()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_collapse_and_a_usual_path_is_left_alone() {
        for (path, expected) in [
            ("//webhooks//clockify/", "/webhooks/clockify"),
            ("/", "/"),
            ("//", "/"),
            ("", ""),
            ("/a/b", "/a/b"),
            ("/a/%2F/b/", "/a/%2F/b"),
        ] {
            assert_eq!(collapsed(path).as_deref().unwrap_or(path), expected, "{path}");
        }
        assert_eq!(collapsed("/webhooks/clockify/new-time-entry"), None);
    }

    #[test]
    fn every_spelling_of_a_webhooks_path_is_the_manifests() {
        let expected = Some("/webhooks/clockify/new-time-entry");
        for sent in [
            "/webhooks/clockify/new-time-entry",
            "//webhooks/clockify/new-time-entry",
            "webhooks/clockify/new-time-entry/",
            "/universal-webhook/webhooks/clockify/new-time-entry",
            "https://addons.example.com//webhooks/clockify/new-time-entry",
            "https://addons.example.com/universal-webhook/webhooks/clockify/new-time-entry?x=1#y",
            "https://addons.example.com/webhooks/base//webhooks//clockify//new-time-entry",
        ] {
            assert_eq!(of_webhook(sent).as_deref(), expected, "{sent}");
        }
        for sent in
            ["", "/", "/webhooks", "/webhooks/", "/other/path", "/webhooks/../lifecycle", "/webhooks/a b", &"/webhooks/a".repeat(99)]
        {
            assert_eq!(of_webhook(sent), None, "{sent}");
        }
    }
}
