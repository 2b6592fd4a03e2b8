//! Every bound in one place (I5), by the part that it governs. Units are in the names; the reason stands beside the number.

/// Paths into payloads and contexts.
pub mod jsonpath {
    /// A path that a person writes is shorter; the evaluator overflows its stack only on kilobytes.
    pub const TEXT_BYTES_MAX: usize = 256;
    /// Segments of a path, and of each query inside a filter: payloads of the platform are six levels deep.
    pub const SEGMENTS_MAX: usize = 16;
    /// Two descents find the same node twice, three find it a thousand times.
    pub const DESCENTS_MAX: usize = 1;
    /// Names or indexes in one pair of brackets.
    pub const UNION_SELECTORS_MAX: usize = 8;
    /// Size of an index, a slice bound or a step: a body of one megabyte has no more elements.
    pub const INTEGER_MAX: u64 = 1_000_000;
    /// Comparisons and existence tests of one path: each is repeated for every candidate.
    pub const FILTER_TERMS_MAX: usize = 16;
    /// Parentheses inside each other; the parser descends once for each.
    pub const FILTER_PARENTHESES_DEEP_MAX: usize = 8;
    /// Levels of a document that a general selector is run on: the JSON reader stops at 128, a context adds a few.
    pub const DOCUMENT_LEVELS_MAX: usize = 192;
    /// Nodes of the part of a document that a general selector is run on: more than a body of one megabyte has in practice.
    pub const DOCUMENT_NODES_MAX: usize = 250_000;
    /// Node visits of one evaluation, some tens of nanoseconds each: 16 segments over the greatest document.
    pub const VISITS_MAX: usize = 4_000_000;
    /// String bytes that are compared at the price of one visit.
    pub const BYTES_COMPARED_PER_VISIT: usize = 64;
    /// Nodes that one path may give: 0.8 MB of references.
    pub const RESULT_NODES_MAX: usize = 100_000;
}

/// The catalogue of operations and the description that it is made from.
pub mod catalogue {
    /// A description of the API: the official one has 0.9 MB.
    pub const DESCRIPTION_BYTES_MAX: u64 = 16 * 1024 * 1024;
    /// Operations: the platform has 170.
    pub const OPERATIONS_MAX: usize = 2_000;
    /// An operation's id, which stands in paths, rows and log lines.
    pub const ID_BYTES_MAX: usize = 128;
    /// Levels of a body: the deepest official one has 6.
    pub const SCHEMA_LEVELS_MAX: usize = 10;
    /// Values of one body: the largest official one has 122. It keeps a description that refers to itself crosswise small.
    pub const SCHEMA_NODES_MAX: usize = 2_000;
}

/// Calls that people make through the explorer.
pub mod explorer {
    /// Time for one call, in milliseconds: reports need as long as that.
    pub const CALL_MS_MAX: u64 = 30_000;
    /// How long a caller waits for it, in milliseconds: room in the budget, the call, and the record of it.
    pub const ANSWER_MS_MAX: u64 = 40_000;
    /// Bytes of an answer, which is held in memory until it has been handed over.
    pub const RESPONSE_BYTES_MAX: usize = 8 * 1024 * 1024;
    /// Calls that one workspace has under way: people read what they get, and each may hold an answer of the size above.
    pub const CALLS_AT_ONCE_MAX: usize = 4;
    /// Bytes of a text that is no JSON, in an answer to the page; the rest can be downloaded.
    pub const TEXT_SHOWN_BYTES_MAX: usize = 256 * 1024;
    /// Levels of a body.
    pub const BODY_LEVELS_MAX: usize = 64;
    /// Bytes of a request to make a call, by default; as in the reference.
    pub const REQUEST_BYTES_DEFAULT: usize = 1024 * 1024;
    /// The least that an operator may allow.
    pub const REQUEST_BYTES_MIN: usize = 16 * 1024;
    /// The most: a receipt in base64.
    pub const REQUEST_BYTES_MAX: usize = 8 * 1024 * 1024;
    /// Characters of a file's name, and of its media type.
    pub const FILE_NAME_CHARS_MAX: usize = 120;
    /// Bytes of a call's parameters that are kept; of a larger one only the rest is.
    pub const PARAMS_KEPT_BYTES_MAX: usize = 32 * 1024;
    /// Bytes of an answer that are kept.
    pub const ANSWER_KEPT_BYTES_MAX: usize = 32 * 1024;
    /// Calls of a workspace that are kept: with what is kept of each some hundred megabytes at the very worst, a few in practice.
    pub const CALLS_KEPT_MAX: u32 = 2_000;
    /// Days that calls are kept.
    pub const DAYS_KEPT: u32 = 30;
    /// Characters of a search.
    pub const SEARCH_CHARS_MAX: usize = 200;
    /// Bytes of a header field of an answer that is shown; a longer one is left out.
    pub const HEADER_BYTES_MAX: usize = 1_024;
}

