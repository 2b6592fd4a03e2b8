//! An add-on of a few lines, so that the simulated platform has somebody to talk to: it writes down every call and answers as it is told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

#[derive(Clone, Debug)]
pub struct Call {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    next: VecDeque<u16>,
}

/// Ends with its test.
pub struct Addon {
    pub url: String,
    state: Arc<Mutex<State>>,
    server: ServerHandle,
}

impl Drop for Addon {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

impl Addon {
    pub fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (shared, base) = (Arc::clone(&state), url.clone());
        let server = HttpServer::new(move || {
            let (shared, base) = (Arc::clone(&shared), base.clone());
            App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                let (shared, base) = (Arc::clone(&shared), base.clone());
                async move { answer(&shared, &base, &request, &body) }
            }))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        actix_rt::spawn(server);
        Self { url, state, server: handle }
    }

    /// The statuses of the next answers; 204 after that.
    pub fn answers(&self, statuses: &[u16]) {
        self.state.lock().unwrap().next.extend(statuses);
    }

    /// Calls whose path ends with this.
    pub fn calls(&self, path: &str) -> Vec<Call> {
        self.state.lock().unwrap().calls.iter().filter(|call| call.path.ends_with(path)).cloned().collect()
    }
}

fn answer(state: &Mutex<State>, base: &str, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    if request.path() == "/manifest" {
        return HttpResponse::Ok().json(manifest(base));
    }
    let mut state = state.lock().unwrap();
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    state.calls.push(Call { path: request.path().into(), headers, body: serde_json::from_slice(body).unwrap_or_default() });
    HttpResponse::build(StatusCode::from_u16(state.next.pop_front().unwrap_or(204)).unwrap()).finish()
}

fn manifest(base: &str) -> Value {
    let lifecycle = [("INSTALLED", "installed"), ("DELETED", "deleted"), ("STATUS_CHANGED", "status"), ("SETTINGS_UPDATED", "settings")];
    let events = ["NEW_TAG", "TAG_UPDATED", "NEW_TIME_ENTRY", "TIME_ENTRY_UPDATED", "NEW_TIMER_STARTED", "TIMER_STOPPED"];
    json!({
        "schemaVersion": "1.5", "key": "test-addon", "name": "Test", "baseUrl": base,
        "scopes": ["TAG_READ", "TAG_WRITE", "TIME_ENTRY_READ", "TIME_ENTRY_WRITE", "PROJECT_READ", "CLIENT_READ", "CLIENT_WRITE", "USER_READ", "CUSTOM_FIELDS_READ", "CUSTOM_FIELDS_WRITE"],
        "lifecycle": lifecycle.map(|(kind, path)| json!({"type": kind, "path": format!("/lifecycle/{path}")})),
        "webhooks": events.map(|event| json!({"event": event, "path": format!("/webhooks/{}", event.to_lowercase())})),
        "settings": {"tabs": [{"id": "t", "name": "T", "settings": [{"id": "days", "name": "Days", "type": "NUMBER", "value": 30}]}]},
    })
}
