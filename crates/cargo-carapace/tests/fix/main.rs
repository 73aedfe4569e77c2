//! `audit --fix` as it is run: the program itself, the real cargo, a real registry on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

#[path = "../support/mod.rs"]
mod support;

mod lockfile;
mod manifests;
mod stuck;
mod tree;
