//! The store: queues, batches, pages.

/// Entries that wait for the writer; one more is answered `Busy`. About a tenth of a second of work, at most some 16 MB of usual payloads.
pub const QUEUE_ENTRIES_MAX: usize = 4_096;
/// Entries of one commit. Larger ones gain nothing and make everybody in them wait.
pub const BATCH_ENTRIES_MAX: usize = 256;
/// Payload bytes of one commit, counted roughly; the entry that passes it is the last one.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Bytes of one workspace in a commit beyond which its further entries stay for the next one, while others wait: a hundred usual payloads, and about
/// as much as takes as long to write as the commit itself.
pub const SHARE_BYTES_MAX: usize = 256 << 10;
/// Runs of one commit, counted likewise.
pub const RUNS_PER_BATCH_MAX: usize = 1_000;
/// Runs that one statement writes: 17 values each, and SQLite takes 32,766 in a statement.
pub const RUNS_PER_STATEMENT_MAX: usize = 1_000;
/// Up to so many rows the statements of a batch are kept prepared; larger batches are of too many forms.
pub const PREPARED_ROWS_MAX: usize = 4;
/// Rows of a chapter: its part of an index is a dozen pages, and ten million rows are ten thousand chapters to look into.
pub const CHAPTER_ROWS: i64 = 1_024;
/// How long before its event's time was taken an id may have been made, or behind it, in milliseconds.
pub const ID_AHEAD_MS: i64 = 60_000;
/// Changes of the entity cache in one transaction, in which the journal waits: some 20 µs each. Measured beside a bootstrap: these add a tenth to the p99
/// of a webhook, 100 add three.
pub const ENTITY_CHANGES_MAX: usize = 25;
/// Commits of the journal that go before a transaction of entities while entries wait: when there is more to write than can be written, they get a small
/// part of it, and it ends all the same.
pub const COMMITS_FIRST_MAX: usize = 8;
/// Names that a search for a text looks at, in the order of names: some tenths of a second.
pub const NAMES_SEARCHED_MAX: u32 = 200_000;
/// Transactions of lifecycle calls, flows and uninstalls that wait for the writer, and of entities.
pub const QUEUE_JOBS_MAX: usize = 256;
/// Calls of the explorer that one transaction seals anew after a change of keys: a megabyte of usual ones. The next transaction of the workspace takes the
/// next, and in a month all of them have gone.
pub const CALLS_SEALED_ANEW_MAX: u32 = 200;
/// Rows that an uninstall removes in one transaction, so that the journal waits a few milliseconds at most.
pub const PURGE_ROWS_MAX: u32 = 200;
/// Installations with old rows that are found at a time and remembered for the round's next pages: not a megabyte.
pub const KEYS_AHEAD_MAX: u32 = 50_000;
/// Rows of one page of a list, whatever was asked for.
pub const PAGE_ROWS_MAX: u32 = 1_000;
/// Events, the newest that fit the rest of a filter, in which a search looks for what no index tells: some 8 MB of usual payloads, some
/// tens of milliseconds. Another search goes on behind them.
pub const EVENTS_SEARCHED_MAX: u32 = 5_000;
/// Connections that read. SQLite reads are short; more would only compete for the same two or three cores.
pub const READERS_MAX: u32 = 4;
/// Connections to a database server that read. They wait for the network, not for this machine; a server has a hundred by default for everybody.
pub const SERVER_READERS_MAX: u32 = 8;
/// How long a database server may take over one statement, in milliseconds.
pub const STATEMENT_MS_MAX: u64 = 10_000;
/// How long it may take over a transaction before its connection counts as lost, in milliseconds.
pub const ANSWER_MS_MAX: u64 = 20_000;
/// How long a new connection to it may take, in milliseconds.
pub const CONNECT_MS_MAX: u64 = 5_000;
/// How long a statement waits for another process's lock, in milliseconds.
pub const BUSY_TIMEOUT_MS: u64 = 5_000;
/// How long a reader waits for a connection of the pool, in milliseconds.
pub const ACQUIRE_TIMEOUT_MS: u64 = 5_000;
/// Pages of the write-ahead log before it is folded in, which a commit waits for. Measured: 1,000 pages double the p99 of a commit, 100 cost a tenth of
/// the throughput. Folding over a connection beside the writer's is no better, because both wait for the same disk.
pub const WAL_CHECKPOINT_PAGES: u32 = 150;
/// Size of a database page, in bytes: a usual payload fits one.
pub const PAGE_BYTES: u32 = 8_192;
/// Rows on their way from the database's thread; a whole batch's, so that it never waits for the reader within a transaction.
pub const ROW_BUFFER_MAX: usize = 1_024;
/// Memory for pages of the writing connection, in KiB: the tails of tables and indices, and all runs that are not finished.
pub const WRITER_CACHE_KIB: u32 = 8_192;
/// Memory for pages of a reading connection, in KiB.
pub const READER_CACHE_KIB: u32 = 2_048;
/// What a write-ahead log that has grown behind a slow reader is cut back to, in bytes.
pub const WAL_BYTES_KEPT: u32 = 16 << 20;
/// Free pages that are given back to the file system in one transaction.
pub const VACUUM_PAGES_MAX: u32 = 100;
/// A file up to this size is written anew after an uninstall, in bytes: it takes some tenths of a second, and as much memory.
pub const VACUUM_WHOLE_BYTES_MAX: i64 = 32 << 20;
/// How long a process that starts waits for another one to let go of the database, in milliseconds: twice what a stop may take.
pub const LEASE_WAIT_MS_MAX: u64 = 40_000;
/// How often the lease on the database is looked at, in milliseconds.
pub const LEASE_LOOK_MS: u64 = 1_000;
/// Pause before what an uninstall left is tried again after a failure, in milliseconds.
pub const PURGE_PAUSE_MS: u64 = 1_000;
