//! Who is there before the service is: the listeners answer 503 while the store opens, so that no caller meets a refused connection, a 404
//! or a 2xx that nobody keeps (I1).

use actix_web::http::header;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actors::limits::http::{REQUEST_ID_CHARS_MAX, RETRY_AFTER_SECONDS};

use crate::http::error::{Error, Kind};

/// Everything is answered "not ready" but `/livez`, at the root and below any add-on: the process does live.
pub(super) fn configure(config: &mut ServiceConfig) {
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
        .insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type("application/json");
    if !id.is_empty() {
        response.insert_header(("x-request-id", id));
    }
    response.body(error.body(id))
}

fn is_plain(id: &str) -> bool {
    (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}
