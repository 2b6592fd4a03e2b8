//! Webhook deliveries: what was sent where, how often, and what became of it.

use std::collections::VecDeque;

use actors::clock::Timestamp;
use actors::ids::{AddonId, WorkspaceId};
use actors::limits::sandbox as limits;
use bytes::Bytes;
use serde::Serialize;

/// Where a delivery stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not yet answered with 2xx; another try follows.
    Pending,
    /// Answered with 2xx.
    Delivered,
    /// All tries failed.
    GivenUp,
    /// The installation went away or was switched off.
    Cancelled,
}

/// One try.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// One event on its way to one webhook.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Delivery {
    /// Counts from 1.
    pub number: u64,
    /// Event type.
    pub event: String,
    /// Where it happened.
    pub workspace: WorkspaceId,
    /// To whom.
    #[serde(flatten)]
    pub to: To,
    /// The body, the same for every try.
    #[serde(serialize_with = "as_text")]
    pub body: Bytes,
    /// The tries so far.
    pub attempts: Vec<Attempt>,
    /// Where it stands.
    pub state: State,
}

fn as_text<S: serde::Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}

/// Whom a delivery goes to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(untagged)]
pub enum To {
    /// A webhook of a manifest.
    Declared {
        /// Of which installation.
        addon_id: AddonId,
        /// Path in the manifest.
        path: String,
    },
    /// Any other webhook.
    Subscription {
        /// Its id.
        webhook: String,
        /// Where it goes.
        url: String,
    },
}

impl To {
    /// The path in the manifest, or the whole address.
    pub fn place(&self) -> &str {
        match self {
            Self::Declared { path, .. } => path,
            Self::Subscription { url, .. } => url,
        }
    }
}

/// The last deliveries.
#[derive(Default)]
pub struct Deliveries {
    known: VecDeque<Delivery>,
    total: u64,
}

impl Deliveries {
    /// Notes a delivery that is about to be made, and gives its number.
    pub fn open(&mut self, event: &str, workspace: WorkspaceId, to: To, body: Bytes) -> u64 {
        self.total += 1;
        let event = event.to_owned();
        let delivery = Delivery { number: self.total, event, workspace, to, body, attempts: Vec::new(), state: State::Pending };
        self.known.push_back(delivery);
        if self.known.len() > limits::DELIVERIES_MAX {
            self.known.pop_front();
        }
        self.total
    }

    /// One of them, if it is remembered.
    pub fn get(&self, number: u64) -> Option<&Delivery> {
        self.known.iter().rev().find(|delivery| delivery.number == number)
    }

    /// One of them, to be changed.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut Delivery> {
        self.known.iter_mut().rev().find(|delivery| delivery.number == number)
    }

    /// Those that are remembered, oldest first.
    pub fn all(&self) -> Vec<Delivery> {
        self.known.iter().cloned().collect()
    }
}
