//! A failing part, and what the rest does meanwhile.

mod outbound;
