//! `Lift`: a quarantine ends, and what was stored meanwhile runs.

use actix::{Context, Handler, Message};

use super::{Error, Phase, Workspace};

/// Ends a quarantine.
#[derive(Message, Clone, Copy, Debug)]
#[rtype(result = "Result<(), Error>")]
pub struct Lift;

impl Handler<Lift> for Workspace {
    type Result = Result<(), Error>;

    fn handle(&mut self, _: Lift, _: &mut Context<Self>) -> Self::Result {
        if matches!(self.phase, Phase::Retired) {
            return Err(Error::Unavailable);
        }
        self.quarantined = false;
        if let Phase::Ready(loaded) = &self.phase {
            self.runner.set_works(self.works(loaded));
            self.reader.set_works(self.reads(loaded));
        }
        Ok(())
    }
}
