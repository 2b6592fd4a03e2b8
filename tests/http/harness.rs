//! A listener over real workspaces, with everything around it in the test's hands.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use actors::addon::Addon;
use actors::clock::{Clock, Timestamp};
use actors::event::KNOWN;
use actors::ids::{AddonId, Key, WorkspaceId};
use actors::operation::Catalogue;
use actors::port::clockify::Clockify;
use actors::port::store::{Events, Flows, Installations, Runs, Slice, Sources, Subscriptions};
use actors::port::web::OtherServers;
use actors::registry::{Environment, Registry};
use actors::secret::Secret;
use actors::settings::Settings;
use actors::testing::{ManualClock, MemoryStore, NamedAnywhere, ScriptedClockify};
use actors::webhook;
use clockify_addons::auth::{ApiHosts, Keys, Verifier};
use clockify_addons::http::audience::{Audience, Told};
use clockify_addons::http::readiness::Readiness;
use clockify_addons::http::routes::Endpoint;
use clockify_addons::http::ui::Embedding;
use clockify_addons::http::{self, Service};
use clockify_addons::manifest::{Manifests, SchemaVersion, Stated};
use clockify_addons::metrics::Metrics;
use clockify_addons::sandbox::authority::{Authority, Grant, Urls, Viewer};
use serde_json::{Map, Value, json};
use tokio::net::TcpSocket;

use super::client::{Answer, Request, post, send};

pub const ADDON: Addon = Addon::UniversalWebhook;
pub const ADDON_KEY: &str = key_of(ADDON);
pub const METRICS_TOKEN: &str = "metrics-token-of-the-operator";
/// Small enough that a test can exceed it.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// One platform key for the process: making one takes a while.
pub static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::generate().unwrap());
/// A key that is not the platform's.
pub static FORGER: LazyLock<Authority> = LazyLock::new(|| Authority::generate().unwrap());

/// The manifest's key.
pub const fn key_of(addon: Addon) -> &'static str {
    match addon {
        Addon::ApiStudio => "clockify-api-studio",
        Addon::UniversalWebhook => "universal-webhook-api",
        Addon::ClockifyAddon => "clockify-python-addon",
    }
}

pub struct Harness {
    /// The add-on at the listener's root, which is the one that is installed.
    pub addon: Addon,
    pub service: Arc<Service>,
    pub store: MemoryStore,
    pub clock: ManualClock,
    /// What connections are timed by.
    pub connections: ManualClock,
    pub clockify: ScriptedClockify,
    pub address: SocketAddr,
    /// The installation that most tests are about.
    pub home: Grant,
}

/// Digits that make two ids of a workspace and its installation.
pub fn grant(digit: char) -> Grant {
    grant_of(ADDON, digit)
}

/// The same for one of the add-ons.
pub fn grant_of(addon: Addon, digit: char) -> Grant {
    let id = |first: &str| format!("{first}{}", digit.to_string().repeat(23));
    Grant { addon_key: key_of(addon).into(), workspace: WorkspaceId::parse(&id("a")).unwrap(), addon_id: AddonId::parse(&id("b")).unwrap() }
}

pub fn urls() -> Urls {
    Urls::below("https://euc1.clockify.me")
}

/// The path of an event, as the manifest declares it.
pub fn path_of(event: &str) -> String {
    path_in(ADDON, event)
}

/// The same for one of the add-ons.
pub fn path_in(addon: Addon, event: &str) -> String {
    webhook::path(addon, KNOWN.iter().find(|known| known.name == event).unwrap())
}

impl Harness {
    /// A service that is ready and has nothing installed.
    pub async fn ready() -> Self {
        Self::ready_as(ADDON).await
    }

    /// The same with another add-on at the root.
    pub async fn ready_as(addon: Addon) -> Self {
        let harness = Self::starting_as(addon);
        harness.service.readiness.open();
        harness
    }

    /// A service that is ready, with the add-on installed at [`Self::home`].
    pub async fn installed() -> Self {
        Self::installed_as(ADDON).await
    }

    /// The same with another add-on.
    pub async fn installed_as(addon: Addon) -> Self {
        let harness = Self::ready_as(addon).await;
        let answer = harness.install(&harness.home).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        harness
    }

