//! What the platform and the marketplace read about an add-on. It is rendered at the start and never depends on a request.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};

use super::caller::Anyone;
use super::error::{Error, Kind};
use crate::manifest::Manifests;

/// `GET /manifest`. The charset is said, because the platform garbles what is not ASCII without it.
pub async fn show(caller: Anyone) -> Result<HttpResponse, Error> {
    let manifest = caller.service.manifests.served(caller.addon).ok_or(Kind::NotFound)?.clone();
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))).body(manifest))
}

/// `GET /static/icon.svg`.
pub async fn icon(caller: Anyone) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))).body(Manifests::icon(caller.addon))
}
