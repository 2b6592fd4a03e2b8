//! Calls that leave the process, against hostile servers.
