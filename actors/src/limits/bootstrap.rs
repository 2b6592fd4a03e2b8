//! Reading a workspace's data.

/// Entities in a page: what the platform gives of most lists at a time. It is stored in several transactions, so that the journal waits little.
pub const PAGE_ENTITIES_MAX: u32 = 200;
/// A page that is still too large with this many is given up.
pub const PAGE_ENTITIES_MIN: u32 = 10;
/// Bytes of a page: 200 projects with their memberships have some hundred kilobytes.
pub const PAGE_BYTES_MAX: usize = 8 << 20;
/// A page of more bytes is read on another thread: a fifth of a millisecond.
pub const BYTES_READ_HERE_MAX: usize = 16 << 10;
/// Pages of all workspaces that are read on other threads together: each has a processor to itself, and the requests keep theirs.
pub const READ_ELSEWHERE_MAX: usize = 2;
/// Time for one page, name look-up to last byte, in milliseconds.
pub const CALL_MS_MAX: u64 = 30_000;
/// Calls of one workspace that are under way together: 50 a second at more than half a second each.
pub const CALLS_MAX: usize = 32;
/// Lists of one operation that are open together; each page stores their standing, some 100 bytes each.
pub const LANES_MAX: usize = 32;
/// Tries of a page.
pub const TRIES_MAX: u32 = 5;
/// Half the wait before the second one, in milliseconds; doubles with each further one.
pub const RETRY_MS: u64 = 500;
/// Doublings of a wait, for a page or for the platform: a shift stays within its type, and another bound is reached before.
pub const DOUBLINGS_MAX: u32 = 16;
/// Pause before a refused installation token is tried again, in milliseconds: a fresh one is known everywhere after a few seconds.
pub const TOKEN_PAUSE_MS: u64 = 5_000;
/// Lists of an operation that cannot be read before it is given up.
pub const FAILURES_MAX: u64 = 20;
/// Lists of an operation that the platform does not read, while it has read none, before the others are not asked for: more entities than vanish
/// between a list and what is read below it, and some seconds' calls.
pub const LEFT_OUT_MAX: u64 = 200;
/// Longest wait for a platform that is not there, in milliseconds.
pub const STALL_MS_MAX: u64 = 30_000;
/// How long the platform may not be there before the bootstrap is given up, in seconds: a day, as for runs.
pub const STALL_SECONDS_MAX: u64 = 86_400;
/// Errors that stand in the one line that people are shown.
pub const ERRORS_SHOWN_MAX: usize = 5;
/// Characters of the platform's words about a refusal that are kept.
pub const WORDS_CHARS_MAX: usize = 300;
/// How long a bootstrap rests after the store did not take something, in milliseconds.
pub const STORE_PAUSE_MS: u64 = 1_000;
/// Entities that are looked at in one step of the search for those that have vanished.
pub const SWEEP_ROWS: u32 = 1_000;
/// What webhooks say of entities and that waits to be written; more is dropped, and the next bootstrap reads it.
pub const NEWS_MAX: usize = 1_024;
/// How long it is gathered, in milliseconds.
pub const NEWS_MS: u64 = 100;
/// Entities of one payload that are looked up for people.
pub const PAYLOAD_ENTITIES_MAX: usize = 50;
/// For how long a snapshot is fresh, in seconds for each day that entities are kept: three quarters, so that the platform may be away for the rest.
pub const FRESH_SECONDS_PER_DAY: u64 = 64_800;
/// Snapshots that one round begins anew because they are stale; the others follow in the next, an hour later.
pub const REFRESHES_PER_ROUND_MAX: usize = 1_000;
