//! `Deliver`: from a verified delivery to an entry in the journal.
//!
//! The actor checks and forwards; the commit's answer goes straight to the caller. Upholds I1: nothing here says "accepted" before the
//! journal does.

use std::sync::{Arc, OnceLock};

use actix::{Context, Handler, Message};
use bytes::Bytes;

use super::{Error, Workspace};
use crate::addon::Addon;
use crate::effort::Paid;
use crate::event::{Event, EventType, Source};
use crate::flow::matching;
use crate::ids::{AddonId, EventId};
use crate::installation::{Installation, Status, TokenHash, same_hash};
use crate::limits::effort::{BYTES_PER_VISIT, VISITS_PER_EVENT};
use crate::port::observer::Happening;
use crate::port::store::events::Fingerprint;
use crate::port::store::journal::{Entry, Written};
use crate::port::store::receipt::Receipt;
use crate::source::SourceName;
use crate::subscription::Subscription;
use crate::webhook;

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
    /// What its workspace has paid for it [at the door](crate::registry::Registry::admit).
    pub paid: Paid,
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
    /// A webhook of Clockify's that the manifest does not declare: its token is a plain text.
    Subscribed {
        /// SHA-256 of the token.
        token: TokenHash,
        /// The path that it was sent to, as above.
        path: String,
    },
    /// One of the workspace's custom sources, which has proved that it knows a live secret.
    Custom {
        /// Which.
        source: SourceName,
        /// The sender's id of the message, if its scheme has one.
        message: Option<Arc<str>>,
    },
}

