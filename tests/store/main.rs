//! The store tests.
