//! How flows have fared, in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::clock::Timestamp;
use crate::flow::standing::{Paused, Standing};
use crate::ids::{FlowId, Key};
use crate::port::store::{Error, Standings};

#[async_trait]
impl Standings for MemoryStore {
    async fn flow_failed(&self, key: Key, flow: FlowId, pause_after: u32, reason: &str, now: Timestamp) -> Result<Option<Standing>, Error> {
        let mut state = self.open()?;
        if !state.flows.contains_key(&(key, flow)) {
            return Ok(None);
        }
        let standing = state.standings.entry((key, flow)).or_insert(Standing { flow, failures: 0, paused: None });
        standing.failures += 1;
        if standing.failures >= pause_after && standing.paused.is_none() {
            standing.paused = Some(Paused { since: now, reason: reason.to_owned() });
        }
        Ok(Some(standing.clone()))
    }

    async fn flow_did_well(&self, key: Key, flow: FlowId) -> Result<(), Error> {
        self.open()?.standings.retain(|of, standing| *of != (key, flow) || standing.paused.is_some());
        Ok(())
    }

    async fn resume_flow(&self, key: Key, flow: FlowId) -> Result<bool, Error> {
        Ok(self.open()?.standings.remove(&(key, flow)).is_some())
    }

    async fn standings(&self, key: Key) -> Result<Vec<Standing>, Error> {
        let state = self.open()?;
        Ok(state.standings.iter().filter(|((whose, _), _)| *whose == key).map(|(_, standing)| standing.clone()).collect())
    }
}
