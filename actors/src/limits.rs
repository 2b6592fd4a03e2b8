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
pub mod store {
    /// Entries that wait for the writer; one more is answered `Busy`. About a tenth of a second of work, at most some 16 MB of usual payloads.
    pub const QUEUE_ENTRIES_MAX: usize = 4_096;
    /// Entries of one commit. Larger ones gain nothing and make everybody in them wait.
    pub const BATCH_ENTRIES_MAX: usize = 256;
    /// Payload bytes of one commit, counted roughly; the entry that passes it is the last one.
    pub const BATCH_BYTES_MAX: usize = 8 << 20;
    /// Runs that one entry may bring; as many as a workspace may have flows, and more than replays ask for at once.
    pub const RUNS_PER_ENTRY_MAX: usize = 1_000;
    /// Runs that one statement writes: 18 values each, and SQLite takes 32,766 in a statement.
    pub const RUNS_PER_STATEMENT_MAX: usize = 1_000;
    /// Transactions of lifecycle calls, flows and uninstalls that wait for the writer.
    pub const QUEUE_JOBS_MAX: usize = 256;
    /// Rows that an uninstall removes in one transaction, so that the journal waits a few milliseconds at most.
    pub const PURGE_ROWS_MAX: u32 = 500;
    /// Rows of one page of a list, whatever was asked for.
    pub const PAGE_ROWS_MAX: u32 = 1_000;
    /// Connections that read. SQLite reads are short; more would only compete for the same two or three cores.
    pub const READERS_MAX: u32 = 4;
    /// How long a statement waits for another process's lock, in milliseconds.
    pub const BUSY_TIMEOUT_MS: u64 = 5_000;
    /// How long a reader waits for a connection of the pool, in milliseconds.
    pub const ACQUIRE_TIMEOUT_MS: u64 = 5_000;
    /// Pages of the write-ahead log before it is folded in. Measured: 1,000 pages double the p99 of a commit, fewer cost throughput.
    pub const WAL_CHECKPOINT_PAGES: u32 = 300;
    /// Size of a database page, in bytes: a usual payload fits one.
    pub const PAGE_BYTES: u32 = 8_192;
    /// Rows on their way from the database's thread; a whole batch's, so that it never waits for the reader within a transaction.
    pub const ROW_BUFFER_MAX: usize = 1_024;
}

/// Requests as they come in.
pub mod http {
    /// How deep a payload may nest: what the JSON parser will build later (its own limit is 128).
    pub const PAYLOAD_DEPTH_MAX: usize = 64;
}
