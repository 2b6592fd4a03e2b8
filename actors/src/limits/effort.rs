//! What one workspace may do on the thread that it shares with others.

/// Visits to nodes of documents that a workspace may make in a second in the long run, and other work counted in them: at some thirty nanoseconds
/// each, a thirty-second part of a thread. While a thread is taken, everybody soon waits for somebody on it, so that a part of it is as much of the
/// others' throughput: measured, a sixteenth left them nine tenths.
pub const VISITS_PER_SECOND: u32 = 1_000_000;
/// So many seconds' worth may come at once: a thousand usual events with a flow.
pub const CREDIT_SECONDS: u64 = 8;
/// How long a run rests before it looks whether it is to stop, in milliseconds.
pub const REST_LOOK_MS: u64 = 250;
/// How long a delivery to such a workspace waits for its refusal, in milliseconds: eight senders without a pause get 80 of them a second, which is
/// nothing, and without the wait some 5,000, which is half of what the service has.
pub const REFUSAL_HELD_MS: u64 = 100;
/// Refusals of one workspace that wait at a time: each holds a connection.
pub const REFUSALS_HELD_MAX: usize = 256;
/// An event, whatever it is, from its request to its row: some sixty microseconds.
pub const VISITS_PER_EVENT: usize = 2_000;
/// A run that it starts, until it stands in the store and in the queue.
pub const VISITS_PER_RUN: usize = 2_000;
/// A run's record, written again as it goes on.
pub const VISITS_PER_RECORD: usize = 1_000;
/// A call, whatever is answered.
pub const VISITS_PER_CALL: usize = 1_000;
/// Bytes of a payload that are received, looked through and hashed at the price of one visit; and once more as many that are stored, which is in the log
/// and in the file.
pub const BYTES_PER_VISIT: usize = 5;
/// A value of a text that becomes a tree and is dropped again: measured 40 ns for numbers in lists, 80 for small objects, 120 for members with texts.
pub const VISITS_PER_VALUE: usize = 3;
/// Bytes of an answer that is received, likewise.
pub const BYTES_ANSWERED_PER_VISIT: usize = 3;
/// Bytes of what a run's steps keep, which are copied, made a text, and written twice with each of its records: to the log and from there to the file.
pub const BYTES_RECORDED_PER_VISIT: usize = 1;
