//! Everything that leaves the process, through one guard (I8).
//!
//! [`guard`] knows which destinations are allowed and [`address`] what "globally reachable" means; both are pure. [`connector`] applies
//! them to every address of every connection, [`socket`] is such a connection, [`client`] makes one bounded exchange (I5), [`clockify`] and [`web`] are the
//! ports' implementations, [`fetch`] is a plain GET and [`document`] that for other threads. No token, query or body stands in an error or a log line (I7).

pub mod address;
pub mod client;
pub mod clockify;
pub mod connector;
pub mod document;
pub mod fetch;
pub mod guard;
pub mod socket;
pub mod web;
