//! What is at the root of an add-on whose users look there.

use actix_web::Responder;
use actix_web::web::Json;
use serde_json::json;

use super::caller::Anyone;

/// `GET /`: what this is and what it offers.
pub async fn show(caller: Anyone) -> impl Responder {
    let name = caller.service.manifests.name(caller.addon).unwrap_or_else(|| caller.addon.slug());
    Json(json!({
        "name": name,
        "version": env!("CARGO_PKG_VERSION"),
        "status": "running",
        "endpoints": {"manifest": "/manifest", "health": "/health", "api_call": "/api-call", "lifecycle": "/lifecycle", "webhooks": "/webhooks"},
    }))
}
