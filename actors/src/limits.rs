//! Every bound in one place (I5), by the part that it governs. Units are in the names; the reason stands beside the number.

/// Paths into payloads and contexts.
pub mod jsonpath {}

/// Tokens and keys of the platform.
pub mod token {}

/// Calls that leave the process.
pub mod outbound {}

/// Flows as they are saved, and values as they are rendered.
pub mod flow {}

/// Runs and their steps.
pub mod run {}

/// Actors: mailboxes, restarts, idle time.
pub mod actor {}

/// The store: queues, batches, pages.
pub mod store {}

/// Requests as they come in.
pub mod http {}
