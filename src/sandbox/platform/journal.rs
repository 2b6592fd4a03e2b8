//! What came in over the simulated REST API, for tests and for people who want to see. Tokens are named by their kind only (I7).

use std::collections::VecDeque;

use actors::clock::Timestamp;
use actors::ids::AddonId;
use actors::limits::sandbox as limits;
use serde::Serialize;

use super::glob;

/// Which proof a request carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    /// None.
    None,
    /// An installation's.
    Installation,
    /// A person's.
    User,
    /// One that the platform does not know, or no longer.
    Invalid,
}

/// One request.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Seen {
    /// Counts from 1, in order of arrival.
    pub number: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// HTTP method.
    pub method: String,
    /// Path, from the root.
    pub path: String,
    /// Query, as it came.
    pub query: String,
    /// Body, cut to a bound.
    pub body: String,
    /// Whose token.
    pub token: TokenKind,
    /// The installation of a good token.
    pub addon_id: Option<AddonId>,
    /// What was answered; nothing while it is under way, 0 if the connection was cut instead.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

impl Seen {
    /// Whether it is a `method` (`*`: any) on a path that fits `pattern`, as faults read it.
    pub fn fits(&self, method: &str, pattern: &str) -> bool {
        (method == "*" || self.method.eq_ignore_ascii_case(method)) && glob::fits(pattern, &self.path)
    }
}

/// The last requests.
#[derive(Default)]
pub struct Journal {
    seen: VecDeque<Seen>,
    total: u64,
}

impl Journal {
    /// Notes a request and gives its number.
    pub fn open(&mut self, mut seen: Seen) -> u64 {
        self.total += 1;
        seen.number = self.total;
        self.seen.push_back(seen);
        if self.seen.len() > limits::JOURNAL_REQUESTS_MAX {
            self.seen.pop_front();
        }
        self.total
    }

    /// Notes its answer.
    pub fn close(&mut self, number: u64, status: u16, now: Timestamp) {
        if let Some(seen) = self.seen.iter_mut().rev().find(|seen| seen.number == number) {
            seen.status = Some(status);
            seen.ms = u64::try_from(now.since(seen.at).as_millis()).unwrap_or(u64::MAX);
        }
    }

    /// The requests that are remembered, oldest first.
    pub fn all(&self) -> Vec<Seen> {
        self.seen.iter().cloned().collect()
    }

    /// Requests since the start, the forgotten ones included.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// How many were answered with each status. Those under way count as none.
    pub fn by_status(&self) -> std::collections::BTreeMap<u16, u64> {
        self.seen.iter().filter_map(|seen| seen.status).fold(Default::default(), |mut counts, status| {
            *counts.entry(status).or_default() += 1;
            counts
        })
    }

    /// Forgets what was seen; the count goes on.
    pub fn clear(&mut self) {
        self.seen.clear();
    }
}
