//! The edge.
#![forbid(unsafe_code)]
fn main() {}
