//! The outside.

pub mod auth;
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
