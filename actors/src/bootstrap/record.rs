//! How far a bootstrap is: what is stored after every page, and what people are shown.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::clock::Timestamp;
use crate::entity::{EntityId, EntityType};
use crate::ids::BootstrapId;
use crate::limits::bootstrap as limits;

/// One bootstrap of a workspace.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// As a whole.
    pub head: Head,
    /// Operation by operation, in the order in which they are read. Empty until it has been planned.
    pub operations: Vec<Progress>,
}

/// A bootstrap as a whole.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Head {
    /// Which one: a later one takes its place.
    pub id: BootstrapId,
    /// How it is.
    pub status: Status,
    /// When it was asked for. What has been seen since is part of it.
    pub started_at: Timestamp,
    /// When something changed last.
    pub updated_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it is paused, or what stopped it.
    pub note: Option<String>,
    /// Entities that it read.
    pub entities: u64,
    /// Calls that it made.
    pub calls: u64,
    /// Pages that it reads of one list.
    pub pages_max: u32,
    /// Types of which what had vanished has been removed.
    pub swept: Vec<EntityType>,
}

/// How a bootstrap is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Asked for.
    Pending,
    /// Under way.
    Running,
    /// Waiting for the installation to be active and its token to work.
    Paused,
    /// Everything was read.
    Complete,
    /// Something was not read, or not to its end.
    CompleteWithWarnings,
    /// Nothing was read.
    Failed,
    /// Not wanted when the add-on was installed, and not asked for since.
    Disabled,
    /// Stopped by an admin.
    Cancelled,
}

impl Status {
    /// As it stands in JSON and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Complete => "COMPLETE",
            Self::CompleteWithWarnings => "COMPLETE_WITH_WARNINGS",
            Self::Failed => "FAILED",
            Self::Disabled => "DISABLED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// In words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pending => "The snapshot is about to begin.",
            Self::Running => "The snapshot is being taken.",
            Self::Paused => "The snapshot waits until the add-on may read again.",
            Self::Complete => "The snapshot is complete.",
            Self::CompleteWithWarnings => "The snapshot is complete but for some operations.",
            Self::Failed => "The snapshot failed.",
            Self::Disabled => "No snapshot is taken on install; an admin can start one.",
            Self::Cancelled => "The snapshot was stopped by an admin.",
        }
    }

    /// Whether there is work left.
    pub const fn unfinished(self) -> bool {
        matches!(self, Self::Pending | Self::Running | Self::Paused)
    }
}

/// One operation of a bootstrap.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Progress {
    /// Of the catalogue.
    pub operation: String,
    /// The type of what it brings.
    pub kind: EntityType,
    /// What it is read below of, once for each. `None`: it is read once.
    pub below: Option<Below>,
    /// Query pairs beside those of paging.
    pub query: Vec<(String, String)>,
    /// Whether it brings a part of what there is, by date, so that what it does not bring has not vanished.
    pub partial: bool,
    /// Whether the same id comes from several parents, so that entities are told apart by both.
    pub shared: bool,
    /// Whether its list comes in pages.
    pub paged: bool,
    /// Entities in a page.
    pub size: u32,
    /// How it is.
    pub status: OperationStatus,
    /// Why it is not read at all.
    pub skipped: Option<String>,
    /// The first thing that went wrong.
    pub error: Option<String>,
    /// Pages that were read.
    pub pages: u64,
    /// Entities that were read.
    pub entities: u64,
    /// Calls that were made, in vain or not.
    pub attempts: u64,
    /// Lists that could not be read.
    pub failures: u64,
    /// Lists that the platform does not read, where it read others.
    pub left_out: u64,
    /// Lists that are done with: read, to their end or not, left out, or given up.
    pub lists: u64,
    /// A list had more pages than are read.
    pub truncated: bool,
    /// The last parent whose list has been opened.
    pub after: Option<EntityId>,
    /// There are no further parents.
    pub drained: bool,
    /// Lists that are open.
    pub lanes: Vec<Lane>,
}

impl Progress {
    /// Whether something of it was not read although it ended well.
    pub fn warns(&self) -> bool {
        self.truncated || self.left_out > 0
    }

    /// Whether every list of it so far was left out.
    pub(super) fn none_read(&self) -> bool {
        self.left_out > 0 && self.left_out == self.lists
    }

    /// Ends a list that was not read to its end.
    pub(super) fn close(&mut self, parent: &Option<EntityId>, reason: String) {
        self.lanes.retain(|lane| lane.parent != *parent);
        self.lists += 1;
        self.error.get_or_insert_with(|| match parent {
            Some(parent) => format!("{reason} (below {parent})"),
            None => reason,
        });
    }
}

/// The parents of an operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Below {
    /// The path's parameter.
    pub parameter: String,
    /// The type of the entities that fill it.
    pub kind: EntityType,
}