/// Tokens and keys of the platform.
pub mod token {
    /// A token as it is sent, before anything of it is read. Real ones have some 700 to 1,200 bytes.
    pub const TEXT_BYTES_MAX: usize = 8 * 1024;
    /// A claim or a base URL that is kept.
    pub const CLAIM_BYTES_MAX: usize = 512;
    /// How far the platform's clock and ours may differ, in seconds, for `exp`, `nbf` and `iat`.
    pub const LEEWAY_SECONDS: u64 = 60;
    /// Verified tokens that are remembered, some 400 bytes each: those of 1,250 busy workspaces with 52 webhooks. One more verification costs 20 µs.
    pub const REMEMBERED_MAX: usize = 65_536;
    /// How long a token is remembered before its signature is checked again, in seconds.
    pub const REMEMBERED_SECONDS: u64 = 3_600;
    /// Tokens in use that are passed over in the search for one to forget; then the next one goes, in use or not.
    pub const REMEMBERED_PASSED_OVER_MAX: usize = 16;
    /// Keys of a set, and of a PEM text: each may be tried for a token that does not name its key.
    pub const KEYS_MAX: usize = 16;
    /// Bits of an RSA key, at least.
    pub const KEY_BITS_MIN: usize = 2_048;
    /// And at the most: a larger one takes a millisecond for each token.
    pub const KEY_BITS_MAX: usize = 8_192;
    /// A key set or a PEM file; 16 keys of 8,192 bits have some 25 KiB.
    pub const KEY_SET_BYTES_MAX: usize = 64 * 1024;
    /// Time for one fetch of a key set, in seconds.
    pub const KEY_SET_FETCH_SECONDS_MAX: u64 = 10;
    /// Between two fetches that tokens with unknown keys ask for, and after a failed one, in seconds.
    pub const KEY_SET_AGAIN_SECONDS: u64 = 60;
    /// Between two fetches that nobody asks for, in seconds.
    pub const KEY_SET_REFRESH_SECONDS: u64 = 3_600;
    /// Fetches that wait for the thread that makes them; each is shared by all who want keys.
    pub const KEY_SET_FETCHES_WAITING_MAX: usize = 4;
}

/// Calls that leave the process.
pub mod outbound {
    /// Name look-up and TCP connect together: a reachable host answers within a second or two, and a hostile one must not hold a step.
    pub const CONNECT_SECONDS_MAX: u64 = 5;
    /// TLS handshake, after connect. With the line above it makes the ten seconds within which a host must have answered at all.
    pub const HANDSHAKE_SECONDS_MAX: u64 = 5;
    /// A whole exchange, whatever the caller asks for: the slowest honest answers are reports, and a drip must end.
    pub const EXCHANGE_SECONDS_MAX: u64 = 60;
    /// An answer after decompression, whatever the caller asks for: the largest honest page is a few MiB and it is held in memory.
    pub const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;
    /// What gzip may add to data that does not compress: headers and stored blocks, so that the compressed side has a bound of its own.
    pub const GZIP_SLACK_BYTES: usize = 4 * 1024;
    /// Connections in use at a time, for each arbiter and scheme. One semaphore serves all hosts, so it must not be small.
    pub const CONNECTIONS_MAX: usize = 256;
    /// An idle connection is not used again after this. Servers commonly close at 5 s and above; ending first avoids the race in which
    /// a POST is written into a connection that is being closed, whose outcome nobody knows.
    pub const IDLE_SECONDS_MAX: u64 = 4;
    /// A connection's whole life, so that a changed DNS record is followed within a minute.
    pub const LIFETIME_SECONDS_MAX: u64 = 60;
    /// Addresses that a name may have. Every one is checked, and they are tried one after another within the connect time.
    pub const ADDRESSES_PER_NAME_MAX: usize = 32;
    /// A URL with its query: what common servers accept in a request line.
    pub const URL_BYTES_MAX: usize = 8 * 1024;
    /// A `Content-Type` that is kept; longer ones are dropped.
    pub const CONTENT_TYPE_BYTES_MAX: usize = 255;
}

