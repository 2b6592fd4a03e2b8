//! The page in a real browser, inside the sandbox's shell, as an admin uses it. Without a browser on the machine the tests say loudly that they
//! skip; on CI they fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    reason = "tests; the configuration exempts only functions that are tests themselves"
)]

mod access;
mod chart;
mod dashboard;
mod driver;
mod events;
mod explorer;
mod flows;
mod forwarding;
mod hostile;
mod install;
mod keyboard;
mod languages;
mod opening;
mod pictures;
mod secrets;
mod session;
mod snapshot;
mod sources;
mod stage;
mod templates;
mod wire;
