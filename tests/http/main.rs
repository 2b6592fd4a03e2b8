//! What the edge promises, a file for each noun: real requests to a real listener, real workspaces, a store in memory, a clock that stands still.

mod bodies;
mod client;
mod dashboard;
mod errors;
mod events;
mod flows;
mod harness;
mod health;
mod lifecycle;
mod manifest;
mod metrics;
mod paths;
mod proofs;
mod readiness;
mod runs;
mod samples;
mod webhooks;