/// Flows as they are saved, and values as they are rendered.
pub mod flow {
    /// Flows in a workspace: every event is matched against all of them.
    pub const FLOWS_MAX: u32 = 500;
    /// Characters of a flow's name, as in the reference.
    pub const NAME_CHARS_MAX: usize = 255;
    /// Characters of a description.
    pub const DESCRIPTION_CHARS_MAX: usize = 2_000;
    /// Event types of one trigger: more than the platform has.
    pub const EVENT_TYPES_MAX: usize = 64;
    /// Rules of one flow, nested ones counted.
    pub const RULES_MAX: usize = 100;
    /// How deep groups of rules nest.
    pub const CONDITION_DEPTH_MAX: usize = 5;
    /// Actions of one flow.
    pub const ACTIONS_MAX: usize = 20;
    /// Values of one `in`.
    pub const IN_VALUES_MAX: usize = 500;
    /// Bytes of one pattern.
    pub const PATTERN_BYTES_MAX: usize = 512;
    /// Bytes of a compiled pattern; the engine's time is linear in it.
    pub const PATTERN_COMPILED_BYTES_MAX: usize = 256 * 1024;
    /// Faults reported for one definition; the rest would not help anybody.
    pub const FAULTS_MAX: usize = 50;
    /// Bytes of a definition as it is sent.
    pub const DEFINITION_BYTES_MAX: usize = 128 * 1024;
    /// How deep an action's body nests, literal or rendered.
    pub const BODY_DEPTH_MAX: usize = 32;
    /// Values (texts, numbers, lists and so on) in an action's body.
    pub const BODY_VALUES_MAX: usize = 2_000;
    /// Placeholders in one text.
    pub const PLACEHOLDERS_MAX: usize = 32;
    /// Bytes of all that one step renders; a small template may repeat a large value.
    pub const RENDERED_BYTES_MAX: usize = 256 * 1024;
    /// Bytes of one rendered path parameter.
    pub const PATH_PARAMETER_BYTES_MAX: usize = 256;
    /// Parameters of one action.
    pub const PARAMETERS_MAX: usize = 64;
    /// Runs that may begin for one entity in a minute, at the most and by default.
    pub const RUNS_PER_ENTITY_PER_MINUTE_MAX: u32 = 600;
    /// By default: a person does not change one entity more often.
    pub const RUNS_PER_ENTITY_PER_MINUTE_DEFAULT: u32 = 10;
    /// Characters of a text that is filled into a template of a flow.
    pub const PARAMETER_CHARS_MAX: usize = 500;
    /// Values of one comparison that a trial shows; a person does not read more.
    pub const ACTUAL_VALUES_SHOWN_MAX: usize = 20;
    /// Bytes of one such value.
    pub const ACTUAL_SHOWN_BYTES_MAX: usize = 2 * 1024;
    /// Versions of one flow that are stored; older ones go with the next change, unless a run that has not ended needs them.
    pub const VERSIONS_STORED_MAX: u32 = 50;
    /// Runs that are started again by one message to a workspace: some reads each, and other messages wait meanwhile no longer than for one.
    pub const REPLAYS_PER_MESSAGE_MAX: usize = 100;
    /// Runs that one request starts again or takes off the list of those that want attention; who has more asks again.
    pub const RUNS_PER_REQUEST_MAX: usize = 1_000;
    /// Most tries that a policy may ask for.
    pub const RETRY_ATTEMPTS_MAX: u32 = 200;
    /// Longest wait between tries that a policy may ask for, in milliseconds: six hours.
    pub const RETRY_WAIT_MS_MAX: u64 = 21_600_000;
    /// Longest time that a policy may keep trying, in seconds: a week.
    pub const RETRY_FOR_SECONDS_MAX: u64 = 604_800;
}

