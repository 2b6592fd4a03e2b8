//! The catalogue of operations that the simulated platform answers: the one that the add-ons are shipped with.

use actors::operation::Catalogue;

/// The catalogue that is compiled in.
pub fn catalogue() -> Catalogue {
    crate::catalogue::shipped().unwrap_or_default()
}
