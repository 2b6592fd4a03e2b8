//! A failing part, and what the rest does meanwhile.

mod actor;
mod outage;
mod outbound;
mod platform;
mod stage;
