//! Flows in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{MemoryStore, State, page};
use crate::clock::Timestamp;
use crate::flow::model::Flow;
use crate::flow::run::RunState;
use crate::ids::{FlowId, Key};
use crate::limits::flow::VERSIONS_STORED_MAX;
use crate::port::store::flows::{Saved, flow_deleted};
use crate::port::store::{Error, Flows, Page, Slice};

impl State {
    /// Notes when the newest version of a flow is due first.
    fn plan(&mut self, key: Key, flow: &Flow) {
        match flow.due_after(flow.updated_at) {
            Some(due) => self.due.insert((key, flow.id), due),
            None => self.due.remove(&(key, flow.id)),
        };
    }
}

#[async_trait]
impl Flows for MemoryStore {
    async fn create_flow(&self, key: Key, flow: &Flow, flows_max: u32) -> Result<Saved, Error> {
        self.create_flows(key, std::slice::from_ref(flow), flows_max).await
    }

    async fn create_flows(&self, key: Key, flows: &[Flow], flows_max: u32) -> Result<Saved, Error> {
        let mut state = self.open()?;
        if !state.installations.contains_key(&key) {
            return Ok(Saved::Absent);
        }
        if state.flows.keys().filter(|(whose, _)| *whose == key).count() + flows.len() > flows_max as usize {
            return Ok(Saved::TooMany);
        }
        for flow in flows {
            let first = Flow { version: 1, ..flow.clone() };
            state.flows.insert((key, flow.id), first.clone());
            state.plan(key, &first);
            state.versions.insert((key, flow.id, 1), first);
        }
        Ok(Saved::Version(1))
    }

    async fn update_flow(&self, key: Key, flow: &Flow) -> Result<Saved, Error> {
        let mut state = self.open()?;
        let Some(present) = state.flows.get_mut(&(key, flow.id)) else { return Ok(Saved::Absent) };
        let version = present.version + 1;
        let next = Flow { version, created_at: present.created_at, ..flow.clone() };
        *present = next.clone();
        state.plan(key, &next);
        state.versions.insert((key, flow.id, version), next);
        let needed: BTreeSet<u32> = state
            .runs
            .values()
            .filter(|run| run.key == key && run.flow == flow.id && !run.state.finished())
            .map(|run| run.flow_version)
            .collect();
        let old = |id: FlowId, of: u32| id == flow.id && of + VERSIONS_STORED_MAX <= version && !needed.contains(&of);
        state.versions.retain(|(whose, id, of), _| *whose != key || !old(*id, *of));
        Ok(Saved::Version(version))
    }

    async fn delete_flow(&self, key: Key, id: FlowId, now: Timestamp) -> Result<bool, Error> {
        let mut state = self.open()?;
        if state.flows.remove(&(key, id)).is_none() {
            return Ok(false);
        }
        state.standings.remove(&(key, id));
        state.due.remove(&(key, id));
        for run in state.runs.values_mut().filter(|run| run.key == key && run.flow == id && !run.state.finished()) {
            run.state = RunState::Cancelled;
            run.due_at = None;
            run.finished_at = Some(now);
            run.reason = Some(flow_deleted());
        }
        Ok(true)
    }

    async fn flow(&self, key: Key, id: FlowId) -> Result<Option<Flow>, Error> {
        Ok(self.open()?.flows.get(&(key, id)).cloned())
    }

    async fn flow_version(&self, key: Key, id: FlowId, version: u32) -> Result<Option<Flow>, Error> {
        Ok(self.open()?.versions.get(&(key, id, version)).cloned())
    }

    async fn flow_versions(&self, key: Key, id: FlowId, slice: Slice) -> Result<Page<Flow>, Error> {
        let state = self.open()?;
        let there = state.flows.contains_key(&(key, id));
        let versions = state.versions.iter().rev().filter(|((whose, flow, _), _)| there && *whose == key && *flow == id);
        Ok(page(versions.map(|(_, version)| version), slice))
    }

    async fn flows(&self, key: Key) -> Result<Vec<Flow>, Error> {
        let state = self.open()?;
        Ok(state.flows.iter().rev().filter(|((whose, _), _)| *whose == key).map(|(_, flow)| flow.clone()).collect())
    }
}
