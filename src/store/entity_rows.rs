//! Changes of the entity cache as rows of every backend: one for an entity, in the order that both databases like.

use std::collections::BTreeMap;

use actors::entity::{EntityChange, sort_key};
use actors::limits::store::NAMES_SEARCHED_MAX;

use super::columns::to_json;
use super::failure::Failure;

/// What a row of the cache says. Without `sort` and `data` its entity is gone.
pub(super) struct EntityRow {
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) parent: Option<String>,
    pub(super) name: Option<String>,
    pub(super) sort: Option<String>,
    pub(super) fetched_at: i64,
    pub(super) data: Option<String>,
}

/// In which names a text is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Names {
    /// In all that there are.
    All,
    /// In the first of them, as many as are looked at.
    First,
}

impl Names {
    /// Both.
    #[cfg(test)]
    pub(super) const BOTH: [Self; 2] = [Self::All, Self::First];

    /// Where there are so many.
    pub(super) fn of(count: i64) -> Self {
        if count > i64::from(NAMES_SEARCHED_MAX) { Self::First } else { Self::All }
    }
}

/// The rows that changes come to: of two about the same entity the later one, and of two of the same moment the second. Made before the writer's turn,
/// which everybody waits for.
pub(super) fn rows(changes: &[EntityChange]) -> Result<Vec<EntityRow>, Failure> {
    let mut latest: BTreeMap<(&str, &str), &EntityChange> = BTreeMap::new();
    for change in changes {
        let known = latest.entry((change.kind().as_str(), change.id().as_str())).or_insert(change);
        if change.at() >= known.at() {
            *known = change;
        }
    }
    latest.into_values().map(row).collect()
}

fn row(change: &EntityChange) -> Result<EntityRow, Failure> {
    let (kind, id, fetched_at) = (change.kind().as_str().to_owned(), change.id().as_str().to_owned(), change.at().millis());
    Ok(match change {
        EntityChange::Seen(entity) => EntityRow {
            kind,
            id,
            parent: entity.parent.as_ref().map(|parent| parent.as_str().to_owned()),
            name: entity.name.as_deref().map(str::to_owned),
            sort: Some(entity.name.as_deref().map_or_else(String::new, |name| sort_key(name).into_owned())),
            fetched_at,
            data: Some(to_json(&entity.data)?),
        },
        EntityChange::Gone { .. } => EntityRow { kind, id, parent: None, name: None, sort: None, fetched_at, data: None },
    })
}
