//! The calls that an installation may make: whatever they are for, they go through one pace, the more urgent first.
//! - A call is let go while the platform's second has a place for it and for all that wait before it; [`crate::pace`] says which places are held. After
//!   a quiet while many may go at once.
//! - Urgent before less urgent, and who has waited longer first. A call takes the last place only if none is more urgent than it, or another place
//!   is free within about the time between two calls: so long at the most does an urgent one wait on account of others.
//! - Who has waited for a second counts as the next more urgent kind: nobody starves. Calls for which nobody waits are spread at a rate of their own.
//! - After a 429 nothing goes until the platform's `Retry-After`, or for a second; then half of the rate, which is gained back within seconds. Calls
//!   that are refused together count as one.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::pace as limits;
use crate::limits::run::{CALLS_PER_SECOND_MAX, RETRY_AFTER_SECONDS_MAX};
use crate::pace::Pace;

/// What a call is for; earlier ones go first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Priority {
    /// A person waits for it.
    Explorer,
    /// A run waits for it.
    Flow,
    /// Nobody waits for it.
    Bootstrap,
}

/// A call's ticket: drawn before it waits, given back when it has ended. Whoever drops one without giving it back leaves a place held.
#[derive(Debug)]
pub struct Ticket {
    number: u64,
    priority: Priority,
    let_go_at: Option<Timestamp>,
}

/// The budget of one installation.
#[derive(Debug, Default)]
pub struct Budget {
    pace: Pace,
    /// Calls that have been told to wait for a place.
    waiting: Vec<Waiting>,
    tickets: u64,
    /// When the next of the calls is due that are spread evenly, in microseconds since 1970.
    next_at: i64,
    refusal: Option<Refusal>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    number: u64,
    priority: Priority,
    since: Timestamp,
}

/// What the platform's last refusal means.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    paused_until: Timestamp,
    /// The rate at that moment.
    rate: usize,
}

impl Waiting {
    /// Whose turn it is: the least.
    fn turn(&self, now: Timestamp) -> (u64, i64, u64) {
        let promoted = now.since(self.since).as_millis() / u128::from(limits::PROMOTED_MS);
        let class = (self.priority as u64).saturating_sub(u64::try_from(promoted).unwrap_or(u64::MAX));
        (class, self.since.millis(), self.number)
    }
}

impl Budget {
    /// A ticket for a call.
    pub fn ticket(&mut self, priority: Priority) -> Ticket {
        self.tickets += 1;
        Ticket { number: self.tickets, priority, let_go_at: None }
    }

    /// Lets a call go, if it may; else it waits, and is told how long to wait before asking again.
    pub fn take(&mut self, ticket: &mut Ticket, now: Timestamp) -> Result<(), Duration> {
        let most = self.rate(now);
        let spacing = Duration::from_millis(limits::YIELD_MS / most.max(1) as u64);
        let place = self.place(ticket, now);
        let turn = place.turn(now);
        let ahead = self.waiting.iter().filter(|other| other.turn(now) < turn).count();
        let wanted = self.pace.held(now) + ahead + 1;
        let least = Duration::from_millis(1);
        let longest = Duration::from_millis(if self.refusal.is_some() { limits::WAIT_MS_MAX } else { limits::COUNTED_MS });
        let look = Duration::from_millis(limits::LOOK_MS);
        let wait = match self.paused(now) {
            Some(pause) => pause.max(least),
            None if wanted > most => self.pace.free_in(wanted - most, now).map_or(look, |wait| wait.clamp(least, longest)),
            // The last place.
            None if wanted == most && turn.0 > 0 => match self.pace.free_in(1, now) {
                Some(wait) if wait <= spacing => Duration::ZERO,
                Some(wait) => (wait - spacing).clamp(least, longest),
                None => look,
            },
            None => Duration::ZERO,
        };
        if !wait.is_zero() {
            return Err(wait);
        }
        self.waiting.retain(|waiting| waiting.number != ticket.number);
        self.pace.begun();
        ticket.let_go_at = Some(now);
        Ok(())
    }

