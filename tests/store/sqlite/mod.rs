//! What SQLite alone has to show: its file, its schema, its log, and what is left in them.

mod commits;
mod crash;
mod culprit;
mod disk;
mod erasure;
mod files;
mod leftovers;
mod migrations;
mod secrets;
