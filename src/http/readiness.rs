//! Whether the service takes requests: it starts closed, opens once everything stands, and closes for good when it stops.
//!
//! Upholds I1: what is asked before or after is answered 503, never with a 2xx that is not kept and never with a 404.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where a process stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Listening, not yet able to keep what it is told.
    Starting,
    /// Taking requests.
    Ready,
    /// Taking no new work; what is under way ends.
    Stopping,
}

/// A process's phase, shared by its listeners. Any thread may ask.
#[derive(Debug, Default)]
pub struct Readiness(AtomicU8);

impl Readiness {
    /// A process that is starting.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens. A process that is stopping stays closed.
    pub fn open(&self) {
        let _ = self.0.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Closes for good.
    pub fn stop(&self) {
        self.0.store(2, Ordering::Release);
    }

    /// Where the process stands.
    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Stopping,
        }
    }

    /// Whether requests are taken.
    pub fn is_ready(&self) -> bool {
        self.phase() == Phase::Ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_once_and_never_again_after_it_stopped() {
        let readiness = Readiness::new();
        assert_eq!(readiness.phase(), Phase::Starting);
        readiness.open();
        assert!(readiness.is_ready());
        readiness.stop();
        readiness.open();
        assert_eq!(readiness.phase(), Phase::Stopping);
    }
}
