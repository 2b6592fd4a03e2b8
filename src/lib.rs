//! The outside.

pub mod auth;
pub mod outbound;
pub mod sandbox;
