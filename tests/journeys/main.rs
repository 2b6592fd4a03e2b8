//! Whole stories: the service as its users and its operator meet it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod addons;
mod app;
mod bootstrap;
mod custom;
mod database;
mod explorer;
mod forwarding;
mod manifest;
mod operator;
mod platform;
mod prism;
mod reference;
mod running;
mod sandbox;
#[path = "../faults/outbound/server.rs"]
#[allow(dead_code, reason = "others use more of it")]
mod server;
mod templates;
mod webhook;