    /// Lets a call go that is spread evenly with others, of which there are at most `per_second`.
    pub fn take_evenly(&mut self, ticket: &mut Ticket, per_second: u32, now: Timestamp) -> Result<(), Duration> {
        let rate = self.rate(now);
        let gap = gap(rate.min(per_second.max(1) as usize));
        let late = if per_second as usize >= rate { limits::LATE_AT_FULL_RATE_MS } else { limits::LATE_MS };
        // A clock that went back does not lock it.
        self.next_at = self.next_at.min(micros(now) + gap);
        if micros(now) < self.next_at {
            let wait = Duration::from_micros(u64::try_from(self.next_at - micros(now)).unwrap_or(0));
            return Err(wait.max(Duration::from_millis(1)));
        }
        self.take(ticket, now)?;
        self.next_at = self.next_at.max(micros(now - Duration::from_millis(late))) + gap;
        Ok(())
    }

    /// A call has been answered.
    pub fn answered(&mut self, ticket: Ticket, now: Timestamp) {
        if let Some(let_go_at) = ticket.let_go_at {
            self.pace.answered(now.since(let_go_at), now);
        }
    }

    /// A call will not be answered: it waits no longer, or it was cut off.
    pub fn lost(&mut self, ticket: &mut Ticket, now: Timestamp) {
        self.waiting.retain(|waiting| waiting.number != ticket.number);
        if ticket.let_go_at.take().is_some() {
            self.pace.lost(now);
        }
    }

    /// The platform asked for fewer calls.
    pub fn slow_down(&mut self, asked: Option<Duration>, now: Timestamp) {
        let pause = asked.unwrap_or(Duration::from_millis(limits::PAUSE_MS_DEFAULT)).min(Duration::from_secs(RETRY_AFTER_SECONDS_MAX));
        let until = now + pause;
        self.pace.refused(now);
        self.refusal = Some(match self.refusal.filter(|refusal| now < refusal.paused_until) {
            Some(refusal) => Refusal { paused_until: refusal.paused_until.max(until), ..refusal },
            None => Refusal { paused_until: until, rate: (self.rate(now) / 2).max(limits::RATE_MIN) },
        });
    }

    /// Calls that the platform may be asked to count in a second now.
    pub fn rate(&self, now: Timestamp) -> usize {
        let Some(Refusal { paused_until, rate }) = self.refusal else { return CALLS_PER_SECOND_MAX };
        let millis = usize::try_from(now.since(paused_until).as_millis()).unwrap_or(usize::MAX);
        let regained = millis.saturating_mul(limits::REGAINED_PER_SECOND) / 1_000;
        rate.saturating_add(regained).min(CALLS_PER_SECOND_MAX)
    }

    /// How long nothing may go.
    fn paused(&mut self, now: Timestamp) -> Option<Duration> {
        let Refusal { paused_until, .. } = self.refusal?;
        if self.rate(now) >= CALLS_PER_SECOND_MAX {
            self.refusal = None;
            return None;
        }
        (now < paused_until).then(|| paused_until.since(now))
    }

    /// Where a call stands in the line, at its end if it comes only now.
    fn place(&mut self, ticket: &Ticket, now: Timestamp) -> Waiting {
        let known = self.waiting.iter_mut().find(|waiting| waiting.number == ticket.number);
        if let Some(waiting) = known {
            // A clock that went back does not make it the last for ever.
            waiting.since = waiting.since.min(now);
            return *waiting;
        }
        let waiting = Waiting { number: ticket.number, priority: ticket.priority, since: now };
        self.waiting.push(waiting);
        waiting
    }
}

fn micros(moment: Timestamp) -> i64 {
    moment.millis().saturating_mul(1_000)
}

fn gap(per_second: usize) -> i64 {
    i64::try_from(limits::SPREAD_MS * 1_000).unwrap_or(i64::MAX) / i64::try_from(per_second.max(1)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
