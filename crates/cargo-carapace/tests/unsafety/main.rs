//! The command `unsafe` as it is run: the program itself, on real files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod cores;
mod fixture;
mod formats;
mod gaps;
mod geiger;
mod kinds;
mod packages;
mod policy;
mod published;
mod states;
mod tokens;
