//! How fast the road is.

fn main() {}
