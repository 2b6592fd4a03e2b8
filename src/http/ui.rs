//! The page that Clockify embeds, its files, and what it needs to know first: which add-on it belongs to and what that add-on offers.
//!
//! The page itself says nothing about tenants and is the same for everybody; who looks is known only by the token that its calls carry.

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::Json;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use actors::event::{FLOW_EVENTS, KNOWN};
use actors::ids::WorkspaceId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::ROUTES;
use super::caller::{Admin, Anyone};
use super::error::{Error, Kind};
use super::path::WithSlash;
use super::routes::Verb;
use crate::ui;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// A year, and no question in between: another content has another path.
const FOREVER: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
const BY_ENCODING: (HeaderName, HeaderValue) = (header::VARY, HeaderValue::from_static("accept-encoding"));

/// What the page may do. Without `frame-ancestors`, which depends on the configuration.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

/// Parts of the page, and the route that each cannot do without.
const FEATURES: [(&str, Verb, &str); 21] = [
    ("events", Verb::Get, "/ui/webhooks"),
    ("event_entities", Verb::Get, "/ui/webhooks/{id}/entities"),
    ("event_replay", Verb::Post, "/ui/webhooks/{id}/replay"),
    ("flows", Verb::Get, "/ui/flows"),
    ("dry_run", Verb::Post, "/ui/flows/dry-run"),
    ("switch", Verb::Post, "/ui/flows/{id}/enable"),
    ("duplicate", Verb::Post, "/ui/flows/{id}/duplicate"),
    ("versions", Verb::Get, "/ui/flows/{id}/versions"),
    ("templates", Verb::Get, "/ui/flow-templates"),
    ("transfer", Verb::Get, "/ui/flow-export"),
    ("runs", Verb::Get, "/ui/runs"),
    ("cancel_runs", Verb::Post, "/ui/runs/{id}/cancel"),
    ("work_list", Verb::Post, "/ui/runs/{id}/dismiss"),
    ("explorer", Verb::Get, "/ui/operations"),
    ("bootstrap", Verb::Get, "/ui/bootstrap/state"),
    ("entities", Verb::Get, "/ui/entities"),
    ("sources", Verb::Get, "/ui/custom-sources"),
    ("subscriptions", Verb::Get, "/ui/subscriptions"),
    ("secrets", Verb::Get, "/ui/secrets"),
    ("stream", Verb::Get, "/ui/stream"),
    ("activity", Verb::Get, "/ui/activity"),
];

/// Who may embed the page, as `frame-ancestors` has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Embedding(String);

impl Embedding {
    /// Origins, `https://host` or `https://*.domain`; what they consist of has been checked where they were read.
    pub fn new(origins: &[String]) -> Self {
        Self(origins.join(" "))
    }
}

/// `GET /ui`.
pub async fn page(caller: Anyone, request: HttpRequest) -> HttpResponse {
    // Names are relative, because the service does not know which prefix a proxy takes away.
    let below = if request.extensions().get::<WithSlash>().is_some() { "." } else { "ui" };
    let Embedding(embedding) = &caller.service.embedding;
    let mut response = HttpResponse::Ok().insert_header((header::CONTENT_TYPE, HTML)).body(ui::index(below, embedding));
    if let Ok(policy) = HeaderValue::from_str(&format!("{POLICY}; frame-ancestors {embedding}")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// `GET /ui/assets/{hash}/{file}`, and in a folder.
pub async fn asset(_: Anyone, request: HttpRequest) -> Result<HttpResponse, Error> {
    let part = |name| request.match_info().get(name);
    let (hash, file) = (part("hash").unwrap_or_default(), part("file").unwrap_or_default());
    let found = match part("folder") {
        Some(folder) => ui::asset(hash, &format!("{folder}/{file}")),
        None => ui::asset(hash, file),
    };
    let asset = found.ok_or(Kind::NotFound)?;
    let mut response = HttpResponse::Ok();
    response.insert_header(FOREVER).insert_header(BY_ENCODING).insert_header((header::CONTENT_TYPE, asset.media));
    if takes_gzip(&request) && !asset.gzip.is_empty() {
        return Ok(response.insert_header((header::CONTENT_ENCODING, "gzip")).body(asset.gzip.clone()));
    }
    Ok(response.body(asset.plain.clone()))
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let mut codings = accepted.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"))
            && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// What the page goes by.
#[derive(Serialize, Debug)]
pub struct About {
    addon: &'static str,
    name: String,
    version: &'static str,
    workspace_id: WorkspaceId,
    user_id: Option<String>,
    role: Option<String>,
    /// Which parts this add-on has.
    features: Map<String, Value>,
    /// Kinds of action that flows of this add-on may have.
    actions: Vec<&'static str>,
    /// Types of the events that the workspace's own flows make.
    flow_events: [&'static str; 2],
    /// Every event type of the platform, with the kind of entity that it is about.
    events: Vec<EventKind>,
}

#[derive(Serialize, Debug)]
struct EventKind {
    name: &'static str,
    entity: &'static str,
}

/// `GET /ui/about`.
pub async fn about(caller: Admin) -> Json<About> {
    let addon = caller.key.addon;
    let served = |verb: Verb, path: &str| ROUTES.iter().any(|route| route.verb == verb && route.path == path && route.is_of(addon));
    Json(About {
        addon: addon.slug(),
        name: caller.service.manifests.name(addon).unwrap_or_else(|| addon.slug()).to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        workspace_id: caller.key.workspace,
        user_id: caller.verified.user.clone(),
        role: caller.verified.role.clone(),
        features: FEATURES.iter().map(|(name, verb, path)| ((*name).to_owned(), served(*verb, path).into())).collect(),
        actions: actions(caller.service.registry.environment().other_servers.addons.contains(&addon)),
        flow_events: FLOW_EVENTS,
        events: KNOWN.iter().map(|known| EventKind { name: known.name, entity: known.entity }).collect(),
    })
}

/// In the order in which they are offered.
fn actions(other_servers: bool) -> Vec<&'static str> {
    let others = other_servers.then_some("GENERIC_HTTP");
    std::iter::once("CLOCKIFY_API").chain(others).chain(["CACHE_LOOKUP", "STOP_IF", "FOR_EACH"]).collect()
}
