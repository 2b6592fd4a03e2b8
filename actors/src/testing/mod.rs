//! Honest stand-ins for tests: a clock that stands still, a store in memory, a Clockify and other servers that follow a script.
//!
//! They keep the contracts of the ports, the awkward parts included, and fail on demand. Nothing here is built into the program.

pub mod clock;
pub mod clockify;
pub mod store;
pub mod web;

pub use clock::ManualClock;
pub use clockify::{Scripted, ScriptedClockify};
pub use store::{Fate, MemoryStore};
pub use web::{NamedAnywhere, ScriptedWeb};
