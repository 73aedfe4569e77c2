//! The command line's entry point; what it does lives in the library beside it.
#![forbid(unsafe_code)]

fn main() {}
