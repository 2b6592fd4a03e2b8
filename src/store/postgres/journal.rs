//! The hot path: a batch of entries as one transaction, a statement with arrays for each kind.
//!
//! Statements are of fixed text, so that all of them are prepared once, whatever the number of rows. Whether all was written is told by counts; only
//! if not is it asked why, within the transaction, so that the answer is of its state.

mod arrays;

use std::collections::HashSet;

use actors::ids::Key;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::receipt::Outcome;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use self::arrays::{Events, Repeats, Standings, Starts};
use super::super::columns::key_columns;
use super::super::group::{self as groups, Doubt, Group, Present, Told};
use super::Failure;
use super::row::key;

/// The events in the order of their entries, so that of one message the first is kept. What has no installation (any more) finds nobody to join
/// and is not written.
const EVENTS: &str = "INSERT INTO events (id, addon, workspace, source, event_type, entity, received_at, deliveries, payload_hash, headers, payload,
        message, stay)
    SELECT new.id, new.addon, new.workspace, new.source, new.event_type, new.entity, new.received_at, new.deliveries, new.payload_hash, new.headers,
        new.payload, new.message, installations.stay
    FROM unnest($1::UUID[], $2::SMALLINT[], $3::BYTEA[], $4::TEXT[], $5::TEXT[], $6::BYTEA[], $7::BIGINT[], $8::BIGINT[], $9::BYTEA[], $10::TEXT[],
        $11::BYTEA[], $12::BYTEA[]) WITH ORDINALITY
        AS new (id, addon, workspace, source, event_type, entity, received_at, deliveries, payload_hash, headers, payload, message, place)
    JOIN installations ON installations.addon = new.addon AND installations.workspace = new.workspace
    ORDER BY new.place ON CONFLICT DO NOTHING";

macro_rules! runs {
    ($of:literal) => {
        concat!(
            "INSERT INTO runs (id, addon, workspace, flow, flow_version, event, event_type, entity, replay_of, created_at, state, due_at, started_at,
                finished_at, reason, steps, answers, stay)
            SELECT new.id, new.addon, new.workspace, new.flow, new.flow_version, new.event, new.event_type, new.entity, new.replay_of, new.created_at,
                new.state, new.due_at, new.started_at, new.finished_at, new.reason, new.steps, new.answers, installations.stay
            FROM unnest($1::UUID[], $2::SMALLINT[], $3::BYTEA[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[], $7::BIGINT[], $8::TEXT[], $9::TEXT[],
                $10::TEXT[], $11::UUID[], $12::BIGINT[], $13::UUID[], $14::TEXT[], $15::BYTEA[], $16::UUID[], $17::BIGINT[]) WITH ORDINALITY
                AS new (id, addon, workspace, state, due_at, started_at, finished_at, reason, steps, answers, flow, flow_version, event, event_type,
                    entity, replay_of, created_at, place)
            JOIN installations ON installations.addon = new.addon AND installations.workspace = new.workspace ",
            $of,
            " ORDER BY new.place ON CONFLICT DO NOTHING"
        )
    };
}

const RUNS: &str = runs!("");

/// Runs of an event that has a message: only if the event was written, because its message was not there already.
const RUNS_OF_MESSAGES: &str =
    runs!("WHERE EXISTS (SELECT 1 FROM events WHERE events.id = new.event AND events.stay = installations.stay)");

const REPEATS: &str = "UPDATE events SET deliveries = events.deliveries + again.count
    FROM unnest($1::UUID[], $2::SMALLINT[], $3::BYTEA[], $4::BIGINT[]) AS again (id, addon, workspace, count)
    JOIN installations ON installations.addon = again.addon AND installations.workspace = again.workspace
    WHERE events.id = again.id AND events.stay = installations.stay RETURNING events.id, events.addon, events.workspace";

