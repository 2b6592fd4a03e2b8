//! The inside.

pub mod addon;
pub mod clock;
pub mod event;
pub mod flow;
pub mod ids;
pub mod installation;
pub mod jsonpath;
pub mod limits;
pub mod operation;
pub mod port;
pub mod secret;
#[cfg(feature = "testing")]
pub mod testing;
