//! The statements of a group, one for each kind of entry.

use actors::event::Event;
use actors::flow::run::{Run, RunState};
use actors::ids::Key;
use actors::limits::store::RUNS_PER_STATEMENT_MAX;
use sqlx::Row;

use super::super::super::columns::{key_columns, source_text, steps_to_json, to_json};
use super::super::super::group::{Group, Told};
use super::super::chapters::Chapters;
use super::super::row::key;
use super::super::script::{Answer, Script};
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

/// Where a group's statements are in the script.
#[derive(Default)]
pub(super) struct Places {
    events: Option<usize>,
    runs: Vec<usize>,
    repeats: Option<usize>,
    progress: Option<usize>,
}

/// Puts a group's statements into a script.
pub(super) fn put(group: &Group<'_>, script: &mut Script, chapters: Chapters) -> Result<Places, Failure> {
    let mut places = Places::default();
    if !group.events.is_empty() {
        script.bind(chapters.of_events());
        group.events.iter().for_each(|(key, event)| bind_event(script, *key, event));
        places.events = Some(script.statement(EVENTS, group.events.len(), EVENTS_WIDTH));
    }
    for (statement, runs) in [(RUNS, &group.runs), (RUNS_OF_MESSAGES, &group.runs_of_messages)] {
        for runs in runs.chunks(RUNS_PER_STATEMENT_MAX) {
            script.bind(chapters.of_runs());
            runs.iter().try_for_each(|run| bind_run(script, run))?;
            places.runs.push(script.statement(statement, runs.len(), RUNS_WIDTH));
        }
    }
    let again = group.repeats();
    if !again.is_empty() {
        for ((key, event), count) in &again {
            script.bind(event.uuid());
            bind_key(script, *key).bind(*count);
        }
        places.repeats = Some(script.statement(REPEATS, again.len(), REPEATS_WIDTH));
    }
    if group.progress().len() > 0 {
        group.progress().try_for_each(|run| {
            script.bind(run.id.uuid());
            bind_standing(bind_key(script, run.key), run)
        })?;
        places.progress = Some(script.statement(PROGRESS, group.progress().len(), PROGRESS_WIDTH));
    }
    Ok(places)
}

/// What became of a group, as its statements tell.
pub(super) fn told(group: &Group<'_>, places: &Places, told: &[Answer]) -> Result<Told, Failure> {
    let written = |place: &usize| told.get(*place).map_or(0, |told| told.written);
    let rows = |place: Option<usize>| place.and_then(|place| told.get(place)).map_or(&[][..], |told| &told.rows);
    let repeated = rows(places.repeats).iter().map(|row| Ok((key(row)?, row.try_get("id")?)));
    let progressed = Some(rows(places.progress)).filter(|rows| rows.len() < group.progress().len());
    let progressed = progressed.map(|rows| rows.iter().map(|row| row.try_get("id")).collect::<Result<_, sqlx::Error>>());
    Ok(Told {
        events: places.events.iter().map(written).sum(),
        runs: places.runs.iter().map(written).sum(),
        repeated: repeated.collect::<Result<_, Failure>>()?,
        progressed: progressed.transpose()?,
    })
}

fn bind_key(script: &mut Script, key: Key) -> &mut Script {
    let (addon, workspace) = key_columns(key);
    script.bind(addon).bind(workspace)
}

fn bind_event(script: &mut Script, key: Key, event: &Event) {
    script.bind(event.id.uuid());
    bind_key(script, key)
        .bind(source_text(&event.source))
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
