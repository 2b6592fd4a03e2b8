//! The outside.

pub mod auth;
pub mod config;
pub mod manifest;
pub mod metrics;
pub mod outbound;
pub mod sandbox;
pub mod telemetry;
