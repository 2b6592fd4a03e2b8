//! Claims about the order of runs.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::addon::Addon;
use crate::clock::{Clock, SystemClock};
use crate::event::EventType;
use crate::flow::run::RunState;
use crate::ids::{Key, WorkspaceId};

struct Maker(SystemClock, Vec<FlowId>);

impl Maker {
    fn new() -> Self {
        let clock = SystemClock::new();
        let flows = (0..3).map(|_| clock.fresh_id().into()).collect();
        Self(clock, flows)
    }

    fn run(&self, flow: usize, entity: Option<u8>) -> Queued {
        let now = self.0.now();
        let run = Run {
            id: self.0.fresh_id().into(),
            key: Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::parse("5b641568b07987035750505e").unwrap() },
            flow: self.1[flow],
            flow_version: 1,
            event: self.0.fresh_id().into(),
            event_type: EventType::parse("X").unwrap(),
            entity: entity.map(|entity| format!("e:{entity}").into()),
            state: RunState::Queued,
            steps: vec![],
            due_at: None,
            reason: None,
            replay_of: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            dismissed_at: None,
        };
        Queued { run, payload: None, apart: false }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn wait(due: Option<Timestamp>) -> Option<Wait> {
    Some(Wait { due, platform: false })
}

#[test]
fn one_run_at_a_time_for_each_entity_and_several_entities_side_by_side() {
    let (maker, mut queue) = (Maker::new(), Queue::default());
    let runs = [maker.run(0, Some(1)), maker.run(0, Some(1)), maker.run(0, Some(2)), maker.run(0, None), maker.run(0, None)];
    let ids: Vec<RunId> = runs.iter().map(|queued| queued.run.id).collect();
    for run in runs {
        queue.push(run, None);
    }
    let mut popped: Vec<RunId> = std::iter::from_fn(|| queue.pop()).map(|queued| queued.run.id).collect();
    popped.sort();
    assert_eq!(popped, [ids[0], ids[2], ids[3], ids[4]]);
    queue.finish(ids[0]);
    assert_eq!(queue.pop().unwrap().run.id, ids[1]);
}

#[test]
fn a_waiting_run_holds_back_its_own_flow_and_lets_others_pass() {
    let (maker, mut queue) = (Maker::new(), Queue::default());
    let (first, same_flow, other_flow) = (maker.run(0, Some(1)), maker.run(0, Some(1)), maker.run(1, Some(1)));
    let (first_id, same_id, other_id) = (first.run.id, same_flow.run.id, other_flow.run.id);
    for run in [first, same_flow, other_flow] {
        queue.push(run, None);
    }
    let taken = queue.pop().unwrap();
    assert_eq!(taken.run.id, first_id);
    queue.push(taken, wait(Some(at(100))));
    assert_eq!(queue.pop().unwrap().run.id, other_id);
    queue.finish(other_id);
    assert!(queue.pop().is_none());
    assert_eq!(queue.next_due(), Some(at(100)));
    queue.wake_due(at(100));
    assert_eq!(queue.pop().unwrap().run.id, first_id);
    queue.finish(first_id);
    assert_eq!(queue.pop().unwrap().run.id, same_id);
}

#[test]
fn a_parked_run_goes_on_only_when_everything_is_woken() {
    let (maker, mut queue) = (Maker::new(), Queue::default());
    queue.push(maker.run(0, Some(1)), wait(None));
    queue.wake_due(at(i64::MAX / 2_000));
    assert!(queue.pop().is_none());
    queue.wake_all();
    assert!(queue.pop().is_some());
}

proptest! {
    /// Whatever happens, runs of one flow for one entity end in the order of their arrival, an entity is never worked on twice at once, and
    /// everything ends.
    #[test]
    fn order_within_an_entity_is_order_of_arrival(pushes in prop::collection::vec((0usize..3, prop::option::of(0u8..4)), 1..60), choices in prop::collection::vec(0u8..8, 400)) {
        let (maker, mut queue) = (Maker::new(), Queue::default());
        let mut to_push = pushes.into_iter().map(|(flow, entity)| maker.run(flow, entity)).collect::<VecDeque<_>>();
        let mut running: Vec<Queued> = Vec::new();
        let mut ended: HashMap<(FlowId, Option<Arc<str>>), Vec<RunId>> = HashMap::new();
        let (mut total, mut now) = (to_push.len(), 0);
        let mut settle = |queue: &mut Queue, queued: Queued, total: &mut usize| {
            ended.entry((queued.run.flow, queued.run.entity.clone())).or_default().push(queued.run.id);
            queue.finish(queued.run.id);
            *total -= 1;
        };
        for choice in choices {
            match choice {
                0 | 1 => if let Some(run) = to_push.pop_front() { queue.push(run, None) },
                2..=4 => running.extend(queue.pop()),
                5 => if let Some(queued) = running.pop() { settle(&mut queue, queued, &mut total) },
                6 => if let Some(queued) = running.pop() { queue.push(queued, wait(Some(at(now + 5)))) },
                _ => { now += 3; queue.wake_due(at(now)); }
            }
            let busy: Vec<_> = running.iter().filter_map(|queued| queued.run.entity.clone()).collect();
            prop_assert_eq!(busy.iter().collect::<HashSet<_>>().len(), busy.len());
        }
        for run in to_push { queue.push(run, None) }
        queue.wake_all();
        while total > 0 {
            match running.pop() {
                Some(queued) => settle(&mut queue, queued, &mut total),
                None => {
                    let next = queue.pop();
                    prop_assert!(next.is_some(), "{} runs are stuck", total);
                    running.extend(next);
                }
            }
        }
        for ((_, entity), order) in ended {
            prop_assert!(entity.is_none() || order.windows(2).all(|pair| pair[0] < pair[1]));
        }
        prop_assert!(queue.is_empty() && queue.lanes.is_empty() && queue.due.is_empty() && queue.payload_bytes == 0 && queue.waiting() == 0);
    }
}

#[test]
fn without_the_platform_those_who_do_not_need_it_pass_by_in_their_own_order() {
    let (maker, mut queue) = (Maker::new(), Queue::default());
    let apart = |queued: Queued| Queued { apart: true, ..queued };
    let runs =
        [maker.run(0, Some(1)), apart(maker.run(1, Some(1))), apart(maker.run(1, Some(1))), maker.run(0, None), apart(maker.run(2, None))];
    let ids: Vec<RunId> = runs.iter().map(|queued| queued.run.id).collect();
    for run in runs {
        queue.push(run, None);
    }
    let mut next = || queue.pop_apart().map(|queued| queued.run.id);
    assert_eq!([next(), next(), next()], [Some(ids[1]), Some(ids[4]), None], "one at a time for an entity");
    queue.finish(ids[1]);
    assert_eq!(queue.pop_apart().map(|queued| queued.run.id), Some(ids[2]));
    assert_eq!(queue.pop().map(|queued| queued.run.id), Some(ids[3]), "the entity is busy");
    queue.finish(ids[2]);
    assert_eq!(queue.pop().map(|queued| queued.run.id), Some(ids[0]));
    assert!(queue.pop_apart().is_none() && queue.pop().is_none());
}

#[test]
fn a_flow_that_waits_for_the_platform_holds_its_own_later_runs_back() {
    let (maker, mut queue) = (Maker::new(), Queue::default());
    let (first, second) = (maker.run(0, Some(1)), Queued { apart: true, ..maker.run(0, Some(1)) });
    queue.push(first, None);
    queue.push(second, None);
    assert!(queue.pop_apart().is_none(), "another version of the same flow keeps its place");
}
