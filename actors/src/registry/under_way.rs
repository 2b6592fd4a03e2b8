//! What is under way for one workspace, and how much there may be: queues and connections are shared, and a flood of one workspace must leave room in
//! them for the others (I5).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The count of one workspace. Clones share it.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<AtomicUsize>);

/// A place among them, given back when it is dropped.
pub(super) struct Place(UnderWay);

impl UnderWay {
    /// Takes one of `places`, if there is one.
    pub(super) fn enter(&self, places: usize) -> Option<Place> {
        // Counted first: it is given back whether there was one or not.
        let place = Place(self.clone());
        (self.0.fetch_add(1, Ordering::Relaxed) < places).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
