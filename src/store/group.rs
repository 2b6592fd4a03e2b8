//! Entries of a batch by kind: those that can be written kind by kind without changing what becomes of any of them.
//!
//! Knows no SQL: a backend writes the kinds in the order of the fields and tells what was written.

use std::collections::{BTreeMap, HashSet};

use actors::event::Event;
use actors::flow::run::Run;
use actors::flow::standing::Fared;
use actors::ids::{EventId, Key, RunId};
use actors::port::store::journal::{Entry, Written};
use actors::port::store::receipt::Outcome;
use uuid::Uuid;

/// An entry that starts something, of which it may have to be asked what became.
#[derive(Clone, Copy)]
pub(super) struct Doubt {
    pub(super) place: usize,
    pub(super) key: Key,
    /// Its event, if that has a message.
    pub(super) message_of: Option<EventId>,
}

/// Entries by kind, each with its place in the batch.
#[derive(Default)]
pub(super) struct Group<'e> {
    starts: Vec<Doubt>,
    pub(super) events: Vec<(Key, &'e Event)>,
    /// Runs that are written if their workspace has the add-on.
    pub(super) runs: Vec<&'e Run>,
    /// Runs that are written only behind their event, whose message may have been there already.
    pub(super) runs_of_messages: Vec<&'e Run>,
    repeats: Vec<(usize, Key, EventId)>,
    /// How flows have fared whose runs end here. It is written before `progress`, if the run has not ended yet.
    pub(super) fared: Vec<(&'e Run, &'e Fared)>,
    progress: Vec<(usize, &'e Run)>,
    repeated: HashSet<EventId>,
    progressed: HashSet<RunId>,
}

/// What was written of a group.
#[derive(Default)]
pub(super) struct Told {
    pub(super) events: u64,
    pub(super) runs: u64,
    pub(super) repeated: HashSet<(Key, Uuid)>,
    /// Which runs; none is all of them, as usual.
    pub(super) progressed: Option<HashSet<Uuid>>,
}

impl<'e> Group<'e> {
    /// Divides a batch into groups, as few as keep the order where it matters.
    pub(super) fn divide(entries: &'e [Entry]) -> Vec<Self> {
        let (mut groups, mut group) = (Vec::new(), Self::default());
        for (place, entry) in entries.iter().enumerate() {
            if group.would_be_overtaken_by(entry) {
                groups.push(std::mem::take(&mut group));
            }
            group.add(place, entry);
        }
        groups.push(group);
        groups
    }

    /// Whether this entry, written with its kind, would come before one of the group that is about the same row.
    fn would_be_overtaken_by(&self, entry: &Entry) -> bool {
        let overtakes = |runs: &[Run]| !self.progressed.is_empty() && runs.iter().any(|run| self.progressed.contains(&run.id));
        match entry {
            Entry::Accept { event, runs, .. } => self.repeated.contains(&event.id) || overtakes(runs),
            Entry::Start(runs) => overtakes(runs),
            Entry::Repeat { .. } => false,
            Entry::Progress(run) => self.progressed.contains(&run.id),
            Entry::Conclude { run, runs, .. } => self.progressed.contains(&run.id) || overtakes(runs),
        }
    }

    fn add(&mut self, place: usize, entry: &'e Entry) {
        match entry {
            Entry::Accept { key, event, runs } => {
                let message_of = event.message.is_some().then_some(event.id);
                self.starts.push(Doubt { place, key: *key, message_of });
                self.events.push((*key, event));
                if message_of.is_some() { &mut self.runs_of_messages } else { &mut self.runs }.extend(runs);
            }
            Entry::Start(runs) => {
                self.starts.extend(runs.first().map(|run| Doubt { place, key: run.key, message_of: None }));
                self.runs.extend(runs);
            }
            Entry::Repeat { key, event } => {
                self.repeats.push((place, *key, *event));
                self.repeated.insert(*event);
            }
            Entry::Progress(run) => {
                self.progress.push((place, run));
                self.progressed.insert(run.id);
            }
            Entry::Conclude { run, fared, event, runs } => {
                self.progress.push((place, run));
                self.progressed.insert(run.id);
                self.fared.extend(fared.iter().map(|fared| (&**run, fared)));
                self.events.extend(event.iter().map(|event| (run.key, &**event)));
                self.runs_of_messages.extend(runs);
            }
        }
    }

    fn new_runs(&self) -> usize {
        self.runs.len() + self.runs_of_messages.len()
    }

    /// How many rows it writes.
    pub(super) fn rows(&self) -> usize {
        self.events.len() + self.new_runs() + self.repeats.len() + self.fared.len() + self.progress.len()
    }

    /// Runs whose standing changes; each is named once.
    pub(super) fn progress(&self) -> impl ExactSizeIterator<Item = &'e Run> {
        self.progress.iter().map(|(_, run)| *run)
    }

    /// How often each event was repeated: an update counts once for a row, however often it is named.
    pub(super) fn repeats(&self) -> BTreeMap<(Key, EventId), u32> {
        let mut counts = BTreeMap::new();
        self.repeats.iter().for_each(|(_, key, event)| *counts.entry((*key, *event)).or_default() += 1);
        counts
    }

    /// Notes what became of each entry, or that it has to be asked.
    pub(super) fn account(&self, told: &Told, outcomes: &mut [Outcome], doubts: &mut Vec<Doubt>) {
        if told.events < self.events.len() as u64 || told.runs < self.new_runs() as u64 {
            doubts.extend(&self.starts);
        }
        let mut absent = |place: usize| outcomes.get_mut(place).into_iter().for_each(|outcome| *outcome = Ok(Written::Absent));
        let missing = self.repeats.iter().filter(|(_, key, event)| !told.repeated.contains(&(*key, event.uuid())));
        missing.for_each(|(place, ..)| absent(*place));
        if let Some(progressed) = &told.progressed {
            let missing = self.progress.iter().filter(|(_, run)| !progressed.contains(&run.id.uuid()));
            missing.for_each(|(place, _)| absent(*place));
        }
    }
}

/// What is there, of what was in doubt.
#[derive(Default)]
pub(super) struct Present {
    pub(super) keys: HashSet<Key>,
    pub(super) events: HashSet<Uuid>,
}

/// The events that have a message, of those in doubt.
pub(super) fn messages(doubts: &[Doubt]) -> Vec<Uuid> {
    doubts.iter().filter_map(|doubt| doubt.message_of).map(|event| event.uuid()).collect()
}

/// Says what became of the entries in doubt: it was there already, or its message was, or its installation is not.
pub(super) fn settle<E: Clone + Into<actors::port::store::Error>>(
    doubts: &[Doubt],
    present: &Result<Present, E>,
    outcomes: &mut [Outcome],
) {
    for doubt in doubts {
        let outcome = match present {
            Ok(present) if !present.keys.contains(&doubt.key) => Ok(Written::Absent),
            Ok(present) if doubt.message_of.is_some_and(|event| !present.events.contains(&event.uuid())) => Ok(Written::Repeated),
            Ok(_) => Ok(Written::Done),
            Err(failure) => Err(failure.clone().into()),
        };
        outcomes.get_mut(doubt.place).into_iter().for_each(|place| place.clone_from(&outcome));
    }
}
