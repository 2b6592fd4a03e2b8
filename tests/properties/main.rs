//! Laws: what holds for every input, checked on published suites and on generated ones.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "tests; the configuration exempts only functions that are tests themselves"
)]

mod budget;
mod calls;
mod conditions;
mod flows;
mod jsonpath;
mod machine;
mod schedules;
mod templates;
