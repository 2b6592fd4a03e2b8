//! Flows: when an event arrives, if its payload fits, then act. Everything here is pure; [`crate::workspace`] drives it.
//!
//! ```text
//! read       what a client sends        -> model::Definition, or every fault by its field
//! compiled   model::Flow                -> Compiled: paths parsed, patterns compiled, operations found
//! permission a definition in its workspace  -> what it may not do there
//! matching   an event and the flows     -> the runs that it starts
//! machine    (run, answer of a try)     -> what is next
//! dry_run    a definition and a payload -> what it would do; nothing is done
//! ```

pub mod action;
pub mod compiled;
pub mod condition;
pub mod context;
pub mod dry_run;
mod extent;
pub mod machine;
pub mod matching;
pub mod model;
pub mod permission;
pub mod read;
pub mod run;
pub mod standing;
pub mod template;
