//! The outside.

pub mod auth;
pub mod metrics;
pub mod outbound;
pub mod sandbox;
pub mod telemetry;
