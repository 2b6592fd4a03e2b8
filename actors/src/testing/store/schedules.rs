//! Schedules in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::clock::Timestamp;
use crate::installation::{Health, Status};
use crate::port::store::schedules::Due;
use crate::port::store::{Error, Schedules};

#[async_trait]
impl Schedules for MemoryStore {
    async fn due_flows(&self, now: Timestamp, limit: u32) -> Result<Vec<Due>, Error> {
        let state = self.open()?;
        let active = |due: &Due| {
            let installation = state.installations.get(&due.key);
            installation.is_some_and(|installation| installation.status == Status::Active && installation.health == Health::Sound)
        };
        let all = state.due.iter().map(|((key, flow), at)| Due { key: *key, flow: *flow, at: *at });
        let mut due: Vec<Due> = all.filter(|due| due.at <= now && active(due)).collect();
        due.sort_by_key(|due| due.at);
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn set_due(&self, due: Due, next: Option<Timestamp>) -> Result<bool, Error> {
        let mut state = self.open()?;
        let place = (due.key, due.flow);
        if state.due.get(&place) != Some(&due.at) {
            return Ok(false);
        }
        match next {
            Some(next) => state.due.insert(place, next),
            None => state.due.remove(&place),
        };
        Ok(true)
    }
}
