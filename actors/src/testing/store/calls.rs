//! Calls of the explorer in memory.

use async_trait::async_trait;

use super::{MemoryStore, page};
use crate::call::Call;
use crate::clock::Timestamp;
use crate::ids::{CallId, Key};
use crate::port::store::calls::CallFilter;
use crate::port::store::{Calls, Error, Page, Slice};

fn wanted(filter: &CallFilter, call: &Call) -> bool {
    filter.operation.as_ref().is_none_or(|operation| call.operation == *operation)
        && filter.method.is_none_or(|method| call.method == method)
        && filter.bearer.is_none_or(|bearer| call.bearer == bearer)
        && filter.went_well.is_none_or(|well| call.status.is_some_and(|status| status < 400) == well)
        && filter.from.is_none_or(|from| call.created_at >= from)
        && filter.to.is_none_or(|to| call.created_at < to)
}

#[async_trait]
impl Calls for MemoryStore {
    async fn keep_call(&self, key: Key, call: &Call, calls_max: u32) -> Result<bool, Error> {
        let mut state = self.open()?;
        if !state.installations.contains_key(&key) {
            return Ok(false);
        }
        state.calls.insert((key, call.id), call.clone());
        let mine: Vec<CallId> = state.calls.keys().filter(|(whose, _)| *whose == key).map(|(_, id)| *id).collect();
        let surplus = mine.len().saturating_sub(calls_max as usize);
        mine.iter().take(surplus).for_each(|id| drop(state.calls.remove(&(key, *id))));
        Ok(true)
    }

    async fn calls(&self, key: Key, filter: &CallFilter, slice: Slice) -> Result<Page<Call>, Error> {
        let state = self.open()?;
        let bare: Vec<Call> = state
            .calls
            .iter()
            .rev()
            .filter(|((whose, _), call)| *whose == key && wanted(filter, call))
            .map(|(_, call)| Call { content: None, ..call.clone() })
            .collect();
        Ok(page(bare.iter(), slice))
    }

    async fn call(&self, key: Key, id: CallId) -> Result<Option<Call>, Error> {
        Ok(self.open()?.calls.get(&(key, id)).cloned())
    }

    async fn expire_calls(&self, before: Timestamp, rows_max: u32) -> Result<u32, Error> {
        let mut state = self.open()?;
        let old: Vec<_> = state.calls.iter().filter(|(_, call)| call.created_at < before).map(|(place, _)| *place).collect();
        let going = old.len().min(rows_max as usize);
        old.iter().take(going).for_each(|place| drop(state.calls.remove(place)));
        Ok(u32::try_from(going).unwrap_or(u32::MAX))
    }
}
