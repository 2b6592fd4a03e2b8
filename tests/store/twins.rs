//! Whatever stands in one batch, SQLite and Postgres answer and keep what the memory store does, which takes entries one by one.

use actors::clock::Clock;
use actors::event::{Event, Source};
use actors::flow::run::{Run, RunState};
use actors::flow::standing::Fared;
use actors::ids::{EventId, FlowId};
use actors::port::store::journal::Entry;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::backend::{self, Backend, submit};
use crate::sample::{CLOCK, accept, event, flow_id, install, key, message, progress, run, standing};

/// An entry by its place in the pools of events, flows and states.
#[derive(Clone, Copy, Debug)]
enum Pick {
    Accept { workspace: u32, event: usize, runs: usize },
    Repeat { workspace: u32, event: usize },
    Start { workspace: u32, event: usize, replays: usize },
    Progress { workspace: u32, run: usize, state: usize },
    Conclude { workspace: u32, run: usize, alarms: usize },
}

/// Five events, two of which are one message, a run of each of two flows for each, and replays of them.
struct Pools {
    events: Vec<Event>,
    flows: Vec<FlowId>,
    /// By event and flow: the run, then two replays.
    runs: Vec<Run>,
    /// The event of each run's failure, and the id of a second one with the same message.
    alarms: Vec<Event>,
    again: Vec<EventId>,
}

const EVENTS: usize = 5;
const FLOWS: usize = 2;
const RUNS: usize = EVENTS * FLOWS * 3;

fn picks() -> impl Strategy<Value = Vec<Pick>> {
    // Workspace 1 has the rows, 2 claims them without having any, 3 has no installation.
    let brings = prop_oneof![5 => Just(1_u32), 1 => Just(3)];
    let claims = prop_oneof![4 => Just(1_u32), 1 => Just(2), 1 => Just(3)];
    // The ids of its events are of one workspace, as all ids are.
    let concludes = prop_oneof![5 => Just(1_u32), 1 => Just(3)];
    let event = 0..EVENTS;
    let pick = prop_oneof![
        3 => (brings.clone(), event.clone(), 0..=FLOWS).prop_map(|(workspace, event, runs)| Pick::Accept { workspace, event, runs }),
        2 => (claims.clone(), event.clone()).prop_map(|(workspace, event)| Pick::Repeat { workspace, event }),
        1 => (brings, event, 0..=2_usize).prop_map(|(workspace, event, replays)| Pick::Start { workspace, event, replays }),
        2 => (concludes, 0..RUNS, 0..=2_usize).prop_map(|(workspace, run, alarms)| Pick::Conclude { workspace, run, alarms }),
        4 => (claims, 0..RUNS, 0..RunState::ALL.len()).prop_map(|(workspace, run, state)| Pick::Progress { workspace, run, state }),
    ];
    prop::collection::vec(pick, 1..40)
}

impl Pools {
    fn fresh() -> Self {
        let id = CLOCK.fresh_id().to_string();
        let events = [event(), event(), event(), message("shop", &id), message("shop", &id)].to_vec();
        let flows: Vec<_> = (0..FLOWS).map(|_| flow_id()).collect();
        let mut runs = Vec::new();
        for event in &events {
            for flow in &flows {
                let first = run(key(1), event, *flow);
                let replays = [(); 2].map(|()| Run { replay_of: Some(first.id), ..run(key(1), event, *flow) });
                runs.push(first);
                runs.extend(replays);
            }
        }
        let alarm = |run: &Run| Event { source: Source::Flow, message: Some(run.id.to_string().into()), ..event() };
        let alarms = runs.iter().map(alarm).collect();
        let again = runs.iter().map(|_| CLOCK.fresh_id().into()).collect();
        Self { events, flows, runs, alarms, again }
    }

    fn run(&self, workspace: u32, place: usize) -> Run {
        Run { key: key(workspace), ..self.runs[place].clone() }
    }

    fn entry(&self, pick: Pick) -> Entry {
        match pick {
            Pick::Accept { workspace, event, runs } => {
                let runs: Vec<_> = (0..runs).map(|flow| self.run(workspace, (event * self.flows.len() + flow) * 3)).collect();
                accept(key(workspace), &self.events[event], &runs)
            }
            Pick::Repeat { workspace, event } => Entry::Repeat { key: key(workspace), event: self.events[event].id },
            Pick::Start { workspace, event, replays } => {
                Entry::Start((0..=replays).map(|replay| self.run(workspace, event * self.flows.len() * 3 + replay)).collect())
            }
            Pick::Progress { workspace, run, state } => {
                let run = self.run(workspace, run);
                progress(&Run { due_at: None, started_at: None, finished_at: None, ..standing(&run, RunState::ALL[state]) })
            }
            Pick::Conclude { workspace, run, alarms } => {
                let mut event = self.alarms[run].clone();
                // Another telling of the same failure.
                event.id = if alarms == 2 { self.again[run] } else { event.id };
                let ended = standing(&self.run(workspace, run), RunState::Failed);
                let ended = Run { due_at: None, started_at: None, finished_at: None, ..ended };
                let runs = (0..alarms).map(|flow| crate::sample::run(key(workspace), &event, self.flows[flow])).collect();
                let fared = Some(if alarms == 1 { Fared::Well } else { Fared::Failed { pause_after: 2, reason: "r".into() } });
                Entry::Conclude { run: Box::new(ended), fared, event: Some(Box::new(event)), runs }
            }
        }
    }
}

/// What a store answered, and what it then has.
async fn told(backend: &Backend, pools: &Pools, picks: &[Pick]) -> (Vec<String>, Vec<String>) {
    let store = &*backend.store;
    let hold = backend.hold().await;
    let pending: Vec<_> = picks.iter().map(|pick| submit(store, pools.entry(*pick))).collect();
    hold.release().await;
    let mut outcomes = Vec::new();
    for (pick, answer) in picks.iter().zip(pending) {
        outcomes.push(format!("{pick:?}: {:?}", answer.outcome().await));
    }
    let mut kept = Vec::new();
    for workspace in 1..=3 {
        for event in pools.events.iter().chain(&pools.alarms) {
            kept.push(format!("{:?}", store.event(key(workspace), event.id).await));
        }
        for run in &pools.runs {
            kept.push(format!("{:?}", store.run(key(workspace), run.id).await));
        }
    }
    (outcomes, kept)
}

#[test]
fn a_batch_is_answered_as_its_entries_one_by_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let memory = backend::memory();
    let postgres = runtime.block_on(backend::postgres("a_batch_is_answered_as_its_entries_one_by_one, over Postgres"));
    let others: Vec<_> = [runtime.block_on(backend::sqlite())].into_iter().chain(postgres).collect();
    for backend in others.iter().chain([&memory]) {
        runtime.block_on(async {
            install(&*backend.store, key(1)).await;
            install(&*backend.store, key(2)).await;
        });
    }
    let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&picks(), |picks| {
        let pools = Pools::fresh();
        let one_by_one = runtime.block_on(told(&memory, &pools, &picks));
        for other in &others {
            prop_assert_eq!(&one_by_one, &runtime.block_on(told(other, &pools, &picks)));
        }
        Ok(())
    });
    outcome.unwrap();
}
