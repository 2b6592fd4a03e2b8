//! The edge: bytes in, bytes out. A handler extracts, asks and shapes; it knows no SQL and nothing of actors.
//!
//! [`ROUTES`] is the one list of what is served and of the proof that each route demands (I9); the actix routes and the tests come from it.
//! A listener serves its own add-on at the root and every add-on below `/<slug>`. [`envelope`] goes around all of it. A line that ends with add-ons
//! is theirs alone.

pub mod activity;
pub mod api_calls;
pub mod api_explorer;
pub mod audience;
pub mod body;
pub mod bootstrap;
pub mod caller;
pub mod connection;
pub mod custom_sources;
pub mod custom_webhooks;
pub mod dashboard;
pub mod download;
pub mod entities;
pub mod envelope;
pub mod error;
pub mod events;
pub mod execute;
pub mod flow_exchange;
pub mod flow_templates;
pub mod flow_versions;
pub mod flows;
pub mod health;
pub mod lifecycle;
pub mod manifest;
pub mod metrics;
pub mod openapi;
pub mod operations;
pub mod path;
pub mod query;
pub mod readiness;
pub mod request_id;
pub mod routes;
pub mod runs;
pub mod secrets;
pub mod server;
pub mod settings;
pub mod stream;
pub mod subscriptions;
pub mod time_zone;
pub mod trials;
pub mod twins;
pub mod ui;
pub mod webhooks;
pub mod welcome;

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web;
use actors::addon::Addon;
use actors::clock::Clock;
use actors::operation::Catalogue;
use actors::port::store::Store;
use actors::registry::Registry;
use actors::secret::Secret;

use self::caller::plain_token::PlainTokens;
use self::caller::{Admin, Anyone, Custom, Lifecycle, Mount, Scraper, Webhook};
use self::envelope::Envelope;
use self::readiness::Readiness;
use self::routes::{Endpoint, routes};
use crate::auth::{ApiHosts, Verifier};
use crate::manifest::Manifests;
use crate::metrics::Metrics;

