//! Entries that can be written kind by kind without changing what becomes of any of them.

use std::collections::{BTreeMap, HashSet};

use actors::event::{Event, Source};
use actors::flow::run::{Run, RunState};
use actors::ids::{EventId, Key, RunId};
use actors::limits::store::RUNS_PER_STATEMENT_MAX;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::receipt::Outcome;
use sqlx::Row;
use uuid::Uuid;

use super::super::chapters::Chapters;
use super::super::row::{columns, columns_of, to_json};
use super::super::runs::steps_to_json;
use super::super::script::{Script, Told};
use super::Failure;

// What has no installation (any more) finds nobody to join and is not written.
const EVENTS: [&str; 2] = [
    "INSERT INTO events (id, addon, workspace, source, event_type, entity, received_at, deliveries, payload_hash, headers, payload, message, stay,
        chapter)
    SELECT new.column1, new.column2, new.column3, new.column4, new.column5, new.column6, new.column7, new.column8, new.column9, new.column10,
        new.column11, new.column12, installations.stay, ? FROM (VALUES ",
    ") AS new CROSS JOIN installations ON installations.addon = new.column2 AND installations.workspace = new.column3
    WHERE true ON CONFLICT DO NOTHING",
];
const EVENTS_WIDTH: usize = 12;

const NEW_RUNS: &str =
    "INSERT INTO runs (id, addon, workspace, flow, flow_version, event, event_type, entity, replay_of, created_at, state, due_at, started_at,
        finished_at, reason, steps, answers, stay, chapter)
    SELECT new.column1, new.column2, new.column3, new.column4, new.column5, new.column6, new.column7, new.column8, new.column9, new.column10,
        new.column11, new.column12, new.column13, new.column14, new.column15, new.column16, new.column17, installations.stay, ? FROM (VALUES ";
const RUNS: [&str; 2] = [
    NEW_RUNS,
    ") AS new CROSS JOIN installations ON installations.addon = new.column2 AND installations.workspace = new.column3
    WHERE true ON CONFLICT DO NOTHING",
];
const RUNS_WIDTH: usize = 17;

// Runs of an event that has a message: only if the event was written, because its message was not there already.
const RUNS_OF_MESSAGES: [&str; 2] = [
    NEW_RUNS,
    ") AS new CROSS JOIN installations ON installations.addon = new.column2 AND installations.workspace = new.column3
    WHERE EXISTS (SELECT 1 FROM events WHERE events.id = new.column6 AND events.stay = installations.stay) ON CONFLICT DO NOTHING",
];

const REPEATS: [&str; 2] = [
    "UPDATE events INDEXED BY events_by_id SET deliveries = events.deliveries + again.column4 FROM (VALUES ",
    ") AS again CROSS JOIN installations ON installations.addon = again.column2 AND installations.workspace = again.column3
    WHERE events.id = again.column1 AND events.stay = installations.stay RETURNING id, addon, workspace",
];
const REPEATS_WIDTH: usize = 4;

const PROGRESS: [&str; 2] = [
    "UPDATE runs INDEXED BY runs_by_id SET state = next.column4, due_at = next.column5, started_at = next.column6, finished_at = next.column7,
        reason = next.column8, steps = next.column9, answers = next.column10 FROM (VALUES ",
    ") AS next CROSS JOIN installations ON installations.addon = next.column2 AND installations.workspace = next.column3
    WHERE runs.id = next.column1 AND runs.stay = installations.stay AND runs.state IN ('QUEUED', 'RUNNING', 'WAITING') RETURNING id",
];
const PROGRESS_WIDTH: usize = 10;

/// All of them, for those who look at their plans.
#[cfg(test)]
pub(in super::super) const STATEMENTS: [([&str; 2], usize); 5] =
    [(EVENTS, EVENTS_WIDTH), (RUNS, RUNS_WIDTH), (RUNS_OF_MESSAGES, RUNS_WIDTH), (REPEATS, REPEATS_WIDTH), (PROGRESS, PROGRESS_WIDTH)];

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
    events: Vec<(Key, &'e Event)>,
    runs: Vec<&'e Run>,
    runs_of_messages: Vec<&'e Run>,
    repeats: Vec<(usize, Key, EventId)>,
    progress: Vec<(usize, &'e Run)>,
    repeated: HashSet<EventId>,
    progressed: HashSet<RunId>,
}

/// Where a group's statements are in the script.
#[derive(Default)]
pub(super) struct Places {
    events: Option<usize>,
    runs: Vec<usize>,
    repeats: Option<usize>,
    progress: Option<usize>,
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
        }
    }

    fn new_runs(&self) -> usize {
        self.runs.len() + self.runs_of_messages.len()
    }

    /// How many rows it writes.
    pub(super) fn rows(&self) -> usize {
        self.events.len() + self.new_runs() + self.repeats.len() + self.progress.len()
    }

    /// Puts the group's statements into a script.
    pub(super) fn put(&self, script: &mut Script, chapters: Chapters) -> Result<Places, Failure> {
        let mut places = Places::default();
        if !self.events.is_empty() {
            script.bind(chapters.of_events());
            self.events.iter().for_each(|(key, event)| bind_event(script, *key, event));
            places.events = Some(script.statement(EVENTS, self.events.len(), EVENTS_WIDTH));
        }
        for (statement, runs) in [(RUNS, &self.runs), (RUNS_OF_MESSAGES, &self.runs_of_messages)] {
            for runs in runs.chunks(RUNS_PER_STATEMENT_MAX) {
                script.bind(chapters.of_runs());
                runs.iter().try_for_each(|run| bind_run(script, run))?;
                places.runs.push(script.statement(statement, runs.len(), RUNS_WIDTH));
            }
        }
        if !self.repeats.is_empty() {
            let again = self.by_event();
            for ((key, event), count) in &again {
                script.bind(event.uuid());
                bind_key(script, *key).bind(*count);
            }
            places.repeats = Some(script.statement(REPEATS, again.len(), REPEATS_WIDTH));
        }
        if !self.progress.is_empty() {
            self.progress.iter().try_for_each(|(_, run)| {
                script.bind(run.id.uuid());
                bind_standing(bind_key(script, run.key), run)
            })?;
            places.progress = Some(script.statement(PROGRESS, self.progress.len(), PROGRESS_WIDTH));
        }
        Ok(places)
    }

    /// How often each event was repeated: an update counts once for a row, however often it is named.
    fn by_event(&self) -> BTreeMap<(Key, EventId), u32> {
        let mut counts = BTreeMap::new();
        self.repeats.iter().for_each(|(_, key, event)| *counts.entry((*key, *event)).or_default() += 1);
        counts
    }

    /// Notes what became of each entry, or that it has to be asked; answers how many events and runs are new.
    pub(super) fn account(
        &self,
        places: &Places,
        told: &[Told],
        outcomes: &mut [Outcome],
        doubts: &mut Vec<Doubt>,
    ) -> Result<(u64, u64), Failure> {
        let written = |place: &usize| told.get(*place).map_or(0, |told| told.written);
        let events = places.events.iter().map(written).sum();
        let runs = places.runs.iter().map(written).sum();
        if events < self.events.len() as u64 || runs < self.new_runs() as u64 {
            doubts.extend(&self.starts);
        }
        let mut absent = |place: usize| outcomes.get_mut(place).into_iter().for_each(|outcome| *outcome = Ok(Written::Absent));
        if let Some(told) = places.repeats.and_then(|place| told.get(place)) {
            let done = told.rows.iter().map(|row| Ok((columns_of(row)?, row.try_get::<Uuid, _>("id")?)));
            let done = done.collect::<Result<HashSet<_>, Failure>>()?;
            let missing = self.repeats.iter().filter(|(_, key, event)| !done.contains(&(columns(*key), event.uuid())));
            missing.for_each(|(place, ..)| absent(*place));
        }
        if let Some(told) = places.progress.and_then(|place| told.get(place)).filter(|told| told.rows.len() < self.progress.len()) {
            let done = told.rows.iter().map(|row| row.try_get::<Uuid, _>("id")).collect::<Result<HashSet<_>, _>>()?;
            self.progress.iter().filter(|(_, run)| !done.contains(&run.id.uuid())).for_each(|(place, _)| absent(*place));
        }
        Ok((events, runs))
    }
}

fn bind_key(script: &mut Script, key: Key) -> &mut Script {
    let (addon, workspace) = columns(key);
    script.bind(addon).bind(workspace)
}

fn bind_event(script: &mut Script, key: Key, event: &Event) {
    let source = match &event.source {
        Source::Clockify => None,
        Source::Custom(name) => Some(&**name),
    };
    script.bind(event.id.uuid());
    bind_key(script, key)
        .bind(source)
        .bind(event.event_type.as_str())
        .bind(event.entity.as_deref())
        .bind(event.received_at.millis())
        .bind(event.deliveries)
        .bind(event.payload_hash.to_vec())
        .bind(event.headers.as_deref())
        .bind(event.payload.to_vec())
        .bind(event.message.as_deref());
}

fn bind_run(script: &mut Script, run: &Run) -> Result<(), Failure> {
    script.bind(run.id.uuid());
    bind_key(script, run.key)
        .bind(run.flow.uuid())
        .bind(run.flow_version)
        .bind(run.event.uuid())
        .bind(run.event_type.as_str())
        .bind(run.entity.as_deref())
        .bind(run.replay_of.map(|of| of.uuid()))
        .bind(run.created_at.millis());
    bind_standing(script, run)
}

/// What changes of a run.
fn bind_standing(script: &mut Script, run: &Run) -> Result<(), Failure> {
    let (steps, answers) = steps_to_json(&run.steps)?;
    script
        .bind(RunState::as_str(run.state))
        .bind(run.due_at.map(|at| at.millis()))
        .bind(run.started_at.map(|at| at.millis()))
        .bind(run.finished_at.map(|at| at.millis()))
        .bind(run.reason.as_ref().map(to_json).transpose()?)
        .bind(steps)
        .bind(answers);
    Ok(())
}
