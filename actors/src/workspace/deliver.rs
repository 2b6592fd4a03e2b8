//! `Deliver`: from a verified delivery to an entry in the journal.
//!
//! The actor checks and forwards; the commit's answer goes straight to the caller. Upholds I1: nothing here says "accepted" before the
//! journal does.

use std::sync::{Arc, OnceLock};

use actix::{Context, Handler, Message};
use bytes::Bytes;

use super::{Error, Workspace};
use crate::event::{Event, EventType, Source};
use crate::flow::matching;
use crate::ids::{AddonId, EventId};
use crate::installation::{Installation, Status, TokenHash, same_hash};
use crate::port::observer::Happening;
use crate::port::store::events::Fingerprint;
use crate::port::store::journal::{Entry, Written};
use crate::port::store::receipt::Receipt;

/// A delivery whose signature has been verified and whose body has been read.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Who proves it.
    pub sender: Sender,
    /// What happened.
    pub event_type: EventType,
    /// The entity, `kind:id`.
    pub entity: Option<Arc<str>>,
    /// The body.
    pub payload: Bytes,
    /// SHA-256 of the body.
    pub payload_hash: [u8; 32],
    /// Headers to keep, as a JSON object.
    pub headers: Option<String>,
}

/// The proof of a delivery.
#[derive(Clone, Debug)]
pub enum Sender {
    /// One of Clockify's webhooks.
    Clockify {
        /// SHA-256 of the signature token.
        token: TokenHash,
        /// The installation that its claims name.
        addon_id: AddonId,
        /// The path that it was sent to, with single slashes, without the add-on's prefix.
        path: String,
    },
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// A new event.
    New(EventId),
    /// A repetition of this event.
    Duplicate(EventId),
}

/// Asks the workspace to accept a delivery.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Deliver {
    /// What arrived.
    pub delivery: Delivery,
    /// An event that this delivery seemed to repeat and that turned out not to be durable.
    pub unless_repeats: Option<EventId>,
    /// Where the actor says what it is or why not, before the receipt is answered.
    pub verdict: Arc<OnceLock<Result<Accepted, Error>>>,
    /// Answered when it is durable, or at once if it is refused.
    pub receipt: Receipt,
}

impl Handler<Deliver> for Workspace {
    type Result = ();

    fn handle(&mut self, message: Deliver, _: &mut Context<Self>) {
        let Deliver { delivery, unless_repeats, verdict, receipt } = message;
        match self.judge(&delivery, unless_repeats) {
            Err(error) => {
                let _ = verdict.set(Err(error));
                receipt.complete(Ok(Written::Absent));
            }
            Ok(Some(first)) => {
                self.env.observer.observe(self.key.addon, Happening::EventRepeated);
                let _ = verdict.set(Ok(Accepted::Duplicate(first)));
                self.env.store.submit(Entry::Repeat { key: self.key, event: first }, receipt);
            }
            Ok(None) => self.accept(delivery, &verdict, receipt),
        }
    }
}

impl Workspace {
    /// The event that a delivery repeats, if it may be accepted at all.
    fn judge(&mut self, delivery: &Delivery, unless_repeats: Option<EventId>) -> Result<Option<EventId>, Error> {
        let installation = &self.loaded()?.installation;
        let Sender::Clockify { token, addon_id, path } = &delivery.sender;
        if installation.addon_id != *addon_id || !registered(installation, token, path, &delivery.event_type) {
            return Err(Error::WrongToken);
        }
        if installation.status == Status::Inactive {
            return Err(Error::Inactive);
        }
        let entity = delivery.entity.as_ref();
        if let Some(lost) = unless_repeats {
            self.recent.retract(&delivery.event_type, entity, lost);
        }
        Ok(self.recent.repeated(&delivery.event_type, entity, &delivery.payload_hash, self.env.clock.now()))
    }

    fn accept(&mut self, delivery: Delivery, verdict: &OnceLock<Result<Accepted, Error>>, receipt: Receipt) {
        let now = self.env.clock.now();
        let event = Event {
            id: self.env.clock.fresh_id().into(),
            source: Source::Clockify,
            event_type: delivery.event_type,
            entity: delivery.entity,
            received_at: now,
            payload: delivery.payload,
            payload_hash: delivery.payload_hash,
            headers: delivery.headers,
            deliveries: 1,
        };
        let runs = match self.loaded() {
            Ok(loaded) if loaded.settings.enable_flows => {
                let echoes = |flow: &crate::flow::compiled::Compiled| self.runner.echoes(flow.id, event.entity.as_ref(), now);
                matching::runs(self.key, &event, &loaded.flows, echoes, || self.env.clock.fresh_id().into(), now)
            }
            _ => Vec::new(),
        };
        self.recent.remember(Fingerprint {
            id: event.id,
            event_type: event.event_type.clone(),
            entity: event.entity.clone(),
            payload_hash: event.payload_hash,
            received_at: now,
        });
        self.env.observer.observe(self.key.addon, Happening::EventAccepted);
        let queued: Vec<_> = runs.iter().filter(|run| !run.state.finished()).cloned().collect();
        let receipt = if queued.is_empty() {
            receipt
        } else {
            let (mine, pending) = Receipt::pair();
            self.runner.expect(pending, queued, Some(event.payload.clone()));
            receipt.and(mine)
        };
        // Last: a panic on the way here leaves no word of success behind.
        let _ = verdict.set(Ok(Accepted::New(event.id)));
        self.env.store.submit(Entry::Accept { key: self.key, event: Box::new(event), runs }, receipt);
    }
}

/// Whether the installation registered this token for this path. The bare path takes the token of any path for that event.
fn registered(installation: &Installation, token: &TokenHash, path: &str, event_type: &EventType) -> bool {
    let mut found = false;
    for webhook in installation.webhooks.iter() {
        let fits = webhook.path == path
            || webhook
                .path
                .strip_prefix(path)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|slug| event_type.known().is_some_and(|known| crate::event::Known::from_slug(slug) == Some(known)));
        // Every hash is compared, so that the time tells nothing about which one fits.
        found |= same_hash(&webhook.hash, token) & fits;
    }
    found
}
