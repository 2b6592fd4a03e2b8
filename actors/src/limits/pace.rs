//! The calls of one installation as the platform counts them.

/// How long a call counts from its latest arrival on, in milliseconds: the platform's second, what two clocks of whole milliseconds round, and one
/// more.
pub const COUNTED_MS: u64 = 1_003;
/// Answers of which the quickest is remembered together; it is for twice as many more. At the full rate that is two to three seconds, and a way that
/// has become quicker is noticed with the first quick answer.
pub const ANSWERS_TOGETHER: u32 = 50;
/// The share of the quickest answer's time that is relied upon, in eighths: the very quickest way is seldom seen.
pub const RELIED_EIGHTHS: u32 = 7;
/// For how long nothing is relied upon after the platform has refused a call for the rate, in seconds.
pub const DISTRUST_SECONDS: u64 = 60;
/// What was sent before a call was cut off may arrive so much later, in milliseconds.
pub const LOST_MS: u64 = 500;
/// The time over which the calls of one second are spread that nobody waits for, in milliseconds: as much over a second as one of them may be late.
pub const SPREAD_MS: u64 = 1_020;
/// How late such a call may come without making the next ones late, in milliseconds: a busy machine wakes a sleeper some time after its time.
pub const LATE_MS: u64 = 20;
/// The same at the full rate, where the places of a second see to it that there are not too many: a page is being stored meanwhile.
pub const LATE_AT_FULL_RATE_MS: u64 = 40;
/// How long a more urgent call may have to wait for a place because of less urgent ones, in milliseconds, at one call a second; at fifty it is 25.
pub const YIELD_MS: u64 = 1_250;
/// How long a call waits until it counts as the next more urgent kind, in milliseconds: nobody starves, and a person hardly ever meets it.
pub const PROMOTED_MS: u64 = 1_000;
/// Longest pause before a place is asked for again, in milliseconds, where it is not known when one will be free.
pub const LOOK_MS: u64 = 10;
/// And where it is known, while the rate grows after a refusal.
pub const WAIT_MS_MAX: u64 = 200;
/// Pause after a refusal that does not say how long, in milliseconds: the platform's second.
pub const PAUSE_MS_DEFAULT: u64 = 1_000;
/// The least that refusals lower the rate to, in calls a second: it goes on, and finds out when more is possible.
pub const RATE_MIN: usize = 5;
/// Calls a second that the rate gains back in each second after a refusal: from half of it to all in five.
pub const REGAINED_PER_SECOND: usize = 5;
