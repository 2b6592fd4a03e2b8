//! Proof of who calls: what passes, what does not, and what it costs to try.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    missing_docs,
    reason = "tests; the configuration exempts only functions that are tests themselves"
)]

mod claims;
mod forgery;
mod key_set;
mod kinds;
mod pinned_keys;
mod platform;
mod properties;
mod vectors;
