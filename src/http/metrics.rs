//! What is counted, for Prometheus.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

use super::caller::Scraper;

/// `GET /metrics`.
pub async fn show(caller: Scraper) -> HttpResponse {
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    HttpResponse::Ok().insert_header((CONTENT_TYPE, text)).body(caller.service.metrics.render())
}
