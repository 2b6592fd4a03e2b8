//! House rules as tests: what matters is checked, not remembered.
//!
//! Each file holds one kind of rule as a pure function from sources to breaches, a test over the tree of this project, and a test over
//! a bad sample that shows that the rule can fail. A breach says where, what and how to mend it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

mod borders;
mod calls;
mod containers;
mod documents;
mod erasing;
mod metrics;
mod names;
mod opening;
mod orphans;
mod picture;
mod report;
mod routes;
mod settings;
mod sizes;
mod source;
mod text;
mod tree;
mod words;
