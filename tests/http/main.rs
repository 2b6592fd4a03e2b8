//! What the edge promises, a file for each noun: real requests to a real listener, real workspaces, a store in memory, a clock that stands still.

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

mod activity;
mod addons;
mod api_calls;
mod api_explorer;
mod bodies;
mod bootstrap;
mod client;
mod connections;
mod custom_sources;
mod custom_webhooks;
mod dashboard;
mod download;
mod entities;
mod errors;
mod events;
mod execute;
mod flow_exchange;
mod flow_templates;
mod flow_versions;
mod flows;
mod harness;
mod health;
mod lifecycle;
mod manifest;
mod metrics;
mod openapi;
mod operations;
mod paths;
mod proofs;
mod readiness;
mod runs;
mod samples;
mod secrets;
mod settings;
mod smuggling;
mod stream;
mod subscriptions;
mod trials;
mod ui;
mod webhooks;
