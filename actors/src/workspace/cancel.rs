//! `Cancel`: an admin ends a run before its time. A call under way is not cut off: it ends, is recorded, and nothing follows it.

use std::rc::Rc;

use actix::{ActorFutureExt, Context, Handler, Message, ResponseActFuture, WrapFuture};

use super::{Error, Workspace};
use crate::ids::RunId;

/// Asks for a run to be ended.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<Cancelled, Error>")]
pub struct Cancel(pub RunId);

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cancelled {
    /// It is cancelled.
    Done,
    /// A step is under way; the run ends with it.
    UnderWay,
    /// It had ended already.
    Finished,
    /// There is no such run.
    Absent,
}

impl Handler<Cancel> for Workspace {
    type Result = ResponseActFuture<Self, Result<Cancelled, Error>>;

    fn handle(&mut self, message: Cancel, _: &mut Context<Self>) -> Self::Result {
        let (refusal, runner) = (self.loaded().err(), Rc::clone(&self.runner));
        let work = async move {
            match refusal {
                Some(error) => Err(error),
                None => runner.cancel(message.0).await,
            }
        };
        Box::pin(work.into_actor(self).map(|outcome, _, _| outcome))
    }
}
