//! The budget against a platform that counts what arrives: whatever is called when, and however long each call is on its way.
//!
//! Time is in microseconds; the budget sees a clock of whole milliseconds.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use actors::budget::{Budget, Priority, Ticket};
use actors::clock::Timestamp;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000;
const MILLI: u64 = 1_000;
/// Bootstrap calls that are under way together.
const PAGES: usize = 32;

/// How long a call is on its way, and its answer.
type Way = (u64, u64);

#[derive(Debug)]
struct Call {
    priority: Priority,
    ticket: Option<Ticket>,
    wanted_at: u64,
    let_go_at: Option<u64>,
    refused: bool,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Answer(usize),
    Arrive(usize),
    Ask(usize),
}

struct World<W> {
    budget: Budget,
    now: u64,
    events: BinaryHeap<Reverse<(u64, Event)>>,
    calls: Vec<Call>,
    ways: W,
    /// Calls a second, if there is a bootstrap.
    per_second: Option<u32>,
    pages: usize,
    /// How late sleepers wake.
    late: u64,
    /// The platform refuses what is one too many.
    refuses: bool,
    recent: VecDeque<u64>,
    arrivals: Vec<u64>,
    pauses: usize,
}

impl<W: FnMut(u64) -> Way> World<W> {
    fn new(ways: W) -> Self {
        Self {
            budget: Budget::default(),
            now: 0,
            events: BinaryHeap::new(),
            calls: Vec::new(),
            ways,
            per_second: None,
            pages: 0,
            late: 0,
            refuses: false,
            recent: VecDeque::new(),
            arrivals: Vec::new(),
            pauses: 0,
        }
    }

    fn clock(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + i64::try_from(self.now / MILLI).unwrap())
    }

    fn want(&mut self, priority: Priority, at: u64) {
        let ticket = Some(self.budget.ticket(priority));
        self.calls.push(Call { priority, ticket, wanted_at: at, let_go_at: None, refused: false });
        self.events.push(Reverse((at, Event::Ask(self.calls.len() - 1))));
    }

    fn bootstrap(&mut self, per_second: u32) {
        self.per_second = Some(per_second);
        self.want(Priority::Bootstrap, 0);
    }

    fn run(&mut self, until: u64, mut more: impl FnMut(&mut Self, usize)) {
        while let Some(Reverse((at, event))) = self.events.pop() {
            if at > until {
                return;
            }
            self.now = at;
            match event {
                Event::Ask(call) => self.ask(call, &mut more),
                Event::Arrive(call) => self.arrive(call),
                Event::Answer(call) => self.answer(call),
            }
        }
    }

    fn ask(&mut self, index: usize, more: &mut impl FnMut(&mut Self, usize)) {
        let now = self.clock();
        let page = self.calls[index].priority == Priority::Bootstrap;
        if page && self.pages >= PAGES {
            return self.events.push(Reverse((self.now + MILLI, Event::Ask(index))));
        }
        let ticket = self.calls[index].ticket.as_mut().unwrap();
        let taken = match self.per_second.filter(|_| page) {
            Some(per_second) => self.budget.take_evenly(ticket, per_second, now),
            None => self.budget.take(ticket, now),
        };
        match taken {
            Ok(()) => {
                self.calls[index].let_go_at = Some(self.now);
                let (there, back) = (self.ways)(self.now);
                self.events.push(Reverse((self.now + there, Event::Arrive(index))));
                self.events.push(Reverse((self.now + there + back, Event::Answer(index))));
                if page {
                    self.pages += 1;
                    self.want(Priority::Bootstrap, self.now);
                }
                more(self, index);
            }
            Err(wait) => {
                let wait = u64::try_from(wait.as_micros()).unwrap();
                assert!(wait >= MILLI, "it would ask without an end");
                self.events.push(Reverse((self.now + wait + self.late, Event::Ask(index))));
            }
        }
    }

    fn arrive(&mut self, index: usize) {
        self.arrivals.push(self.now);
        while self.recent.front().is_some_and(|first| self.now - first >= SECOND) {
            self.recent.pop_front();
        }
        if self.refuses && self.recent.len() >= 50 {
            self.calls[index].refused = true;
        } else {
            self.recent.push_back(self.now);
        }
    }

    fn answer(&mut self, index: usize) {
        let now = self.clock();
        let call = &mut self.calls[index];
        self.pages -= usize::from(call.priority == Priority::Bootstrap);
        self.budget.answered(call.ticket.take().unwrap(), now);
        if call.refused {
            let before = self.budget.rate(now);
            self.budget.slow_down(None, now);
            self.pauses += usize::from(self.budget.rate(now) < before);
        }
    }

    /// The most that arrived within a second.
    fn most(&self) -> usize {
        let (mut recent, mut most) = (VecDeque::new(), 0);
        for arrival in &self.arrivals {
            recent.push_back(*arrival);
            while recent.front().is_some_and(|first| arrival - first >= SECOND) {
                recent.pop_front();
            }
            most = most.max(recent.len());
        }
        most
    }

    fn waits(&self, priority: Priority) -> impl Iterator<Item = u64> {
        self.calls.iter().filter(move |call| call.priority == priority).map(|call| call.let_go_at.unwrap_or(self.now) - call.wanted_at)
    }

    /// How long people waited with whom no call competed that had waited so long that it counts as one of theirs.
    fn waits_beside_the_young(&self) -> impl Iterator<Item = u64> {
        let ends = |call: &Call| call.let_go_at.unwrap_or(self.now);
        // A run's call after a second, a bootstrap's after two.
        let grown = move |call: &Call, person: &Call| {
            let grown_at = call.wanted_at + call.priority as u64 * SECOND;
            call.priority != Priority::Explorer && grown_at <= ends(person) + MILLI && ends(call) > person.wanted_at
        };
        let people = self.calls.iter().filter(|call| call.priority == Priority::Explorer);
        let beside = people.filter(move |person| !self.calls.iter().any(|call| grown(call, person)));
        beside.map(move |person| ends(person) - person.wanted_at)
    }

    /// Nothing is relied upon: as after a refusal that is some seconds past.
    fn distrust(&mut self) {
        let now = self.clock();
        self.budget.slow_down(Some(Duration::ZERO), Timestamp::from_millis(now.millis() - 15_000));
    }
}

