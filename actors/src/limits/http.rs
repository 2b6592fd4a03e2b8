//! Requests as they come in.

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
/// Seconds from the first byte of a request to the first of its answer: a head, a body and the longest call that an answer waits for, and half as
/// much again. Who has no answer by then has not sent a request.
pub const REQUEST_SECONDS_MAX: u64 = 100;
/// How long a reader may keep answers waiting in all, in seconds.
pub const ANSWER_UNREAD_SECONDS_MAX: u64 = 30;
/// Bytes that give a second of that back: slower readers than a modem of the nineties hold answers in memory for nothing.
pub const ANSWER_BYTES_PER_SECOND_MIN: u64 = 4 * 1024;
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
