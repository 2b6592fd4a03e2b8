//! How flows have fared, in memory.

use async_trait::async_trait;

use super::{MemoryStore, State};
use crate::flow::run::Run;
use crate::flow::standing::{Fared, Paused, Standing};
use crate::ids::{FlowId, Key};
use crate::port::store::{Error, Standings};

impl State {
    /// Notes how a flow has fared whose run has ended.
    pub(super) fn fared(&mut self, run: &Run, fared: Fared) {
        let of = (run.key, run.flow);
        match fared {
            Fared::Well => self.standings.retain(|other, standing| *other != of || standing.paused.is_some()),
            Fared::Failed { pause_after, reason } if self.flows.contains_key(&of) => {
                let standing = self.standings.entry(of).or_insert(Standing { flow: run.flow, failures: 0, paused: None });
                standing.failures += 1;
                if standing.failures >= pause_after && standing.paused.is_none() {
                    standing.paused = run.finished_at.map(|since| Paused { since, reason });
                }
            }
            Fared::Failed { .. } => {}
        }
    }
}

#[async_trait]
impl Standings for MemoryStore {
    async fn resume_flow(&self, key: Key, flow: FlowId) -> Result<bool, Error> {
        Ok(self.open()?.standings.remove(&(key, flow)).is_some())
    }

    async fn standings(&self, key: Key) -> Result<Vec<Standing>, Error> {
        let state = self.open()?;
        Ok(state.standings.iter().filter(|((whose, _), _)| *whose == key).map(|(_, standing)| standing.clone()).collect())
    }
}
