//! What every store promises (`actors::port::store`), claimed once and shown over each backend; below `sqlite` and `postgres`, what only
//! that one has to show.
//!
//! A claim is an `async fn` over a [`backend::Backend`], named in its file's `contract!`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests; clippy exempts only functions that bear #[test]"
)]

#[macro_use]
mod backend;
mod activities;
mod bootstraps;
mod calls;
mod earlier;
mod entities;
mod events;
mod flows;
mod installations;
mod journal;
mod lease;
mod order;
mod postgres;
mod retention;
mod runs;
mod sample;
mod schedules;
mod secrets;
mod sources;
mod sqlite;
mod standings;
mod statistics;
mod subscriptions;
mod texts;
mod twins;
mod uninstall;
mod work;
