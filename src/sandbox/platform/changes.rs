//! What the feeds of changes know: when an entity was last changed, and the last entities that were deleted.

use std::collections::{BTreeMap, VecDeque};

use actors::clock::Timestamp;
use actors::limits::sandbox as limits;
use serde_json::Value;

use super::workspace::{Shelf, text};

/// An entity that is gone.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// Its kind.
    pub shelf: Shelf,
    /// What it was.
    pub entity: Value,
    /// When it went.
    pub at: Timestamp,
}

/// The changes of one workspace.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    updated: BTreeMap<(Shelf, String), Timestamp>,
    deleted: VecDeque<Deleted>,
}

/// The kinds that the feeds speak of. Nothing is noted of the others.
const FED: [Shelf; 3] = [Shelf::TimeEntries, Shelf::Expenses, Shelf::CustomFields];

impl Changes {
    /// Notes a change.
    pub fn updated(&mut self, shelf: Shelf, id: &str, at: Timestamp) {
        if !FED.contains(&shelf) {
            return;
        }
        self.updated.insert((shelf, id.to_owned()), at);
        if self.updated.len() > limits::ENTITIES_MAX {
            self.updated.pop_first();
        }
    }

    /// Notes a deletion.
    pub fn deleted(&mut self, shelf: Shelf, entity: &Value, at: Timestamp) {
        if !FED.contains(&shelf) {
            return;
        }
        self.updated.remove(&(shelf, text(entity, "id").to_owned()));
        self.deleted.push_back(Deleted { shelf, entity: entity.clone(), at });
        if self.deleted.len() > limits::DELETED_MAX {
            self.deleted.pop_front();
        }
    }

    /// When an entity was last changed; nothing if it is as it was made.
    pub fn last(&self, shelf: Shelf, id: &str) -> Option<Timestamp> {
        self.updated.get(&(shelf, id.to_owned())).copied()
    }

    /// What was deleted, oldest first.
    pub fn gone(&self) -> impl Iterator<Item = &Deleted> {
        self.deleted.iter()
    }

    /// Takes back the last deletion of a kind.
    pub fn take_back(&mut self, shelf: Shelf) -> Option<Value> {
        let at = self.deleted.iter().rposition(|deleted| deleted.shelf == shelf)?;
        self.deleted.remove(at).map(|deleted| deleted.entity)
    }
}
