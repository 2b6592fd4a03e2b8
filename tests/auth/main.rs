//! The auth tests.