/// What became of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// A new event.
    New(EventId),
    /// A repetition of this event.
    Duplicate(EventId),
    /// A message that its source has sent before.
    Repeated,
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
        let loaded = self.loaded()?;
        let (installation, settings) = (&loaded.installation, loaded.settings);
        let known = match &delivery.sender {
            Sender::Clockify { token, addon_id, path } => {
                // The platform may sign the token of a webhook that was made through its API as it signs a manifest's.
                let subscribed = subscribed(self.key.addon, &loaded.subscriptions, token, path, &delivery.event_type);
                installation.addon_id == *addon_id && (registered(installation, token, path, &delivery.event_type) | subscribed)
            }
            Sender::Subscribed { token, path } => subscribed(self.key.addon, &loaded.subscriptions, token, path, &delivery.event_type),
            Sender::Custom { source, .. } => loaded.sources.contains_key(source),
        };
        if !known {
            return Err(Error::WrongToken);
        }
        if installation.status == Status::Inactive {
            return Err(Error::Inactive);
        }
        // It comes again when there is room for what it costs; a repetition costs little, but that is not known yet.
        self.runner.allows(delivery.paid).map_err(|_| Error::Busy)?;
        let now = self.env.clock.now();
        let entity = delivery.entity.as_ref();
        match &delivery.sender {
            // The sender's own id tells its messages apart; equal bytes do not make them one.
            Sender::Custom { source, .. } => {
                if !settings.enable_custom_webhooks {
                    return Err(Error::SwitchedOff);
                }
                self.rates.retain(|other, rate| other == source || !rate.is_rested(now));
                let rate = self.rates.entry(source.clone()).or_default();
                rate.take(settings.custom_webhook_rate, now).map_err(Error::TooFast)?;
                Ok(None)
            }
            Sender::Clockify { .. } | Sender::Subscribed { .. } => {
                if let Some(lost) = unless_repeats {
                    self.recent.retract(&delivery.event_type, entity, lost);
                }
                Ok(self.recent.repeated(&delivery.event_type, entity, &delivery.payload_hash, now))
            }
        }
    }

    fn accept(&mut self, delivery: Delivery, verdict: &OnceLock<Result<Accepted, Error>>, receipt: Receipt) {
        let now = self.env.clock.now();
        let (source, message) = match delivery.sender {
            Sender::Clockify { .. } | Sender::Subscribed { .. } => (Source::Clockify, None),
            Sender::Custom { source, message } => (Source::Custom(source.shared()), message),
        };
        let event = Event {
            id: self.env.clock.fresh_id().into(),
            source,
            message,
            event_type: delivery.event_type,
            entity: delivery.entity,
            received_at: now,
            payload: delivery.payload,
            payload_hash: delivery.payload_hash,
            headers: delivery.headers,
            deliveries: 1,
        };
        let (runs, visits) = match self.loaded() {
            Ok(loaded) if loaded.settings.enable_flows => {
                let echoes = |flow: &crate::flow::compiled::Compiled| self.runner.echoes(flow.id, event.entity.as_ref(), now);
                let paused = |flow: &crate::flow::compiled::Compiled| self.runner.is_paused(flow.id);
                matching::runs(self.key, &event, &loaded.flows, paused, echoes, || self.env.clock.fresh_id().into(), now)
            }
            _ => (Vec::new(), VISITS_PER_EVENT + event.payload.len() / BYTES_PER_VISIT),
        };
        self.runner.spend(visits);
        if event.source == Source::Clockify {
            self.reader.hear(&event.event_type, &event.payload, now);
            self.recent.remember(Fingerprint {
                id: event.id,
                event_type: event.event_type.clone(),
                entity: event.entity.clone(),
                payload_hash: event.payload_hash,
                received_at: now,
            });
        }
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

/// Whether the installation registered this token for this path, and the path carries the event. The bare path takes the token of any path for
/// that event.
fn registered(installation: &Installation, token: &TokenHash, path: &str, event_type: &EventType) -> bool {
    let Some(event) = event_type.known() else { return false };
    let addon = installation.key.addon;
    let bare = path == webhook::BARE;
    if !bare && !webhook::carries(addon, path, event) {
        return false;
    }
    let mut found = false;
    for registered in installation.webhooks.iter() {
        let fits = if bare { webhook::carries(addon, &registered.path, event) } else { registered.path == path };
        // Every hash is compared, so that the time tells nothing about which one fits.
        found |= same_hash(&registered.hash, token) & fits;
    }
    found
}

/// Whether a subscription's webhook has this token: for its own event alone, at the event's path or at the bare one.
fn subscribed(addon: Addon, subscriptions: &[Subscription], token: &TokenHash, path: &str, event_type: &EventType) -> bool {
    let Some(event) = event_type.known() else { return false };
    if path != webhook::BARE && !webhook::carries(addon, path, event) {
        return false;
    }
    // As above: every hash is compared.
    subscriptions.iter().fold(false, |found, one| found | (same_hash(&one.hash, token) & (one.event == *event_type)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::ids::{Key, WorkspaceId};
    use crate::installation::{Health, WebhookToken};
    use crate::port::clockify::ApiUrls;
    use crate::secret::Secret;

    /// An installation whose one token, `[1; 32]`, is of this path.
    fn installation(addon: Addon, path: &str) -> Installation {
        let (workspace, addon_id) = (WorkspaceId::from_bytes([1; 12]), AddonId::from_bytes([2; 12]));
        let now = Timestamp::from_seconds(1);
        Installation {
            key: Key { addon, workspace },
            addon_id,
            addon_user: None,
            as_user: None,
            urls: ApiUrls { backend: "b".into(), reports: None, pto: None },
            token: Secret::new("t"),
            webhooks: Arc::new([WebhookToken { path: path.into(), hash: [1; 32] }]),
            status: Status::Active,
            health: Health::Sound,
            settings: Default::default(),
            installed_at: now,
            updated_at: now,
        }
    }

    fn opens(installation: &Installation, path: &str, event: &str) -> bool {
        registered(installation, &[1; 32], path, &EventType::parse(event).unwrap())
    }

    #[test]
    fn a_token_opens_its_path_for_the_events_that_the_path_carries() {
        let shared = installation(Addon::ClockifyAddon, "/webhooks/rate");
        assert!(opens(&shared, "/webhooks/rate", "COST_RATE_UPDATED") && opens(&shared, "/webhooks/rate", "BILLABLE_RATE_UPDATED"));
        for (path, event) in [
            ("/webhooks/rate", "NEW_TAG"),
            ("/webhooks/rate", "NO_EVENT"),
            ("/webhooks/invoice", "NEW_INVOICE"),
            ("/webhooks", "COST_RATE_UPDATED"),
        ] {
            assert!(!opens(&shared, path, event), "{path} {event}");
        }
        assert!(!registered(&shared, &[3; 32], "/webhooks/rate", &EventType::parse("COST_RATE_UPDATED").unwrap()));
    }

    #[test]
    fn the_bare_path_takes_the_token_of_the_events_own_path() {
        let own = installation(Addon::UniversalWebhook, "/webhooks/clockify/new-tag");
        assert!(opens(&own, webhook::BARE, "NEW_TAG") && opens(&own, "/webhooks/clockify/new-tag", "NEW_TAG"));
        assert!(!opens(&own, webhook::BARE, "NEW_TASK") && !opens(&own, "/webhooks/clockify/new-tag", "NEW_TASK"));
    }

    #[test]
    fn a_plain_token_opens_one_event_at_its_path_and_at_the_bare_one() {
        let event = EventType::parse("NEW_TAG").unwrap();
        let own = Subscription { event, origin: crate::subscription::Origin::Manual, hash: [1; 32], since: Timestamp::from_seconds(1) };
        let opens = |hash: u8, path: &str, event: &str| {
            subscribed(Addon::ClockifyAddon, std::slice::from_ref(&own), &[hash; 32], path, &EventType::parse(event).unwrap())
        };
        assert!(opens(1, "/webhooks/generic", "NEW_TAG") && opens(1, webhook::BARE, "NEW_TAG"));
        // The path carries this event as well, and the token does not open it.
        assert!(!opens(1, "/webhooks/generic", "NEW_CLIENT") && !opens(1, webhook::BARE, "NEW_CLIENT"));
        assert!(
            !opens(1, "/webhooks/rate", "NEW_TAG") && !opens(2, "/webhooks/generic", "NEW_TAG") && !opens(1, webhook::BARE, "NO_EVENT")
        );
    }
}
