//! The journeys tests.
