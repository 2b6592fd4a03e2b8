//! Flows: when an event arrives, if its payload fits, then act. Pure, but for the driver that runs them.

pub mod model;
pub mod run;
