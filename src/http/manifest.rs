//! What the platform and the marketplace read about an add-on. It is rendered at the start and never depends on a request.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};

use super::caller::Anyone;
use super::error::{Error, Kind};
use crate::manifest::Manifests;

/// An hour: it has the same path in every build.
const A_WHILE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));

/// `GET /manifest`. The charset is said, because the platform garbles what is not ASCII without it.
pub async fn show(caller: Anyone) -> Result<HttpResponse, Error> {
    let manifest = caller.service.manifests.served(caller.addon).ok_or(Kind::NotFound)?.clone();
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"))).body(manifest))
}

/// `GET /static/icon.svg`.
pub async fn icon(caller: Anyone) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")))
        .insert_header(A_WHILE)
        .body(Manifests::icon(caller.addon))
}
