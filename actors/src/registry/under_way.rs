//! Deliveries of one workspace that are under way, and how many there may be: the store's queue is shared, and a flood of one workspace must leave room in
//! it for the others (I5).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::limits::actor::DELIVERIES_UNDER_WAY_MAX;

/// The count of one workspace. Clones share it.
#[derive(Clone, Default)]
pub(super) struct UnderWay(Arc<AtomicUsize>);

/// A place among them, given back when it is dropped.
pub(super) struct Place(UnderWay);

impl UnderWay {
    /// Takes a place, if there is one.
    pub(super) fn enter(&self) -> Option<Place> {
        // Counted first: it is given back whether there was one or not.
        let place = Place(self.clone());
        (self.0.fetch_add(1, Ordering::Relaxed) < DELIVERIES_UNDER_WAY_MAX).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
