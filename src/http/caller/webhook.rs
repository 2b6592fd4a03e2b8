//! One of the platform's webhooks. Whether its token is the one of the path, the workspace's actor decides.
//!
//! A manifest's webhooks bring a signed token that names the workspace. Others bring a plain one, which the store knows by its hash, or nobody does.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest};
use actors::addon::Addon;
use actors::ids::{Key, WorkspaceId};
use actors::installation::TokenHash;
use actors::limits::subscription::TOKEN_CHARS_MIN;
use futures_util::future::LocalBoxFuture;

use super::presented::{CLOCKIFY_SIGNATURE, X_ADDON_SIGNATURE, X_WEBHOOK_SIGNATURE, query_agrees, signature};
use super::{Mount, Proof, Proven};
use crate::auth::token::{self, Refusal, Verified};
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
    /// What it presents.
    pub sent: Sent,
}

/// What a webhook presents.
pub enum Sent {
    /// A token of the platform's signature, with its claims.
    Signed(Arc<Verified>),
    /// A plain token that the store knows, by its SHA-256.
    Plain(TokenHash),
}

impl FromRequest for Webhook {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Mount { service, addon } = Mount::ready(&request)?;
            let (key, sent) = prove(service, *addon, &request).await?;
            Ok(Self { service: Arc::clone(service), key, sent })
        })
    }
}

async fn prove(service: &Service, addon: Addon, request: &HttpRequest) -> Result<(Key, Sent), Error> {
    let token = signature(request.headers(), &ACCEPTED)?;
    let (key, sent) = match service.verifier.verify(addon, token::Kind::Webhook, token).await {
        Ok(verified) => (Key { addon, workspace: verified.workspace }, Sent::Signed(verified)),
        // A token that nobody has told us of gets the answer that it would get without any of this.
        Err(refusal @ (Refusal::Invalid(_) | Refusal::OtherKind | Refusal::OtherAddon)) if token.len() >= TOKEN_CHARS_MIN => {
            let hash = token::hash(token);
            let whose = Box::pin(service.plain_tokens.whose(&*service.store, addon, hash)).await?;
            (whose.ok_or(refusal)?, Sent::Plain(hash))
        }
        Err(refusal) => return Err(refusal.into()),
    };
    query_agrees(request, key.workspace)?;
    header_agrees(request.headers(), key.workspace)?;
    Ok((key, sent))
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
