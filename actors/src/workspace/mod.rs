//! x
pub mod queue;
