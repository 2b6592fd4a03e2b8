//! The inside.

pub mod addon;
pub mod clock;
pub mod ids;
pub mod jsonpath;
pub mod limits;
pub mod port;
pub mod secret;
