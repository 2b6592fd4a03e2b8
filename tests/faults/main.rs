//! A failing part, and what the rest does meanwhile.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs,
    reason = "tests; the configuration exempts only functions that are tests themselves"
)]

mod actor;
mod chaos;
mod crash;
mod outage;
mod outbound;
mod platform;
#[path = "../journeys/running/mod.rs"]
mod running;
mod schedules;
mod sources;
mod stage;