/// Schedules of flows.
pub mod schedule {
    /// Bytes of a cron expression: lists of single minutes have some 170.
    pub const CRON_BYTES_MAX: usize = 256;
    /// Bytes of a time zone's name; the longest there is has 32.
    pub const TIME_ZONE_BYTES_MAX: usize = 64;
    /// Days that are looked through for the next one that fits: from one 29 February to the next it may be eight years.
    pub const DAYS_SEARCHED_MAX: usize = 8 * 366 + 2;
    /// Flows that one round of the sweeper starts; the others follow in the next, seconds later, the longest overdue first.
    pub const DUE_PER_ROUND_MAX: u32 = 500;
}

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
    /// Bytes of an answer that a step keeps whole for later steps.
    pub const RESPONSE_BYTES_MAX: usize = 256 * 1024;
    /// Time for one call, name look-up to last byte, in milliseconds.
    pub const CALL_MS_MAX: u64 = 30_000;
    /// `Retry-After` beyond this many seconds is taken as this many.
    pub const RETRY_AFTER_SECONDS_MAX: u64 = 3_600;
    /// Bytes of a request's body that are kept to be shown.
    pub const REQUEST_SHOWN_BYTES_MAX: usize = 4 * 1024;
    /// How long a refused installation token is tried again before it counts as dead, in seconds; a fresh one needs some seconds to be known.
    pub const TOKEN_GRACE_SECONDS: u64 = 120;
    /// Waits longer than this many milliseconds are stored as `WAITING`; shorter ones are not worth a write.
    pub const WAIT_STORED_MS_MIN: u64 = 3_000;
    /// Calls to the platform that fail in a row before further runs wait for a probe to succeed.
    pub const GATE_FAILURES_MAX: u32 = 3;
    /// Longest pause between probes, in milliseconds.
    pub const GATE_WAIT_MS_MAX: u64 = 30_000;
    /// Calls a second for one installation: the platform's limit for an add-on on one workspace.
    pub const CALLS_PER_SECOND_MAX: usize = 50;
    /// The window that the rate is counted in, in milliseconds: a little over a second, so that network jitter does not squeeze a call too many
    /// into the platform's second.
    pub const CALLS_WINDOW_MS: u64 = 1_020;
    /// How long the rate stays lowered after a 429, in seconds.
    pub const SLOWED_SECONDS: u64 = 60;
    /// An event about an entity that a flow wrote within this many milliseconds counts as that write's echo.
    pub const ECHO_MS: u64 = 10_000;
    /// Writes remembered for echoes, and pairs of flow and entity counted by the loop guard; the oldest are forgotten.
    pub const LOOP_GUARD_ENTRIES_MAX: usize = 2_048;
    /// Duplicates are recognised within this many milliseconds.
    pub const DUPLICATE_MS: u64 = 300_000;
    /// Deliveries remembered for duplicate recognition; the oldest are forgotten: better a repeated run than a lost one.
    pub const DUPLICATES_REMEMBERED_MAX: usize = 1_024;
    /// Runs of one workspace that are held in memory and could go on; the others wait in the store.
    pub const QUEUE_READY_MAX: usize = 1_000;
    /// Runs of one workspace that are held in memory in all, waiting ones included.
    pub const QUEUE_HELD_MAX: usize = 10_000;
    /// Bytes of payloads that one workspace's queue holds in memory; beyond it they are read from the store when their run begins.
    pub const QUEUE_PAYLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;
    /// Older versions of flows that a workspace keeps ready for its runs; others are read and compiled again.
    pub const VERSIONS_KEPT_MAX: usize = 64;
    /// Deleted flows that a workspace remembers, for runs that are under way or being read at that moment: more than it may have flows.
    pub const DELETED_FLOWS_REMEMBERED_MAX: usize = 1_024;
    /// Runs read from the store at a time.
    pub const QUEUE_PAGE: u32 = 200;
    /// Entities that one workspace works on side by side, by default.
    pub const CONCURRENCY_DEFAULT: usize = 8;
    /// And at the most.
    pub const CONCURRENCY_MAX: usize = 32;
    /// How long a person's call waits for room in the budget, in milliseconds, before he is told to come again.
    pub const ROOM_WAIT_MS_MAX: u64 = 4_000;
    /// How often a step's record is offered to a store that does not take it before the run is put aside for a while.
    pub const RECORD_TRIES_MAX: u32 = 5;
    /// For how long it is put aside, in milliseconds.
    pub const RECORD_PAUSE_MS: u64 = 5_000;
}

/// What is remembered of changes.
pub mod activity {
    /// Changes kept for a workspace, the latest: a year of busy admins, and half a megabyte.
    pub const KEPT_MAX: u32 = 2_000;
    /// Characters of each text: a flow's name and more.
    pub const TEXT_CHARS_MAX: usize = 300;
}

