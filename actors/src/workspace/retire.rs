//! `Retire` and `Drain`: the end of an actor's life, without losing a message.
//!
//! The registry asks; an actor that has nothing to do refuses every later message, so that whoever held its address asks the registry
//! again and finds a new one. There are never two that work for one key (I3).

use actix::{Context, Handler, Message};

use super::{Phase, Workspace};

/// Asks an actor to retire if it has nothing to do. `true`: it has retired.
#[derive(Message, Debug)]
#[rtype(result = "bool")]
pub struct Retire;

/// Asks an actor to begin no further steps. Calls under way end by themselves, and their runs wait in the store. Says how many are under way.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "usize")]
pub struct Drain;

impl Handler<Retire> for Workspace {
    type Result = bool;

    fn handle(&mut self, _: Retire, _: &mut Context<Self>) -> bool {
        // A successor would not know of the explorer's calls, and let more of them be made than there may be.
        let calls = self.subscribing.get() || self.explorer.get() > 0;
        let idle = !matches!(self.phase, Phase::Loading) && self.runner.idle() && self.reader.idle() && !calls;
        if idle {
            self.runner.close();
            self.reader.close();
            self.phase = Phase::Retired;
        }
        idle
    }
}

impl Handler<Drain> for Workspace {
    type Result = usize;

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) -> usize {
        self.runner.drain() + self.reader.drain()
    }
}
