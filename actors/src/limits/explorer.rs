//! Calls that people make through the explorer.

/// Time for one call, in milliseconds: reports need as long as that.
pub const CALL_MS_MAX: u64 = 30_000;
/// How long a caller waits for it, in milliseconds: room in the budget, the call, and the record of it.
pub const ANSWER_MS_MAX: u64 = 40_000;
/// Bytes of an answer, which is held in memory until it has been handed over.
pub const RESPONSE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Calls that one workspace has under way: people read what they get, and each may hold an answer of the size above.
pub const CALLS_AT_ONCE_MAX: usize = 4;
/// Bytes of an answer that is downloaded, after decompression. It is not held, so what bounds it is how long it may take: a report of a hundred thousand
/// time entries at 600 bytes each comes whole.
pub const DOWNLOAD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Time for a download as a whole, in milliseconds: that much over a line of a megabit a second, and the call before it.
pub const DOWNLOAD_MS_MAX: u64 = 600_000;
/// How long the words of a refusal may take, in milliseconds: who wanted a download waits for its record.
pub const REFUSAL_MS_MAX: u64 = 5_000;
/// Pieces of a download, of [`super::outbound::PIECE_BYTES_MAX`] each, that wait for the caller: enough that neither side waits for the other's thread,
/// a quarter of a megabyte. Beyond it the platform waits.
pub const DOWNLOAD_PIECES_WAITING_MAX: usize = 8;
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
