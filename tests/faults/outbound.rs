//! Servers that misbehave, and destinations that must not be reached, against the real client over real sockets.

mod answers;
mod connections;
mod destinations;
mod document;
mod pieces;
mod platform;
pub mod server;
mod tls;
mod web;
