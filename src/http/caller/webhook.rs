//! One of the platform's webhooks. Whether its token is the one of the path, the workspace's actor decides.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use actors::addon::Addon;
use actors::ids::{Key, WorkspaceId};
use futures_util::future::LocalBoxFuture;

use super::presented::{CLOCKIFY_SIGNATURE, X_ADDON_SIGNATURE, X_WEBHOOK_SIGNATURE, query_agrees, signature};
use super::{Mount, Proof, Proven};
use crate::auth::token::{self, Verified};
use crate::http::Service;
use crate::http::error::{Error, Kind};

const ACCEPTED: [HeaderName; 3] = [CLOCKIFY_SIGNATURE, X_WEBHOOK_SIGNATURE, X_ADDON_SIGNATURE];
const CLOCKIFY_WEBHOOK_WORKSPACE_ID: HeaderName = HeaderName::from_static("clockify-webhook-workspace-id");

/// A sender whose token is a webhook's.
pub struct Webhook {
    /// What handlers ask.
    pub service: Arc<Service>,
    /// Add-on and workspace.
    pub key: Key,
    /// The token's claims.
    pub verified: Arc<Verified>,
}

impl FromRequest for Webhook {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Mount { service, addon } = Mount::ready(&request)?;
            let verified = prove(service, *addon, &request).await?;
            Ok(Self { service: Arc::clone(service), key: Key { addon: *addon, workspace: verified.workspace }, verified })
        })
    }
}

async fn prove(service: &Service, addon: Addon, request: &HttpRequest) -> Result<Arc<Verified>, Error> {
    let token = signature(request.headers(), &ACCEPTED)?;
    let verified = service.verifier.verify(addon, token::Kind::Webhook, token).await?;
    query_agrees(request, verified.workspace)?;
    header_agrees(request.headers(), verified.workspace)?;
    Ok(verified)
}

/// The reference's senders name the workspace in a header; it may repeat what the token says and nothing else.
fn header_agrees(headers: &HeaderMap, workspace: WorkspaceId) -> Result<(), Error> {
    let stated = |value: &actix_web::http::header::HeaderValue| value.to_str().ok().and_then(|text| WorkspaceId::parse(text.trim()).ok());
    if headers.get_all(&CLOCKIFY_WEBHOOK_WORKSPACE_ID).all(|value| stated(value) == Some(workspace)) {
        Ok(())
    } else {
        Err(Kind::WorkspaceMismatch.into())
    }
}

impl Proven for Webhook {
    const PROOF: Proof = Proof::WebhookSignature;
}
