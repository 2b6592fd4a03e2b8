//! Who calls, by extractor: a handler that runs is already authorised (I9).
//!
//! Each kind of proof is a type; a handler takes one as its first argument, and the route table states the same type, so that a route without
//! a proof does not compile. The kinds that belong to a tenant also wait for the service to be ready.

pub mod admin;
pub mod custom;
pub mod lifecycle;
pub mod metrics;
pub mod plain_token;
mod presented;
pub mod webhook;

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use actors::addon::Addon;
use actors::ids::Key;

use super::Service;
use super::error::{Error, Kind};
use crate::auth::token::Verified;

pub use admin::Admin;
pub use custom::Custom;
pub use lifecycle::Lifecycle;
pub use metrics::Scraper;
pub use webhook::Webhook;

/// What a route demands of its caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Proof {
    /// Nothing; the route says nothing about tenants.
    Open,
    /// The operator's token for metrics, where one is set.
    MetricsToken,
    /// A lifecycle token of the platform.
    Lifecycle,
    /// The signature of one of the platform's webhooks.
    WebhookSignature,
    /// A live secret of one of the workspace's custom sources.
    SourceSecret,
    /// A user token of an admin of the workspace.
    Admin,
}

/// A caller who has proved something.
pub trait Proven: FromRequest {
    /// What.
    const PROOF: Proof;
}

/// A handler's arguments that begin with this caller.
pub trait BeginsWith<C> {}

impl<C> BeginsWith<C> for (C,) {}
impl<C, A> BeginsWith<C> for (C, A) {}
impl<C, A, B> BeginsWith<C> for (C, A, B) {}

/// Where a request arrived: the add-on that the listener or the path's prefix stands for.
#[derive(Clone)]
pub struct Mount {
    /// What handlers ask.
    pub service: Arc<Service>,
    /// For which add-on.
    pub addon: Addon,
}

impl Mount {
    fn of(request: &HttpRequest) -> Result<&Self, Error> {
        request.app_data().ok_or_else(|| Kind::Internal.into())
    }

    /// The mount, if the service takes requests now.
    fn ready(request: &HttpRequest) -> Result<&Self, Error> {
        let mount = Self::of(request)?;
        if mount.service.readiness.is_ready() { Ok(mount) } else { Err(Kind::NotReady.into()) }
    }

    fn key(&self, verified: &Verified) -> Key {
        Key { addon: self.addon, workspace: verified.workspace }
    }
}

/// Anybody.
pub struct Anyone {
    /// What handlers ask.
    pub service: Arc<Service>,
    /// For which add-on.
    pub addon: Addon,
}

impl FromRequest for Anyone {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Mount::of(request).map(|mount| Self { service: Arc::clone(&mount.service), addon: mount.addon }))
    }
}

impl Proven for Anyone {
    const PROOF: Proof = Proof::Open;
}
