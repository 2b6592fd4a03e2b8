//! `ChangeSubscription`: webhooks that the manifest does not declare, at the platform first and then here.
//!
//! One change at a time; other messages are taken meanwhile, because the platform may need some time. What the platform did and we could not keep is
//! found again by the next look at its list, wherever that can be read. A look is good for a while, so that a page that is opened again and again
//! does not spend the platform's budget; a change of our own ends it.

mod webhooks;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseActFuture, WrapFuture};

pub use self::webhooks::Refused;
use self::webhooks::Unmade;
use super::runner::Runner;
use super::{Environment, Error, Phase, Workspace, caught};
use crate::clock::Timestamp;
use crate::event::{EventType, Known};
use crate::installation::{Installation, Status, TokenHash};
use crate::limits::subscription as limits;
use crate::port::store::subscriptions::SubscriptionSaved;
use crate::subscription::{Origin, Subscription, WebhookId};
use crate::webhook;

/// Makes the SHA-256 of a token.
pub type Digest = fn(&str) -> TokenHash;

/// A change to the workspace's subscriptions.
#[derive(Clone, Debug)]
pub enum SubscriptionChange {
    /// A webhook of the add-on's own for this event.
    Subscribe(&'static Known),
    /// A webhook that an admin has made in Clockify has this token.
    Token(&'static Known, TokenHash),
    /// None for this event any more.
    Unsubscribe(&'static Known),
    /// Compares with the platform's list: what is ours there is known here afterwards, and what is gone there is gone here. Answered by the last look
    /// as long as that is good.
    Reconcile,
}

/// A look at the platform's list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// When it was.
    pub at: Timestamp,
    /// Why the platform did not show its list.
    pub refused: Option<Refused>,
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubscriptionChanged {
    /// As asked.
    Done,
    /// As asked; there was one before.
    Replaced,
    /// Gone here. The platform did not let it be deleted there.
    LeftThere(Refused),
    /// There is none.
    Absent,
    /// The event has a webhook that the add-on made.
    Subscribed,
    /// The token is another subscription's.
    Taken,
    /// The platform did not do it.
    Refused(Refused),
    /// What [`SubscriptionChange::Reconcile`] asked for, now or a moment ago.
    Looked(Look),
}

/// Asks the workspace to change its subscriptions.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<SubscriptionChanged, Error>")]
pub struct ChangeSubscription {
    /// What to change.
    pub change: SubscriptionChange,
    /// Where the add-on is reached, without a slash at the end.
    pub base_url: String,
    /// How tokens are hashed.
    pub digest: Digest,
}

impl Handler<ChangeSubscription> for Workspace {
    type Result = ResponseActFuture<Self, Result<SubscriptionChanged, Error>>;

    fn handle(&mut self, message: ChangeSubscription, _: &mut Context<Self>) -> Self::Result {
        let reconciles = matches!(message.change, SubscriptionChange::Reconcile);
        if let Some(look) = self.good_look().filter(|_| reconciles) {
            return Box::pin(std::future::ready(Ok(SubscriptionChanged::Looked(look))).into_actor(self));
        }
        let ready = self.loaded().map(|loaded| (Arc::clone(&loaded.installation), loaded.subscriptions.clone()));
        let turn = Turn::take(&self.subscribing);
        let (env, runner) = (Arc::clone(&self.env), Rc::clone(&self.runner));
        let work = async move {
            let (installation, known) = ready?;
            let _turn = turn.ok_or(Error::Busy)?;
            if installation.status == Status::Inactive {
                return Err(Error::Inactive);
            }
            let work = Work { env, runner, installation, known, base_url: message.base_url, digest: message.digest };
            let changed = work.change(message.change).await?;
            let stored = caught(work.env.store.subscriptions(work.installation.key)).await?;
            Ok((changed, stored))
        };
        Box::pin(work.into_actor(self).map(move |outcome, workspace, _| {
            // Whatever a change of our own has come to, the last look no longer tells how things are there.
            workspace.look = None;
            let (changed, stored) = outcome?;
            if let SubscriptionChanged::Looked(look) = &changed {
                workspace.look = Some(look.clone());
            }
            if let Phase::Ready(loaded) = &mut workspace.phase {
                loaded.subscriptions = stored;
            }
            Ok(changed)
        }))
    }
}

/// The one change that is under way.
struct Turn(Rc<Cell<bool>>);

impl Turn {
    fn take(taken: &Rc<Cell<bool>>) -> Option<Self> {
        (!taken.replace(true)).then(|| Self(Rc::clone(taken)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

struct Work {
    env: Arc<Environment>,
    runner: Rc<Runner>,
    installation: Arc<Installation>,
    known: Vec<Subscription>,
    base_url: String,
    digest: Digest,
}

impl Work {
    async fn change(&self, change: SubscriptionChange) -> Result<SubscriptionChanged, Error> {
        match change {
            SubscriptionChange::Subscribe(event) => self.subscribe(event).await,
            SubscriptionChange::Token(event, hash) => {
                if self.of(event).is_some_and(|subscription| subscription.webhook().is_some()) {
                    return Ok(SubscriptionChanged::Subscribed);
                }
                self.keep(event, Origin::Manual, hash).await
            }
            SubscriptionChange::Unsubscribe(event) => self.unsubscribe(event).await,
            SubscriptionChange::Reconcile => self.reconcile().await,
        }
    }

    fn of(&self, event: &Known) -> Option<&Subscription> {
        self.known.iter().find(|subscription| subscription.event.as_str() == event.name)
    }

    async fn subscribe(&self, event: &'static Known) -> Result<SubscriptionChanged, Error> {
        if self.of(event).is_some() {
            return Ok(SubscriptionChanged::Subscribed);
        }
        let url = address(&self.base_url, &self.installation, event);
        let made = async {
            let found = webhooks::find_or_make(&self.runner, &self.installation, event, &url).await?;
            let id = found.id.clone();
            let token = webhooks::token(&self.runner, &self.installation, found).await?;
            Ok::<_, Unmade>((id, token))
        };
        match made.await {
            Ok((webhook, token)) => self.keep(event, Origin::Api { webhook }, (self.digest)(token.expose())).await,
            Err(unmade) => Result::from(unmade).map(SubscriptionChanged::Refused),
        }
    }

    async fn keep(&self, event: &Known, origin: Origin, hash: TokenHash) -> Result<SubscriptionChanged, Error> {
        let Ok(event) = EventType::parse(event.name) else { return Ok(SubscriptionChanged::Absent) };
        let subscription = Subscription { event, origin, hash, since: self.env.clock.now() };
        Ok(match caught(self.env.store.put_subscription(self.installation.key, &subscription)).await? {
            SubscriptionSaved::Done => SubscriptionChanged::Done,
            SubscriptionSaved::Replaced => SubscriptionChanged::Replaced,
            SubscriptionSaved::Taken => SubscriptionChanged::Taken,
            SubscriptionSaved::Absent => return Err(Error::NotInstalled),
        })
    }

    async fn unsubscribe(&self, event: &'static Known) -> Result<SubscriptionChanged, Error> {
        let Some(subscription) = self.of(event) else { return Ok(SubscriptionChanged::Absent) };
        let mut left = None;
        if let Some(webhook) = subscription.webhook()
            && let Err(unmade) = webhooks::delete(&self.runner, &self.installation, webhook).await
        {
            match Result::from(unmade)? {
                // Nobody could ever take it back otherwise; its deliveries are refused from now on.
                refused @ Refused::NotForAddons(_) => left = Some(refused),
                refused => return Ok(SubscriptionChanged::Refused(refused)),
            }
        }
        self.forget(&subscription.event).await?;
        Ok(left.map_or(SubscriptionChanged::Done, SubscriptionChanged::LeftThere))
    }

    async fn forget(&self, event: &EventType) -> Result<bool, Error> {
        Ok(caught(self.env.store.delete_subscription(self.installation.key, event)).await?)
    }

    async fn reconcile(&self) -> Result<SubscriptionChanged, Error> {
        let looked = |refused| SubscriptionChanged::Looked(Look { at: self.env.clock.now(), refused });
        let there = match webhooks::list(&self.runner, &self.installation).await {
            Ok(there) => there,
            Err(unmade) => return Result::from(unmade).map(Some).map(looked),
        };
        for subscription in &self.known {
            let gone = subscription.webhook().is_some_and(|webhook| there.iter().all(|found| found.id != *webhook));
            if gone {
                self.forget(&subscription.event).await?;
            }
        }
        let untold = |event: &&Known| self.of(event).is_none();
        for event in crate::event::KNOWN.iter().filter(untold) {
            let url = address(&self.base_url, &self.installation, event);
            let ours = there.iter().find(|found| found.event == event.name && webhooks::same_address(&found.url, &url));
            if let Some(found) = ours
                && let Some(token) = &found.token
            {
                let origin = Origin::Api { webhook: found.id.clone() };
                self.keep(event, origin, (self.digest)(token.expose())).await?;
                log::info!(workspace:% = self.installation.key.workspace, event = event.name; "a webhook that was made earlier is known again");
            }
        }
        Ok(looked(None))
    }
}

/// Where an event's webhook goes.
fn address(base_url: &str, installation: &Installation, event: &Known) -> String {
    format!("{base_url}{}", webhook::path(installation.key.addon, event))
}

impl Workspace {
    /// The last look at the platform's list, if it is not too old. Only a workspace that could look again is answered by it.
    fn good_look(&self) -> Option<Look> {
        let active = self.loaded().is_ok_and(|loaded| loaded.installation.status != Status::Inactive);
        let good = |look: &&Look| self.env.clock.now() < look.at + Duration::from_secs(limits::LOOK_GOOD_SECONDS);
        self.look.as_ref().filter(|_| active && !self.subscribing.get()).filter(good).cloned()
    }

    /// Deletes at the platform what the add-on had made there, when it has been uninstalled: as far as its token is still good, within a bound, and
    /// without anybody waiting for it.
    pub(super) fn take_webhooks_back(&self, installation: Arc<Installation>, made: Vec<WebhookId>, context: &mut Context<Self>) {
        if made.is_empty() {
            return;
        }
        let clockify = super::clients(&self.env).clockify;
        let work = async move {
            for webhook in made.iter().take(limits::TAKEN_BACK_MAX) {
                let request = webhooks::deletion(&installation, webhook);
                match clockify.call(&installation.urls, &installation.token, request).await {
                    Ok(answer) if (200..300).contains(&answer.status) || answer.status == 404 => {}
                    outcome => {
                        let status = outcome.map_or(0, |answer| answer.status);
                        log::info!(workspace:% = installation.key.workspace, status; "webhooks that the add-on had made stay at the platform");
                        return;
                    }
                }
            }
        };
        let work = futures_util::FutureExt::map(futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(work)), drop);
        context.spawn(work.into_actor(self));
    }
}
