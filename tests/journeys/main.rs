//! Whole stories: the service as its users and its operator meet it.

mod manifest;
mod reference;
