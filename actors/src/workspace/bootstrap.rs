//! `Bootstrap`: an admin begins, stops or repeats the reading of the workspace; what reads is [`super::reader`].
//!
//! Two who begin it at once begin one. A change is made to what is stored, and the reader goes on from there (I2).

use std::rc::Rc;

use actix::{ActorFutureExt, AtomicResponse, Context, Handler, Message, WrapFuture};

use super::{Error, Workspace, caught};
use crate::bootstrap::machine::{Input, Machine};
use crate::bootstrap::record::{Record, Status};
use crate::clock::Timestamp;
use crate::port::observer::{Happening, Stir};

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Read everything.
    Start,
    /// Read everything, if the settings want it and it has never been read.
    Visit,
    /// Read everything again, if what was read is stale and the settings want it.
    Refresh,
    /// Stop.
    Cancel,
    /// Read again what failed: this operation, or all of them.
    Retry(Option<String>),
}

/// Asks the workspace for it.
#[derive(Message, Clone, Debug)]
#[rtype(result = "Result<Granted, Error>")]
pub struct Bootstrap(pub Wish);

/// What became of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Granted {
    /// It begins, or goes on.
    Scheduled(Box<Record>),
    /// It is under way already.
    Running(Box<Record>),
    /// It has been stopped.
    Cancelled(Box<Record>),
    /// There is nothing to do for it.
    Nothing(Option<Box<Record>>),
}

impl Handler<Bootstrap> for Workspace {
    type Result = AtomicResponse<Self, Result<Granted, Error>>;

    fn handle(&mut self, Bootstrap(wish): Bootstrap, _: &mut Context<Self>) -> Self::Result {
        let settings = self.loaded().map(|loaded| loaded.settings);
        let (key, env, reader) = (self.key, std::sync::Arc::clone(&self.env), Rc::clone(&self.reader));
        let work = async move {
            let settings = settings?;
            let known = caught(env.store.bootstrap(key)).await?;
            let now = env.clock.now();
            let fresh = || Record::asked(env.clock.fresh_id().into(), now);
            let wanted = match (&wish, known) {
                (Wish::Visit, None) if settings.bootstrap_on_install => fresh(),
                (Wish::Visit, known) => return Ok(Granted::Nothing(known.map(Box::new))),
                (Wish::Refresh, Some(known)) if settings.bootstrap_on_install && known.is_stale(settings.cache_ttl_days, now) => fresh(),
                (Wish::Refresh, known) => return Ok(Granted::Nothing(known.map(Box::new))),
                (Wish::Start, Some(known)) if known.head.status.unfinished() => return Ok(Granted::Running(Box::new(known))),
                (Wish::Start, _) => fresh(),
                (_, None) => return Ok(Granted::Nothing(None)),
                (Wish::Cancel, Some(known)) => match changed(known, Input::Cancel, now) {
                    Ok(record) => record,
                    Err(known) => return Ok(Granted::Nothing(Some(known))),
                },
                (Wish::Retry(which), Some(known)) => match changed(known, Input::Retry(which.clone()), now) {
                    Ok(record) => record,
                    Err(known) => return Ok(Granted::Nothing(Some(known))),
                },
            };
            // What it still has in the writer's queue stands before what follows here.
            reader.halt();
            if !caught(env.store.put_bootstrap(key, &wanted)).await? {
                return Err(Error::NotInstalled);
            }
            env.observer.stir(key, Stir::Bootstrap);
            reader.begin();
            let cancelled = wanted.head.status == Status::Cancelled;
            if cancelled {
                env.observer.observe(key.addon, Happening::BootstrapEnded(Status::Cancelled));
            }
            Ok(if cancelled { Granted::Cancelled(Box::new(wanted)) } else { Granted::Scheduled(Box::new(wanted)) })
        };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|outcome, _, _| outcome)))
    }
}

/// The record after an input; the record itself if the input changes nothing.
fn changed(record: Record, input: Input, now: Timestamp) -> Result<Record, Box<Record>> {
    let mut machine = Machine::new(record);
    if machine.step(input, now).head { Ok(machine.record().clone()) } else { Err(Box::new(machine.record().clone())) }
}
