//! Proof of who calls: what passes, what does not, and what it costs to try.

mod forgery;
mod key_set;
mod kinds;
mod platform;
mod properties;
mod vectors;