/// Everything that is served: method, path, proof, handler. The hottest stand first.
pub const ROUTES: &[Endpoint] = routes![
    Post   "/webhooks/clockify/{event}"     Webhook    webhooks::to_path,    UniversalWebhook, ApiStudio;
    Post   "/webhooks/clockify"             Webhook    webhooks::by_header,  UniversalWebhook, ApiStudio;
    Post   "/webhooks/custom/{source}"      Custom     custom_webhooks::receive, UniversalWebhook;
    Post   "/webhooks/{category}/{change}"  Webhook    webhooks::to_path,    ClockifyAddon;
    Post   "/webhooks/{category}"           Webhook    webhooks::to_path,    ClockifyAddon;

    Post   "/lifecycle/installed"           Lifecycle  lifecycle::installed;
    Post   "/lifecycle/uninstalled"         Lifecycle  lifecycle::deleted;
    Post   "/lifecycle/deleted"             Lifecycle  lifecycle::deleted;
    Post   "/lifecycle/status-changed"      Lifecycle  lifecycle::status_changed;
    Post   "/lifecycle/settings-updated"    Lifecycle  lifecycle::settings_updated;

    Get    "/ui"                            Anyone     ui::page;
    Get    "/ui/assets/{hash}/{file}"       Anyone     ui::asset;
    Get    "/ui/assets/{hash}/{folder}/{file}" Anyone  ui::asset;
    Get    "/ui/about"                      Admin      ui::about;
    Get    "/ui/stream"                     Admin      stream::show;
    Get    "/ui/dashboard"                  Admin      dashboard::show;
    Post   "/ui/quarantine/lift"            Admin      dashboard::lift;
    Get    "/ui/webhooks"                   Admin      events::list;
    Get    "/ui/webhooks/{id}"              Admin      events::show;
    Get    "/ui/webhooks/{id}/entities"     Admin      entities::of_webhook;
    Post   "/ui/webhooks/{id}/replay"       Admin      events::replay;
    Get    "/ui/flows"                      Admin      flows::list;
    Post   "/ui/flows"                      Admin      flows::create;
    Post   "/ui/flows/dry-run"              Admin      trials::flow;
    Get    "/ui/flows/{id}"                 Admin      flows::show;
    Put    "/ui/flows/{id}"                 Admin      flows::replace;
    Delete "/ui/flows/{id}"                 Admin      flows::delete;
    Get    "/ui/flows/{id}/executions"      Admin      runs::of_flow;
    Post   "/ui/flows/{id}/duplicate"       Admin      flows::duplicate;
    Post   "/ui/flows/{id}/enable"          Admin      flows::enable;
    Post   "/ui/flows/{id}/disable"         Admin      flows::disable;
    Get    "/ui/flows/{id}/versions"        Admin      flow_versions::list;
    Get    "/ui/flows/{id}/versions/{version}" Admin   flow_versions::show;
    Post   "/ui/flows/{id}/versions/{version}/restore" Admin flow_versions::restore;
    Get    "/ui/flow-export"                Admin      flow_exchange::export;
    Post   "/ui/flow-import"                Admin      flow_exchange::import;
    Get    "/ui/flow-templates"             Admin      flow_templates::list;
    Post   "/ui/flow-templates/{id}"        Admin      flow_templates::create;
    Post   "/ui/jsonpath"                   Admin      trials::path;
    Get    "/ui/runs"                       Admin      runs::list;
    Post   "/ui/runs/replay"                Admin      runs::replay_many;
    Post   "/ui/runs/dismiss"               Admin      runs::dismiss_many;
    Get    "/ui/runs/{id}"                  Admin      runs::show;
    Post   "/ui/runs/{id}/replay"           Admin      runs::replay;
    Post   "/ui/runs/{id}/dismiss"          Admin      runs::dismiss;
    Post   "/ui/runs/{id}/cancel"           Admin      runs::cancel;
    Get    "/ui/secrets"                    Admin      secrets::list,          UniversalWebhook;
    Put    "/ui/secrets/{name}"             Admin      secrets::put,           UniversalWebhook;
    Delete "/ui/secrets/{name}"             Admin      secrets::delete,        UniversalWebhook;
    Get    "/ui/bootstrap/state"            Admin      bootstrap::state;
    Post   "/ui/bootstrap/trigger"          Admin      bootstrap::trigger;
    Post   "/ui/bootstrap/cancel"           Admin      bootstrap::cancel;
    Post   "/ui/bootstrap/retry"            Admin      bootstrap::retry;
    Post   "/bootstrap/{workspace}"         Admin      bootstrap::start_job, ClockifyAddon;
    Get    "/bootstrap/{workspace}/status"  Admin      bootstrap::job,       ClockifyAddon;
    Get    "/ui/entities"                   Admin      entities::list;
    Get    "/ui/entities/{type}/{id}"       Admin      entities::show;
    Get    "/ui/custom-sources"             Admin      custom_sources::list,   UniversalWebhook;
    Post   "/ui/custom-sources"             Admin      custom_sources::create, UniversalWebhook;
    Get    "/ui/custom-sources/{name}"      Admin      custom_sources::show,   UniversalWebhook;
    Put    "/ui/custom-sources/{name}"      Admin      custom_sources::replace,UniversalWebhook;
    Delete "/ui/custom-sources/{name}"      Admin      custom_sources::delete, UniversalWebhook;
    Post   "/ui/custom-sources/{name}/rotate" Admin    custom_sources::rotate, UniversalWebhook;
    Get    "/ui/operations"                 Admin      operations::list;
    Get    "/ui/operations/{operation_id}"  Admin      operations::show;
    Post   "/ui/operations/{operation_id}/execute" Admin execute::execute;
    Get    "/ui/api-calls"                  Admin      api_calls::list;
    Get    "/ui/api-calls/{id}"             Admin      api_calls::show;
    Post   "/ui/api-calls/{id}/run-again"   Admin      api_calls::run_again;
    Get    "/ui/api-calls/{id}/action"      Admin      api_calls::action;
    Get    "/ui/api-explorer/endpoints"     Admin      api_explorer::endpoints;
    Post   "/ui/api-explorer/execute"       Admin      api_explorer::execute;
    Post   "/api-call"                      Admin      api_explorer::api_call, ClockifyAddon;
    Get    "/ui/activity"                   Admin      activity::list;
    Get    "/ui/settings"                   Admin      settings::show;
    Patch  "/ui/settings"                   Admin      settings::change;
    Get    "/ui/subscriptions"              Admin      subscriptions::list;
    Post   "/ui/subscriptions"              Admin      subscriptions::create;
    Put    "/ui/subscriptions/{event}/token" Admin     subscriptions::keep_token;
    Delete "/ui/subscriptions/{event}"      Admin      subscriptions::delete;

    Get    "/"                              Anyone     welcome::show,        ClockifyAddon;
    Get    "/manifest"                      Anyone     manifest::show;
    Get    "/openapi.json"                  Anyone     openapi::show;
    Get    "/docs"                          Anyone     openapi::page::show;
    Get    "/static/docs.css"               Anyone     openapi::page::style;
    Get    "/static/icon.svg"               Anyone     manifest::icon;
    Get    "/healthz"                       Anyone     health::healthz;
    Get    "/health"                        Anyone     health::healthz,      UniversalWebhook, ApiStudio;
    Get    "/health"                        Anyone     health::health,       ClockifyAddon;
    Get    "/ui/health"                     Anyone     health::page;
    Get    "/livez"                         Anyone     health::livez;
    Get    "/ready"                         Anyone     health::ready;
    Get    "/metrics"                       Scraper    metrics::show;
];

