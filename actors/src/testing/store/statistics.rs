//! What happened lately, counted in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use crate::clock::Timestamp;
use crate::flow::run::RunState;
use crate::ids::{EventId, FlowId, Key, RunId};
use crate::port::store::statistics::{FlowStatistics, SpanStatistics};
use crate::port::store::{Error, Statistics};

#[async_trait]
impl Statistics for MemoryStore {
    async fn flow_statistics(&self, key: Key, since: Timestamp) -> Result<Vec<FlowStatistics>, Error> {
        let state = self.open()?;
        let mut flows: BTreeMap<FlowId, FlowStatistics> = BTreeMap::new();
        for run in state.runs.values().filter(|run| run.key == key && run.id >= RunId::first_at(since)) {
            let flow = flows.entry(run.flow).or_insert(FlowStatistics { flow: run.flow, runs: 0, succeeded: 0, failed: 0 });
            flow.runs += 1;
            flow.succeeded += u64::from(matches!(run.state, RunState::Succeeded | RunState::Stopped));
            flow.failed += u64::from(run.state.troubled());
        }
        Ok(flows.into_values().collect())
    }

    async fn span_statistics(&self, key: Key, moments: &[Timestamp]) -> Result<Vec<SpanStatistics>, Error> {
        let state = self.open()?;
        let spans = moments.iter().zip(moments.iter().skip(1));
        let span = |(&from, &to): (&Timestamp, &Timestamp)| {
            let within = |id: RunId| id >= RunId::first_at(from) && id < RunId::first_at(to);
            let runs = || state.runs.values().filter(|run| run.key == key && within(run.id));
            let arrived = |(whose, id): &&(Key, EventId)| *whose == key && within(id.uuid().into());
            SpanStatistics {
                events: state.events.keys().filter(arrived).count() as u64,
                runs: runs().count() as u64,
                failed: runs().filter(|run| run.state.troubled()).count() as u64,
            }
        };
        Ok(spans.map(span).collect())
    }
}
