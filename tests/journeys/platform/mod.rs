//! The simulated platform keeps the platform's habits: what the journeys rely on is true of it first.

mod addon;
mod api;
mod faults;
mod nouns;
mod paging;
mod webhooks;

use std::time::Duration;

use actors::clock::Timestamp;
use actors::testing::clock::ManualClock;
use clockify_addons::outbound::connector::install_crypto_provider;
use clockify_addons::sandbox::authority::Authority;
use clockify_addons::sandbox::platform::Platform;
use clockify_addons::sandbox::platform::lifecycle::{Install, Installed};
use serde_json::Value;

use addon::Addon;

/// A bound for waits; conditions end them.
const SOON: Duration = Duration::from_secs(20);

/// A platform with an add-on in its workspace.
struct Stage {
    platform: Platform,
    addon: Addon,
    installed: Installed,
    http: awc::Client,
}

impl Stage {
    async fn set() -> Self {
        Self::with(Platform::start(Authority::generate().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()).await
    }

    /// A stage whose clock the test moves.
    async fn held() -> (Self, ManualClock) {
        let clock = ManualClock::new(Timestamp::from_seconds(1_790_000_000));
        let listen = "127.0.0.1:0".parse().unwrap();
        let platform = Platform::start_with(Authority::generate().unwrap(), listen, std::sync::Arc::new(clock.clone())).unwrap();
        (Self::with(platform).await, clock)
    }

    async fn with(platform: Platform) -> Self {
        install_crypto_provider();
        let addon = Addon::start();
        let installed = platform.install(Install::of(&addon.url)).await.unwrap();
        let http = awc::Client::builder().disable_timeout().disable_redirects().finish();
        Self { platform, addon, installed, http }
    }

    /// A call to the REST API as the add-on: status and body.
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, _, body) = self.call_with(method, path, body, &self.token()).await;
        (status, body)
    }

    async fn call_with(&self, method: &str, path: &str, body: Option<Value>, token: &str) -> (u16, Option<String>, Value) {
        let url = format!("{}/api/v1{}", self.platform.base_url(), path.replace('~', &format!("/workspaces/{}", self.installed.workspace)));
        let request = self.http.request(method.parse().unwrap(), url).insert_header(("X-Addon-Token", token));
        let mut response = match body {
            Some(body) => request.send_json(&body).await.unwrap(),
            None => request.send().await.unwrap(),
        };
        let last_page = response.headers().get("last-page").map(|value| value.to_str().unwrap().to_owned());
        let body = response.body().limit(32 << 20).await.unwrap();
        (response.status().as_u16(), last_page, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Lets the add-on do everything that the catalogue has a scope for, at any rate.
    fn open(&self) {
        let catalogue = clockify_addons::sandbox::platform::catalogue::catalogue();
        self.platform.with(|world| {
            world.habits.requests_per_second = 100_000;
            let scopes = catalogue.iter().filter_map(|operation| operation.scope.clone()).collect();
            world.installations.get_mut(&self.installed.addon_id).unwrap().scopes = scopes;
        });
    }

    fn token(&self) -> String {
        self.platform.installation(self.installed.addon_id).unwrap().token.expose().to_owned()
    }

    /// The id of the first entity of a list.
    async fn first(&self, path: &str) -> String {
        let (status, list) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "{list}");
        list[0]["id"].as_str().unwrap().to_owned()
    }
}
