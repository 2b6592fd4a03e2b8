//! The road of a delivery to its workspace, and back once it is durable (I1). It is offered without waiting where others ask and wait.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix::dev::SendError;

use super::{Actor, Registry};
use crate::effort::Paid;
use crate::ids::Key;
use crate::limits::actor as limits;
use crate::limits::effort::{REFUSAL_HELD_MS, REFUSALS_HELD_MAX};
use crate::port::observer::Stir;
use crate::port::store::journal::Written;
use crate::port::store::receipt::Receipt;
use crate::workspace::Error;
use crate::workspace::deliver::{Accepted, Deliver, Delivery};

impl Registry {
    /// Accepts a delivery; returns once the event and its runs are durable (I1).
    pub async fn deliver(&self, key: Key, delivery: Delivery) -> Result<Accepted, Error> {
        let mut unless_repeats = None;
        for _ in 0..limits::OFFERS_MAX {
            let actor = self.find(key).await?;
            let _place = actor.deliveries.enter(limits::DELIVERIES_UNDER_WAY_MAX).ok_or(Error::Busy)?;
            let verdict = Arc::new(OnceLock::new());
            let (receipt, pending) = Receipt::pair();
            let message = Deliver { delivery: delivery.clone(), unless_repeats, verdict: Arc::clone(&verdict), receipt };
            if !self.offer(&actor, message).await? {
                continue;
            }
            let outcome = self.within_limit(pending.outcome()).await.ok_or(Error::Unavailable)?;
            match (verdict.get(), outcome) {
                (Some(Err(Error::Unavailable)), _) => drop(self.gone(key, actor.generation)),
                (Some(Err(error)), _) => return Err(error.clone()),
                // What it repeats never became durable, so it repeats nothing.
                (Some(Ok(Accepted::Duplicate(first))), Ok(Written::Absent)) => unless_repeats = Some(*first),
                (Some(Ok(accepted)), Ok(Written::Done)) => {
                    if matches!(accepted, Accepted::New(_)) {
                        self.env.observer.stir(key, Stir::Events);
                    }
                    return Ok(*accepted);
                }
                (Some(Ok(_)), Ok(Written::Absent)) => return Err(Error::NotInstalled),
                (Some(Ok(_)), Ok(Written::Repeated)) => return Ok(Accepted::Repeated),
                (Some(Ok(_)), Err(error)) => return Err(Error::Store(error)),
                (None, _) => return Err(Error::Unavailable),
            }
        }
        Err(Error::Unavailable)
    }

    /// Lets a delivery of so many bytes in, before it is received, which costs something whatever becomes of it; [`Error::Busy`] while the workspace has to
    /// rest. That is told late, so that a sender that comes again at once does not cost the others what its events would have cost; beyond
    /// [`REFUSALS_HELD_MAX`] at a time it is told at once.
    pub async fn admit(&self, key: Key, bytes: usize) -> Result<Paid, Error> {
        let refusals = {
            // Who has no actor owes nothing.
            let Some(entry) = self.actors.get(&key) else { return Ok(Paid::default()) };
            let (effort, now) = (&entry.actor.effort, self.env.clock.elapsed());
            if effort.allows_more(now).is_ok() {
                let paid = Paid::for_bytes(bytes);
                effort.spend(paid.visits(), now);
                return Ok(paid);
            }
            entry.actor.refusals.clone()
        };
        if let Some(_place) = refusals.enter(REFUSALS_HELD_MAX) {
            self.env.clock.sleep(Duration::from_millis(REFUSAL_HELD_MS)).await;
        }
        Err(Error::Busy)
    }

    /// Puts a message into an actor's mailbox. A full one is waited for only as long as a fresh actor needs to enlarge its own. `false`: the mailbox is
    /// closed, and nobody has looked at the message.
    async fn offer(&self, actor: &Actor, mut message: Deliver) -> Result<bool, Error> {
        let mut waited = 0;
        loop {
            message = match actor.address.try_send(message) {
                Ok(()) => return Ok(true),
                Err(SendError::Closed(_)) => return Ok(false),
                Err(SendError::Full(_)) if waited >= limits::MAILBOX_WAIT_MS => return Err(Error::Busy),
                Err(SendError::Full(message)) => message,
            };
            self.env.clock.sleep(Duration::from_millis(limits::MAILBOX_LOOK_MS)).await;
            waited += limits::MAILBOX_LOOK_MS;
        }
    }
}
