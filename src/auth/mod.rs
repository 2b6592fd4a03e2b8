//! Proof of who calls (I9): the platform's tokens, the keys that they are signed with, and the API hosts that they may name.
//!
//! [`token`] reads and verifies a token and says of which kind it is, [`keys`] holds the public keys (one that is built in or configured, or
//! a key set that is fetched), [`api_hosts`] decides whether the base URLs of a verified token may be called, [`signature`] proves custom senders.
//! Whether a token still belongs to an installation is the workspace's to say: it compares hashes with those that INSTALLED brought.

pub mod api_hosts;
pub mod keys;
pub mod signature;
pub mod token;

pub use api_hosts::ApiHosts;
pub use keys::{KeySource, Keys};
pub use token::{Flaw, Kind, Refusal, UrlClaims, Verified, Verifier};
