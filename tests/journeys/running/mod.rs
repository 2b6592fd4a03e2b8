//! A service that runs, as its users and its operator meet it: over HTTP and over signals.

#![allow(dead_code, reason = "each binary of tests uses a part")]

pub mod api;
pub mod patience;
pub mod process;