/// How an operation is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names say it")]
pub enum OperationStatus {
    Pending,
    Running,
    Complete,
    Failed,
    Skipped,
    Cancelled,
}

impl OperationStatus {
    /// Whether it will change no more.
    pub const fn over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }
}

/// A list that is open.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// Whose.
    pub parent: Option<EntityId>,
    /// The page that is next; from 1.
    pub page: u32,
    /// Entities in a page.
    pub size: u32,
    /// The first id of the page before: a list that ignores paging begins with it again.
    pub first: Option<String>,
    /// Tries of this page that failed.
    pub tries: u32,
    /// Not before this moment.
    pub not_before: Option<Timestamp>,
}

impl Lane {
    /// The beginning of a list.
    pub fn new(parent: Option<EntityId>, size: u32) -> Self {
        Self { parent, page: 1, size, first: None, tries: 0, not_before: None }
    }
}

impl Record {
    /// One that has been asked for.
    pub fn asked(id: BootstrapId, now: Timestamp) -> Self {
        Self::bare(id, Status::Pending, now)
    }

    /// Says that none is wanted.
    pub fn disabled(id: BootstrapId, now: Timestamp) -> Self {
        Self::bare(id, Status::Disabled, now)
    }

    fn bare(id: BootstrapId, status: Status, now: Timestamp) -> Self {
        let head = Head {
            id,
            status,
            started_at: now,
            updated_at: now,
            finished_at: None,
            note: None,
            entities: 0,
            calls: 0,
            pages_max: 1,
            swept: Vec::new(),
        };
        Self { head, operations: Vec::new() }
    }

    /// Gives it a plan.
    pub fn begin(&mut self, plan: Plan, pages_max: u32, now: Timestamp) {
        self.operations = plan.operations;
        self.head.status = Status::Running;
        self.head.pages_max = pages_max.max(1);
        self.head.updated_at = now;
    }

    /// Whether what it read is to be read again, so that entities which no webhook tells of do not go before: after three quarters of the days that
    /// they are kept. One that goes on, was stopped, or was never wanted is not.
    pub fn is_stale(&self, ttl_days: u32, now: Timestamp) -> bool {
        let ended = matches!(self.head.status, Status::Complete | Status::CompleteWithWarnings | Status::Failed);
        let fresh_for = Duration::from_secs(u64::from(ttl_days) * limits::FRESH_SECONDS_PER_DAY);
        ended && ttl_days > 0 && now.since(self.head.started_at) >= fresh_for
    }

    /// Operations that are over, and all that are to be read.
    pub fn progress(&self) -> (usize, usize) {
        let read = self.operations.iter().filter(|operation| operation.status != OperationStatus::Skipped);
        (read.clone().filter(|operation| operation.status.over()).count(), read.count())
    }

    /// What went wrong, in one line.
    pub fn last_error(&self) -> Option<String> {
        let errors = self.operations.iter().filter_map(|operation| Some(format!("{}: {}", operation.operation, operation.error.as_ref()?)));
        let mut said: Vec<String> = self.head.note.iter().cloned().chain(errors.take(limits::ERRORS_SHOWN_MAX)).collect();
        let cut: Vec<&str> =
            self.operations.iter().filter(|operation| operation.truncated).map(|operation| operation.operation.as_str()).collect();
        if !cut.is_empty() {
            let some = cut.get(..limits::ERRORS_SHOWN_MAX.min(cut.len())).unwrap_or_default().join(", ");
            said.push(format!("Bootstrap truncated due to max page cap ({}) for operations: {some}", self.head.pages_max));
        }
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// Calls that are left, as far as can be foreseen: a list has as many pages as those of its operation had so far.
    pub fn calls_left(&self) -> u64 {
        let left = |operation: &Progress| {
            if operation.status.over() {
                return 0;
            }
            let pages = if operation.lists == 0 { 1 } else { operation.pages.div_ceil(operation.lists).max(1) };
            match &operation.below {
                None => 1,
                Some(below) => {
                    let parents = self.operations.iter().filter(|other| other.kind == below.kind && other.below.is_none());
                    let parents: u64 = parents.map(|other| other.entities).sum();
                    parents.saturating_sub(operation.lists).max(operation.lanes.len() as u64) * pages
                }
            }
        };
        self.operations.iter().map(left).sum()
    }

    /// How long it will take at that many calls a second. `None`: it is not under way.
    pub fn time_left(&self, calls_per_second: u32) -> Option<Duration> {
        let running = matches!(self.head.status, Status::Pending | Status::Running) && !self.operations.is_empty();
        running.then(|| Duration::from_secs(self.calls_left().div_ceil(u64::from(calls_per_second.max(1)))))
    }
}
