//! What is durable, as small traits. A method is a transaction; every query names the add-on and the workspace.
//!
//! The hot path is [`Journal`]: events, runs and their progress are queued and written in groups, and answered by a
//! [`receipt::Receipt`] once they are durable (I1). Everything else is an ordinary async method.
//!
//! To add a backend: implement the traits in a folder beside the others, add a line where URLs are opened, and let the
//! contract suite run over it.

pub mod activities;
pub mod bootstraps;
pub mod calls;
pub mod entities;
pub mod events;
pub mod flows;
pub mod installations;
pub mod journal;
pub mod receipt;
pub mod retention;
pub mod runs;
pub mod schedules;
pub mod secrets;
pub mod sources;
pub mod standings;
pub mod statistics;
pub mod subscriptions;

pub use activities::Activities;
pub use bootstraps::Bootstraps;
pub use calls::Calls;
pub use entities::Entities;
pub use events::Events;
pub use flows::Flows;
pub use installations::Installations;
pub use journal::Journal;
pub use retention::Retention;
pub use runs::Runs;
pub use schedules::Schedules;
pub use secrets::Secrets;
pub use sources::Sources;
pub use standings::Standings;
pub use statistics::Statistics;
pub use subscriptions::Subscriptions;

/// Why the store did not do it. A missing row is `Option`, a duplicate an outcome; neither is an error.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// The queue in front of the writer is full, or a lock was not to be had: try again in a moment.
    #[error("the store is busy")]
    Busy,
    /// The store cannot be reached or cannot write (disk full, connection lost).
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A row cannot be read: wrong key for a sealed value, or damaged.
    #[error("the store holds something unreadable: {0}")]
    Unreadable(String),
}

/// All of them, as the actors hold it.
pub trait Store:
    Installations
    + Events
    + Flows
    + Standings
    + Runs
    + Sources
    + Secrets
    + Subscriptions
    + Calls
    + Entities
    + Bootstraps
    + Retention
    + Activities
    + Schedules
    + Statistics
    + Journal
    + Health
{
}

impl<S> Store for S where
    S: Installations
        + Events
        + Flows
        + Standings
        + Runs
        + Sources
        + Secrets
        + Subscriptions
        + Calls
        + Entities
        + Bootstraps
        + Retention
        + Activities
        + Schedules
        + Statistics
        + Journal
        + Health
{
}

/// Whether the store can be read and written now.
#[async_trait::async_trait]
pub trait Health: Send + Sync {
    /// Reads, and proves that the writer is alive.
    async fn ping(&self) -> Result<(), Error>;
}

/// A part of a list.
#[derive(Clone, PartialEq, Debug)]
pub struct Page<T> {
    /// How many there are in all.
    pub total: u64,
    /// Those asked for.
    pub items: Vec<T>,
}

/// Which part of a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slice {
    /// At most this many.
    pub limit: u32,
    /// After this many.
    pub offset: u32,
}

impl Slice {
    /// How long the list is, if the part of it that has so many items tells: one that is shorter than asked for is the last.
    pub fn total(self, items: usize) -> Option<u64> {
        let (limit, offset, items) = (u64::from(self.limit), u64::from(self.offset), items as u64);
        (items < limit && (items > 0 || offset == 0)).then_some(offset + items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_part_tells_how_long_the_list_is() {
        for length in 0..6_u32 {
            for (limit, offset) in (0..7).flat_map(|limit| (0..7).map(move |offset| (limit, offset))) {
                let items = length.saturating_sub(offset).min(limit);
                let told = Slice { limit, offset }.total(items as usize);
                let tells = items < limit && (items > 0 || offset == 0);
                assert_eq!(told, tells.then_some(u64::from(length)), "{limit} after {offset} of {length}");
            }
        }
    }
}