/// Runs and people who want a call at some moment within ten seconds, many at the same moment.
fn wanted() -> impl Strategy<Value = Vec<(u64, Priority)>> {
    let priority = prop_oneof![3 => Just(Priority::Flow), 1 => Just(Priority::Explorer)];
    let burst = (0..10 * SECOND, priority, 1..60_usize).prop_map(|(at, priority, calls)| vec![(at, priority); calls]);
    prop::collection::vec(burst, 0..8).prop_map(|bursts| bursts.concat())
}

/// Ways that repeat after a while.
fn ways(most: u64) -> impl Strategy<Value = Vec<Way>> {
    let way = prop_oneof![(0..=most, 0..=most), (Just(0), 0..=most), (0..=most, Just(0)), (Just(most), Just(0)), (Just(0), Just(0))];
    prop::collection::vec(way, 1..90)
}

fn in_turn(ways: Vec<Way>) -> impl FnMut(u64) -> Way {
    let mut turn = ways.into_iter().cycle();
    move |_| turn.next().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_second_of_the_platforms_sees_more_than_fifty_whatever_the_ways(
        wanted in wanted(), ways in ways(400 * MILLI), per_second in 1..=50_u32, late in 0..30 * MILLI,
    ) {
        let mut world = World::new(in_turn(ways));
        world.distrust();
        world.late = late;
        world.bootstrap(per_second);
        wanted.iter().for_each(|(at, priority)| world.want(*priority, *at));
        world.run(30 * SECOND, |_, _| {});
        prop_assert!(world.most() <= 50, "{}", world.most());
        prop_assert!(world.calls.iter().all(|call| call.priority == Priority::Bootstrap || call.let_go_at.is_some()), "none is left behind");
    }

    #[test]
    fn nor_where_the_quickest_answer_is_relied_upon_and_a_way_as_quick_as_any_is_seen_at_times(
        wanted in wanted(), ways in ways(400 * MILLI), least in (0..150 * MILLI, 0..150 * MILLI), late in 0..30 * MILLI,
    ) {
        let mut turn = in_turn(ways);
        let mut calls = 0_u64;
        let mut world = World::new(move |now| {
            calls += 1;
            let (there, back) = if calls.is_multiple_of(20) { (0, 0) } else { turn(now) };
            (least.0 + there, least.1 + back)
        });
        world.late = late;
        world.bootstrap(50);
        wanted.iter().for_each(|(at, priority)| world.want(*priority, *at));
        world.run(30 * SECOND, |_, _| {});
        prop_assert!(world.most() <= 50, "{}", world.most());
    }

    #[test]
    fn what_is_wrongly_relied_upon_costs_one_pause(ways in ways(400 * MILLI), other in ways(400 * MILLI)) {
        let (mut first, mut then) = (in_turn(ways), in_turn(other));
        let mut world = World::new(move |now| if now < 10 * SECOND { first(now) } else { then(now) });
        world.refuses = true;
        world.bootstrap(50);
        world.run(50 * SECOND, |_, _| {});
        prop_assert!(world.pauses <= 1, "{}", world.pauses);
    }

    #[test]
    fn a_person_waits_for_one_place_at_the_most_whatever_runs_and_bootstraps_do(
        flows in prop::collection::vec((0..10 * SECOND, 1..25_usize), 0..8), ways in ways(75 * MILLI), person in prop::collection::vec(0..SECOND, 10),
    ) {
        let mut world = World::new(in_turn(ways));
        world.bootstrap(50);
        flows.iter().for_each(|(at, calls)| (0..*calls).for_each(|_| world.want(Priority::Flow, *at)));
        (0..).zip(&person).for_each(|(second, at)| world.want(Priority::Explorer, second * 2 * SECOND + at));
        world.run(25 * SECOND, |_, _| {});
        let waits: Vec<u64> = world.waits_beside_the_young().collect();
        let longest = *waits.iter().max().unwrap();
        prop_assert!(longest <= 27 * MILLI, "{longest} µs");
        // All flows are done with by the thirteenth second.
        prop_assert!(waits.len() >= 3, "{}", waits.len());
    }
}

