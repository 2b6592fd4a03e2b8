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
mod bootstrap;
mod boundaries;
mod cancel;
mod chaos;
mod crash;
mod deaths;
mod downloads;
mod elsewhere;
mod elsewhere_for_real;
mod failing;
mod fairness;
mod for_each;
mod lookup;
mod outage;
mod outbound;
mod platform;
#[path = "../journeys/running/mod.rs"]
mod running;
mod schedules;
mod sources;
mod stage;