/// Custom sources.
pub mod source {
    /// Sources of a workspace: each costs memory while its actor lives.
    pub const SOURCES_MAX: u32 = 50;
    /// Seconds that a message's time may be off, both ways, as Standard Webhooks advise.
    pub const TOLERANCE_SECONDS: u64 = 300;
    /// Bytes of a sender's message id.
    pub const MESSAGE_ID_BYTES_MAX: usize = 128;
    /// Bytes of the id of what a message is about: it stands in a column of the event and of its runs.
    pub const ENTITY_ID_BYTES_MAX: usize = 128;
    /// Bytes of a header's name that an admin chooses.
    pub const HEADER_NAME_BYTES_MAX: usize = 64;
    /// How long a former secret stays good after a rotation, in seconds, unless it is said otherwise: a day.
    pub const ROTATION_SECONDS_DEFAULT: u64 = 86_400;
    /// And at the most: thirty days.
    pub const ROTATION_SECONDS_MAX: u64 = 2_592_000;
    /// Signatures that are looked at in one `webhook-signature`; a sender that rotates sends two.
    pub const SIGNATURES_MAX: usize = 8;
}

/// Webhooks that the manifest does not declare.
pub mod subscription {
    /// How long the platform may take to list webhooks, to delete one or to give one a new token, in milliseconds. A subscription looks twice and
    /// makes once at the most, and stays below `actor::ANSWER_MS_MAX`.
    pub const LOOK_MS_MAX: u64 = 2_500;
    /// How long it may take to make one, in milliseconds.
    pub const MAKE_MS_MAX: u64 = 4_000;
    /// Bytes of its answer: 300 webhooks, as many as the largest plan has, with a token of some 700 bytes each.
    pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
    /// Webhooks that an uninstall takes back at the platform: one for each event.
    pub const TAKEN_BACK_MAX: usize = 52;
    /// Characters of a token that an admin pastes, at least: a shorter one could be guessed.
    pub const TOKEN_CHARS_MIN: usize = 16;
    /// Whose plain tokens these are, remembered so that a delivery does not ask the store: some 100 bytes each.
    pub const TOKENS_REMEMBERED_MAX: usize = 16_384;
    /// Events that a list of subscriptions looks at for when each came last.
    pub const EVENTS_LOOKED_AT_MAX: u32 = 1_000;
    /// And how far back, in seconds: thirty days.
    pub const EVENTS_LOOKED_BACK_SECONDS: u64 = 2_592_000;
}

/// Actors: mailboxes, restarts, idle time.
pub mod actor {
    /// Messages that wait for one workspace; more are answered 503.
    pub const MAILBOX_MAX: usize = 512;
    /// How long a delivery waits for room in a mailbox, in milliseconds: a fresh actor's is small until its thread has begun it.
    pub const MAILBOX_WAIT_MS: u64 = 250;
    /// Pause between looks at a full mailbox, in milliseconds.
    pub const MAILBOX_LOOK_MS: u64 = 5;
    /// Pause between looks at whether calls have ended while the service stops, in milliseconds.
    pub const DRAIN_LOOK_MS: u64 = 25;
    /// How long a caller waits for an answer, in milliseconds.
    pub const ANSWER_MS_MAX: u64 = 15_000;
    /// How often a message is offered again when its actor has just gone.
    pub const OFFERS_MAX: usize = 4;
    /// Restarts within [`RESTART_WINDOW_SECONDS`] beyond which a workspace is quarantined.
    pub const RESTARTS_MAX: usize = 5;
    /// The window that restarts are counted in, in seconds.
    pub const RESTART_WINDOW_SECONDS: u64 = 60;
    /// Wait before the first restart, in milliseconds; doubles with each further one.
    pub const RESTART_BACKOFF_MS: u64 = 50;
    /// How long a quarantine lasts unless an admin lifts it, in seconds.
    pub const QUARANTINE_SECONDS: u64 = 600;
    /// An actor that could not read its state tries again after this many milliseconds.
    pub const RELOAD_MS: u64 = 1_000;
    /// An actor without work is unloaded after this many seconds.
    pub const IDLE_SECONDS: u64 = 300;
    /// Seconds between the sweeper's rounds.
    pub const SWEEP_SECONDS: u64 = 5;
    /// Workspaces that the sweeper asks the store for at a time.
    pub const SWEEP_PAGE: u32 = 500;
    /// How long steps may end when the service stops, in milliseconds.
    pub const DRAIN_MS_MAX: u64 = 10_000;
    /// Threads that workspaces live on.
    pub const ARBITERS_MAX: usize = 64;
}

