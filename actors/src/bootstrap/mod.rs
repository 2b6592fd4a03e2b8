//! The snapshot of a workspace: which lists of the API are read, in which order, and how far that is. All of it pure; what calls and what stores is
//! [`crate::workspace::bootstrap`].
//!
//! ```text
//! plan      which operations, from the catalogue, the settings and the add-on's scopes
//! record    how far it is: what is stored after every page, and shown to people
//! machine   (state, input) -> (state, effects): pages, tries, pauses, the end
//! page      what an answer says, and what a failure means
//! request   the call of a page
//! news      what webhooks say of entities
//! ```
//!
//! After each page its entities and the standing of its operation are durable together, so that whatever ends the work, the next life goes on at the
//! next page and repeats at most those that were under way (I2). The work at a page does not grow with the workspace: an operation that reads a list
//! below each of many parents remembers how far it is among them and the few lists that are open, not every parent.

pub mod machine;
pub mod news;
pub mod page;
pub mod plan;
pub mod record;
pub mod request;

#[cfg(test)]
mod tests;
