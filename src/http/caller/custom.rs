//! A custom sender, who knows a live secret of the source that the path names.
//!
//! The proof covers the body, so the body is read first, bounded in size and time. Whatever is wrong with workspace, source or proof gets one answer
//! after the same work, so that nobody learns which sources there are; why is logged at `debug` alone.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use actors::ids::{Key, WorkspaceId};
use actors::source::{CustomSource, SourceName};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;

use super::{Mount, Proof, Proven};
use crate::auth::signature;
use crate::http::error::{Error, Kind};
use crate::http::{Service, body, request_id};

const X_WORKSPACE_ID: HeaderName = HeaderName::from_static("x-workspace-id");

/// A sender whose message is proved.
pub struct Custom {
    /// What handlers ask.
    pub service: Arc<Service>,
    /// Add-on and workspace.
    pub key: Key,
    /// Whose secret it knows.
    pub source: Arc<CustomSource>,
    /// The sender's id of the message, if its scheme has one.
    pub message: Option<Arc<str>>,
    /// What was proved.
    pub body: Bytes,
}

impl FromRequest for Custom {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), web::Payload::from_request(request, payload));
        Box::pin(async move {
            let Mount { service, addon } = Mount::ready(&request)?;
            let workspace = workspace(request.headers())?;
            let payload = payload.await.map_err(|error| Error::because(Kind::BodyCut, error.to_string()))?;
            let body = body::read(&request, payload, service.webhook_body_bytes_max, &*service.clock).await?;
            let key = Key { addon: *addon, workspace };
            let source = match request.match_info().get("source").and_then(|name| SourceName::parse(name).ok()) {
                Some(name) => service.registry.source(key, &name).await?,
                None => None,
            };
            let header = |name: &str| only(request.headers(), name);
            match (signature::prove(source.as_deref(), header, &body, service.clock.now()), source) {
                (Ok(proved), Some(source)) => Ok(Self { service: Arc::clone(service), key, source, message: proved.message, body }),
                (outcome, _) => {
                    let why = outcome.err().unwrap_or(signature::Unproved::NoSource);
                    log::debug!(addon = addon.slug(), workspace:% = workspace, request = request_id::of(&request); "a custom sender proved nothing: {why}");
                    Err(Kind::SourceUnproved.into())
                }
            }
        })
    }
}

/// The workspace whose source it is, as the sender says. What it says is true if the proof is (I9).
fn workspace(headers: &HeaderMap) -> Result<WorkspaceId, Error> {
    only(headers, X_WORKSPACE_ID.as_str())
        .and_then(|text| WorkspaceId::parse(text.trim()).ok())
        .ok_or_else(|| Kind::WorkspaceMissing.into())
}

/// The one value of a header, if it is text.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut sent = headers.get_all(name);
    match (sent.next(), sent.next()) {
        (Some(only), None) => only.to_str().ok(),
        _ => None,
    }
}

impl Proven for Custom {
    const PROOF: Proof = Proof::SourceSecret;
}