/// Old rows.
pub mod retention {
    /// Seconds between rounds.
    pub const ROUND_SECONDS: u64 = 3_600;
    /// Pause between two batches of one workspace, in milliseconds: deliveries come first.
    pub const PAUSE_MS: u64 = 20;
    /// Installations asked for at a time.
    pub const KEYS_PAGE: u32 = 500;
}

/// The store: queues, batches, pages.
pub mod store {
    /// Entries that wait for the writer; one more is answered `Busy`. About a tenth of a second of work, at most some 16 MB of usual payloads.
    pub const QUEUE_ENTRIES_MAX: usize = 4_096;
    /// Entries of one commit. Larger ones gain nothing and make everybody in them wait.
    pub const BATCH_ENTRIES_MAX: usize = 256;
    /// Payload bytes of one commit, counted roughly; the entry that passes it is the last one.
    pub const BATCH_BYTES_MAX: usize = 8 << 20;
    /// Runs of one commit, counted likewise.
    pub const RUNS_PER_BATCH_MAX: usize = 1_000;
    /// Runs that one statement writes: 17 values each, and SQLite takes 32,766 in a statement.
    pub const RUNS_PER_STATEMENT_MAX: usize = 1_000;
    /// Transactions of lifecycle calls, flows and uninstalls that wait for the writer.
    pub const QUEUE_JOBS_MAX: usize = 256;
    /// Rows that an uninstall removes in one transaction, so that the journal waits a few milliseconds at most.
    pub const PURGE_ROWS_MAX: u32 = 200;
    /// Installations with old rows that are found at a time and remembered for the round's next pages: not a megabyte.
    pub const KEYS_AHEAD_MAX: u32 = 50_000;
    /// Rows of one page of a list, whatever was asked for.
    pub const PAGE_ROWS_MAX: u32 = 1_000;
    /// Events, the newest that fit the rest of a filter, in which a search looks for what no index tells: some 20 MB of usual payloads, some
    /// tens of milliseconds.
    pub const EVENTS_SEARCHED_MAX: u32 = 10_000;
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
    /// Pages of the write-ahead log before it is folded in. Measured: 1,000 pages double the p99 of a commit, fewer cost throughput.
    pub const WAL_CHECKPOINT_PAGES: u32 = 300;
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
}

