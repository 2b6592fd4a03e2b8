//! Calls that leave the process.

/// Name look-up and TCP connect together: a reachable host answers within a second or two, and a hostile one must not hold a step.
pub const CONNECT_SECONDS_MAX: u64 = 5;
/// TLS handshake, after connect. With the line above it makes the ten seconds within which a host must have answered at all.
pub const HANDSHAKE_SECONDS_MAX: u64 = 5;
/// A whole exchange, whatever the caller asks for: the slowest honest answers are reports, and a drip must end.
pub const EXCHANGE_SECONDS_MAX: u64 = 60;
/// An answer after decompression, whatever the caller asks for: the largest honest page is a few MiB and it is held in memory.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// An answer that is handed on piece by piece, after decompression, whatever the caller asks for: nothing holds it whole.
pub const STREAMED_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A piece of such an answer: what gzip makes of one packet may be a thousand times as much, and is given out bit by bit.
pub const PIECE_BYTES_MAX: usize = 32 * 1024;
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
/// A host's name, and one label of it: what DNS has room for.
pub const HOST_BYTES_MAX: usize = 253;
/// See [`HOST_BYTES_MAX`].
pub const LABEL_BYTES_MAX: usize = 63;
/// A `Content-Type` that is kept; longer ones are dropped.
pub const CONTENT_TYPE_BYTES_MAX: usize = 255;
