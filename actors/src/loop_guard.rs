//! Loops: what a flow writes comes back as an event. Clockify carries no mark of who caused a change, so two rules stand in.
//!
//! An event about an entity that this flow wrote moments ago does not start it again ([`LoopGuard::echoes`]); and of the events that arrive for one
//! entity within a minute no more than a limit start a flow before the minute is over ([`LoopGuard::admit`]): further ones wait, nothing is dropped.
//! What counts is when an event arrived: a backlog that is worked off after an outage is no loop.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::ids::FlowId;
use crate::limits::run as limits;

const MINUTE: Duration = Duration::from_secs(60);

/// The memory of one workspace.
#[derive(Debug, Default)]
pub struct LoopGuard {
    /// Ids that a flow wrote, with the time; oldest first.
    writes: VecDeque<(FlowId, String, Timestamp)>,
    /// Arrivals, within the last minute, of the runs that have begun.
    begun: HashMap<(FlowId, Arc<str>), VecDeque<Timestamp>>,
}

impl LoopGuard {
    /// Remembers that a flow wrote the entity with this id.
    pub fn wrote(&mut self, flow: FlowId, id: &str, now: Timestamp) {
        while self.writes.len() >= limits::LOOP_GUARD_ENTRIES_MAX || self.writes.front().is_some_and(|(.., at)| stale(*at, now)) {
            self.writes.pop_front();
        }
        self.writes.push_back((flow, id.to_owned(), now));
    }

    /// Whether an event about `entity` (`kind:id`) looks like the echo of this flow's own write.
    pub fn echoes(&self, flow: FlowId, entity: Option<&Arc<str>>, now: Timestamp) -> bool {
        let Some((_, id)) = entity.and_then(|entity| entity.split_once(':')) else { return false };
        self.writes.iter().any(|(writer, written, at)| *writer == flow && written == id && !stale(*at, now))
    }

    /// Whether a run that arrived at `arrived` may begin; else when to ask again.
    pub fn admit(
        &mut self,
        flow: FlowId,
        entity: Option<&Arc<str>>,
        per_minute: u32,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        let Some(entity) = entity else { return Ok(()) };
        if self.begun.len() >= limits::LOOP_GUARD_ENTRIES_MAX {
            self.begun.retain(|_, times| times.back().is_some_and(|last| now.since(*last) < MINUTE));
        }
        if self.begun.len() >= limits::LOOP_GUARD_ENTRIES_MAX && !self.begun.contains_key(&(flow, Arc::clone(entity))) {
            return Ok(());
        }
        let times = self.begun.entry((flow, Arc::clone(entity))).or_default();
        while times.front().is_some_and(|first| now.since(*first) >= MINUTE) {
            times.pop_front();
        }
        match times.front() {
            Some(first) if times.len() >= per_minute as usize => Err(*first + MINUTE),
            _ => {
                times.push_back(arrived);
                Ok(())
            }
        }
    }
}

fn stale(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) >= Duration::from_millis(limits::ECHO_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, SystemClock};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn an_echo_is_recognised_for_the_flow_that_wrote_and_for_a_moment_only() {
        let (clock, mut guard) = (SystemClock::new(), LoopGuard::default());
        let (writer, other): (FlowId, FlowId) = (clock.fresh_id().into(), clock.fresh_id().into());
        let entity: Arc<str> = "time_entry:5b64".into();
        guard.wrote(writer, "5b64", at(0));
        assert!(guard.echoes(writer, Some(&entity), at(9)));
        assert!(!guard.echoes(writer, Some(&entity), at(10)));
        assert!(!guard.echoes(other, Some(&entity), at(1)));
        assert!(!guard.echoes(writer, Some(&"time_entry:5b65".into()), at(1)));
        assert!(!guard.echoes(writer, None, at(1)));
    }

    #[test]
    fn beyond_the_limit_a_run_waits_until_the_minute_has_room() {
        let (clock, mut guard) = (SystemClock::new(), LoopGuard::default());
        let flow: FlowId = clock.fresh_id().into();
        let entity: Arc<str> = "time_entry:1".into();
        for second in 0..3 {
            assert_eq!(guard.admit(flow, Some(&entity), 3, at(second), at(second)), Ok(()));
        }
        assert_eq!(guard.admit(flow, Some(&entity), 3, at(3), at(3)), Err(at(60)));
        assert_eq!(guard.admit(flow, Some(&"time_entry:2".into()), 3, at(3), at(3)), Ok(()));
        assert_eq!(guard.admit(flow, Some(&entity), 3, at(60), at(60)), Ok(()));
        assert_eq!(guard.admit(flow, Some(&entity), 3, at(60), at(60)), Err(at(61)));
    }

    #[test]
    fn a_backlog_of_an_hour_is_no_loop() {
        let (clock, mut guard) = (SystemClock::new(), LoopGuard::default());
        let flow: FlowId = clock.fresh_id().into();
        let entity: Arc<str> = "time_entry:1".into();
        for minute in 0..60 {
            assert_eq!(guard.admit(flow, Some(&entity), 3, at(minute * 60), at(3_700)), Ok(()));
        }
    }

    #[test]
    fn its_memory_is_bounded() {
        let (clock, mut guard) = (SystemClock::new(), LoopGuard::default());
        let flow: FlowId = clock.fresh_id().into();
        for index in 0..limits::LOOP_GUARD_ENTRIES_MAX * 2 {
            guard.wrote(flow, &index.to_string(), at(0));
            let _ = guard.admit(flow, Some(&format!("e:{index}").into()), 3, at(0), at(0));
        }
        assert!(guard.writes.len() <= limits::LOOP_GUARD_ENTRIES_MAX && guard.begun.len() <= limits::LOOP_GUARD_ENTRIES_MAX);
    }
}