/// Requests as they come in.
pub mod http {
    /// How deep a payload may nest: what the JSON parser will build later (its own limit is 128).
    pub const PAYLOAD_DEPTH_MAX: usize = 64;
    /// Bytes of a webhook's body, by default: the platform's payloads have some kilobytes.
    pub const WEBHOOK_BYTES_DEFAULT: usize = 1024 * 1024;
    /// The least that an operator may allow; smaller would refuse usual payloads.
    pub const WEBHOOK_BYTES_MIN: usize = 16 * 1024;
    /// The most: what the reference took by default. It is held in memory.
    pub const WEBHOOK_BYTES_MAX: usize = 5 * 1024 * 1024;
    /// Threads that answer requests.
    pub const WORKERS_MAX: usize = 64;
    /// Connections that one worker holds; more wait in the system's queue.
    pub const CONNECTIONS_PER_WORKER_MAX: usize = 4_096;
    /// Connections that wait to be accepted.
    pub const BACKLOG_MAX: u32 = 1_024;
    /// Time for the head of a request, in seconds: a sender that drips must not hold a connection.
    pub const HEAD_SECONDS_MAX: u64 = 8;
    /// How long an idle connection is kept, in seconds: longer than usual proxies keep theirs, so that they close first.
    pub const IDLE_SECONDS_MAX: u64 = 75;
    /// How long a closing connection may take to take the rest of its answer, in seconds.
    pub const DISCONNECT_SECONDS_MAX: u64 = 5;
    /// Threads of one worker for blocking work; nothing on the road blocks.
    pub const BLOCKING_THREADS_MAX: usize = 4;
    /// How long answers under way may take when the service has drained, in seconds: there is nothing left that they wait for.
    pub const LAST_ANSWERS_SECONDS_MAX: u64 = 3;
    /// How long `healthcheck` waits for a connection, and for each part of the answer, in seconds; the image gives it five in all.
    pub const HEALTHCHECK_SECONDS_MAX: u64 = 2;
    /// Bytes that `healthcheck` reads.
    pub const HEALTHCHECK_ANSWER_BYTES_MAX: u64 = 64 * 1024;
    /// Bytes of a lifecycle call: INSTALLED brings one token of some 700 bytes for each of 52 webhooks.
    pub const LIFECYCLE_BODY_BYTES_MAX: usize = 256 * 1024;
    /// Bytes of a payload that stands in a list of events: a hundred of them are a few megabytes. A larger one is read by itself.
    pub const LISTED_PAYLOAD_BYTES_MAX: usize = 64 * 1024;
    /// Seconds that a whole body may take to arrive once its head is there; a slower sender holds a connection for nothing.
    pub const BODY_SECONDS_MAX: u64 = 20;
    /// Bodies up to this many bytes are copied out of the connection's buffer (8 KiB), which a waiting event would otherwise keep alive whole.
    pub const BODY_COPIED_BYTES_MAX: usize = 4 * 1024;
    /// Characters of an `X-Request-ID` that is taken over: a UUID and some more.
    pub const REQUEST_ID_CHARS_MAX: usize = 64;
    /// Bytes of one header field that is kept with an event.
    pub const HEADER_KEPT_BYTES_MAX: usize = 256;
    /// Webhooks of one installation: four for each event type there is.
    pub const WEBHOOKS_MAX: usize = 208;
    /// Bytes of one webhook's path or URL.
    pub const WEBHOOK_PATH_BYTES_MAX: usize = 512;
    /// Settings of one installation: the manifest has 14.
    pub const SETTINGS_MAX: usize = 200;
    /// Bytes of an id in a lifecycle body that is only kept to be shown: platform ids have 24.
    pub const PLATFORM_TEXT_BYTES_MAX: usize = 128;
    /// Entries of a list, unless asked otherwise; as in the reference.
    pub const PAGE_DEFAULT: u32 = 50;
    /// Entries of a list at the most; as in the reference.
    pub const PAGE_MAX: u32 = 100;
    /// Entries that a list may skip: further back nobody leafs, and skipping costs the store a read of each.
    pub const OFFSET_MAX: u32 = 1_000_000;
    /// Seconds that the store has to prove that it lives, when health is asked for.
    pub const PING_SECONDS_MAX: u64 = 2;
    /// Milliseconds that the answer of such a proof is good for, so that strangers who ask for health cost the store nothing.
    pub const PING_GOOD_MS: u64 = 1_000;
    /// `Retry-After` of a 503, in seconds: a restart and a full queue both pass within it.
    pub const RETRY_AFTER_SECONDS: u64 = 5;
    /// Bytes of a trial of a flow or a path: a definition and a whole payload.
    pub const TRIAL_BYTES_MAX: usize = 2 * 1024 * 1024;
    /// Values that a trial of a path answers with; it says how many there are.
    pub const VALUES_SHOWN_MAX: usize = 100;
    /// Bytes of those values together, counted roughly.
    pub const VALUES_SHOWN_BYTES_MAX: usize = 256 * 1024;
    /// Bytes of a document with flows to import: a hundred large ones.
    pub const IMPORT_BYTES_MAX: usize = 4 * 1024 * 1024;
    /// Bytes of a request that names runs: a thousand ids of 36 characters, and what stands around them.
    pub const RUNS_CHOSEN_BYTES_MAX: usize = 64 * 1024;
    /// Bytes of a text that is sought in events: longer ones nobody types.
    pub const SOUGHT_BYTES_MAX: usize = 256;
    /// Hours that the dashboard's chart shows.
    pub const CHART_HOURS: u32 = 24;
}

