//! What the inside needs of the world, as small traits; the outside implements them.

pub mod clockify;
pub mod observer;
pub mod store;
pub mod web;
