//! Everything that leaves the process, through one guard.
