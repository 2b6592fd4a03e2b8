//! The platform, telling about an installation.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use actors::ids::Key;
use actors::installation;
use futures_util::future::LocalBoxFuture;

use super::presented::{SIGNATURES, query_agrees, signature};
use super::{Mount, Proof, Proven};
use crate::auth::token::{self, Verified};
use crate::http::Service;
use crate::http::activity::Who;
use crate::http::error::Error;

/// A sender whose token is a lifecycle call's.
pub struct Lifecycle {
    /// What handlers ask.
    pub service: Arc<Service>,
    /// Add-on and workspace.
    pub key: Key,
    /// The token's claims.
    pub verified: Arc<Verified>,
}

impl Lifecycle {
    /// What order and repetition go by.
    pub fn proof(&self) -> installation::Proof {
        installation::Proof { hash: self.verified.hash, issued_at: self.verified.issued_at }
    }
}

impl FromRequest for Lifecycle {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let mount = Mount::ready(&request)?;
            let token = signature(request.headers(), &SIGNATURES)?;
            let verified = mount.service.verifier.verify(mount.addon, token::Kind::Lifecycle, token).await?;
            query_agrees(&request, verified.workspace)?;
            let key = mount.key(&verified);
            request.extensions_mut().insert(Who { key, user: None });
            Ok(Self { service: Arc::clone(&mount.service), key, verified })
        })
    }
}

impl Proven for Lifecycle {
    const PROOF: Proof = Proof::Lifecycle;
}
