//! A service in this process, built as `main` builds it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use actors::addon::Addon;
use clockify_addons::app::{App, StartError, Stop};
use clockify_addons::config::Config;

use super::running::api::Api;
use super::running::process::Setting;

/// A running service.
pub struct Running {
    /// Where it is reached: Universal Webhook's listener.
    pub url: String,
    addresses: BTreeMap<Addon, SocketAddr>,
    stop: Stop,
    ended: actix_rt::task::JoinHandle<Result<(), StartError>>,
}

impl Running {
    /// Starts one and waits until it takes requests.
    pub async fn start(setting: &Setting) -> Self {
        let config = Config::load(&|name| setting.variables().get(name).cloned(), None).unwrap();
        let app = App::build(config).unwrap();
        let url = format!("http://{}", app.addresses()[&Addon::UniversalWebhook]);
        let addresses = app.addresses().clone();
        let stop = app.handle();
        let ended = actix_rt::spawn(app.run());
        Api::anonymous(&url).ready().await;
        Self { url, addresses, stop, ended }
    }

    /// Where one of its add-ons is reached.
    pub fn url_of(&self, addon: Addon) -> String {
        format!("http://{}", self.addresses[&addon])
    }

    /// Stops it and waits until it has closed its database.
    pub async fn stop(self) {
        self.stop.stop();
        self.ended.await.unwrap().unwrap();
    }
}
