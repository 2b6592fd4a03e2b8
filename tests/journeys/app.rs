//! A service in this process, built as `main` builds it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;

use actors::addon::Addon;
use clockify_addons::app::{App, StartError, Stop};
use clockify_addons::config::Config;
use sqlx::{Connection, Row};

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

/// What does not belong to an installation: the schema's own tables, proof of life, the mark by which an old INSTALLED is told.
const NOT_OF_TENANTS: [&str; 4] = ["_sqlx_migrations", "sqlite_sequence", "pulse", "marks"];

/// How many rows stand in each table of tenants, empty ones left out.
pub async fn rows_of_tenants(folder: &Path) -> Vec<(String, i64)> {
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}/service.db", folder.display())).await.unwrap();
    let tables = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetch_all(&mut connection).await.unwrap();
    let mut counted = Vec::new();
    for name in tables.iter().map(|table| table.get::<String, _>(0)).filter(|name| !NOT_OF_TENANTS.contains(&name.as_str())) {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM \"{name}\""));
        let count: i64 = sqlx::query(query).fetch_one(&mut connection).await.unwrap().get(0);
        if count > 0 {
            counted.push((name, count));
        }
    }
    counted
}
