//! A service that runs, as its users and its operator meet it: over HTTP and over signals.

pub mod api;
pub mod patience;
pub mod process;
