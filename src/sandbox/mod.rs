//! Clockify in a box: a simulated platform for newcomers and for tests. Nothing of it runs under `serve`.

pub mod authority;
