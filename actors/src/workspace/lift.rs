//! `Lift`: a quarantine ends, and what was stored meanwhile runs.

use actix::{Context, Handler, Message};

use super::{Phase, Workspace};

/// Ends a quarantine.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub struct Lift;

impl Handler<Lift> for Workspace {
    type Result = ();

    fn handle(&mut self, _: Lift, _: &mut Context<Self>) {
        self.quarantined = false;
        if let Phase::Ready(loaded) = std::mem::replace(&mut self.phase, Phase::Loading) {
            self.settle(Ok(Some(*loaded)));
        }
    }
}
