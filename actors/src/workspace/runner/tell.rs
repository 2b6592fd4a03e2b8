//! Lines of the log about a workspace's runs, from the level on that its settings say. Where a run stands and why; nothing of what it carries.

use super::Runner;
use crate::flow::run::{Run, RunState};
use crate::settings::LoggingLevel;

impl Runner {
    /// About a try of a step.
    pub(super) fn tell_step(&self, run: &Run) {
        if self.inner.borrow().logging_level > LoggingLevel::Debug {
            return;
        }
        let Some(step) = run.steps.last() else { return };
        log::debug!(
            addon = self.key.addon.slug(), workspace:% = self.key.workspace, flow:% = run.flow, run:% = run.id, step = step.index,
            item:? = step.each.map(|each| each.item), action = step.action.as_str(), state:? = step.state, attempts = step.attempts, status:? = step.status,
            duration_ms = step.duration_ms;
            "a step was tried"
        );
    }

    /// About a run that has ended, or is left waiting.
    pub(super) fn tell_run(&self, run: &Run) {
        let (told_from, level) = match run.state {
            RunState::Failed | RunState::Uncertain => (LoggingLevel::Warning, log::Level::Warn),
            RunState::Succeeded | RunState::Stopped | RunState::Cancelled => (LoggingLevel::Info, log::Level::Info),
            RunState::Queued | RunState::Running | RunState::Waiting => (LoggingLevel::Debug, log::Level::Debug),
        };
        if self.inner.borrow().logging_level > told_from {
            return;
        }
        log::log!(
            level, addon = self.key.addon.slug(), workspace:% = self.key.workspace, flow:% = run.flow, run:% = run.id, event_type:% = run.event_type,
            state:? = run.state, reason = run.reason.as_ref().map_or("", |reason| &*reason.code), steps = run.steps.len();
            "a run is left"
        );
    }
}
