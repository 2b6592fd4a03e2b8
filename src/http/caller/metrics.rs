//! Whoever collects metrics: with the operator's token where one is set.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use actors::installation::same_hash;
use aws_lc_rs::digest;

use super::presented::bearer;
use super::{Mount, Proof, Proven};
use crate::http::Service;
use crate::http::error::{Error, Kind};

/// A collector of metrics.
pub struct Scraper {
    /// What handlers ask.
    pub service: Arc<Service>,
}

impl FromRequest for Scraper {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(prove(request))
    }
}

fn prove(request: &HttpRequest) -> Result<Scraper, Error> {
    let service = &Mount::of(request)?.service;
    if let Some(expected) = &service.metrics_token {
        let mut sent = request.headers().get_all(AUTHORIZATION);
        let sent = match (sent.next(), sent.next()) {
            (None, _) => return Err(Kind::ProofMissing.into()),
            (Some(only), None) => bearer(only)?,
            (Some(_), Some(_)) => return Err(Kind::AmbiguousProof.into()),
        };
        if !same_hash(&hash(sent.trim_ascii()), &hash(expected.expose().as_bytes())) {
            return Err(Kind::ProofInvalid.into());
        }
    }
    Ok(Scraper { service: Arc::clone(service) })
}

/// Hashes have one length, so the comparison's time tells nothing about the token.
fn hash(token: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, token).as_ref().try_into().unwrap_or_default()
}

impl Proven for Scraper {
    const PROOF: Proof = Proof::MetricsToken;
}