const PROGRESS: &str = "UPDATE runs SET state = next.state, due_at = next.due_at, started_at = next.started_at, finished_at = next.finished_at,
        reason = next.reason, steps = next.steps, answers = next.answers
    FROM unnest($1::UUID[], $2::SMALLINT[], $3::BYTEA[], $4::TEXT[], $5::BIGINT[], $6::BIGINT[], $7::BIGINT[], $8::TEXT[], $9::TEXT[], $10::TEXT[])
        AS next (id, addon, workspace, state, due_at, started_at, finished_at, reason, steps, answers)
    JOIN installations ON installations.addon = next.addon AND installations.workspace = next.workspace
    WHERE runs.id = next.id AND runs.stay = installations.stay AND runs.state IN ('QUEUED', 'RUNNING', 'WAITING') RETURNING runs.id";

/// Writes a batch. After a failure the transaction may be open.
pub(super) async fn write(connection: &mut PgConnection, entries: &[Entry]) -> Result<Vec<Outcome>, Failure> {
    // Shared with other processes' batches; an uninstall waits for both and both for it, so that nothing is written for a stay that has ended.
    sqlx::raw_sql("BEGIN; LOCK TABLE pulse IN ROW EXCLUSIVE MODE").execute(&mut *connection).await?;
    let mut outcomes = vec![Ok(Written::Done); entries.len()];
    let mut doubts = Vec::new();
    for group in Group::divide(entries) {
        group.account(&write_group(connection, &group).await?, &mut outcomes, &mut doubts);
    }
    if !doubts.is_empty() {
        let present: Result<Present, Failure> = Ok(present(connection, &doubts).await?);
        groups::settle(&doubts, &present, &mut outcomes);
    }
    sqlx::raw_sql("COMMIT").execute(connection).await?;
    Ok(outcomes)
}

async fn write_group(connection: &mut PgConnection, group: &Group<'_>) -> Result<Told, Failure> {
    let mut told = Told::default();
    if !group.events.is_empty() {
        let events = Events::of(&group.events).bind(sqlx::query(EVENTS));
        told.events = events.execute(&mut *connection).await?.rows_affected();
    }
    for (statement, runs) in [(RUNS, &group.runs), (RUNS_OF_MESSAGES, &group.runs_of_messages)] {
        if !runs.is_empty() {
            let runs = Starts::of(runs)?.bind(sqlx::query(statement));
            told.runs += runs.execute(&mut *connection).await?.rows_affected();
        }
    }
    let repeats = group.repeats();
    if !repeats.is_empty() {
        let rows = Repeats::of(&repeats).bind(sqlx::query(REPEATS)).fetch_all(&mut *connection).await?;
        told.repeated = rows.iter().map(|row| Ok((key(row)?, row.try_get("id")?))).collect::<Result<_, Failure>>()?;
    }
    if group.progress().len() > 0 {
        let rows = Standings::of(group.progress())?.bind(sqlx::query(PROGRESS)).fetch_all(connection).await?;
        told.progressed = Some(rows).filter(|rows| rows.len() < group.progress().len()).map(|rows| ids(&rows)).transpose()?;
    }
    Ok(told)
}

fn ids(rows: &[PgRow]) -> Result<HashSet<Uuid>, Failure> {
    Ok(rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?)
}

/// Finds out what is there, of entries that start something and of which not all was written.
async fn present(connection: &mut PgConnection, doubts: &[Doubt]) -> Result<Present, Failure> {
    let (addons, workspaces): (Vec<i16>, Vec<Vec<u8>>) = doubts.iter().map(|doubt| key_columns(doubt.key)).unzip();
    let keys = "SELECT installations.addon, installations.workspace FROM unnest($1::SMALLINT[], $2::BYTEA[]) AS asked (addon, workspace)
        JOIN installations ON installations.addon = asked.addon AND installations.workspace = asked.workspace";
    let keys = sqlx::query(keys).bind(addons).bind(workspaces).fetch_all(&mut *connection).await?;
    let keys = keys.iter().map(key).collect::<Result<HashSet<Key>, Failure>>()?;
    let asked = groups::messages(doubts);
    if asked.is_empty() {
        return Ok(Present { keys, events: HashSet::new() });
    }
    let events = sqlx::query("SELECT id FROM events WHERE id = ANY($1)").bind(asked).fetch_all(connection).await?;
    Ok(Present { keys, events: ids(&events)? })
}