/// What an operator or an admin may set, where no other part bounds it.
pub mod setting {
    /// Pages of one list that a snapshot reads: at 5,000 entities a page more than any workspace has.
    pub const PAGES_MAX: u32 = 10_000;
    /// Days that time entries are read back, that events and runs are kept, and that entities of a snapshot are: a year, as in the reference.
    pub const DAYS_MAX: u32 = 365;
    /// Events that one custom sender may send in a minute: a hundred a second is a flood for one workspace.
    pub const CUSTOM_WEBHOOKS_PER_MINUTE_MAX: u32 = 6_000;
    /// How long writing settings to the platform may take, in milliseconds: with the wait for room it stays below `actor::ANSWER_MS_MAX`.
    pub const WRITE_MS_MAX: u64 = 8_000;
    /// Bytes of the platform's answer to that: the whole tree of settings.
    pub const ANSWER_BYTES_MAX: usize = 256 * 1024;
    /// Characters of the platform's words about a refusal that an admin is shown.
    pub const WORDS_CHARS_MAX: usize = 300;
    /// Bytes of a change of settings or of a custom source: some texts and numbers.
    pub const CHANGE_BYTES_MAX: usize = 16 * 1024;
}

/// Counters.
pub mod metrics {
    /// Patterns of the route table that are counted one by one: several times as many as there are.
    pub const ROUTES_MAX: usize = 256;
}

/// The simulated platform. It runs on a developer's machine or in a test, never under `serve`.
pub mod sandbox {
    /// Bytes of a request's body: more than any honest call has.
    pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
    /// Bytes of a body that the journal keeps.
    pub const JOURNAL_BODY_BYTES_MAX: usize = 64 * 1024;
    /// Requests that the journal remembers; the oldest are forgotten.
    pub const JOURNAL_REQUESTS_MAX: usize = 10_000;
    /// Deliveries that are remembered; the oldest are forgotten.
    pub const DELIVERIES_MAX: usize = 10_000;
    /// Deliveries on their way at a time.
    pub const DELIVERIES_IN_FLIGHT_MAX: usize = 32;
    /// Tries of one delivery. How often the platform tries is not known; this is enough to see that it does.
    pub const DELIVERY_TRIES: u32 = 8;
    /// Time between tries of a delivery, in milliseconds: the shortest gap that was seen on the platform.
    pub const REDELIVERY_MS: u64 = 14_000;
    /// How long the service may take to answer a webhook or a lifecycle call, in milliseconds. The platform's own limit is not known.
    pub const ANSWER_MS_MAX: u64 = 20_000;
    /// Bytes of the service's answers that are read.
    pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
    /// Requests a second for one installation, as documented.
    pub const REQUESTS_PER_SECOND: usize = 50;
    /// Entities of a list's page, if the caller does not say.
    pub const PAGE_SIZE_DEFAULT: usize = 50;
    /// Timers that run, on a page, if the caller does not say; documented.
    pub const PAGE_SIZE_IN_PROGRESS: usize = 10;
    /// Entities of a list's page at the most; a larger page is refused.
    pub const PAGE_SIZE_MAX: usize = 5_000;
    /// Timers that run, and rows of a report, on a page at the most.
    pub const PAGE_SIZE_SMALL_MAX: usize = 1_000;
    /// Policies, balances and requests of time off on a page at the most; documented.
    pub const PAGE_SIZE_TIME_OFF_MAX: usize = 200;
    /// Entities of one kind in a workspace; the oldest leave when more are made, so that a client that only creates cannot fill the memory.
    pub const ENTITIES_MAX: usize = 100_000;
    /// Deleted entities that the feed of deletions remembers; the oldest are forgotten.
    pub const DELETED_MAX: usize = 1_000;
    /// Uploaded files that a workspace keeps; the oldest leave. Together with the bound of a request's body this bounds their memory.
    pub const FILES_MAX: usize = 20;
    /// Parts of a form.
    pub const FORM_PARTS_MAX: usize = 100;
    /// Weeks for which a recurring assignment is planned.
    pub const ASSIGNMENT_WEEKS_MAX: u64 = 99;
    /// Faults that wait to happen.
    pub const FAULTS_MAX: usize = 100;
    /// Bytes of a huge answer.
    pub const HUGE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
    /// Entities of each kind that a workspace is filled with on request.
    pub const SEEDED_ENTITIES_MAX: usize = 10_000;
    /// Webhooks of a workspace whose plan is the largest.
    pub const WEBHOOKS_OF_PLAN: usize = 300;
    /// Workspaces of one platform.
    pub const WORKSPACES_MAX: usize = 1_000;
    /// How long any step of the demo may take, in seconds: a moment on an idle machine, and a bound for all others.
    pub const STORY_STEP_SECONDS_MAX: u64 = 30;
    /// How often the demo asks how far things are, in milliseconds.
    pub const STORY_POLL_MS: u64 = 20;
}