#[test]
fn a_bootstrap_alone_uses_nearly_all_of_the_rate_and_never_more() {
    let steady = |took: u64| move |_| (took * MILLI / 3, took * MILLI * 2 / 3);
    for (per_second, took, late) in
        [(50, 0, 0), (50, 5, 2), (50, 100, 0), (50, 100, 7), (50, 300, 1), (25, 100, 0), (10, 100, 7), (1, 100, 0)]
    {
        let mut world = World::new(steady(took));
        world.late = late * MILLI;
        world.bootstrap(per_second);
        world.run(30 * SECOND, |_, _| {});
        let made = world.calls.iter().filter(|call| call.let_go_at.is_some()).count();
        println!("{per_second} a second, {took} ms each, woken {late} ms late: {made} calls in 30 s");
        assert!(made * 100 >= 30 * per_second as usize * 95, "{per_second} {took} {late}: {made}");
        assert!(world.most() <= per_second as usize, "{per_second} {took} {late}: {}", world.most());
    }
}

#[test]
fn ways_that_vary_cost_their_variation_only() {
    // Between 40 and 100 ms, as the numbers fall.
    let mut world = World::new(|now| (10 * MILLI + now * 7_919 % (30 * MILLI), 30 * MILLI + now * 104_729 % (30 * MILLI)));
    world.bootstrap(50);
    world.run(60 * SECOND, |_, _| {});
    let made = world.calls.iter().filter(|call| call.let_go_at.is_some()).count();
    assert!(made >= 60 * 50 * 95 / 100 && world.most() <= 50, "{made} {}", world.most());
}

#[test]
fn calls_that_were_held_up_and_arrive_together_are_not_too_many() {
    // Every five seconds everything that is sent within half a second arrives at its end.
    let stalls = |now: u64| ((SECOND / 2).saturating_sub(now % (5 * SECOND)), 20 * MILLI);
    let mut world = World::new(stalls);
    world.bootstrap(50);
    world.run(30 * SECOND, |_, _| {});
    let made = world.calls.iter().filter(|call| call.let_go_at.is_some()).count();
    assert!(world.most() <= 50, "{}", world.most());
    assert!(made >= 30 * 40, "{made}");
}

#[test]
fn nobody_starves_among_those_who_want_more_than_there_is() {
    let mut world = World::new(|_| (10 * MILLI, 10 * MILLI));
    world.bootstrap(50);
    (0..4).for_each(|_| world.want(Priority::Explorer, 0));
    (0..32).for_each(|_| world.want(Priority::Flow, 0));
    // Whoever has been served wants the next at once.
    world.run(60 * SECOND, |world, call| {
        let priority = world.calls[call].priority;
        if priority != Priority::Bootstrap {
            world.want(priority, world.now);
        }
    });
    assert!(world.most() <= 50);
    for priority in [Priority::Explorer, Priority::Flow, Priority::Bootstrap] {
        let served = world.calls.iter().filter(|call| call.priority == priority && call.let_go_at.is_some()).count();
        let longest = world.waits(priority).max().unwrap();
        println!("{priority:?}: {served} calls, the longest wait {} ms", longest / MILLI);
        assert!(longest <= 4 * SECOND, "{priority:?} waited {longest} µs");
        assert!(served >= 15, "{priority:?}: {served}");
    }
}
