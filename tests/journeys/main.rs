//! Whole stories, told from the outside.

mod platform;