    /// The same, with the setting that lets flows call other servers.
    pub async fn with_other_servers() -> Self {
        let harness = Self::installed().await;
        let settings = json!([{"id": "enable_generic_http_actions", "value": true}]);
        let body = json!({"workspaceId": harness.home.workspace, "addonId": harness.home.addon_id, "settings": settings});
        let answer = harness.lifecycle_call("/lifecycle/settings-updated", &harness.home, &body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        harness
    }

    /// A service that is not ready yet.
    pub async fn starting() -> Self {
        Self::starting_as(ADDON)
    }

    fn starting_as(addon: Addon) -> Self {
        let clock = ManualClock::new(Timestamp::from_seconds(1_800_000_000));
        let (store, clockify) = (MemoryStore::new(), ScriptedClockify::new(Arc::new(clock.clone())));
        let service = Arc::new(service(&clock, &store, &clockify));
        let connections = ManualClock::new(Timestamp::from_seconds(0));
        let address = listen(addon, Arc::clone(&service), &connections);
        Self { addon, service, store, clock, connections, clockify, address, home: grant_of(addon, '1') }
    }

    /// The path of a route's line with something in the place of its parameters.
    pub fn target(&self, route: &Endpoint) -> String {
        let path = match route.path {
            "/webhooks/{category}/{change}" => path_in(self.addon, "NEW_PROJECT"),
            "/ui/assets/{hash}/{file}" => format!("/ui/assets/{}/main.js", clockify_addons::ui::hash()),
            "/ui/assets/{hash}/{folder}/{file}" => format!("/ui/assets/{}/texts/en.js", clockify_addons::ui::hash()),
            "/webhooks/{category}" => path_in(self.addon, "NEW_TAG"),
            path if path.starts_with("/ui/subscriptions") => path.replace("{event}", "NEW_TAG"),
            path => path.replace("{event}", "new-project"),
        };
        path.replace("{id}", "01900000-0000-7000-8000-000000000000")
            .replace("{name}", "s")
            .replace("{version}", "1")
            .replace("{source}", "s")
            .replace("{operation_id}", "getTags")
    }

    pub async fn send(&self, request: Request) -> Answer {
        send(self.address, request).await
    }

    pub fn key(&self) -> Key {
        Key { addon: self.addon, workspace: self.home.workspace }
    }

    /// A user token with this role, of this installation.
    pub fn user(&self, grant: &Grant, role: &str) -> String {
        AUTHORITY.user_token(grant, &Viewer::with_role("c00000000000000000000001", role), &urls(), self.clock.now())
    }

    /// A user token of the home workspace's owner.
    pub fn owner(&self) -> String {
        self.user(&self.home, "OWNER")
    }

    /// A fresh lifecycle token: time has passed since the last one.
    pub fn lifecycle(&self, grant: &Grant) -> String {
        self.clock.advance(std::time::Duration::from_secs(1));
        AUTHORITY.lifecycle_token(grant, self.clock.now())
    }

    /// The token of one of the home installation's webhooks.
    pub fn webhook(&self, event: &str) -> String {
        AUTHORITY.webhook_token(&self.home, &path_in(self.addon, event))
    }

    /// The body of INSTALLED as the platform sends it, with a webhook for every event.
    pub fn installed_body(&self, grant: &Grant) -> Value {
        let paths: BTreeSet<String> = KNOWN.iter().map(|known| webhook::path(self.addon, known)).collect();
        let webhooks: Vec<Value> = paths
            .into_iter()
            .map(|path| json!({"path": format!("/{path}"), "webhookType": "ADDON", "authToken": AUTHORITY.webhook_token(grant, &path)}))
            .collect();
        json!({
            "addonId": grant.addon_id, "workspaceId": grant.workspace, "asUser": "c00000000000000000000001", "addonUserId": "c00000000000000000000002",
            "authToken": AUTHORITY.installation_token(grant, "c00000000000000000000002", &urls(), self.clock.now()),
            "apiUrl": "https://euc1.clockify.me/api", "webhooks": webhooks,
        })
    }

    pub async fn install(&self, grant: &Grant) -> Answer {
        let body = self.installed_body(grant);
        self.lifecycle_call("/lifecycle/installed", grant, &body).await
    }

    pub async fn lifecycle_call(&self, path: &str, grant: &Grant, body: &Value) -> Answer {
        let token = self.lifecycle(grant);
        self.send(post(path).header("x-addon-lifecycle-token", token).json(body)).await
    }

    /// A signed delivery to the event's own path.
    pub fn delivery(&self, event: &str, payload: &Value) -> Request {
        post(path_in(self.addon, event)).signed(&self.webhook(event)).header("clockify-webhook-event-type", event).json(payload)
    }

    /// Delivers an event and gives its id.
    pub async fn deliver(&self, event: &str, payload: &Value) -> String {
        let answer = self.send(self.delivery(event, payload)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let name = match self.addon {
            Addon::ApiStudio => "webhook_id",
            Addon::UniversalWebhook => "webhookId",
            Addon::ClockifyAddon => "event_id",
        };
        answer.json()[name].as_str().unwrap().to_owned()
    }

    /// Everything that is stored for a workspace, to see that nothing was.
    pub async fn stored(&self, workspace: WorkspaceId) -> (Option<AddonId>, u64, u64, Vec<String>) {
        let (key, all) = (Key { addon: self.addon, workspace }, Slice { limit: 100, offset: 0 });
        let flows = self.store.flows(key).await.unwrap();
        let mut named: Vec<_> = flows.iter().map(|flow| format!("{} {}", flow.version, flow.definition.name)).collect();
        named.extend(self.store.sources(key).await.unwrap().iter().map(|source| format!("source {}", source.name)));
        named.extend(self.store.subscriptions(key).await.unwrap().iter().map(|one| format!("subscription {}", one.event)));
        (
            self.store.installation(key).await.unwrap().map(|installation| installation.addon_id),
            self.store.events(key, &Default::default(), all).await.unwrap().total,
            self.store.runs(key, &Default::default(), all).await.unwrap().total,
            named,
        )
    }
}

fn service(clock: &ManualClock, store: &MemoryStore, clockify: &ScriptedClockify) -> Service {
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let metrics = Arc::new(Metrics::new(Arc::clone(&shared)).unwrap());
    let audience = Arc::new(Audience::default());
    let catalogue = Arc::new(Catalogue::read(include_bytes!("../../manifests/operations.json")).unwrap());
    let script = clockify.clone();
    let stated = |addon: Addon| Stated {
        key: key_of(addon).into(),
        base_url: format!("https://addons.example.com/{addon}"),
        schema_version: SchemaVersion::V1_5,
        webhooks_max: None,
        defaults: Map::new(),
    };
    let manifests = Manifests::render(&Addon::ALL.into_iter().map(|addon| (addon, stated(addon))).collect()).unwrap();
    let environment = Environment {
        store: Arc::new(store.clone()),
        clock: Arc::clone(&shared),
        catalogue: Arc::clone(&catalogue),
        defaults: Addon::ALL.map(|addon| (addon, Settings { bootstrap_on_install: false, ..Settings::built_in(addon) })).into(),
        scopes: Addon::ALL.map(|addon| (addon, manifests.scopes(addon))).into(),
        observer: Arc::new(Told::new(Arc::clone(&metrics), Arc::clone(&audience))),
        clockify: Arc::new(move || Rc::new(script.clone()) as Rc<dyn Clockify>),
        other_servers: OtherServers {
            addons: [Addon::UniversalWebhook].into(),
            destinations: Arc::new(NamedAnywhere),
            ..OtherServers::none()
        },
    };
    let keys = Keys::pem(&AUTHORITY.public_pem().unwrap()).unwrap();
    Service {
        registry: Arc::new(Registry::new(Arc::new(environment), 1)),
        store: Arc::new(store.clone()),
        verifier: Arc::new(Verifier::new(keys, Arc::clone(&shared), |addon| key_of(addon).into())),
        api_hosts: Arc::new(ApiHosts::new(ApiHosts::DEFAULT_DOMAINS, []).unwrap()),
        catalogue,
        manifests: Arc::new(manifests),
        metrics,
        clock: shared,
        readiness: Arc::new(Readiness::new()),
        metrics_token: Some(Secret::new(METRICS_TOKEN)),
        webhook_body_bytes_max: BODY_BYTES_MAX,
        audience,
        embedding: Embedding::new(&["https://*.clockify.me".to_owned()]),
        call_body_bytes_max: BODY_BYTES_MAX,
        plain_tokens: Default::default(),
        pulse: Default::default(),
    }
}

/// A listener on a free port, with an add-on at its root and all of them below their slugs. It ends with the test's process.
fn listen(own: Addon, service: Arc<Service>, connections: &ManualClock) -> SocketAddr {
    let services = Addon::ALL.map(|addon| (addon, Arc::clone(&service))).into_iter().collect();
    let socket = TcpSocket::new_v4().unwrap();
    // Little waits to be sent, so that a reader that takes nothing is noticed soon.
    socket.set_send_buffer_size(16 * 1024).unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let listener = socket.listen(1_024).unwrap().into_std().unwrap();
    let address = listener.local_addr().unwrap();
    actix_web::rt::spawn(http::server::serving(listener, Arc::new(services), own, 1, Arc::new(connections.clone())).unwrap());
    address
}
