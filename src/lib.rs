//! The outside.

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod healthcheck;
pub mod http;
pub mod manifest;
pub mod metrics;
pub mod outbound;
pub mod sandbox;
pub mod signals;
pub mod store;
pub mod telemetry;