/// What handlers ask.
pub struct Service {
    /// The workspaces.
    pub registry: Arc<Registry>,
    /// What is durable; read here, written by the workspaces.
    pub store: Arc<dyn Store>,
    /// Who calls.
    pub verifier: Arc<Verifier>,
    /// Which API hosts an installation may name.
    pub api_hosts: Arc<ApiHosts>,
    /// The platform's operations.
    pub catalogue: Arc<Catalogue>,
    /// What the platform reads about the add-ons.
    pub manifests: Arc<Manifests>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Time and chance.
    pub clock: Arc<dyn Clock>,
    /// Whether requests are taken.
    pub readiness: Arc<Readiness>,
    /// What `/metrics` demands.
    pub metrics_token: Option<Secret>,
    /// Bytes of a webhook's body at the most.
    pub webhook_body_bytes_max: usize,
    /// Who looks right now.
    pub audience: Arc<audience::Audience>,
    /// Who may embed the page.
    pub embedding: ui::Embedding,
    /// Bytes of a request to call the platform at the most.
    pub call_body_bytes_max: usize,
    /// Whose the plain tokens of webhooks are.
    pub plain_tokens: PlainTokens,
    /// Whether the store lives, asked at most once a second.
    pub pulse: health::Pulse,
}

/// The service of each add-on that is served. Add-ons that share a database share theirs.
pub type Services = BTreeMap<Addon, Arc<Service>>;

/// Sets up a listener: `own` at its root, every add-on that is served below its slug. It needs nothing else of the application.
pub fn configure(config: &mut web::ServiceConfig, services: &Services, own: Addon) {
    let all: Vec<Mount> = services.iter().map(|(&addon, service)| Mount { service: Arc::clone(service), addon }).collect();
    let Some(own) = all.iter().find(|mount| mount.addon == own).cloned() else { return };
    let everything = web::scope("").wrap(Envelope::around(own, all)).default_service(web::to(routes::nothing_here));
    config.service(routes::of_table(everything, ROUTES));
}
