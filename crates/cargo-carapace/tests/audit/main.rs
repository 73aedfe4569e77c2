//! The command `audit` as it is run: the program itself, real files, a real server.
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
mod baseline;
mod binaries;
mod cyclonedx;
mod defects;
mod exits;
mod formats;
mod hostile;
mod inputs;
mod policy;
mod roles;
