//! `Lifecycle`: what the platform says about the installation itself.
//!
//! The actor takes no other message until the change is durable and its own picture is new.

use actix::{ActorFutureExt, AtomicResponse, Context, Handler, Message, WrapFuture};
use std::sync::Arc;

use super::{Error, Phase, Workspace, caught, load};
use crate::ids::AddonId;
use crate::installation::{Installation, Proof, Status, Verdict};

/// A lifecycle call, verified and read.
#[derive(Clone, Debug)]
pub enum Change {
    /// INSTALLED.
    Install(Box<Installation>),
    /// DELETED.
    Delete(AddonId),
    /// STATUS_CHANGED.
    Status(AddonId, Status),
    /// SETTINGS_UPDATED.
    Settings(AddonId, serde_json::Map<String, serde_json::Value>),
}

/// Asks the workspace to apply a lifecycle call.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Verdict, Error>")]
pub struct Lifecycle {
    /// What the platform says.
    pub change: Change,
    /// Its proof.
    pub proof: Proof,
}

impl Handler<Lifecycle> for Workspace {
    type Result = AtomicResponse<Self, Result<Verdict, Error>>;

    fn handle(&mut self, message: Lifecycle, _: &mut Context<Self>) -> Self::Result {
        let Lifecycle { change, proof } = message;
        let refusal = match &self.phase {
            Phase::Retired | Phase::Loading => Some(Error::Unavailable),
            // A webhook token has the claims of a lifecycle token; only the installation knows which it is.
            Phase::Ready(loaded) if loaded.has_webhook_token(&proof.hash) => Some(Error::WrongToken),
            Phase::Ready(_) | Phase::Absent | Phase::Failed(_) => None,
        };
        if refusal.is_none() && matches!(change, Change::Delete(_)) {
            self.runner.hold();
        }
        let (key, env) = (self.key, Arc::clone(&self.env));
        let deletes = matches!(change, Change::Delete(_));
        let former = self.loaded().ok().filter(|_| deletes).map(|loaded| {
            let made = loaded.subscriptions.iter().filter_map(|subscription| subscription.webhook().cloned());
            (Arc::clone(&loaded.installation), made.collect())
        });
        let work = async move {
            if let Some(error) = refusal {
                return Err(error);
            }
            let now = env.clock.now();
            let verdict = caught(async {
                match &change {
                    Change::Install(installation) => env.store.install(installation, proof).await,
                    Change::Delete(addon_id) => env.store.uninstall(key, *addon_id, proof).await,
                    Change::Status(addon_id, status) => env.store.set_status(key, *addon_id, *status, proof, now).await,
                    Change::Settings(addon_id, settings) => env.store.set_settings(key, *addon_id, settings, proof, now).await,
                }
            })
            .await?;
            Ok((verdict, caught(load(key, &env)).await))
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(move |outcome, workspace, context| {
            let (verdict, loaded) = outcome?;
            if let (Verdict::Apply, Some((installation, made))) = (verdict, former) {
                workspace.take_webhooks_back(installation, made, context);
            }
            workspace.settle(loaded, context);
            Ok(verdict)
        })))
    }
}
