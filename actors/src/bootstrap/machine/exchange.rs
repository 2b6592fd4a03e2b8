//! What the machine and its driver say to each other: what is to be done, what came of it, and what of the record that has changed.

use crate::bootstrap::page::Failure;
use crate::entity::{EntityId, EntityType};

/// Something to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Make the call of a list's next page.
    Call {
        /// Which operation.
        operation: usize,
        /// Whose list.
        parent: Option<EntityId>,
    },
    /// Look up entities whose lists are next, in the order of their ids.
    Find {
        /// For which operation.
        operation: usize,
        /// Their type.
        kind: EntityType,
        /// The last one known.
        after: Option<EntityId>,
        /// At most this many.
        limit: u32,
    },
    /// Remove what was last seen before this bootstrap.
    Sweep {
        /// Of this type.
        kind: EntityType,
        /// The last one that was looked at.
        after: Option<EntityId>,
    },
}

/// What came of it, and what else may happen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// A page was read.
    Read {
        /// Which operation.
        operation: usize,
        /// Whose list.
        parent: Option<EntityId>,
        /// Entities that it brought.
        entities: usize,
        /// How much stood in its list.
        items: usize,
        /// Its first id.
        first: Option<String>,
        /// What the platform said about there being more.
        last: Option<bool>,
    },
    /// A page was not read.
    Failed {
        /// Which operation.
        operation: usize,
        /// Whose list.
        parent: Option<EntityId>,
        /// Why.
        failure: Failure,
    },
    /// Entities whose lists are next.
    Found {
        /// For which operation.
        operation: usize,
        /// Theirs.
        ids: Vec<EntityId>,
        /// There are none behind them.
        complete: bool,
    },
    /// Some of a type have been looked at.
    Swept {
        /// The type.
        kind: EntityType,
        /// The last one that was looked at. `None`: all of them were.
        after: Option<EntityId>,
    },
    /// The add-on may not work now.
    Pause(String),
    /// It may again.
    Resume,
    /// An admin wants no more of it.
    Cancel,
    /// An admin wants operations that failed to be read again: this one, or all of them.
    Retry(Option<String>),
}

/// What an input changed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Changed {
    /// Operations whose record is to be stored, with the head.
    pub operations: Vec<usize>,
    /// Whether at least the head is to be stored.
    pub head: bool,
    /// The installation token has been refused for too long.
    pub token_dead: bool,
}
