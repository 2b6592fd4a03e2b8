//! A service in this process, built as `main` builds it.

use std::path::Path;

use actors::addon::Addon;
use clockify_addons::app::{App, StartError, Stop};
use clockify_addons::config::Config;

use super::running::api::Api;
use super::running::process::Setting;

/// A running service.
pub struct Service {
    /// Where it is reached.
    pub url: String,
    stop: Stop,
    ended: actix_rt::task::JoinHandle<Result<(), StartError>>,
}

impl Service {
    /// Starts one and waits until it takes requests.
    pub async fn start(setting: &Setting) -> Self {
        let config = Config::load(&|name| setting.variables().get(name).cloned(), None).unwrap();
        let app = App::build(config).unwrap();
        let url = format!("http://{}", app.addresses()[&Addon::UniversalWebhook]);
        let stop = app.handle();
        let ended = actix_rt::spawn(app.run());
        Api::anonymous(&url).ready().await;
        Self { url, stop, ended }
    }

    /// Stops it and waits until it has closed its database.
    pub async fn stop(self) {
        self.stop.stop();
        self.ended.await.unwrap().unwrap();
    }
}

/// The rows of each table of a database that has been closed, empty tables left out.
pub async fn rows(folder: &Path) -> Vec<(String, i64)> {
    use sqlx::{Connection, Row};
    let mut connection = sqlx::SqliteConnection::connect(&format!("sqlite://{}/service.db", folder.display())).await.unwrap();
    let tables = sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetch_all(&mut connection).await.unwrap();
    let mut counted = Vec::new();
    for table in tables {
        let name: String = table.get(0);
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM \"{name}\""));
        let count: i64 = sqlx::query(query).fetch_one(&mut connection).await.unwrap().get(0);
        if count > 0 {
            counted.push((name, count));
        }
    }
    counted
}
