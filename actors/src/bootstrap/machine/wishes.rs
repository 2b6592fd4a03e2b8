//! What others want of a bootstrap, the platform aside: that it rests, goes on, ends, or reads again what failed.

use super::{Changed, Machine};
use crate::bootstrap::record::{Lane, OperationStatus, Progress, Status};
use crate::clock::Timestamp;
use crate::entity::EntityType;

impl Machine {
    pub(super) fn pause(&mut self, note: String) -> Changed {
        if self.record.head.status != Status::Running {
            return Changed::default();
        }
        (self.record.head.status, self.record.head.note) = (Status::Paused, Some(note));
        Changed { head: true, ..Changed::default() }
    }

    pub(super) fn resume(&mut self) -> Changed {
        if self.record.head.status != Status::Paused {
            return Changed::default();
        }
        (self.record.head.status, self.record.head.note) = (Status::Running, None);
        (self.stalls, self.stalled_since, self.refused_since, self.paused_until) = (0, None, None, None);
        Changed { head: true, ..Changed::default() }
    }

    pub(super) fn cancel(&mut self, now: Timestamp) -> Changed {
        if !self.record.head.status.unfinished() {
            return Changed::default();
        }
        (self.record.head.status, self.record.head.finished_at) = (Status::Cancelled, Some(now));
        let mut operations = Vec::new();
        for (index, progress) in self.record.operations.iter_mut().enumerate().filter(|(_, progress)| !progress.status.over()) {
            progress.status = OperationStatus::Cancelled;
            progress.lanes.clear();
            operations.push(index);
        }
        Changed { operations, head: true, ..Changed::default() }
    }

    pub(super) fn retry(&mut self, which: Option<&str>) -> Changed {
        if self.record.head.status == Status::Disabled {
            return Changed::default();
        }
        let failed = |progress: &Progress| {
            matches!(progress.status, OperationStatus::Failed | OperationStatus::Cancelled)
                || (progress.status == OperationStatus::Complete && progress.left_out > 0)
        };
        let wanted = |progress: &Progress| failed(progress) && which.is_none_or(|which| which == progress.operation);
        let mut again: Vec<usize> = self.indices(wanted);
        // What is read below of what was not read has not been read either.
        let kinds: Vec<EntityType> = again.iter().filter_map(|index| Some(self.record.operations.get(*index)?.kind.clone())).collect();
        let children = |progress: &Progress| {
            progress.status.over()
                && progress.status != OperationStatus::Skipped
                && progress.below.as_ref().is_some_and(|below| kinds.contains(&below.kind))
        };
        again.extend(self.indices(children).into_iter().filter(|child| !again.contains(child)).collect::<Vec<_>>());
        for index in &again {
            let Some(progress) = self.record.operations.get_mut(*index) else { continue };
            (progress.status, progress.error, progress.failures, progress.left_out) = (OperationStatus::Pending, None, 0, 0);
            (progress.after, progress.drained, progress.truncated, progress.lists) = (None, false, false, 0);
            progress.lanes = if progress.below.is_some() { Vec::new() } else { vec![Lane::new(None, progress.size)] };
            let kind = &progress.kind;
            self.record.head.swept.retain(|swept| swept != kind);
        }
        if !again.is_empty() && self.record.head.status != Status::Paused {
            (self.record.head.status, self.record.head.finished_at, self.record.head.note) = (Status::Running, None, None);
        }
        Changed { head: !again.is_empty(), operations: again, ..Changed::default() }
    }

    fn indices(&self, of: impl Fn(&Progress) -> bool) -> Vec<usize> {
        self.record.operations.iter().enumerate().filter(|(_, progress)| of(progress)).map(|(index, _)| index).collect()
    }
}
