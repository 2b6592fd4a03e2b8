//! Rows turned into columns: an array for each parameter of a statement.

use std::collections::BTreeMap;

use actors::event::Event;
use actors::flow::run::{Run, RunState};
use actors::ids::{EventId, Key};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use uuid::Uuid;

use super::super::super::columns::{addon_number, source_text, steps_to_json, to_json};
use super::Failure;

type Bound = Query<'static, Postgres, PgArguments>;

/// Whose each row is, and which.
#[derive(Default)]
struct Names {
    ids: Vec<Uuid>,
    addons: Vec<i16>,
    workspaces: Vec<Vec<u8>>,
}

impl Names {
    fn push(&mut self, id: Uuid, key: Key) {
        self.ids.push(id);
        self.addons.push(addon_number(key.addon));
        self.workspaces.push(key.workspace.as_bytes().to_vec());
    }

    fn bind(self, query: Bound) -> Bound {
        query.bind(self.ids).bind(self.addons).bind(self.workspaces)
    }
}

/// New events.
pub(super) struct Events<'e> {
    names: Names,
    events: Vec<&'e Event>,
}

impl<'e> Events<'e> {
    pub(super) fn of(events: &[(Key, &'e Event)]) -> Self {
        let mut names = Names::default();
        events.iter().for_each(|(key, event)| names.push(event.id.uuid(), *key));
        Self { names, events: events.iter().map(|(_, event)| *event).collect() }
    }

    fn column<T>(&self, of: impl Fn(&'e Event) -> T) -> Vec<T> {
        self.events.iter().map(|event| of(event)).collect()
    }

    pub(super) fn bind(mut self, query: Bound) -> Bound {
        let names = std::mem::take(&mut self.names);
        names
            .bind(query)
            .bind(self.column(|event| source_text(&event.source)))
            .bind(self.column(|event| event.event_type.as_str()))
            .bind(self.column(|event| event.entity.as_deref().map(str::as_bytes)))
            .bind(self.column(|event| event.received_at.millis()))
            .bind(self.column(|event| i64::from(event.deliveries)))
            .bind(self.column(|event| event.payload_hash.as_slice()))
            .bind(self.column(|event| event.headers.as_deref()))
            .bind(self.column(|event| &*event.payload))
            .bind(self.column(|event| event.message.as_deref().map(str::as_bytes)))
    }
}

/// What changes of runs.
#[derive(Default)]
pub(super) struct Standings {
    names: Names,
    states: Vec<&'static str>,
    due: Vec<Option<i64>>,
    started: Vec<Option<i64>>,
    finished: Vec<Option<i64>>,
    reasons: Vec<Option<String>>,
    steps: Vec<String>,
    answers: Vec<String>,
}

impl Standings {
    pub(super) fn of<'e>(runs: impl Iterator<Item = &'e Run>) -> Result<Self, Failure> {
        let mut all = Self::default();
        for run in runs {
            let (steps, answers) = steps_to_json(&run.steps)?;
            all.names.push(run.id.uuid(), run.key);
            all.states.push(RunState::as_str(run.state));
            all.due.push(run.due_at.map(|at| at.millis()));
            all.started.push(run.started_at.map(|at| at.millis()));
            all.finished.push(run.finished_at.map(|at| at.millis()));
            all.reasons.push(run.reason.as_ref().map(to_json).transpose()?);
            all.steps.push(steps);
            all.answers.push(answers);
        }
        Ok(all)
    }

    pub(super) fn bind(self, query: Bound) -> Bound {
        let query = self.names.bind(query).bind(self.states).bind(self.due).bind(self.started).bind(self.finished);
        query.bind(self.reasons).bind(self.steps).bind(self.answers)
    }
}

/// New runs.
pub(super) struct Starts<'e> {
    standings: Standings,
    runs: &'e [&'e Run],
}

impl<'e> Starts<'e> {
    pub(super) fn of(runs: &'e [&'e Run]) -> Result<Self, Failure> {
        Ok(Self { standings: Standings::of(runs.iter().copied())?, runs })
    }

    pub(super) fn bind(self, query: Bound) -> Bound {
        let runs = self.runs;
        self.standings
            .bind(query)
            .bind(runs.iter().map(|run| run.flow.uuid()).collect::<Vec<_>>())
            .bind(runs.iter().map(|run| i64::from(run.flow_version)).collect::<Vec<_>>())
            .bind(runs.iter().map(|run| run.event.uuid()).collect::<Vec<_>>())
            .bind(runs.iter().map(|run| run.event_type.as_str()).collect::<Vec<_>>())
            .bind(runs.iter().map(|run| run.entity.as_deref().map(str::as_bytes)).collect::<Vec<_>>())
            .bind(runs.iter().map(|run| run.replay_of.map(|of| of.uuid())).collect::<Vec<_>>())
            .bind(runs.iter().map(|run| run.created_at.millis()).collect::<Vec<_>>())
    }
}

/// Repetitions.
pub(super) struct Repeats {
    names: Names,
    counts: Vec<i64>,
}

impl Repeats {
    pub(super) fn of(repeats: &BTreeMap<(Key, EventId), u32>) -> Self {
        let mut names = Names::default();
        repeats.keys().for_each(|(key, event)| names.push(event.uuid(), *key));
        Self { names, counts: repeats.values().map(|count| i64::from(*count)).collect() }
    }

    pub(super) fn bind(self, query: Bound) -> Bound {
        self.names.bind(query).bind(self.counts)
    }
}
