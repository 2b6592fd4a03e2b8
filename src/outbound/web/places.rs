//! Who may call another server next, on one arbiter: bounds for each workspace, each host and all together, and among those that wait the workspace
//! goes first that has the fewest calls under way. So a workspace whose servers are slow waits for itself, and the others do not wait for it (I5).

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::rc::Rc;

use actors::ids::Key;
use actors::limits::web as limits;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;

/// The places of one arbiter. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Places(Rc<RefCell<Taken>>);

#[derive(Default)]
struct Taken {
    all: usize,
    workspaces: HashMap<Key, usize>,
    hosts: HashMap<String, usize>,
    pairs: HashMap<(Key, String), usize>,
    /// In the order of arrival.
    waiting: Vec<Waiting>,
}

struct Waiting {
    from: Key,
    host: String,
    called: oneshot::Sender<Place>,
}

/// A place, given back when it is dropped.
pub(super) struct Place {
    places: Places,
    from: Key,
    host: String,
}

impl Places {
    /// Takes a place for a call of `host`. `None`: there was none before `patience` ended, or too many wait already.
    pub(super) async fn take(&self, from: Key, host: &str, patience: impl Future<Output = ()>) -> Option<Place> {
        let called = {
            let mut taken = self.0.borrow_mut();
            // Who comes now does not pass by those who wait and could go on; there are none of them, because they are called when a place is given back.
            if taken.fits(from, host) {
                taken.count(from, host);
                return Some(Place { places: self.clone(), from, host: host.to_owned() });
            }
            taken.waiting.retain(|waiting| !waiting.called.is_closed());
            if taken.waiting.len() >= limits::CALLS_WAITING_MAX {
                return None;
            }
            let (called, calling) = oneshot::channel();
            taken.waiting.push(Waiting { from, host: host.to_owned(), called });
            calling
        };
        match select(std::pin::pin!(called), std::pin::pin!(patience)).await {
            Either::Left((place, _)) => place.ok(),
            // A place that is given in this very moment comes back with the channel.
            Either::Right(_) => None,
        }
    }

    fn call_next(&self) {
        loop {
            let next = {
                let mut taken = self.0.borrow_mut();
                taken.waiting.retain(|waiting| !waiting.called.is_closed());
                let fits = |waiting: &&Waiting| taken.fits(waiting.from, &waiting.host);
                // Of equals the first is taken, who has waited longest.
                let next = taken
                    .waiting
                    .iter()
                    .filter(fits)
                    .min_by_key(|waiting| taken.of(waiting.from))
                    .map(|next| (next.from, next.host.clone()));
                let Some((from, host)) = next else { return };
                let Some(index) = taken.waiting.iter().position(|waiting| waiting.from == from && waiting.host == host) else { return };
                taken.count(from, &host);
                taken.waiting.remove(index)
            };
            let place = Place { places: self.clone(), from: next.from, host: next.host };
            // One that has just stopped waiting gives the place back, which calls the next.
            let _ = next.called.send(place);
        }
    }
}

impl Taken {
    fn of(&self, from: Key) -> usize {
        self.workspaces.get(&from).copied().unwrap_or(0)
    }

    fn fits(&self, from: Key, host: &str) -> bool {
        self.all < limits::CALLS_MAX
            && self.of(from) < limits::CALLS_PER_WORKSPACE_MAX
            && self.hosts.get(host).is_none_or(|calls| *calls < limits::CALLS_PER_HOST_MAX)
            && self.pairs.get(&(from, host.to_owned())).is_none_or(|calls| *calls < limits::CALLS_PER_WORKSPACE_AND_HOST_MAX)
    }

    fn count(&mut self, from: Key, host: &str) {
        self.all += 1;
        *self.workspaces.entry(from).or_default() += 1;
        *self.hosts.entry(host.to_owned()).or_default() += 1;
        *self.pairs.entry((from, host.to_owned())).or_default() += 1;
    }

    fn give_back(&mut self, from: Key, host: &str) {
        self.all = self.all.saturating_sub(1);
        less(&mut self.workspaces, &from);
        less(&mut self.hosts, &host.to_owned());
        less(&mut self.pairs, &(from, host.to_owned()));
    }
}

fn less<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.0.borrow_mut().give_back(self.from, &self.host);
        self.places.call_next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actors::addon::Addon;
    use actors::ids::WorkspaceId;
    use futures_util::FutureExt;
    use std::future::{pending, ready};

    fn key(number: u8) -> Key {
        Key { addon: Addon::UniversalWebhook, workspace: WorkspaceId::from_bytes([number; 12]) }
    }

    /// A place, if there is one at once.
    fn take(places: &Places, from: u8, host: &str) -> Option<Place> {
        places.take(key(from), host, ready(())).now_or_never().unwrap()
    }

    #[test]
    fn every_bound_holds_by_itself() {
        let places = Places::default();
        let pair: Vec<_> = (0..9).filter_map(|_| take(&places, 1, "a")).collect();
        assert_eq!(pair.len(), limits::CALLS_PER_WORKSPACE_AND_HOST_MAX);
        let other: Vec<_> = (0..20).filter_map(|n| take(&places, 1, &format!("b{n}"))).collect();
        assert_eq!(pair.len() + other.len(), limits::CALLS_PER_WORKSPACE_MAX);
        let host: Vec<_> = (2..50).filter_map(|from| take(&places, from, "a")).collect();
        assert_eq!(pair.len() + host.len(), limits::CALLS_PER_HOST_MAX);
        let rest: Vec<_> = (50..250)
            .flat_map(|from| (0..8).map(move |n| (from, n)))
            .filter_map(|(from, n)| take(&places, from, &format!("c{from}{n}")))
            .collect();
        assert_eq!(pair.len() + other.len() + host.len() + rest.len(), limits::CALLS_MAX);
        drop((pair, other, host, rest));
        let taken = places.0.borrow();
        assert!(taken.all == 0 && taken.workspaces.is_empty() && taken.hosts.is_empty() && taken.pairs.is_empty());
    }

    #[test]
    fn a_workspace_with_slow_servers_waits_for_itself_and_the_others_do_not() {
        let places = Places::default();
        // Sixteen of them have all places between them.
        let mut slow: Vec<_> = (0..16)
            .flat_map(|from| (0..8).map(move |n| (from, n)))
            .filter_map(|(from, n)| take(&places, from, &format!("slow{from}{}", n / 4)))
            .collect();
        assert_eq!(slow.len(), limits::CALLS_MAX);
        // They want more, and were there first.
        let mut greedy: Vec<_> = (0..100).map(|n| Box::pin(places.take(key(n % 16), "slow", pending()))).collect();
        assert!(greedy.iter_mut().all(|waiting| waiting.as_mut().now_or_never().is_none()));
        let mut modest = Box::pin(places.take(key(99), "quick", pending()));
        assert!(modest.as_mut().now_or_never().is_none());
        slow.pop();
        assert!(modest.as_mut().now_or_never().flatten().is_some(), "the one who has nothing under way goes first");
    }

    #[test]
    fn who_stops_waiting_leaves_no_place_taken() {
        let places = Places::default();
        let held: Vec<_> = (0..4).filter_map(|_| take(&places, 1, "a")).collect();
        assert!(take(&places, 1, "a").is_none());
        let waiting = Box::pin(places.take(key(1), "a", pending()));
        drop(waiting);
        drop(held);
        assert_eq!(places.0.borrow().all, 0);
        assert!(places.0.borrow().waiting.is_empty());
    }
}
