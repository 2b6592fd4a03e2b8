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
pub mod run {
    /// Tries of a step that may have had an effect, by default: enough for a day at the longest wait.
    pub const RETRY_ATTEMPTS_DEFAULT: u32 = 40;
    /// First wait between tries, in milliseconds, by default.
    pub const RETRY_INITIAL_MS_DEFAULT: u64 = 1_000;
    /// Longest wait between tries, in milliseconds, by default: an hour.
    pub const RETRY_WAIT_MS_DEFAULT: u64 = 3_600_000;
    /// How long a step keeps trying, in seconds, by default: a day.
    pub const RETRY_FOR_SECONDS_DEFAULT: u64 = 86_400;
}

/// Actors: mailboxes, restarts, idle time.
pub mod actor {}

/// The store: queues, batches, pages.
pub mod store {}

/// Requests as they come in.
pub mod http {
    /// How deep a payload may nest: what the JSON parser will build later (its own limit is 128).
    pub const PAYLOAD_DEPTH_MAX: usize = 64;
}
