//! Ids as moments: an id begins with the milliseconds at which it was made.

use actors::clock::Timestamp;
use actors::ids::EventId;
use actors::limits::store::ID_AHEAD_MS;
use uuid::Uuid;

/// The smallest id of a moment.
pub(super) fn first_id_at(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.millis()).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(millis) << 80)
}

/// The smallest id that may have been made along with this one, a little early or late.
pub(super) fn aged(id: EventId) -> Uuid {
    let made = id.made_at().unwrap_or(Timestamp::from_millis(0));
    first_id_at(Timestamp::from_millis(made.millis().saturating_sub(ID_AHEAD_MS)))
}

/// The first id of which no row is older than a moment, even if it was made late.
pub(super) fn young(before: Timestamp) -> Uuid {
    first_id_at(Timestamp::from_millis(before.millis().saturating_add(ID_AHEAD_MS)))
}

/// The first id of a span and the first one behind it; where the span has no end, the end of all ids.
pub(super) fn span(from: Option<Timestamp>, to: Option<Timestamp>) -> (Uuid, Uuid) {
    (from.map_or(Uuid::nil(), first_id_at), to.map_or(Uuid::max(), first_id_at))
}
