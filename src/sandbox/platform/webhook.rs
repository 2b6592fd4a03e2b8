//! Carries a delivery to the add-on: with the token of its webhook, the same bytes each time, again and again until a 2xx, within a bound.
//!
//! Deliveries are independent of one another, so no order is kept, as on the platform.

use std::sync::Arc;
use std::time::Duration;

use awc::http::Method;

use super::courier;
use super::delivery::{Attempt, State, To};
use super::shared::Shared;
use super::world::Status;

/// Starts to carry a delivery.
pub fn start(shared: &Arc<Shared>, number: u64) {
    let carried = Arc::clone(shared);
    shared.spawn(move || carry(carried, number));
}

async fn carry(shared: Arc<Shared>, number: u64) {
    let tries = shared.world().habits.delivery_tries;
    for left in (0..tries).rev() {
        let Some(state) = attempt(&shared, number, left == 0).await else { return };
        if state != State::Pending {
            return;
        }
        let gap = shared.world().habits.redelivery_ms;
        shared.clock.sleep(Duration::from_millis(gap)).await;
    }
}

/// One try. `None`: the delivery is forgotten.
async fn attempt(shared: &Arc<Shared>, number: u64, last: bool) -> Option<State> {
    let _permit = shared.permits.acquire().await.ok()?;
    let Some(letter) = Letter::of(shared, number)? else { return Some(settle(shared, number, None, State::Cancelled)) };
    let at = shared.now();
    let key = shared.clock.fresh_id().to_string();
    let headers = [
        ("content-type", "application/json;charset=utf-8"),
        ("clockify-signature", letter.token.expose()),
        ("clockify-webhook-event-type", &letter.event),
        // New on every attempt, which is why nobody can use it.
        ("idempotency-key", &key),
    ];
    let answer = courier::send(Method::POST, &letter.url, &headers, Some(letter.body)).await;
    let (status, error) = match answer {
        Ok((status, _)) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    let state = match status {
        Some(200..=299) => State::Delivered,
        _ if last => State::GivenUp,
        _ => State::Pending,
    };
    let ms = u64::try_from(shared.now().since(at).as_millis()).unwrap_or(u64::MAX);
    Some(settle(shared, number, Some(Attempt { at, status, error, ms }), state))
}

fn settle(shared: &Shared, number: u64, attempt: Option<Attempt>, state: State) -> State {
    if let Some(delivery) = shared.world().deliveries.get_mut(number) {
        delivery.attempts.extend(attempt);
        delivery.state = state;
    }
    shared.changed.notify_waiters();
    state
}

struct Letter {
    url: String,
    event: String,
    token: actors::secret::Secret,
    body: bytes::Bytes,
}

impl Letter {
    /// What goes out now. `None`: forgotten; `Some(None)`: the installation is gone or asleep.
    fn of(shared: &Shared, number: u64) -> Option<Option<Self>> {
        let world = shared.world();
        let delivery = world.deliveries.get(number)?;
        let found = match &delivery.to {
            To::Declared { addon_id, path } => {
                let awake = world.installations.get(addon_id).filter(|installation| installation.status == Status::Active);
                let hook = awake.and_then(|installation| Some((installation, installation.hooks.iter().find(|hook| hook.path == *path)?)));
                let slash = if world.habits.double_slash { "/" } else { "" };
                hook.map(|(installation, hook)| (format!("{}{slash}{path}", installation.base_url), hook.token.clone()))
            }
            To::Subscription { webhook, .. } => world.subscriptions.get(webhook).map(|own| (own.draft.url.clone(), own.token.clone())),
        };
        Some(found.map(|(url, token)| Self { url, event: delivery.event.clone(), token, body: delivery.body.clone() }))
    }
}
