//! The house tests.
