//! The calls of one installation as the platform counts them: how many places of a second are taken.
//!
//! The platform counts a call when it arrives, at a moment that nobody here knows: after the call has left and before its answer is here. So a call
//! holds a place from the moment that it is let go until one second after the moment at which it must have arrived. No call is let go while as many
//! places are held as the platform allows in a second.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::pace as limits;

/// The places of one installation's calls.
///
/// **Law.** However the calls are made and however long each of them is on its way, no second of the platform's sees more than that many. *Proof:*
/// take any second in which calls arrived, and of these the one that was let go last, at `b`. All others were let go before and arrived after the
/// beginning of that second, which is later than `b` less one second: the last one arrived after `b` and in the same second. So at `b` none of them had
/// arrived more than a second ago, each held a place, and there was one for the last.
///
/// A call must have arrived by its answer; that much holds always, and costs the time of a whole answer for each place. It must even have arrived the
/// quickest answer's time before its own answer, if time is counted from the moment at which a call could arrive at the earliest: be `d` the shortest
/// way there and `r` the shortest time from an arrival to the answer, then the quickest answer takes `d + r`, no call arrives before `b + d`, and
/// none later than `r` before its answer. The proof is the same, with all arrivals moved by `d`. It relies on the quickest of the last answers to
/// have had a way as quick as any, so a part of its time is left out of account, and all of it for a while after the platform has refused a call.
#[derive(Debug, Default)]
pub struct Pace {
    under_way: usize,
    /// When each of the others arrived at the latest; the oldest first.
    arrived: VecDeque<Timestamp>,
    way: Way,
}

impl Pace {
    /// Places that are held.
    pub fn held(&mut self, now: Timestamp) -> usize {
        let second = Duration::from_millis(limits::COUNTED_MS);
        // A clock that went back does not hold them for longer.
        let ahead = now + Duration::from_millis(limits::LOST_MS);
        self.arrived.retain(|arrived| now.since(*arrived) < second && *arrived <= ahead);
        self.under_way + self.arrived.len()
    }

    /// How long until `places` of those that are held are free. `None`: nobody knows, they are held by calls under way.
    pub fn free_in(&self, places: usize, now: Timestamp) -> Option<Duration> {
        let arrived = self.arrived.get(places.saturating_sub(1))?;
        Some((*arrived + Duration::from_millis(limits::COUNTED_MS)).since(now))
    }

    /// A call is let go.
    pub fn begun(&mut self) {
        self.under_way += 1;
    }

    /// It was answered, so long after it had been let go.
    pub fn answered(&mut self, took: Duration, now: Timestamp) {
        self.way.answered(took, now);
        let before = self.way.relied_upon().min(took);
        self.ended(now - before);
    }

    /// It was not, and what was sent of it may still arrive.
    pub fn lost(&mut self, now: Timestamp) {
        self.ended(now + Duration::from_millis(limits::LOST_MS));
    }

    /// The platform refused a call: something arrived otherwise than thought.
    pub fn refused(&mut self, now: Timestamp) {
        self.way = Way { distrusted_until: Some(now + Duration::from_secs(limits::DISTRUST_SECONDS)), ..Way::default() };
    }

    fn ended(&mut self, arrived: Timestamp) {
        self.under_way = self.under_way.saturating_sub(1);
        let place = self.arrived.partition_point(|earlier| *earlier <= arrived);
        self.arrived.insert(place, arrived);
    }
}

/// What is known of the way to the platform and back.
#[derive(Debug, Default)]
struct Way {
    /// What the quickest of these answers took.
    quickest: Option<Duration>,
    answers: u32,
    /// And of as many before them, and before those.
    earlier: [Option<Duration>; 2],
    distrusted_until: Option<Timestamp>,
}

impl Way {
    fn answered(&mut self, took: Duration, now: Timestamp) {
        // A clock that went back does not make it longer.
        let longest = now + Duration::from_secs(limits::DISTRUST_SECONDS);
        self.distrusted_until = self.distrusted_until.filter(|until| now < *until && *until <= longest);
        self.quickest = Some(self.quickest.map_or(took, |quickest| quickest.min(took)));
        self.answers += 1;
        if self.answers >= limits::ANSWERS_TOGETHER {
            (self.earlier, self.quickest, self.answers) = ([self.quickest, self.earlier[0]], None, 0);
        }
    }

    /// The time before an answer by which its call has certainly arrived.
    fn relied_upon(&self) -> Duration {
        let ([Some(_), _], None) = (self.earlier, self.distrusted_until) else { return Duration::ZERO };
        let quickest = self.earlier.into_iter().chain([self.quickest]).flatten().min().unwrap_or_default();
        // Both of its ends were rounded to whole milliseconds.
        (quickest * limits::RELIED_EIGHTHS / 8).saturating_sub(Duration::from_millis(1))
    }
}
