//! The command `dance` as it is run: the program itself, on real files.
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
mod fix;
mod kept;
mod listing;
mod process;
mod project;
mod unsound;
#[cfg(unix)]
mod verify;
