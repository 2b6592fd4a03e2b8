//! An admin of the workspace, at the add-on's page. Reading needs one too: payloads are everybody's data.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use actors::ids::Key;
use actors::installation::Installation;
use actors::secret::Secret;
use futures_util::future::LocalBoxFuture;

use super::presented::{query_agrees, user_token};
use super::{Mount, Proof, Proven};
use crate::auth::token::{self, Verified};
use crate::http::Service;
use crate::http::activity::Who;
use crate::http::error::{Error, Kind};

/// A person with an admin's role in a workspace that has the add-on installed.
pub struct Admin {
    /// What handlers ask.
    pub service: Arc<Service>,
    /// Add-on and workspace: the token's, whatever else the request says.
    pub key: Key,
    /// The token's claims.
    pub verified: Arc<Verified>,
    /// The installation that the token belongs to.
    pub installation: Installation,
}

impl FromRequest for Admin {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let mount = Mount::ready(&request)?;
            let token = user_token(request.headers())?;
            let verified = mount.service.verifier.verify(mount.addon, token::Kind::User, token).await?;
            query_agrees(&request, verified.workspace)?;
            if !verified.is_admin() {
                return Err(Kind::AdminsOnly.into());
            }
            let key = mount.key(&verified);
            let installation = mount.service.store.installation(key).await?.ok_or(Kind::NotInstalled)?;
            if installation.addon_id != verified.addon_id {
                return Err(Kind::InstallationMismatch.into());
            }
            request.extensions_mut().insert(Who { key, user: verified.user.clone() });
            Ok(Self { service: Arc::clone(&mount.service), key, verified, installation })
        })
    }
}

impl Admin {
    /// The token that the caller has proved himself with, to be handed on in a call of his own and not kept.
    pub fn token(request: &HttpRequest) -> Result<Secret, Error> {
        user_token(request.headers()).map(Secret::new)
    }
}

impl Proven for Admin {
    const PROOF: Proof = Proof::Admin;
}
