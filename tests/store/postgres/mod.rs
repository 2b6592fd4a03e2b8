//! What Postgres alone has to show: its schema, and connections that end.

mod connections;
mod culprit;
mod migrations;
pub mod schema;
mod secrets;
