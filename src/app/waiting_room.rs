//! Who is there before the service is: the listeners answer 503 while the store opens, so that no caller meets a refused connection, a 404
//! or a 2xx that nobody keeps (I1).

use std::io;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::{KeepAlive, header};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use actors::limits::http as limits;

use super::listener::Listener;
use crate::http::error::{Error, Kind};

/// The server that answers "not ready". The sockets stay open when it stops.
pub(super) fn serving(listeners: &[Listener]) -> io::Result<Server> {
    let mut server = HttpServer::new(|| App::new().configure(configure))
        .workers(1)
        .worker_max_blocking_threads(1)
        .max_connections(limits::CONNECTIONS_PER_WORKER_MAX)
        .client_request_timeout(Duration::from_secs(limits::HEAD_SECONDS_MAX))
        .client_disconnect_timeout(Duration::from_secs(1))
        // Who waits here asks again, and then of the service.
        .keep_alive(KeepAlive::Disabled)
        .disable_signals()
        .shutdown_timeout(1);
    for listener in listeners {
        server = server.listen(listener.socket.try_clone()?)?;
    }
    Ok(server.run())
}

/// Everything is answered "not ready" but `/livez`, at the root and below any add-on: the process does live.
fn configure(config: &mut ServiceConfig) {
    config.route("/livez", web::get().to(alive)).route("/{addon}/livez", web::get().to(alive)).default_service(web::to(not_ready));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(serde_json::json!({"status": "ok"}))
}

async fn not_ready(request: HttpRequest) -> HttpResponse {
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).filter(|id| is_plain(id)).unwrap_or_default();
    let error = Error::from(Kind::NotReady);
    let mut response = HttpResponse::build(error.kind().status());
    response
        .insert_header((header::RETRY_AFTER, limits::RETRY_AFTER_SECONDS))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("application/json");
    if !id.is_empty() {
        response.insert_header(("x-request-id", id));
    }
    response.body(error.body(id))
}

fn is_plain(id: &str) -> bool {
    (1..=limits::REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
