//! The service's HTTP interface, as a page or an integrator calls it.

use std::time::Duration;

use actors::secret::Secret;
use awc::http::Method;
use serde_json::Value;

use super::patience;

/// Calls a service as somebody.
pub struct Api {
    base: String,
    token: Option<Secret>,
    client: awc::Client,
}

impl Api {
    /// Calls without a token.
    pub fn anonymous(base: &str) -> Self {
        clockify_addons::outbound::connector::install_crypto_provider();
        let client = awc::Client::builder().timeout(Duration::from_secs(20)).disable_redirects().finish();
        Self { base: base.to_owned(), token: None, client }
    }

    /// Calls with a user's token.
    pub fn of(base: &str, token: Secret) -> Self {
        Self { token: Some(token), ..Self::anonymous(base) }
    }

    /// Makes a call. `None`: there was no answer.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.base)).force_close();
        if let Some(token) = &self.token {
            request = request.insert_header(("X-Addon-Token", token.expose()));
        }
        let sent = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        let mut answer = sent.ok()?;
        let bytes = answer.body().limit(16 << 20).await.ok()?;
        Some((answer.status().as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Gets what must be there.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call(Method::GET, path, None).await.unwrap_or_else(|| panic!("GET {path}: no answer"));
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Posts what must be taken.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await.unwrap_or_else(|| panic!("POST {path}: no answer"));
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    /// The status of a GET; 0 where there is no answer.
    pub async fn status(&self, path: &str) -> u16 {
        self.call(Method::GET, path, None).await.map_or(0, |(status, _)| status)
    }

    /// All items of a paged list.
    pub async fn all(&self, path: &str, name: &str) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{mark}limit=100&offset={}", items.len())).await;
            items.extend(page[name].as_array().unwrap_or_else(|| panic!("{path} has no {name}: {page}")).iter().cloned());
            if page["pagination"]["has_more"] != true {
                return items;
            }
        }
    }

    /// Waits until the service takes requests.
    pub async fn ready(&self) {
        patience::until("ready", async || (self.status("/ready").await == 200).then_some(())).await;
    }
}
