//! The hot path: a batch of entries as one transaction, sent as one string.
//!
//! Entries of a kind are written by one statement, kinds in the order in which they build on each other; where an entry would overtake
//! another about the same row, a new group of statements begins. Whether all was written is told by counts; only if not is it asked why.

pub(super) mod group;

use std::collections::HashSet;

use actors::ids::Key;
use actors::port::store::journal::{Entry, Written};
use actors::port::store::receipt::Outcome;
use sqlx::{QueryBuilder, SqliteConnection};
use uuid::Uuid;

use super::super::columns::key_columns;
use super::super::group::{self as groups, Doubt, Group, Present};
use super::Failure;
use super::connection::Pen;
use super::script::{Prepared, Script};

/// Writes a batch. After a failure the transaction may be open.
pub(super) async fn write(pen: &mut Pen, entries: &[Entry]) -> Result<Vec<Outcome>, Failure> {
    let groups = Group::divide(entries);
    let rows = groups.iter().map(Group::rows).sum();
    let mut script = Script::new(rows);
    let places = groups.iter().map(|group| group::put(group, &mut script, pen.chapters)).collect::<Result<Vec<_>, _>>()?;
    let told = script.run(pen.connection(), Prepared::if_few(rows)).await?;
    let mut outcomes = vec![Ok(Written::Done); entries.len()];
    let mut doubts = Vec::new();
    for (group, places) in groups.iter().zip(places) {
        let told = group::told(group, &places, &told)?;
        pen.chapters.written(told.events, told.runs);
        group.account(&told, &mut outcomes, &mut doubts);
    }
    if !doubts.is_empty() {
        let present = present(pen.connection(), &doubts).await;
        groups::settle(&doubts, &present, &mut outcomes);
    }
    Ok(outcomes)
}

/// Finds out what is there, of entries that start something and of which not all was written. The answer is still right after the commit, because
/// nobody else writes over this connection meanwhile.
async fn present(connection: &mut SqliteConnection, doubts: &[Doubt]) -> Result<Present, Failure> {
    let keys = present_keys(&mut *connection, doubts).await?;
    Ok(Present { keys, events: present_events(connection, groups::messages(doubts)).await? })
}

async fn present_keys(connection: &mut SqliteConnection, doubts: &[Doubt]) -> Result<HashSet<Key>, Failure> {
    let mut query = QueryBuilder::new("SELECT addon, workspace FROM installations WHERE (addon, workspace) IN (");
    query.push_values(doubts, |mut row, doubt| {
        let (addon, workspace) = key_columns(doubt.key);
        row.push_bind(addon).push_bind(workspace);
    });
    let found: Vec<(i16, Vec<u8>)> = query.push(")").build_query_as().persistent(false).fetch_all(connection).await?;
    let found: HashSet<_> = found.into_iter().collect();
    Ok(doubts.iter().map(|doubt| doubt.key).filter(|key| found.contains(&key_columns(*key))).collect())
}

/// Which of some events are there.
async fn present_events(connection: &mut SqliteConnection, asked: Vec<Uuid>) -> Result<HashSet<Uuid>, Failure> {
    if asked.is_empty() {
        return Ok(HashSet::new());
    }
    let mut query = QueryBuilder::new("SELECT id FROM events WHERE id IN (");
    let mut ids = query.separated(", ");
    for id in asked {
        ids.push_bind(id);
    }
    let found: Vec<Uuid> = query.push(")").build_query_scalar().persistent(false).fetch_all(connection).await?;
    Ok(found.into_iter().collect())
}
