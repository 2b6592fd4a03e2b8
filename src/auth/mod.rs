//! Proof of who calls.
