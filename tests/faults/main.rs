//! A failing part, and what the rest does meanwhile.

mod actor;
mod chaos;
mod outage;
mod outbound;
mod platform;
mod stage;
