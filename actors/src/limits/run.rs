//! Runs and their steps.

/// Tries of a step that may have had an effect, by default: enough for a day at the longest wait.
pub const RETRY_ATTEMPTS_DEFAULT: u32 = 40;
/// First wait between tries, in milliseconds, by default.
pub const RETRY_INITIAL_MS_DEFAULT: u64 = 1_000;
/// Longest wait between tries, in milliseconds, by default: an hour.
pub const RETRY_WAIT_MS_DEFAULT: u64 = 3_600_000;
/// How long a step keeps trying, in seconds, by default: a day.
pub const RETRY_FOR_SECONDS_DEFAULT: u64 = 86_400;
/// Doublings of the first wait; with so many the longest wait of any policy is reached, and the shift stays within its type.
pub const RETRY_DOUBLINGS_MAX: u32 = 32;
/// Bytes of an answer that a step keeps whole for later steps.
pub const RESPONSE_BYTES_MAX: usize = 256 * 1024;
/// Steps of one run, those of every item counted: a run's record is read and written whole.
pub const STEPS_MAX: usize = 300;
/// Bytes of an item's last answer that are kept once the item is done; larger ones are dropped.
pub const ITEM_ANSWER_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a request's body that are kept to be shown once its item is done.
pub const ITEM_REQUEST_SHOWN_BYTES_MAX: usize = 512;
/// How long a run may take from its first step on, in seconds: the longest policy of retries and as much again.
pub const RUN_SECONDS_MAX: u64 = 1_209_600;
/// Time for one call, name look-up to last byte, in milliseconds.
pub const CALL_MS_MAX: u64 = 30_000;
/// `Retry-After` beyond this many seconds is taken as this many.
pub const RETRY_AFTER_SECONDS_MAX: u64 = 3_600;
/// Bytes of a request's body that are kept to be shown.
pub const REQUEST_SHOWN_BYTES_MAX: usize = 4 * 1024;
/// How long a refused installation token is tried again before it counts as dead, in seconds; a fresh one needs some seconds to be known.
pub const TOKEN_GRACE_SECONDS: u64 = 120;
/// Doublings of the wait for a fresh token, from a second on: 32 s between the last tries of [`TOKEN_GRACE_SECONDS`].
pub const TOKEN_WAIT_DOUBLINGS_MAX: u32 = 5;
/// Characters of the platform's words about a refusal that a step keeps.
pub const WORDS_CHARS_MAX: usize = 300;
/// Bytes of the id of an entity that an event or an answer is about: the platform's have 24. It is remembered for echoes.
pub const ENTITY_ID_BYTES_MAX: usize = 64;
/// Waits longer than this many milliseconds are stored as `WAITING`; shorter ones are not worth a write.
pub const WAIT_STORED_MS_MIN: u64 = 3_000;
/// Calls to the platform that fail in a row before further runs wait for a probe to succeed.
pub const GATE_FAILURES_MAX: u32 = 3;
/// Longest pause between probes, in milliseconds.
pub const GATE_WAIT_MS_MAX: u64 = 30_000;
/// Calls a second for one installation: the platform's limit for an add-on on one workspace.
pub const CALLS_PER_SECOND_MAX: usize = 50;
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
/// Wait before it is offered for the second time, in milliseconds; doubles with each further one, to a second and a half in all.
pub const RECORD_RETRY_MS: u64 = 50;
/// For how long it is put aside, in milliseconds.
pub const RECORD_PAUSE_MS: u64 = 5_000;
/// Seconds after which a workspace that waits looks at the clock again, so that a wall clock that is set forward is noticed.
pub const LOOK_SECONDS_MAX: u64 = 60;
